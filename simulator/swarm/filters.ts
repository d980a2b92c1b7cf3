/**
 * Why a node may not take a task. Mirrors swarmkit manager/scheduler/filter.go and pipeline.go: order and words.
 */
import { meetsConstraints } from './constraint.ts';
import { rank, type NodeObject, type PortConfig, type TaskObject } from './objects.ts';

/** What the scheduler knows of a node beside the object. */
export interface NodeLoad {
  readonly node: NodeObject;
  /** Tasks put there that have not ended. */
  readonly tasks: readonly TaskObject[];
}

interface Filter {
  /** False when the filter has nothing to say about this task. */
  applies(task: TaskObject): boolean;
  passes(task: TaskObject, load: NodeLoad): boolean;
  explain(nodes: number): string;
}

/** In the order in which they are asked; the first that refuses a node is the one that counts for it. */
const FILTERS: readonly Filter[] = [
  {
    applies: () => true,
    passes: (_task, { node }) => node.Status.State === 'ready' && node.Spec.Availability === 'active',
    explain: (nodes) => (nodes === 1 ? '1 node not available for new tasks' : `${nodes} nodes not available for new tasks`),
  },
  {
    applies: (task) => task.Spec.Resources?.Reservations !== undefined && Object.keys(task.Spec.Resources.Reservations).length > 0,
    passes: hasResources,
    explain: (nodes) => on('insufficient resources', nodes),
  },
  {
    applies: (task) => (task.Spec.Placement?.Constraints?.length ?? 0) > 0,
    passes: (task, { node }) => meetsConstraints(task.Spec.Placement?.Constraints ?? [], node),
    explain: (nodes) => on('scheduling constraints not satisfied', nodes),
  },
  {
    applies: (task) => hostPorts(task).length > 0,
    passes: (task, { tasks }) => {
      const wanted = hostPorts(task);
      return !tasks.some((other) => hostPorts(other).some((port) => wanted.some((mine) => mine.Protocol === port.Protocol && mine.PublishedPort === port.PublishedPort)));
    },
    explain: (nodes) => on('host-mode port already in use', nodes),
  },
  {
    applies: (task) => (task.Spec.Placement?.MaxReplicas ?? 0) > 0,
    passes: (task, { tasks }) => tasks.filter((other) => other.ServiceID === task.ServiceID && rank(other.DesiredState) <= rank('complete')).length < (task.Spec.Placement?.MaxReplicas ?? 0),
    explain: () => 'max replicas per node limit exceed',
  },
];

function on(text: string, nodes: number): string {
  return nodes === 1 ? `${text} on 1 node` : `${text} on ${nodes} nodes`;
}

/** Ports that the task publishes on its node directly. */
function hostPorts(task: TaskObject): PortConfig[] {
  return (task.Endpoint?.Ports ?? []).filter((port) => port.PublishMode === 'host' && (port.PublishedPort ?? 0) !== 0);
}

function hasResources(task: TaskObject, { node, tasks }: NodeLoad): boolean {
  const sum = (part: 'NanoCPUs' | 'MemoryBytes'): number => tasks.reduce((total, other) => total + (other.Spec.Resources?.Reservations?.[part] ?? 0), 0);
  const reserved = task.Spec.Resources?.Reservations ?? {};
  const { NanoCPUs, MemoryBytes } = node.Description.Resources;
  return (reserved.NanoCPUs ?? 0) <= NanoCPUs - sum('NanoCPUs') && (reserved.MemoryBytes ?? 0) <= MemoryBytes - sum('MemoryBytes');
}

/** The nodes that pass all filters, and the explanation when there are none. */
export function suitable(task: TaskObject, loads: readonly NodeLoad[]): { nodes: NodeLoad[]; explanation: string } {
  const refusals = FILTERS.map((filter) => ({ filter, count: 0 }));
  const nodes = loads.filter((load) => {
    const refused = refusals.find(({ filter }) => filter.applies(task) && !filter.passes(task, load));
    if (refused !== undefined) refused.count++;
    return refused === undefined;
  });
  const reasons = refusals.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
  const words = reasons.map(({ filter, count }) => filter.explain(count)).join('; ');
  return { nodes, explanation: words === '' ? 'no suitable node' : `no suitable node (${words})` };
}
