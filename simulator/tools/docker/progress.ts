/**
 * Progress of a roll-out: cli/command/service/progress/progress.go, polled every 200 ms, and its display
 * (moby pkg/jsonmessage): a line per message; on a terminal every id keeps its line.
 */
import { SECOND } from '../../base/scheduler.ts';
import type { SwarmService, SwarmTask, TaskState } from '../../engine/api.ts';
import type { Blocking } from '../../process/program.ts';
import { eraOf, value } from './client.ts';
import type { Call } from './command.ts';
import { Failure } from './failure.ts';
import { shortId } from './format.ts';

const POLL = SECOND / 5;
/** A round of calls takes the real client about this long; the managers act meanwhile. */
const ROUND = SECOND / 50;
const BARS = 20;
const STATES: readonly TaskState[] = [
  'new',
  'allocated',
  'pending',
  'assigned',
  'accepted',
  'preparing',
  'ready',
  'starting',
  'running',
];
const RANK = new Map<TaskState, number>(
  [...STATES, 'complete', 'shutdown', 'failed', 'rejected'].map((state, i) => [state as TaskState, i + 1]),
);

/** A message: `current` of {@link STATES} when it has a bar. */
interface Message {
  readonly id: string;
  readonly says: string;
  readonly current?: number;
}

/** The display of messages by id. */
class Display {
  private readonly lines = new Map<string, number>();
  private readonly tty: boolean;
  private readonly columns: number;

  constructor(tty: boolean, columns: number) {
    this.tty = tty;
    this.columns = columns;
  }

  /** The octets that show `message`. Without a terminal messages with a bar are not shown. */
  show({ id, says, current }: Message): string {
    if (!this.tty) return current === undefined ? `${id}: ${says}\n` : '';
    let text = '';
    let line = this.lines.get(id);
    if (line === undefined) {
      line = this.lines.size;
      this.lines.set(id, line);
      text += '\n';
    }
    const up = this.lines.size - line;
    const bar = current === undefined || this.columns <= 110 ? '' : progressBar(current);
    return `${text}\x1b[${up}A\x1b[2K\r${id}: ${says} ${bar}\r\x1b[${up}B`;
  }
}

function progressBar(current: number): string {
  const done = Math.min(50, Math.trunc(Math.trunc((current / STATES.length) * 100) / 2));
  return `[${'='.repeat(done)}>${' '.repeat(50 - done)}] `;
}

/** *blocking* Follows `reference` until it has converged; `quiet` shows nothing. */
export function* followService(call: Call, reference: string, quiet: boolean): Blocking<void> {
  const { api, ctx } = call;
  const output = ctx.file(1);
  const display = new Display(output?.isTty === true, ctx.tty?.columns ?? 80);
  const write = function* (messages: readonly Message[]): Blocking<void> {
    if (!quiet) yield* ctx.out(messages.map((message) => display.show(message)).join(''));
  };
  const named = Number(eraOf(ctx).client.wording) >= 2024;
  let updater: Updater | undefined;
  let converged = false;
  let convergedAt: number | undefined;
  let monitor = 5 * SECOND;
  let rollback = false;
  ctx.catchSignal('SIGINT');
  for (;;) {
    const service = value(api.serviceInspect(reference, { insertDefaults: false }));
    if ((service.Spec.UpdateConfig?.Monitor ?? 0) !== 0) monitor = (service.Spec.UpdateConfig?.Monitor ?? 0) / 1000;
    updater ??= updaterOf(service);
    const status = service.UpdateStatus;
    if (status?.State === 'updating') rollback = false;
    if (status?.State === 'completed' && !converged) return;
    if (status?.State === 'paused') throw new Failure(`service update paused: ${status.Message ?? ''}`);
    if (status?.State === 'rollback_started') {
      if (!rollback && (status.Message ?? '') !== '') yield* write([{ id: 'rollback', says: status.Message ?? '' }]);
      rollback = true;
    }
    if (status?.State === 'rollback_paused') throw new Failure(`service rollback paused: ${status.Message ?? ''}`);
    if (status?.State === 'rollback_completed' && !converged) {
      yield* write([{ id: 'rollback', says: status.Message ?? '' }]);
      throw new Failure(`service rolled back: ${status.Message ?? ''}`);
    }
    if (converged && convergedAt !== undefined && ctx.now - convergedAt >= monitor) {
      yield* write([{ id: 'verify', says: named ? `Service ${reference} converged` : 'Service converged' }]);
      return;
    }
    yield* ctx.sleep(ROUND);
    const tasks = value(api.tasks({ service: [service.ID], '_up-to-date': ['true'] }));
    const active = new Set(
      value(api.nodes({}))
        .filter((node) => node.Status.State !== 'down')
        .map((node) => node.ID),
    );
    const step = updater(service, tasks, active, rollback);
    converged = step.converged;
    yield* write(step.messages);
    if (converged) {
      if (service.Spec.Mode.ReplicatedJob !== undefined || service.Spec.Mode.GlobalJob !== undefined) return;
      convergedAt ??= ctx.now;
      const wait = monitor - (ctx.now - convergedAt);
      // The real clock has always moved on a little: five seconds are shown as 5, not 6.
      if (wait >= 0)
        yield* write([
          {
            id: 'verify',
            says: `Waiting ${Math.floor(Math.max(0, wait - 1) / SECOND) + 1} seconds to verify that tasks are stable...`,
          },
        ]);
    } else {
      if (convergedAt !== undefined) yield* write([{ id: 'verify', says: 'Detected task failure' }]);
      convergedAt = undefined;
    }
    if ((yield* ctx.sleep(POLL)) === 'interrupted' && ctx.takeSignal() === 'SIGINT') {
      if (!converged && !quiet)
        yield* ctx.out(
          `Operation continuing in background.\nUse \`docker service ps ${reference}\` to check progress.\n`,
        );
      return;
    }
  }
}

