/**
 * Runs services of the job modes: so many tasks to completion, some at a time. Mirrors swarmkit manager/orchestrator/jobs;
 * as there, slots of replicated jobs count from 0.
 */
import type { RandomStream } from '../base/random.ts';
import { meetsConstraints } from './constraint.ts';
import { isJob, rank, type ServiceObject, type TaskObject } from './objects.ts';
import type { RestartSupervisor } from './restart.ts';
import type { Store, StoreEvent } from './store.ts';
import { newTask, want } from './tasks.ts';

export class JobOrchestrator {
  private readonly store: Store;
  private readonly random: RandomStream;
  private readonly restarts: RestartSupervisor;

  constructor(store: Store, random: RandomStream, restarts: RestartSupervisor) {
    this.store = store;
    this.random = random;
    this.restarts = restarts;
    store.watch((events) => this.handle(events));
  }

  private handle(events: readonly StoreEvent[]): void {
    const dirty = new Set<ServiceObject>();
    for (const event of events) {
      if (event.kind === 'service' && isJob(event.object.Spec.Mode)) {
        if (event.action === 'remove') for (const task of this.store.serviceTasks(event.object.ID)) want(this.store, task, 'remove');
        else dirty.add(event.object);
      } else if (event.kind === 'task' || event.kind === 'node') {
        for (const service of this.store.services.values()) if (isJob(service.Spec.Mode)) dirty.add(service);
      }
    }
    for (const service of dirty) if (this.store.services.get(service.ID) === service) this.reconcile(service);
  }

  private reconcile(service: ServiceObject): void {
    const iteration = service.JobStatus?.JobIteration ?? 0;
    const tasks = this.store.serviceTasks(service.ID).filter((task) => (task.JobIteration ?? 0) === iteration);
    for (const task of tasks) {
      const state = rank(task.Status.State);
      if (state > rank('complete') && rank(task.DesiredState) <= rank('complete')) this.restartJobTask(service, task);
    }
    if (service.Spec.Mode.GlobalJob !== undefined) this.fillNodes(service, tasks, iteration);
    else this.fillSlots(service, tasks, iteration);
  }

  private restartJobTask(service: ServiceObject, task: TaskObject): void {
    this.restarts.restart(service, task);
    for (const other of this.store.serviceTasks(service.ID)) if (other.DesiredState === 'ready' && other.JobIteration === undefined) other.JobIteration = task.JobIteration ?? 0;
  }

  private fillSlots(service: ServiceObject, tasks: readonly TaskObject[], iteration: number): void {
    const mode = service.Spec.Mode.ReplicatedJob;
    const total = mode?.TotalCompletions ?? mode?.MaxConcurrent ?? 1;
    const concurrent = mode?.MaxConcurrent ?? total;
    const done = tasks.filter((task) => task.Status.State === 'complete').length;
    const active = tasks.filter((task) => rank(task.Status.State) < rank('complete') && rank(task.DesiredState) <= rank('complete')).length;
    const slots = new Set(tasks.filter((task) => rank(task.Status.State) <= rank('complete')).map((task) => task.Slot));
    for (let slot = 0, made = 0; made < Math.min(total - done - active, concurrent - active); slot++) {
      if (slots.has(slot)) continue;
      this.create(service, slot, '', iteration);
      made++;
    }
  }

  private fillNodes(service: ServiceObject, tasks: readonly TaskObject[], iteration: number): void {
    for (const node of this.store.nodes.values()) {
      if (node.Spec.Availability !== 'active' || node.Status.State !== 'ready') continue;
      if (!meetsConstraints(service.Spec.TaskTemplate.Placement?.Constraints ?? [], node)) continue;
      if (tasks.some((task) => task.NodeID === node.ID)) continue;
      this.create(service, 0, node.ID, iteration);
    }
  }

  private create(service: ServiceObject, slot: number, nodeId: string, iteration: number): void {
    const task = newTask(this.store, this.random, service, slot, nodeId, 'complete');
    task.JobIteration = iteration;
    this.store.addTask(task);
  }
}
