/**
 * Where a recording's tasks ran, read from its own outputs; and the dice that let the emulator put them there.
 *
 * Rule "placement": real swarmkit goes through equally good nodes in the order of a Go map, which begins at a random place. So
 * whenever tasks are placed, the emulator takes them in the order in which most tasks land where the recording shows them.
 * Rule "address order": new tasks wait for their addresses in a Go map, too, and their nodes for theirs. Where a network is inspected, that tells; otherwise the few
 * beginnings are tried for the first groups of tasks that were new at once, one group after the other, and what equals most is kept.
 */
import type { Dice, Fall } from '../../simulator/index.ts';
import { TaskAddresses } from './addresses.ts';
import type { Uses } from './normalise.ts';
import { Pace } from './pace.ts';
import type { NamedContainer, Recording, Step } from './recording.ts';

/** A task that the recording shows on a machine. */
interface Sighting {
  /** Step of the first output that shows it. */
  readonly step: number;
  /** `web.1` */
  readonly task: string;
  /** Whole, or its first twelve characters. */
  readonly id: string;
  readonly node: string;
}

const CONTAINER = /\b([a-zA-Z0-9][\w-]*\.\d+)\.([0-9a-z]{25})\b/g;
/** ID, NAME (with a branch before older tasks of the slot), IMAGE, NODE. */
const TASK_ROW =
  /^([0-9a-z]{12}|[0-9a-z]{25}) +(?:\\_ )?([a-zA-Z0-9][\w-]*\.(?:\d+|[0-9a-z]{25})) +(\S+) +(\S+) +(?:Running|Shutdown|Ready|Complete|Accepted|Remove)\b/gm;

/** The machine is the one on which the command was typed. */
const LOCAL = /^docker (?:ps|container ls|container list|stats|network inspect (?!.*(?:--verbose|-v\b)))/;
const TASKS = /^docker (?:(?:service|stack|node) ps)\b/;

function shownBy(step: Step, index: number, hosts: ReadonlySet<string>): Sighting[] {
  if (LOCAL.test(step.cmd))
    return [...step.stdout.matchAll(CONTAINER)].map(([, task = '', id = '']) => ({
      step: index,
      task,
      id,
      node: step.node,
    }));
  if (!TASKS.test(step.cmd)) return [];
  // Of one slot the newest comes first.
  return (
    [...step.stdout.matchAll(TASK_ROW)]
      // Without a slot its name ends with its node, once it has one.
      .map(([, id = '', task = '', , node = '']) => ({
        step: index,
        task: task.replace(/\.[0-9a-z]{25}$/, '.'),
        id,
        node,
      }))
      .filter(({ node }) => hosts.has(node))
      .reverse()
  );
}

/** What the names of the recording say, as of the first step that speaks of the container. */
function named({ names, steps }: Recording): Sighting[] {
  const containers = Object.values(names).filter((entry): entry is NamedContainer => typeof entry !== 'string');
  return containers.flatMap(({ container, id, netns, node }) => {
    const [found] = container.matchAll(CONTAINER);
    const words = [container, id.slice(0, 12), netns].filter((word) => word !== '');
    const step = steps.findIndex(({ cmd }) => words.some((word) => cmd.includes(word)));
    return found === undefined || step < 0 ? [] : [{ step, task: found[1] as string, id: found[2] as string, node }];
  });
}

function sightings(recording: Recording): Sighting[] {
  const hosts = new Set(recording.steps.map(({ node }) => node));
  const all = [...named(recording), ...recording.steps.flatMap((step, index) => shownBy(step, index, hosts))];
  const seen = new Map<string, Sighting>();
  for (const sighting of all.sort((a, b) => a.step - b.step)) {
    const key = sighting.id.slice(0, 12);
    if (!seen.has(key)) seen.set(key, sighting);
  }
  return [...seen.values()];
}

/** What is decided by chance in a run, so that it falls as in the recording. */
export class Placements implements Dice {
  readonly pace: Pace;
  /** How many tasks were new at once, each time. */
  readonly batches: number[] = [];
  /** How many were placed at once, each time. */
  readonly groups: number[] = [];
  private readonly steps: readonly Step[];
  private readonly left: Sighting[];
  private readonly addresses: TaskAddresses;
  private readonly uses: Uses;
  private readonly first: readonly number[];
  private readonly placed: readonly number[];

  /** `first`: which task of each batch has the first address; `placed`: of each group, whose node. */
  constructor(recording: Recording, uses: Uses, first: readonly number[], placed: readonly number[]) {
    this.steps = recording.steps;
    this.pace = new Pace(recording.steps, uses);
    this.left = sightings(recording);
    this.addresses = new TaskAddresses(recording.steps);
    this.uses = uses;
    this.first = first;
    this.placed = placed;
  }

  /** The order in which most tasks of the group land on the machine that the recording shows next for them. */
  place(falls: readonly Fall[], outcome: (fall: Fall | undefined) => ReadonlyMap<string, string>): Fall | undefined {
    const usual = outcome(undefined);
    const wanted = new Map<string, Sighting>();
    for (const task of usual.keys()) {
      const end = this.endOf(task.replace(/\.\d+$/, ''));
      const next = this.left.find(({ task: name, step }) => name === task && step >= this.step && step < end);
      if (next !== undefined) wanted.set(task, next);
    }
    for (const sighting of wanted.values()) this.left.splice(this.left.indexOf(sighting), 1);
    const score = (where: ReadonlyMap<string, string>): number =>
      [...wanted].filter(([task, { node }]) => where.get(task) === node).length;
    let best: Fall | undefined;
    let most = score(usual);
    for (const fall of falls) {
      if (most === wanted.size) break;
      const hits = score(outcome(fall));
      if (hits > most) [best, most] = [fall, hits];
    }
    if (best !== undefined) this.uses.set('placement', (this.uses.get('placement') ?? 0) + 1);
    return best;
  }

  /** The step at which a service of this name goes, or another of the name comes. */
  private endOf(service: string): number {
    const gone = new RegExp(
      `^docker (?:service rm .*\\b${service}\\b|service create .*--name[ =]${service}\\b|stack rm|swarm leave)`,
    );
    const at = this.steps.findIndex(({ cmd, exit }, index) => index > this.step && exit === 0 && gone.test(cmd));
    return at < 0 ? Infinity : at;
  }

  /** Step that is being replayed. */
  get step(): number {
    return this.pace.step;
  }

  busy(name: string, id: string, stage: 'preparing' | 'starting', now: number): boolean {
    return this.pace.busy(name, id, stage, now);
  }

  firstPlaced(count: number): number {
    this.groups.push(count);
    return this.told(this.placed[this.groups.length - 1], count);
  }

  firstAddress(tasks: readonly string[]): number {
    const read = this.addresses.first(tasks, this.step, (task) => this.endOf(task.replace(/\.\d+$/, '')));
    // What can be read is not tried.
    this.batches.push(read === undefined ? tasks.length : 1);
    return this.told(read ?? this.first[this.batches.length - 1], tasks.length);
  }

  private told(place = 0, count: number): number {
    if (place !== 0) this.uses.set('address order', (this.uses.get('address order') ?? 0) + 1);
    return place % count;
  }
}
