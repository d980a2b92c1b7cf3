/**
 * Keeps each replicated service at its number of slots. Mirrors swarmkit manager/orchestrator/replicated.
 */
import type { RandomStream } from '../base/random.ts';
import { isGlobal, isJob, rank, type NodeObject, type ServiceObject, type TaskObject } from './objects.ts';
import type { RestartSupervisor } from './restart.ts';
import type { Store, StoreEvent } from './store.ts';
import { isRunnable, newTask, want } from './tasks.ts';
import type { Updater } from './updater.ts';

export class ReplicatedOrchestrator {
  private readonly store: Store;
  private readonly random: RandomStream;
  private readonly restarts: RestartSupervisor;
  private readonly updater: Updater;

  constructor(store: Store, random: RandomStream, restarts: RestartSupervisor, updater: Updater) {
    this.store = store;
    this.random = random;
    this.restarts = restarts;
    this.updater = updater;
    store.watch((events) => this.handle(events));
  }

  private handle(events: readonly StoreEvent[]): void {
    const dirty = new Set<ServiceObject>();
    for (const event of events) {
      if (event.kind === 'service') {
        if (!isReplicated(event.object)) continue;
        if (event.action === 'remove') this.removeAll(event.object);
        else dirty.add(event.object);
      } else if (event.kind === 'task') {
        const service = this.store.services.get(event.object.ServiceID);
        if (service === undefined || !isReplicated(service)) continue;
        this.handleTask(service, event.object);
        if (event.action === 'remove' || rank(event.object.Status.State) > rank('running')) dirty.add(service);
      } else if (event.kind === 'node' && event.action !== 'create') this.handleNode(event.object, event.action === 'remove');
    }
    for (const service of dirty) this.reconcile(service);
  }

  private handleTask(service: ServiceObject, task: TaskObject): void {
    if (rank(task.DesiredState) > rank('running') || !this.store.tasks.has(task.ID)) return;
    if (rank(task.Status.State) > rank('running')) this.restarts.restart(service, task);
  }

  /** Tasks on a node that is down, drained or gone are replaced elsewhere. */
  private handleNode(node: NodeObject, removed: boolean): void {
    if (!removed && node.Status.State !== 'down' && node.Spec.Availability !== 'drain') return;
    for (const task of this.store.nodeTasks(node.ID)) {
      const service = this.store.services.get(task.ServiceID);
      if (service !== undefined && isReplicated(service) && isRunnable(task)) this.restarts.restart(service, task);
    }
  }

  private removeAll(service: ServiceObject): void {
    this.updater.cancel(service.ID);
    for (const task of this.store.serviceTasks(service.ID)) want(this.store, task, 'remove');
  }

  private reconcile(service: ServiceObject): void {
    if (this.store.services.get(service.ID) !== service) return;
    const slots = this.liveSlots(service);
    const wanted = service.Spec.Mode.Replicated?.Replicas ?? 1;
    if (slots.size < wanted) {
      this.add(service, slots, wanted - slots.size);
      this.updater.update(service, [...slots.values()]);
    } else {
      const kept = slots.size > wanted ? this.remove([...slots.values()], wanted) : [...slots.values()];
      this.updater.update(service, kept);
    }
  }

  /** Slots with a task that is meant to run, by number. */
  private liveSlots(service: ServiceObject): Map<number, TaskObject[]> {
    const slots = new Map<number, TaskObject[]>();
    for (const task of this.store.serviceTasks(service.ID)) {
      // A task that has just ended keeps its slot until its successor is there.
      if (rank(task.DesiredState) > rank('running')) continue;
      const slot = slots.get(task.Slot);
      if (slot === undefined) slots.set(task.Slot, [task]);
      else slot.push(task);
    }
    return new Map([...slots].sort(([a], [b]) => a - b));
  }

  private add(service: ServiceObject, slots: ReadonlyMap<number, unknown>, count: number): void {
    let slot = 0;
    for (let i = 0; i < count; i++) {
      do slot++;
      while (slots.has(slot));
      this.store.addTask(newTask(this.store, this.random, service, slot, '', 'running'));
    }
  }

  /** Removes down to `wanted`: nodes with most copies lose first, then slots that do not run, then higher numbers. */
  private remove(slots: TaskObject[][], wanted: number): TaskObject[][] {
    const runs = (slot: TaskObject[]): boolean => slot.some((task) => task.Status.State === 'running');
    const byState = [...slots].sort((a, b) => Number(runs(b)) - Number(runs(a)) || (a[0] as TaskObject).Slot - (b[0] as TaskObject).Slot);
    const copies = new Map<string, number>();
    const indexed = byState.map((slot) => {
      const node = slot.length === 1 ? (slot[0] as TaskObject).NodeID : '';
      if (node === '') return { slot, index: -1 };
      const index = (copies.get(node) ?? 0) + 1;
      copies.set(node, index);
      return { slot, index };
    });
    const order = (index: number): number => (index < 0 ? Number.MAX_SAFE_INTEGER : index);
    const sorted = indexed.sort((a, b) => order(a.index) - order(b.index));
    for (const { slot } of sorted.slice(wanted)) for (const task of slot) want(this.store, task, 'remove');
    return sorted.slice(0, wanted).map(({ slot }) => slot);
  }
}

function isReplicated(service: ServiceObject): boolean {
  return !isGlobal(service.Spec.Mode) && !isJob(service.Spec.Mode);
}
