/**
 * Keeps one task of each global service on every node that may have one. Mirrors swarmkit manager/orchestrator/global.
 */
import type { RandomStream } from '../base/random.ts';
import { meetsConstraints } from './constraint.ts';
import { isGlobal, isJob, rank, type NodeObject, type ServiceObject, type TaskObject } from './objects.ts';
import type { RestartSupervisor } from './restart.ts';
import type { Store, StoreEvent } from './store.ts';
import { newTask, want } from './tasks.ts';
import type { Updater } from './updater.ts';

export class GlobalOrchestrator {
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
        if (!isGlobalService(event.object)) continue;
        if (event.action === 'remove') this.removeAll(event.object);
        else dirty.add(event.object);
      } else if (event.kind === 'node') {
        for (const service of this.store.services.values()) if (isGlobalService(service)) dirty.add(service);
      } else if (event.kind === 'task') {
        const service = this.store.services.get(event.object.ServiceID);
        if (service === undefined || !isGlobalService(service)) continue;
        if (event.action === 'remove' || rank(event.object.Status.State) > rank('running')) dirty.add(service);
      }
    }
    for (const service of dirty) this.reconcile(service);
  }

  private removeAll(service: ServiceObject): void {
    this.updater.cancel(service.ID);
    for (const task of this.store.serviceTasks(service.ID)) want(this.store, task, 'remove');
  }

  private reconcile(service: ServiceObject): void {
    if (this.store.services.get(service.ID) !== service) return;
    const live = new Map<string, TaskObject[]>();
    for (const task of this.store.serviceTasks(service.ID)) {
      if (rank(task.DesiredState) > rank('running')) continue;
      const node = this.store.nodes.get(task.NodeID);
      if (node === undefined || !this.mayKeep(service, node)) want(this.store, task, 'shutdown');
      else if (rank(task.Status.State) > rank('running')) this.restarts.restart(service, task);
      else live.set(task.NodeID, [...(live.get(task.NodeID) ?? []), task]);
    }
    // Those that a restart has just made.
    for (const task of this.store.serviceTasks(service.ID)) if (rank(task.DesiredState) <= rank('running') && !live.has(task.NodeID)) live.set(task.NodeID, [task]);
    for (const node of this.store.nodes.values()) {
      if (live.has(node.ID) || !this.mayStart(service, node) || this.hasGivenUp(service, node)) continue;
      const task = newTask(this.store, this.random, service, 0, node.ID, 'running');
      this.store.addTask(task);
      live.set(node.ID, [task]);
    }
    this.updater.update(service, [...live.values()]);
  }

  /** A task that ended and that the policy does not restart leaves its node empty (isTaskCompleted). */
  private hasGivenUp(service: ServiceObject, node: NodeObject): boolean {
    const { Condition = 'any', MaxAttempts = 0 } = service.Spec.TaskTemplate.RestartPolicy ?? {};
    if (Condition === 'any' && MaxAttempts === 0) return false;
    const tasks = this.store.serviceTasks(service.ID).filter((task) => task.NodeID === node.ID && task.SpecVersion === service.SpecVersion);
    const state = tasks[tasks.length - 1]?.Status.State;
    if (state === 'complete') return true;
    return (Condition === 'none' || MaxAttempts > 0) && (state === 'failed' || state === 'rejected');
  }

  private mayKeep(service: ServiceObject, node: NodeObject): boolean {
    return node.Spec.Availability !== 'drain' && node.Status.State !== 'down' && meetsConstraints(service.Spec.TaskTemplate.Placement?.Constraints ?? [], node);
  }

  private mayStart(service: ServiceObject, node: NodeObject): boolean {
    return node.Spec.Availability === 'active' && node.Status.State === 'ready' && this.mayKeep(service, node);
  }
}

function isGlobalService(service: ServiceObject): boolean {
  return isGlobal(service.Spec.Mode) && !isJob(service.Spec.Mode);
}
