/**
 * Tasks: how they are made and when one no longer is what its service wants.
 * Mirrors swarmkit manager/orchestrator/task.go and slot.go.
 */
import type { RandomStream } from '../base/random.ts';
import { meetsConstraints } from './constraint.ts';
import { swarmId } from './ids.ts';
import { rank, type NodeObject, type ServiceObject, type TaskObject, type TaskSpec, type TaskState } from './objects.ts';
import type { Store } from './store.ts';

/** A new task of `service`; slot 0 and a node for global services. Not yet in the store. */
export function newTask(store: Store, random: RandomStream, service: ServiceObject, slot: number, nodeId: string, desired: TaskState): TaskObject {
  return {
    ...store.meta(swarmId(random)),
    Spec: service.Spec.TaskTemplate,
    SpecVersion: service.SpecVersion,
    ServiceID: service.ID,
    ServiceName: service.Spec.Name,
    Labels: service.Spec.Labels,
    Slot: slot,
    NodeID: nodeId,
    Status: { State: 'new', Timestamp: store.now, Message: 'created' },
    DesiredState: desired,
    NetworksAttachments: [],
    origin: service.origin,
  };
}

/** True while the task is meant to run and may still do so. */
export function isRunnable(task: TaskObject): boolean {
  return rank(task.DesiredState) <= rank('running') && rank(task.Status.State) <= rank('running');
}

/** Sets what is wanted of a task; wanting only grows. */
export function want(store: Store, task: TaskObject, desired: TaskState): void {
  if (rank(task.DesiredState) >= rank(desired)) return;
  task.DesiredState = desired;
  // Nobody would report the end of a task that never reached a node.
  if (rank(desired) > rank('complete') && rank(task.Status.State) < rank('assigned')) {
    task.Status = { State: 'shutdown', Timestamp: store.now, Message: 'shutdown' };
  }
  store.changedTask(task);
}

/** True when the task was made from another specification than the service has now (IsTaskDirty). */
export function isDirty(service: ServiceObject, task: TaskObject, node: NodeObject | undefined): boolean {
  if (task.SpecVersion === service.SpecVersion) return false;
  const wanted = service.Spec.TaskTemplate;
  if (onlyPlacementDiffers(wanted, task.Spec) && node !== undefined && meetsConstraints(wanted.Placement?.Constraints ?? [], node)) {
    return endpointDiffers(service, task);
  }
  return !same(wanted, task.Spec) || endpointDiffers(service, task);
}

function onlyPlacementDiffers(a: TaskSpec, b: TaskSpec): boolean {
  return same({ ...a, Placement: undefined }, { ...b, Placement: undefined });
}

function endpointDiffers(service: ServiceObject, task: TaskObject): boolean {
  return task.Endpoint !== undefined && !same(service.Spec.EndpointSpec ?? { Mode: 'vip' }, task.Endpoint.Spec);
}

/** Equality of plain data, whatever the order of keys. */
function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([x], [y]) => (x < y ? -1 : 1))) : part,
  );
}
