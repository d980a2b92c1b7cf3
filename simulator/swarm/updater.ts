/**
 * Rolling updates: replaces the tasks of a service that no longer are what it wants, some at a time, and judges the result.
 * Mirrors swarmkit manager/orchestrator/update/updater.go.
 */
import type { RandomStream } from '../base/random.ts';
import { SECOND, type Scheduler } from '../base/scheduler.ts';
import { rank, type ServiceObject, type TaskObject, type UpdateConfig } from './objects.ts';
import type { RestartSupervisor } from './restart.ts';
import type { Store, StoreEvent } from './store.ts';
import { isDirty, isRunnable, newTask, want } from './tasks.ts';

/** The tasks of one slot (or of one node, for global services). */
export type Slot = readonly TaskObject[];

const DEFAULTS: UpdateConfig = { Parallelism: 1, Delay: 0, FailureAction: 'pause', Monitor: 5e9, MaxFailureRatio: 0, Order: 'stop-first' };

/** One update in progress. */
interface Update {
  readonly service: ServiceObject;
  readonly specVersion: number;
  readonly queue: Slot[];
  /** New tasks that are not running yet, with the old ones to stop afterwards (start-first). */
  readonly active: Map<TaskObject, readonly TaskObject[]>;
  readonly updated: Set<string>;
  readonly failed: Set<string>;
  readonly total: number;
  /** Workers that rest between two slots. */
  resting: number;
  ended: boolean;
}

export class Updater {
  private readonly store: Store;
  private readonly scheduler: Scheduler;
  private readonly random: RandomStream;
  private readonly restarts: RestartSupervisor;
  private readonly updates = new Map<string, Update>();

  constructor(store: Store, scheduler: Scheduler, random: RandomStream, restarts: RestartSupervisor) {
    this.store = store;
    this.scheduler = scheduler;
    this.random = random;
    this.restarts = restarts;
    store.watch((events) => this.handle(events));
  }

  /** Brings the given slots up to date; an update to an older specification that still runs is given up. */
  update(service: ServiceObject, slots: readonly Slot[]): void {
    const running = this.updates.get(service.ID);
    if (running !== undefined && running.specVersion === service.SpecVersion) return;
    if (running !== undefined) this.end(running);
    if (service.UpdateStatus?.State === 'paused' || service.UpdateStatus?.State === 'rollback_paused') return;
    // Two tasks in one slot are one too many (isSlotDirty).
    const dirty = slots.filter((slot) => slot.filter(isRunnable).length > 1 || slot.some((task) => isRunnable(task) && isDirty(service, task, this.store.nodes.get(task.NodeID))));
    if (dirty.length === 0) {
      if (service.UpdateStatus !== undefined && isUnderWay(service)) this.complete(service);
      return;
    }
    const update: Update = {
      service,
      specVersion: service.SpecVersion,
      queue: [...dirty],
      active: new Map(),
      updated: new Set(),
      failed: new Set(),
      total: dirty.length,
      resting: 0,
      ended: false,
    };
    this.updates.set(service.ID, update);
    if (service.UpdateStatus === undefined || !isUnderWay(service)) {
      service.UpdateStatus = { State: 'updating', StartedAt: this.store.now, Message: 'update in progress' };
      this.store.changedService(service);
    }
    this.pump(update);
  }

  /** Gives up whatever runs for a service. */
  cancel(serviceId: string): void {
    const update = this.updates.get(serviceId);
    if (update !== undefined) this.end(update);
  }

  private end(update: Update): void {
    update.ended = true;
    if (this.updates.get(update.service.ID) === update) this.updates.delete(update.service.ID);
  }

  private config(service: ServiceObject): UpdateConfig {
    const given = service.UpdateStatus?.State === 'rollback_started' ? service.Spec.RollbackConfig : service.Spec.UpdateConfig;
    return { ...DEFAULTS, ...given };
  }

  private pump(update: Update): void {
    if (update.ended) return;
    const parallelism = this.config(update.service).Parallelism || update.total;
    while (update.active.size + update.resting < parallelism && update.queue.length > 0) this.replace(update, update.queue.shift() as Slot);
    if (update.queue.length === 0 && update.active.size === 0 && update.resting === 0) this.watchResult(update);
  }

