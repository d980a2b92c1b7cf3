/**
 * What chance decided in a recorded run, read from its own outputs.
 *
 * Rule "sample": IPVS lists counters as they were at a sample up to two seconds ago. Which packets had come by then is a matter
 * of milliseconds on the rig's slow machine: it is taken from the recording, but only when all five counters together are what
 * the emulator's were at one moment of late.
 * Rule "draw": a scheduler that draws lots takes the server whose answer the recording shows for that connection. Which server
 * answers what is learnt from the draws of the pass before. So does a name server that shuffles the addresses of a name: the
 * address itself, or the container that the recording shows at it, is what the client prints. Rule "free port": see ports.ts.
 * Rule "round robin": see turns.ts.
 * Rule "slow server": where a capture shows that the end of a request was acknowledged by itself, the server took longer to see
 * it than that waits (40 ms).
 */
import type { Chance, Sample } from '../../simulator/index.ts';
import { acknowledgements } from './acks.ts';
import { byKind, countdownsIn } from './countdowns.ts';
import type { Uses } from './normalise.ts';
import { pairPorts } from './ports.ts';
import type { Step } from './recording.ts';
import { Turns } from './turns.ts';

const COUNTERS = /^(?:((?:TCP|UDP|FWM) +\S+)| {2}-> (\S+))((?: +\d+){5})$/gm;

/** Rows of `ipvsadm --stats`: whose, and the five counters. */
export function countersIn(text: string): [string, Sample][] {
  return [...text.matchAll(COUNTERS)].map(([, service, server = '', numbers = '']) => [
    (service ?? server).replace(/ +/, '  '),
    numbers.trim().split(/ +/).map(Number),
  ]);
}

/** The answers of one command, one a line. */
function answersIn(text: string): string[] {
  return text.split('\n').flatMap((line) => PING.exec(line)?.[1] ?? /\S+$/.exec(line)?.[0] ?? []);
}

const CONTAINER =
  /"([0-9a-f]{12})[0-9a-f]{52}": ?\{\s*"Name": ?"[^"]*",\s*"EndpointID": ?"[^"]*",\s*"MacAddress": ?"[^"]*",\s*"IPv4Address": ?"([\d.]+)\//g;

/** `ADDRESS ID` of every container that `docker network inspect` shows. */
function addressesIn(steps: readonly Step[]): ReadonlySet<string> {
  return new Set(
    steps.flatMap(({ stdout }) =>
      [...stdout.matchAll(CONTAINER)].map(([, id = '', address = '']) => `${address} ${id}`),
    ),
  );
}

/** `PING name (address): …` tells whom the name led to. */
const PING = /^PING \S+ \(([\d.]+)\)/;

const CAPTURED = /\btcpdump\b.* -r /;
/** Longer than an acknowledgement is put off (TCP_DELACK_MIN), microseconds. */
const SLOW = 60_000;

/** Whether in a capture the client's FIN is acknowledged before the server's own comes. */
function endsAlone(capture: string): boolean {
  const ending = /> (\S+): Flags \[F\.\]/.exec(capture);
  if (ending === null) return false;
  const answer = capture
    .slice(ending.index + ending[0].length)
    .split('\n')
    .find((line) => line.includes(` ${ending[1] ?? ''} > `));
  return answer?.includes('Flags [.]') === true;
}

export class Chances implements Chance {
  /** What a server says, by its address. */
  private readonly answers: Map<string, string>;
  /** Addresses of containers in the recording, each with the short id, which they answer with. */
  private readonly addresses: ReadonlySet<string>;
  private readonly uses: Uses;
  /** Whether the recorded server was slow to end. */
  private readonly slow: boolean;
  private rows: [string, Sample][] = [];
  private expected: string[] = [];
  private drawnHere: string[] = [];
  /** Recorded ports, by step and number of the draw in it; undefined while they are learnt. */
  private readonly ports: ReadonlyMap<string, number> | undefined;
  private readonly learnt = new Map<string, number>();
  /** Draws of this pass, by port: the youngest last. */
  private readonly portDraws = new Map<number, { readonly name: string; readonly order: number }>();
  /** Steps at which a known port was still kept from its last use. */
  readonly kept = new Set<number>();
  private readonly seen: ReadonlySet<number>;
  /** Where swarm makes the balancers. */
  private readonly turns: Turns | undefined;
  private step = 0;
  private portsHere = 0;
  private order = 0;

  /** `apply`: ports are no longer learnt, but drawn as the pass before has learnt them. */
  constructor(uses: Uses, before?: Chances, apply = false, steps: readonly Step[] = []) {
    this.addresses = addressesIn(steps);
    this.slow = steps.some(({ cmd, stdout }) => CAPTURED.test(cmd) && endsAlone(stdout));
    const mesh = steps.some(({ cmd }) => /^docker (?:service create|stack deploy)\b/.test(cmd));
    this.turns = mesh ? new Turns(steps, this.addresses) : undefined;
    this.uses = uses;
    this.answers = before?.answers ?? new Map();
    this.ports = apply ? (before?.ports ?? before?.learnt) : undefined;
    this.seen = new Set(this.ports?.values());
  }

