/**
 * Puts pending tasks on nodes: spread. Mirrors swarmkit manager/scheduler (scheduler.go, nodeinfo.go).
 *
 * Among nodes that are equally good, real swarmkit takes whichever its hash map yields first: the nodes in the order they joined,
 * beginning anywhere, and a heap may turn them around. Here: a node whose task of this service is the newest goes first; then the order begins with the second
 * that joined. Or the {@link Dice} say, when their fall in a real run is known.
 */
import { MILLISECOND, MINUTE, type Scheduler as Clock, type Timer } from '../base/scheduler.ts';
import type { Dice, Fall } from './dice.ts';
import { suitable, type NodeLoad } from './filters.ts';
import { rank, taskName, type NodeObject, type TaskObject } from './objects.ts';
import type { Store, StoreEvent } from './store.ts';

/** commitDebounceGap: tasks that come within it are placed together. */
const DEBOUNCE = 50 * MILLISECOND;
const FAILURE_MEMORY = 5 * MINUTE;
const FAILURES_TO_AVOID = 5;
const FIRST_TASKS = 8;

interface Candidate extends NodeLoad {
  readonly tasks: TaskObject[];
  ofService: number;
  total: number;
  readonly failures: number;
  readonly newest: number;
  readonly order: number;
  /** One more task of the group goes here. */
  take(task: TaskObject): void;
}

interface Decision {
  readonly task: TaskObject;
  readonly chosen: NodeObject | undefined;
  readonly explanation: string;
}

export class TaskScheduler {
  private readonly store: Store;
  private readonly clock: Clock;
  private readonly pending = new Set<TaskObject>();
  private readonly failures = new Map<string, number[]>();
  private readonly dice: Dice | undefined;
  private timer: Timer | undefined;

  constructor(store: Store, clock: Clock, dice: Dice | undefined) {
    this.store = store;
    this.clock = clock;
    this.dice = dice;
    store.watch((events) => this.handle(events));
  }

  private handle(events: readonly StoreEvent[]): void {
    let look = false;
    for (const event of events) {
      if (event.kind === 'node') look = true;
      if (event.kind !== 'task') continue;
      const task = event.object;
      if (event.action !== 'remove' && task.Status.State === 'pending' && rank(task.DesiredState) <= rank('complete')) {
        if (task.NodeID !== '') this.assign(task, task.NodeID, 'scheduler confirmed task can run on preassigned node');
        else if (!this.pending.has(task)) {
          this.pending.add(task);
          look = true;
        }
      } else {
        this.pending.delete(task);
        // What ended may have made room.
        if (rank(task.Status.State) > rank('running') || event.action === 'remove') {
          look = true;
          if (task.Status.State === 'failed' || task.Status.State === 'rejected') this.noteFailure(task);
        }
      }
    }
    if (look && this.pending.size > 0 && this.timer === undefined) {
      this.timer = this.clock.after(DEBOUNCE, () => {
        this.timer = undefined;
        this.tick();
      });
    }
  }

