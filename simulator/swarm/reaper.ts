/**
 * Forgets tasks: those that were to be removed and have stopped, and old ones beyond the history limit.
 * Mirrors swarmkit manager/orchestrator/taskreaper and constraintenforcer.
 */
import { meetsConstraints } from './constraint.ts';
import { rank, type NodeObject, type TaskObject } from './objects.ts';
import type { Store, StoreEvent } from './store.ts';

export class TaskReaper {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
    store.watch((events) => this.handle(events));
  }

  private handle(events: readonly StoreEvent[]): void {
    const slots = new Set<string>();
    for (const event of events) {
      if (event.kind === 'task' && event.action !== 'remove') {
        const task = event.object;
        if (task.DesiredState === 'remove' && hasStopped(task)) this.store.removeTask(task);
        else if (event.action === 'create') slots.add(slotKey(task));
      } else if (event.kind === 'node' && event.action === 'update') this.enforceConstraints(event.object);
    }
    for (const key of slots) this.trim(key);
  }

  /** Keeps as many tasks of a slot as the cluster's history limit says. */
  private trim(key: string): void {
    const limit = this.store.cluster?.TaskHistoryRetentionLimit ?? 5;
    const serviceId = key.slice(0, key.indexOf('/'));
    if (serviceId === '' || limit < 0) return;
    const tasks = this.store.serviceTasks(serviceId).filter((task) => slotKey(task) === key);
    let excess = tasks.length - limit;
    for (const task of tasks) {
      if (excess <= 0) break;
      if (rank(task.DesiredState) <= rank('running') || !hasStopped(task)) continue;
      this.store.removeTask(task);
      excess--;
    }
  }

  /** Tasks whose node no longer meets what their service asks for are rejected, and so replaced. */
  private enforceConstraints(node: NodeObject): void {
    for (const task of this.store.nodeTasks(node.ID)) {
      if (rank(task.DesiredState) > rank('running') || rank(task.Status.State) > rank('running')) continue;
      if (meetsConstraints(task.Spec.Placement?.Constraints ?? [], node)) continue;
      task.Status = { ...task.Status, State: 'rejected', Timestamp: this.store.now, Message: 'task rejected by constraint enforcer', Err: 'assigned node no longer meets constraints' };
      this.store.changedTask(task);
    }
  }
}

function hasStopped(task: TaskObject): boolean {
  return rank(task.Status.State) >= rank('complete') || rank(task.Status.State) < rank('assigned');
}

function slotKey(task: TaskObject): string {
  return `${task.ServiceID}/${task.Slot !== 0 ? task.Slot : task.NodeID}`;
}