  /** A step begins. */
  begin(index: number, { cmd, stdout }: Step): void {
    this.step = index;
    this.portsHere = 0;
    this.rows = /\bipvsadm\b.*--stats/.test(cmd) ? countersIn(stdout) : [];
    this.expected = answersIn(stdout);
    this.drawnHere = [];
    this.turns?.begin(index);
  }

  /** A step has ended: its answers tell who gave them. */
  end(step: Step, stdout: string): void {
    const { cmd, stdout: recorded } = step;
    this.rows = [];
    this.turns?.end(step);
    this.learnPorts(cmd, recorded, stdout);
    const answers = answersIn(stdout);
    if (answers.length !== this.drawnHere.length) return;
    for (const [i, server] of this.drawnHere.entries()) this.answers.set(server, answers[i] as string);
  }

  sampled(
    of: string,
    bases: readonly Sample[],
    states: readonly Sample[],
  ): { base: number; state: number } | undefined {
    const wanted = this.rows.filter(([name]) => name === of).map(([, sample]) => sample);
    let best: { base: number; state: number } | undefined;
    let fewest = Infinity;
    for (let base = bases.length - 1; base >= 0; base--) {
      for (let state = states.length - 1; state >= 0; state--) {
        const shown = (states[state] as Sample).map((count, i) => count - ((bases[base] as Sample)[i] as number));
        for (const sample of wanted) {
          const more = acknowledgements(sample, shown);
          if (more === undefined || Math.abs(more) >= fewest) continue;
          fewest = Math.abs(more);
          best = { base, state };
        }
      }
    }
    if (best !== undefined) this.uses.set('sample', (this.uses.get('sample') ?? 0) + 1);
    return best;
  }

  port(usual: number, free: (port: number) => boolean): number {
    const name = `${this.step} ${this.portsHere++}`;
    const known = this.ports?.get(name);
    let port = known !== undefined && free(known) ? known : usual;
    if (known !== undefined && port !== known && this.portDraws.has(known)) this.kept.add(this.step);
    // What nobody has seen is used once, and does not meet what was seen.
    if (port !== known) while ((this.seen.has(port) || this.portDraws.has(port)) && free(port + 2)) port += 2;
    else this.uses.set('free port', (this.uses.get('free port') ?? 0) + 1);
    this.portDraws.set(port, { name, order: this.order++ });
    return port;
  }

  /** From a listing: which of the connections that are still there have which ports. */
  private learnPorts(cmd: string, recorded: string, own: string): void {
    const theirs = byKind(this.ports === undefined ? countdownsIn(cmd, recorded) : []);
    if (theirs.size === 0) return;
    for (const [kind, entries] of byKind(countdownsIn(cmd, own))) {
      const drawn = entries.filter(({ port }) => this.portDraws.has(port));
      const age = ({ port }: { readonly port: number }): number => this.portDraws.get(port)?.order ?? 0;
      drawn.sort((a, b) => age(a) - age(b));
      for (const pair of pairPorts(drawn, theirs.get(kind) ?? [])) {
        const name = this.portDraws.get(pair.own)?.name ?? '';
        if (!this.learnt.has(name)) this.learnt.set(name, pair.recorded);
      }
    }
  }

  latency(): number {
    if (this.slow) this.uses.set('slow server', (this.uses.get('slow server') ?? 0) + 1);
    return this.slow ? SLOW : 0;
  }

  /** A container of the recording has this address, and this short id. */
  private saidBy(address: string, id: string | undefined): boolean {
    return this.addresses.has(`${address} ${id ?? ''}`);
  }

  drawn(options: readonly string[], usual: number): number {
    const wanted = this.expected[this.drawnHere.length];
    const found = options.findIndex(
      (server) => server === wanted || this.answers.get(server) === wanted || this.saidBy(server, wanted),
    );
    const chosen = found < 0 ? usual : found;
    if (chosen !== usual) this.uses.set('draw', (this.uses.get('draw') ?? 0) + 1);
    this.drawnHere.push(options[chosen] as string);
    return chosen;
  }

  arrived(names: readonly string[], places: readonly number[], next: number): readonly number[] | undefined {
    const order = this.turns?.arrived(names, places, next);
    if (order !== undefined) this.uses.set('round robin', (this.uses.get('round robin') ?? 0) + 1);
    return order;
  }

  /** A container with this address stands for the recorded one with this short id. */
  speaks(address: string, recorded: string): void {
    this.turns?.speaks(address, recorded);
  }

  turned(name: string): void {
    this.turns?.turned(name);
  }
}
