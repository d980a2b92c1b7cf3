/** The daemon's words when a node is not in the position to answer (moby daemon/cluster/errors.go). */
import { NO_LEADER } from '../swarm/calls.ts';
import type { Manager } from '../swarm/manager.ts';
import type { Store } from '../swarm/store.ts';
import { answer, refusal, type ApiRefusal, type ApiResult } from './api.ts';
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
function notManager(cluster: Cluster): ApiRefusal {
  return cluster.state === 'inactive' ? NO_MANAGER : WORKER;
}

/** What this manager knows of the swarm, while there is a leader. */
export function storeOf(cluster: Cluster): ApiResult<Store> {
  const { managing } = cluster;
  if (managing === undefined) return notManager(cluster);
  return managing.quorate ? answer(managing.store) : noLeader();
}

/** The leader, for what only it does. */
export function leaderOf(cluster: Cluster): ApiResult<Manager> {
  const { managing } = cluster;
  if (managing === undefined) return notManager(cluster);
  return managing.leading === undefined ? noLeader() : answer(managing.leading);
}

function noLeader(): ApiRefusal {
  return refusal(500, NO_LEADER);
}

/** A network of the swarm, asked of a manager that does not lead: answered by the one that does, and never shown. */
export const ELSEWHERE = 'ask the leader';