  private tick(): void {
    const groups = new Map<string, TaskObject[]>();
    for (const task of this.pending) {
      const key = `${task.ServiceID}/${task.SpecVersion}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [task]);
      else group.push(task);
    }
    for (const group of groups.values()) this.schedule(group.sort((a, b) => a.Slot - b.Slot));
  }

  /**
   * Places the tasks of one service, all of one specification (scheduleNTasksOnNodes): nodes in order of load, each filled
   * until the next one is less loaded; once all have been visited, round and round.
   */
  private schedule(group: TaskObject[]): void {
    const chosen = this.dice?.place(falls(orders(this.store.nodes.size), group.length), (fall) => {
      const places = new Map<string, string>();
      for (const { task, chosen: node } of this.fallen(group, fall)) if (node !== undefined) places.set(taskName(task), node.Description.Hostname);
      return places;
    });
    for (const { task, chosen: node, explanation } of this.fallen(group, chosen)) {
      if (node === undefined) this.refuse(task, explanation);
      else this.assign(task, node.ID, 'scheduler assigned task to node');
    }
  }

  private fallen(group: readonly TaskObject[], fall: Fall | undefined): Decision[] {
    const first = fall?.first ?? 0;
    return this.plan([...group.slice(first), ...group.slice(0, first)], fall?.nodes);
  }

  /** Where each task of a group would go, or why nowhere. */
  private plan(group: readonly TaskObject[], order: readonly number[] | undefined): Decision[] {
    const branch = preference(group[0] as TaskObject);
    const decisions: Decision[] = [];
    let nodes: Candidate[] = [];
    let at = 0;
    for (const task of group) {
      if (nodes.length === 0 || branch !== undefined || !suits(task, nodes[at % nodes.length] as Candidate)) {
        const { nodes: good, explanation } = suitable(task, this.candidates(task, order, decisions));
        if (good.length === 0) {
          decisions.push({ task, chosen: undefined, explanation });
          continue;
        }
        nodes = (branch === undefined ? (good as Candidate[]) : branch(good as Candidate[])).sort((a, b) => load(a, b) || (order === undefined ? b.newest - a.newest : 0) || a.order - b.order);
        at = 0;
      }
      const chosen = nodes[at % nodes.length] as Candidate;
      decisions.push({ task, chosen: chosen.node, explanation: '' });
      chosen.take(task);
      if (at + 1 >= nodes.length || load(nodes[at + 1] as Candidate, chosen) < 0) at++;
    }
    return decisions;
  }

  /** The nodes with what they run, and with what is decided but not yet assigned. */
  private candidates(task: TaskObject, order: readonly number[] | undefined, decisions: readonly Decision[]): Candidate[] {
    const nodes = [...this.store.nodes.values()];
    return nodes.map((node, place) => {
      const tasks = this.store.nodeTasks(node.ID).filter((other) => rank(other.Status.State) <= rank('running'));
      const active = tasks.filter((other) => rank(other.DesiredState) <= rank('complete'));
      const mine = active.filter((other) => other.ServiceID === task.ServiceID);
      const candidate: Candidate = {
        node,
        tasks,
        ofService: mine.length,
        total: active.length,
        failures: this.recentFailures(task, node),
        newest: mine.reduce((newest, other) => Math.max(newest, other.Slot), 0),
        order: order === undefined ? (place - 1 + nodes.length) % nodes.length : order.indexOf(place),
        take: (taken) => {
          candidate.ofService++;
          candidate.total++;
          candidate.tasks.push(taken);
        },
      };
      for (const decision of decisions) if (decision.chosen === node) candidate.take(decision.task);
      return candidate;
    });
  }

  private assign(task: TaskObject, nodeId: string, message: string): void {
    this.pending.delete(task);
    this.store.assign(task, nodeId);
    task.Status = { State: 'assigned', Timestamp: this.store.now, Message: message };
    this.store.changedTask(task);
  }

  private refuse(task: TaskObject, explanation: string): void {
    if (task.Status.Err === explanation) return;
    task.Status = { ...task.Status, Timestamp: this.store.now, Err: explanation };
    this.store.changedTask(task);
  }

  private noteFailure(task: TaskObject): void {
    const key = `${task.ServiceID}/${task.NodeID}`;
    const times = (this.failures.get(key) ?? []).filter((at) => at > this.clock.now - FAILURE_MEMORY);
    times.push(this.clock.now);
    this.failures.set(key, times);
  }

  private recentFailures(task: TaskObject, node: NodeObject): number {
    return (this.failures.get(`${task.ServiceID}/${node.ID}`) ?? []).filter((at) => at > this.clock.now - FAILURE_MEMORY).length;
  }
}

/** Tasks of a group come from a Go map as well; of many, the first ones are told apart. */
function falls(nodes: readonly (readonly number[])[], tasks: number): Fall[] {
  return Array.from({ length: Math.min(tasks, FIRST_TASKS) }, (_, first) => nodes.map((order) => ({ nodes: order, first }))).flat();
}

/** All orders of so few nodes; of more, those that begin anywhere. */
function orders(count: number): number[][] {
  const rotations = Array.from({ length: count }, (_, begin) => Array.from({ length: count }, (__, i) => (begin + i) % count));
  if (count > 4) return rotations;
  const all = permutations(Array.from({ length: count }, (_, i) => i));
  const known = new Set(rotations.map(String));
  return [...rotations, ...all.filter((order) => !known.has(String(order)))];
}

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]));
}

/** Less loaded first: nodes where the service failed a lot come last. */
function load(a: Candidate, b: Candidate): number {
  return Number(a.failures >= FAILURES_TO_AVOID) - Number(b.failures >= FAILURES_TO_AVOID) || a.ofService - b.ofService || a.total - b.total;
}

function suits(task: TaskObject, candidate: Candidate): boolean {
  return suitable(task, [candidate]).nodes.length === 1;
}

/** `--placement-pref spread=…`: narrows the nodes to the value that has fewest tasks of the service. */
function preference(task: TaskObject): ((nodes: Candidate[]) => Candidate[]) | undefined {
  const preferences = task.Spec.Placement?.Preferences ?? [];
  if (preferences.length === 0) return undefined;
  return (nodes) => {
    let left = nodes;
    for (const { Spread } of preferences) {
      const values = new Map<string, { nodes: Candidate[]; tasks: number }>();
      for (const candidate of left) {
        const value = labelOf(candidate.node, Spread.SpreadDescriptor);
        const entry = values.get(value) ?? { nodes: [], tasks: 0 };
        entry.nodes.push(candidate);
        entry.tasks += candidate.ofService;
        values.set(value, entry);
      }
      left = ([...values.values()].sort((a, b) => a.tasks - b.tasks)[0] as { nodes: Candidate[] }).nodes;
    }
    return left;
  };
}

function labelOf(node: NodeObject, descriptor: string): string {
  const label = /^(node|engine)\.labels\.(.+)$/.exec(descriptor);
  if (label === null) return '';
  const labels = label[1] === 'node' ? node.Spec.Labels : (node.Description.Engine.Labels ?? {});
  return labels[label[2] as string] ?? '';
}
