/**
 * Replaces tasks that ended, after a delay, as the service's restart policy says. A task is never restarted: its slot gets
 * a new one. Mirrors swarmkit manager/orchestrator/restart/restart.go.
 */
import type { RandomStream } from '../base/random.ts';
import { MINUTE, SECOND, type Scheduler } from '../base/scheduler.ts';
import { rank, type ServiceObject, type TaskObject } from './objects.ts';
import type { Store, StoreEvent } from './store.ts';
import { newTask, want } from './tasks.ts';

const DEFAULT_DELAY = 5 * SECOND;
/** How long a new task waits for the old one to stop before it starts anyway. */
const OLD_TASK_TIMEOUT = MINUTE;

interface Delayed {
  readonly task: TaskObject;
  /** The task that must have stopped first. */
  readonly old: TaskObject | undefined;
  timePassed: boolean;
  patience: boolean;
}

export class RestartSupervisor {
  private readonly store: Store;
  private readonly scheduler: Scheduler;
  private readonly random: RandomStream;
  private readonly delayed = new Map<string, Delayed>();
  /** Times of restarts by service and slot (or node). */
  private readonly history = new Map<string, number[]>();

  constructor(store: Store, scheduler: Scheduler, random: RandomStream) {
    this.store = store;
    this.scheduler = scheduler;
    this.random = random;
    store.watch((events) => this.handle(events));
  }

  /** Ends `task` for good and puts a successor in its place, if the policy allows one. */
  restart(service: ServiceObject, task: TaskObject): void {
    if (rank(task.DesiredState) > rank('complete')) return;
    const again = this.shouldRestart(service, task);
    want(this.store, task, 'shutdown');
    if (!again) return;
    const successor = newTask(this.store, this.random, service, task.Slot, task.Slot === 0 ? task.NodeID : '', 'ready');
    this.note(task);
    const node = this.store.nodes.get(task.NodeID);
    const nodeGone = node !== undefined && (node.Spec.Availability === 'drain' || node.Status.State === 'down');
    const configured = service.Spec.TaskTemplate.RestartPolicy?.Delay;
    const delay = nodeGone ? 0 : configured === undefined ? DEFAULT_DELAY : configured / 1000;
    this.store.addTask(successor);
    this.delayStart(successor, task, delay);
  }

  /** A new leader: what waited for its turn waits anew (taskinit.CheckTasks). */
  recover(): void {
    for (const task of this.store.tasks.values()) {
      if (task.DesiredState !== 'ready') continue;
      const configured = task.Spec.RestartPolicy?.Delay;
      this.delayStart(task, undefined, configured === undefined ? DEFAULT_DELAY : configured / 1000);
    }
  }

  /** Lets `task` (wanted READY) run once `delay` microseconds are over and `old` has stopped. */
  delayStart(task: TaskObject, old: TaskObject | undefined, delay: number): void {
    const entry: Delayed = { task, old, timePassed: delay === 0, patience: true };
    this.delayed.set(task.ID, entry);
    if (delay > 0) {
      this.scheduler.after(delay, () => {
        entry.timePassed = true;
        this.tryStart(entry);
      });
    }
    if (old !== undefined) {
      this.scheduler.after(delay + OLD_TASK_TIMEOUT, () => {
        entry.patience = false;
        this.tryStart(entry);
      });
    }
    this.tryStart(entry);
  }

  private handle(events: readonly StoreEvent[]): void {
    if (this.delayed.size === 0) return;
    if (!events.some((event) => event.kind === 'task' || event.kind === 'node')) return;
    for (const entry of [...this.delayed.values()]) this.tryStart(entry);
  }

  private tryStart(entry: Delayed): void {
    const { task, old } = entry;
    if (rank(task.DesiredState) > rank('ready') || !this.store.tasks.has(task.ID)) {
      this.delayed.delete(task.ID);
      return;
    }
    if (!entry.timePassed) return;
    if (old !== undefined && entry.patience && !this.hasStopped(old)) return;
    this.delayed.delete(task.ID);
    want(this.store, task, 'running');
  }

  private hasStopped(task: TaskObject): boolean {
    if (rank(task.Status.State) > rank('running') || !this.store.tasks.has(task.ID)) return true;
    const node = this.store.nodes.get(task.NodeID);
    return node === undefined || node.Status.State === 'down';
  }

  private shouldRestart(service: ServiceObject, task: TaskObject): boolean {
    const policy = service.Spec.TaskTemplate.RestartPolicy;
    const condition = policy?.Condition ?? 'any';
    if (condition === 'none') return false;
    if (condition === 'on-failure' && task.Status.State === 'complete') return false;
    const limit = policy?.MaxAttempts ?? 0;
    if (limit === 0) return true;
    const window = (policy?.Window ?? 0) / 1000;
    const times = this.history.get(this.key(task)) ?? [];
    const counted = window === 0 ? times : times.filter((at) => at > this.scheduler.now - window);
    return counted.length < limit;
  }

  private note(task: TaskObject): void {
    const key = this.key(task);
    const times = this.history.get(key) ?? [];
    times.push(this.scheduler.now);
    this.history.set(key, times);
  }

  private key(task: TaskObject): string {
    return `${task.ServiceID}.${task.SpecVersion}.${task.Slot !== 0 ? task.Slot : task.NodeID}`;
  }
}
