/**
 * Rule "round robin": gossip brings the tasks of a service to each machine in an order of its own, and round robin goes through
 * them in that order. It is taken from the answers that the recording shows next for requests of the same way; which server
 * gives which answer is known from addresses that the recording shows, from containers that are told apart, or from the answers before.
 */
import type { Step } from './recording.ts';

const REQUEST = /\bcurl\b.*?\s(?:https?:\/\/)?((?:\d+\.){3}\d+|[a-z][\w.-]*):?(\d*)/;
/** What brings or takes tasks, so that another order begins. */
const CHANGES =
  /\bdocker (?:service (?:create|update|scale|rm|rollback)|stack|kill|stop|node update|swarm)\b|\bdockerd\b/;
/** Addresses may be given again. */
const REMOVES = /\bdocker (?:service|stack) rm\b/;
const ANSWER = /\b([0-9a-f]{12})\s*$/;
/** So many servers may have come together. */
const TOGETHER = 5;

/** By which balancer a request goes: of a machine for a published port, or of the machine of the container that asks. */
function wayOf({ cmd, node }: Step): string | undefined {
  const request = REQUEST.exec(cmd);
  if (request === null) return undefined;
  const [, host = '', port = ''] = request;
  const inside = /\bdocker exec\b|\bnsenter\b/.test(cmd);
  const machine = /^192\.168\.56\.1(\d)$/.exec(host)?.[1];
  if (machine !== undefined) return `node${machine}:${port}`;
  return host === '127.0.0.1' && !inside ? `${node}:${port}` : `${node} ${host}:${port}`;
}

/** The answers of one command, each a container's short id. */
const answersOf = ({ stdout }: Step): string[] => stdout.split('\n').flatMap((line) => ANSWER.exec(line)?.[1] ?? []);

export class Turns {
  private readonly steps: readonly Step[];
  /** `ADDRESS ID`, and of each id in which networks. */
  private readonly addresses: ReadonlySet<string>;
  /** What a server answers, in recorded words. */
  private readonly answers = new Map<string, string>();
  /** Whose short id stands for the recorded one at an address, as far as other outputs have told. */
  private readonly speakers = new Map<string, string>();
  private readonly here: string[] = [];
  private index = 0;

  constructor(steps: readonly Step[], addresses: ReadonlySet<string>) {
    this.steps = steps;
    this.addresses = addresses;
  }

  begin(index: number): void {
    this.index = index;
    this.here.length = 0;
    if (!REMOVES.test(this.steps[index]?.cmd ?? '')) return;
    this.answers.clear();
    this.speakers.clear();
  }

  /** The step has ended: those that had a turn have given its answers. */
  end(step: Step): void {
    const answers = answersOf(step);
    if (answers.length !== this.here.length) return;
    for (const [i, server] of this.here.entries())
      if (!this.answers.has(server) && ![...this.answers.values()].includes(answers[i] as string))
        this.answers.set(server, answers[i] as string);
  }

  /** A container with this address stands for the recorded one with this id. */
  speaks(address: string, recorded: string): void {
    this.speakers.set(address, recorded);
  }

  turned(server: string): void {
    this.here.push(server);
  }

  /** The order of those at `places` in which most answers come as recorded; undefined when that is the usual one. */
  arrived(names: readonly string[], places: readonly number[], next: number): readonly number[] | undefined {
    const ahead = this.ahead();
    if (ahead.length === 0 || places.length > TOGETHER) return undefined;
    let best = places;
    let most = this.score(names, next, ahead);
    for (const order of permutations(places)) {
      const list = [...names];
      order.forEach((place, i) => (list[places[i] as number] = names[place] as string));
      const hits = this.score(list, next, ahead);
      if (hits > most) [best, most] = [order, hits];
    }
    return best === places ? undefined : best;
  }

  /** Answers to requests of the way of this step, until tasks come or go. */
  private ahead(): string[] {
    const way = wayOf(this.steps[this.index] as Step);
    if (way === undefined) return [];
    const found: string[] = [];
    for (const step of this.steps.slice(this.index)) {
      if (CHANGES.test(step.cmd)) break;
      if (wayOf(step) !== way) continue;
      const answers = answersOf(step);
      // Whether what failed has had a turn, nobody knows.
      if (answers.length === 0) break;
      found.push(...answers);
    }
    return found.slice(this.here.length);
  }

  /** How many answers come as recorded; who is not known yet may give any that nobody else gives. */
  private score(list: readonly string[], next: number, ahead: readonly string[]): number {
    const guesses = new Map<string, string>();
    let hits = 0;
    for (const [i, wanted] of ahead.entries()) {
      const server = list[(next + i) % list.length] as string;
      const known = this.answers.get(server) ?? this.speakers.get(server.split(':')[0] ?? '') ?? guesses.get(server);
      if (known !== undefined) hits += Number(known === wanted);
      else if (this.may(server, wanted) && ![...this.answers.values(), ...guesses.values()].includes(wanted)) {
        guesses.set(server, wanted);
        hits++;
      }
    }
    return hits;
  }

  /** The recording does not show this answer at another address of the server's network. */
  private may(server: string, wanted: string): boolean {
    const [address = ''] = server.split(':');
    const network = address.replace(/\d+$/, '');
    const shown = [...this.addresses].filter((entry) => entry.startsWith(network) && entry.endsWith(` ${wanted}`));
    return shown.length === 0 || shown.includes(`${address} ${wanted}`);
  }
}

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]));
}
