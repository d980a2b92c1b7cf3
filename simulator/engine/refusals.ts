/** The daemon's words when a node is not in the position to answer (moby daemon/cluster/errors.go). */
import { refusal, type ApiRefusal } from './api.ts';
import type { Cluster } from './cluster.ts';

export const NO_MANAGER: ApiRefusal = refusal(
  503,
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
);

const WORKER: ApiRefusal = refusal(
  503,
  "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.",
);

export const ALREADY_IN_SWARM: ApiRefusal = refusal(
  503,
  'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.',
);

export const NOT_IN_SWARM: ApiRefusal = refusal(503, 'This node is not part of a swarm');

/** Why this node cannot be asked about the swarm. */
export function notManager(cluster: Cluster): ApiRefusal {
  return cluster.state === 'inactive' ? NO_MANAGER : WORKER;
}