type Updater = (
  service: SwarmService,
  tasks: readonly SwarmTask[],
  active: ReadonlySet<string>,
  rollback: boolean,
) => { converged: boolean; messages: Message[] };

function updaterOf(service: SwarmService): Updater {
  const mode = service.Spec.Mode;
  if (mode.Replicated !== undefined) return replicatedUpdater();
  if (mode.Global !== undefined) return globalUpdater();
  return jobUpdater(mode.ReplicatedJob?.TotalCompletions);
}

function overall(done: number, of: number, rollback: boolean): Message {
  return { id: 'overall progress', says: `${rollback ? 'rolling back update: ' : ''}${done} out of ${of} tasks` };
}

function over(state: TaskState): boolean {
  return (RANK.get(state) ?? 0) > (RANK.get('running') ?? 0);
}

function taskMessage(task: SwarmTask, id: string): Message | undefined {
  const error = task.Status.Err ?? '';
  if (error !== '') {
    const line = error.replaceAll('\n', ' ');
    return { id, says: line.length > 75 ? `${line.slice(0, 74)}…` : line };
  }
  if (over(task.DesiredState) || over(task.Status.State)) return undefined;
  return { id, says: task.Status.State.padEnd(9), current: RANK.get(task.Status.State) ?? 0 };
}

/** Of several tasks with one key, the one with the lowest desired, then the lowest observed state. */
function current(
  tasks: readonly SwarmTask[],
  key: (task: SwarmTask) => string,
  active: ReadonlySet<string> | undefined,
): Map<string, SwarmTask> {
  const rank = (state: TaskState): number => RANK.get(state) ?? 0;
  const chosen = new Map<string, SwarmTask>();
  for (const task of tasks) {
    if (rank(task.DesiredState) === 0 || rank(task.Status.State) === 0) continue;
    const before = chosen.get(key(task));
    if (before !== undefined) {
      const order = rank(before.DesiredState) - rank(task.DesiredState);
      if (order < 0 || (order === 0 && rank(before.Status.State) <= rank(task.Status.State))) continue;
    }
    if (active !== undefined && (task.NodeID ?? '') !== '' && !active.has(task.NodeID ?? '')) continue;
    chosen.set(key(task), task);
  }
  return chosen;
}

function replicatedUpdater(): Updater {
  const slots = new Map<string, number>();
  let begun = false;
  let done = false;
  return (service, tasks, active, rollback) => {
    const replicas = service.Spec.Mode.Replicated?.Replicas ?? 0;
    const messages: Message[] = [];
    if (!begun) {
      messages.push(overall(0, replicas, rollback));
      if (replicas <= BARS) for (let i = 1; i <= replicas; i++) messages.push({ id: `${i}/${replicas}`, says: ' ' });
      begun = true;
    }
    const bySlot = current(tasks, (task) => String(task.Slot ?? 0), active);
    if (done && [...bySlot.values()].some((task) => task.Status.State !== 'running')) done = false;
    let running = 0;
    for (const [slot, task] of bySlot) {
      const line = slots.get(slot) ?? slots.size + 1;
      slots.set(slot, line);
      if (!over(task.DesiredState) && task.Status.State === 'running') running++;
      if (done || replicas > BARS || line > replicas) continue;
      const message = taskMessage(task, `${line}/${replicas}`);
      if (message !== undefined) messages.push(message);
    }
    if (!done) {
      messages.push(overall(running, replicas, rollback));
      done = running === replicas;
    }
    return { converged: running === replicas, messages };
  };
}

function globalUpdater(): Updater {
  let begun = false;
  let done = false;
  return (_service, tasks, active, rollback) => {
    const byNode = current(tasks, (task) => task.NodeID ?? '', undefined);
    const messages: Message[] = [];
    if (!begun) {
      if (byNode.size === 0) return { converged: false, messages };
      messages.push(overall(0, byNode.size, rollback));
      begun = true;
    }
    if (done && [...byNode.values()].some((task) => task.Status.State !== 'running')) done = false;
    let running = 0;
    for (const [node, task] of byNode) {
      if (!active.has(node)) continue;
      if (!over(task.DesiredState) && task.Status.State === 'running') running++;
      if (done || byNode.size > BARS) continue;
      const message = taskMessage(task, shortId(node));
      if (message !== undefined) messages.push(message);
    }
    if (!done) {
      messages.push(overall(running, byNode.size, rollback));
      done = running === byNode.size;
    }
    return { converged: running === byNode.size, messages };
  };
}

/** Of jobs only the end is shown: how many tasks completed. */
function jobUpdater(total: number | undefined): Updater {
  return (_service, tasks) => {
    const completed = tasks.filter((task) => task.Status.State === 'complete').length;
    const wanted = total ?? tasks.length;
    const converged = wanted > 0 && completed >= wanted;
    return { converged, messages: converged ? [{ id: 'job complete', says: '' }] : [] };
  };
}