  private replace(update: Update, slot: Slot): void {
    const { service } = update;
    const old = slot.filter((task) => rank(task.DesiredState) <= rank('complete'));
    const clean = old.filter((task) => isRunnable(task) && !isDirty(service, task, this.store.nodes.get(task.NodeID)));
    const kept = clean.find((task) => task.DesiredState === 'running') ?? clean[0];
    if (kept !== undefined) {
      // useExistingTask
      for (const task of old) if (task !== kept) want(this.store, task, 'shutdown');
      want(this.store, kept, 'running');
      return;
    }
    const first = slot[0] as TaskObject;
    const fresh = newTask(this.store, this.random, service, first.Slot, first.Slot === 0 ? first.NodeID : '', 'ready');
    update.updated.add(fresh.ID);
    if (this.config(service).Order === 'start-first') {
      fresh.DesiredState = 'running';
      update.active.set(fresh, old);
      this.store.addTask(fresh);
      return;
    }
    for (const task of old) want(this.store, task, 'shutdown');
    update.active.set(fresh, []);
    this.store.addTask(fresh);
    this.restarts.delayStart(fresh, old.find((task) => rank(task.Status.State) <= rank('running')), 0);
  }

  private handle(events: readonly StoreEvent[]): void {
    if (this.updates.size === 0) return;
    for (const event of events) {
      if (event.kind !== 'task' || event.action === 'create') continue;
      const update = this.updates.get(event.object.ServiceID);
      if (update !== undefined) this.observe(update, event.object);
    }
  }

  private observe(update: Update, task: TaskObject): void {
    if (!update.updated.has(task.ID)) return;
    const state = rank(task.Status.State);
    if (state > rank('running') && task.Status.State !== 'complete' && !update.failed.has(task.ID) && rank(task.DesiredState) <= rank('complete')) {
      update.failed.add(task.ID);
      if (update.failed.size / update.total > (this.config(update.service).MaxFailureRatio ?? 0)) {
        this.fail(update, task);
        return;
      }
    }
    const old = update.active.get(task);
    if (old === undefined || state < rank('running')) return;
    for (const other of old) want(this.store, other, 'shutdown');
    update.active.delete(task);
    const delay = (this.config(update.service).Delay ?? 0) / 1000;
    if (delay === 0 || update.queue.length === 0) {
      this.pump(update);
      return;
    }
    update.resting++;
    this.scheduler.after(delay, () => {
      update.resting--;
      this.pump(update);
    });
  }

  private fail(update: Update, task: TaskObject): void {
    const { service } = update;
    const action = this.config(service).FailureAction ?? 'pause';
    const why = `due to failure or early termination of task ${task.ID}`;
    const rollingBack = service.UpdateStatus?.State === 'rollback_started';
    if (action === 'continue') return;
    this.end(update);
    const startedAt = service.UpdateStatus?.StartedAt ?? this.store.now;
    if (action === 'rollback' && !rollingBack && service.PreviousSpec !== undefined) {
      rollBack(service, this.store, `update rolled back ${why}`);
    } else {
      service.UpdateStatus = { State: rollingBack ? 'rollback_paused' : 'paused', StartedAt: startedAt, Message: `${rollingBack ? 'rollback' : 'update'} paused ${why}` };
    }
    this.store.changedService(service);
  }

  /** All slots were replaced: failures within the monitoring period still count. */
  private watchResult(update: Update): void {
    const monitor = (this.config(update.service).Monitor ?? 5 * SECOND * 1000) / 1000;
    this.scheduler.after(monitor, () => {
      if (update.ended) return;
      this.end(update);
      this.complete(update.service);
    });
  }

  private complete(service: ServiceObject): void {
    const status = service.UpdateStatus;
    if (status === undefined) return;
    const rollback = status.State === 'rollback_started';
    service.UpdateStatus = {
      State: rollback ? 'rollback_completed' : 'completed',
      StartedAt: status.StartedAt,
      CompletedAt: this.store.now,
      Message: rollback ? 'rollback completed' : 'update completed',
    };
    this.store.changedService(service);
  }
}

/** Takes the previous specification back. */
function rollBack(service: ServiceObject, store: Store, message: string): void {
  const current = service.Spec;
  service.Spec = service.PreviousSpec ?? current;
  service.PreviousSpec = current;
  service.SpecVersion++;
  service.UpdateStatus = { State: 'rollback_started', StartedAt: store.now, Message: message };
}

function isUnderWay(service: ServiceObject): boolean {
  return service.UpdateStatus?.State === 'updating' || service.UpdateStatus?.State === 'rollback_started';
}
