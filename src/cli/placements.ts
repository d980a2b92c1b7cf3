/**
 * Where a recording's tasks ran, read from its own outputs; and the dice that let the emulator put them there.
 *
 * Rule "placement": real swarmkit goes through equally good nodes in the order of a Go map, which begins at a random place. So
 * whenever tasks are placed, the emulator begins where most of them land on the machines on which the recording shows them.
 */
import type { Dice } from '../../simulator/index.ts';
import type { Uses } from './normalise.ts';
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
const TASK_ROW = /^([0-9a-z]{12}|[0-9a-z]{25}) +(?:\\_ )?([a-zA-Z0-9][\w-]*\.\d+) +(\S+) +(\S+) +(?:Running|Shutdown|Ready|Complete|Accepted|Remove)\b/gm;

/** The machine is the one on which the command was typed. */
const LOCAL = /^docker (?:ps|container ls|container list|stats|network inspect (?!.*(?:--verbose|-v\b)))/;
const TASKS = /^docker (?:(?:service|stack|node) ps)\b/;

function shownBy(step: Step, index: number, hosts: ReadonlySet<string>): Sighting[] {
  if (LOCAL.test(step.cmd))
    return [...step.stdout.matchAll(CONTAINER)].map(([, task = '', id = '']) => ({ step: index, task, id, node: step.node }));
  if (!TASKS.test(step.cmd)) return [];
  // Of one slot the newest comes first.
  return [...step.stdout.matchAll(TASK_ROW)]
    .map(([, id = '', task = '', , node = '']) => ({ step: index, task, id, node }))
    .filter(({ node }) => hosts.has(node))
    .reverse();
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

export class Placements {
  /** Step that is being replayed. */
  step = 0;
  private readonly left: Sighting[];
  private readonly uses: Uses;

  constructor(recording: Recording, uses: Uses) {
    this.left = sightings(recording);
    this.uses = uses;
  }

  /** Begins where most tasks of the group land on the machine that the recording shows next for them. */
  readonly dice: Dice = (places, outcome) => {
    const usual = outcome(undefined);
    const wanted = new Map<string, Sighting>();
    for (const task of usual.keys()) {
      const next = this.left.find((sighting) => sighting.task === task && sighting.step >= this.step);
      if (next !== undefined) wanted.set(task, next);
    }
    for (const sighting of wanted.values()) this.left.splice(this.left.indexOf(sighting), 1);
    const score = (where: ReadonlyMap<string, string>): number =>
      [...wanted].filter(([task, { node }]) => where.get(task) === node).length;
    let best: number | undefined;
    let most = score(usual);
    for (let place = 0; place < places; place++) {
      const hits = score(outcome(place));
      if (hits > most) [best, most] = [place, hits];
    }
    if (best !== undefined) this.uses.set('placement', (this.uses.get('placement') ?? 0) + 1);
    return best;
  };
}
