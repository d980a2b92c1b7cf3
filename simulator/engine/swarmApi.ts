/** The swarm part of the API: the cluster itself and its nodes. Mirrors moby daemon/cluster/{swarm,nodes,listen_addr}.go. */
import { parseCidr, parseIpv4 } from '../base/address.ts';
import type { Host } from '../process/host.ts';
import { removeNode, updateNode } from '../swarm/control.ts';
import { CONTROL_PORT, tokensOf } from '../swarm/manager.ts';
import type { ManagerNode } from '../swarm/managernode.ts';
import type { ClusterObject, NodeObject } from '../swarm/objects.ts';
import { answer, finished, refusal, type ApiRefusal, type ApiResult, type ControlApi, type EngineApi, type Operation, type SwarmInitRequest, type SwarmNode } from './api.ts';
import { outwardAddresses } from './addresses.ts';
import type { Cluster } from './cluster.ts';
import { Pending } from './containerApi.ts';
import { any, checkFilters, hasLabels } from './filters.ts';
import { ALREADY_IN_SWARM, leaderOf, NOT_IN_SWARM, storeOf } from './refusals.ts';
import { clusterInfo, nodeView } from './swarmViews.ts';

type SwarmPart = Pick<EngineApi, 'swarmInspect' | 'swarmInit' | 'swarmJoin' | 'swarmLeave' | 'swarmUnlockKey' | 'nodes' | 'nodeInspect'> & Pick<ControlApi, 'swarmUpdate' | 'nodeUpdate' | 'nodeRemove'>;

const BAD_ADVERTISE = refusal(400, 'advertise address must be a non-zero IP address or network interface (with optional port number)');

export function swarmApi(host: Host, cluster: Cluster, changed: () => void): SwarmPart {
  const show = (node: NodeObject): SwarmNode => nodeView(node, cluster.certificate, cluster.managing?.status(node));

  function findNode(word: string): ApiResult<NodeObject> {
    const found = storeOf(cluster);
    if (!found.ok) return found;
    const nodes = [...found.value.nodes.values()];
    const exact = nodes.filter((node) => node.ID === word);
    const named = exact.length > 0 ? exact : nodes.filter((node) => node.Description.Hostname === word || node.Spec.Name === word);
    const matching = named.length > 0 || word === '' ? named : nodes.filter((node) => node.ID.startsWith(word));
    if (matching.length > 1) return refusal(400, `node ${word} is ambiguous (${matching.length} matches found)`);
    return matching[0] === undefined ? refusal(404, `node ${word} not found`) : answer(matching[0]);
  }

  /** The address to give to others: as told, of the device told, or the only one there is. */
  function advertise(text: string): ApiResult<string> {
    const name = text.replace(/:\d+$/, '');
    if (name !== '') {
      const address = parseIpv4(name);
      if (address !== undefined && address !== 0) return answer(name);
      const device = outwardAddresses(host).find((each) => each.device === name);
      return device === undefined ? BAD_ADVERTISE : answer(device.address);
    }
    const found = outwardAddresses(host);
    if (found.length === 1) return answer((found[0] as { address: string }).address);
    if (found.length === 0) return refusal(400, 'could not find the system\'s IP address - specify one with --advertise-addr');
    const [a, b] = found as [{ address: string; device: string }, { address: string; device: string }];
    const where = a.device === b.device ? `system has multiple addresses on interface ${a.device} (${a.address} and ${b.address})` : `system has multiple addresses on different interfaces (${a.address} on ${a.device} and ${b.address} on ${b.device})`;
    return refusal(400, `could not choose an IP address to advertise since this ${where} - specify one with --advertise-addr`);
  }

  function forceNewCluster(): Operation<string> {
    if (cluster.managing === undefined) return finished(refusal(501, '--force-new-cluster on a worker is not emulated here: only a manager knows the state of the swarm'));
    const operation = new Pending<string>(changed);
    cluster.forceNewCluster((id) => operation.settle(answer(id)));
    return operation;
  }

  return {
    swarmInspect() {
      const found = storeOf(cluster);
      if (!found.ok) return found;
      const object = found.value.cluster as ClusterObject;
      const tokens = tokensOf(object);
      return answer({ ...clusterInfo(object), JoinTokens: { Worker: tokens.worker, Manager: tokens.manager } });
    },

    swarmInit(request, cause) {
      if (cluster.state !== 'inactive' && request.ForceNewCluster) return forceNewCluster();
      if (cluster.state !== 'inactive') return finished(ALREADY_IN_SWARM);
      const address = advertise(request.AdvertiseAddr);
      if (!address.ok) return finished(address);
      const pools = poolsOf(request);
      if (!pools.ok) return finished(pools);
      const operation = new Pending<string>(changed);
      cluster.init(
        address.value,
        { pools: pools.value, subnetSize: request.SubnetSize === 0 ? 24 : request.SubnetSize, dataPathPort: request.DataPathPort === 0 ? 4789 : request.DataPathPort, availability: request.Availability },
        cause?.origin ?? host.origin,
        (id) => operation.settle(answer(id)),
      );
      return operation;
    },

    swarmJoin(request, cause) {
      if (cluster.state !== 'inactive') return finished(ALREADY_IN_SWARM);
      const [first = ''] = request.RemoteAddrs;
      const [remote = '', port] = first.split(':');
      const address = request.AdvertiseAddr === '' ? answer('') : advertise(request.AdvertiseAddr);
      if (!address.ok) return finished(address);
      const operation = new Pending<undefined>(changed);
      cluster.join(
        address.value,
        { address: remote, port: port === undefined ? CONTROL_PORT : Number(port) },
        request.JoinToken,
        request.Availability,
        cause?.origin ?? host.origin,
        (failure) => operation.settle(failure === undefined ? answer(undefined) : refusal(failure.status, failure.message)),
      );
      return operation;
    },

    swarmLeave(force) {
      if (cluster.state === 'inactive') return finished(NOT_IN_SWARM);
      const refused = cluster.managing === undefined || force ? undefined : leaveRefusal(cluster.managing);
      if (refused !== undefined) return finished(refused);
      const operation = new Pending<undefined>(changed);
      cluster.leave(() => operation.settle(answer(undefined)));
      return operation;
    },

    swarmUpdate(_version, spec, rotate) {
      const found = leaderOf(cluster);
      if (!found.ok) return found;
      const { cluster: object } = found.value;
      if (spec.EncryptionConfig.AutoLockManagers) return refusal(501, 'locking of managers is not emulated here');
      object.TaskHistoryRetentionLimit = spec.Orchestration.TaskHistoryRetentionLimit;
      object.HeartbeatPeriod = spec.Dispatcher.HeartbeatPeriod / 1e9;
      object.Labels = { ...spec.Labels };
      if (rotate.workerToken) found.value.rotate('worker');
      if (rotate.managerToken) found.value.rotate('manager');
      found.value.store.changedCluster(object);
      changed();
      return answer(undefined);
    },

    swarmUnlockKey() {
      const found = storeOf(cluster);
      return found.ok ? answer({ UnlockKey: '' }) : found;
    },

    nodes(filters) {
      const found = storeOf(cluster);
      if (!found.ok) return found;
      const wrong = checkFilters(filters, ['id', 'label', 'membership', 'name', 'node.label', 'role']);
      if (wrong !== undefined) return wrong;
      const nodes = [...found.value.nodes.values()].filter(
        (node) =>
          any(filters['id'], (value) => node.ID.startsWith(value)) &&
          any(filters['name'], (value) => node.Description.Hostname.startsWith(value)) &&
          any(filters['role'], (value) => node.Spec.Role === value) &&
          any(filters['membership'], (value) => value === 'accepted') &&
          hasLabels(filters['label'], node.Description.Engine.Labels ?? {}) &&
          hasLabels(filters['node.label'], node.Spec.Labels),
      );
      return answer(nodes.map(show));
    },

    nodeInspect(id) {
      const found = findNode(id);
      return found.ok ? answer(show(found.value)) : found;
    },

    nodeUpdate(id, version, spec) {
      const found = findNode(id);
      if (!found.ok) return found;
      if (!['active', 'pause', 'drain'].includes(spec.Availability)) return refusal(400, `invalid Availability: "${spec.Availability}"`);
      if (!['worker', 'manager'].includes(spec.Role)) return refusal(400, `invalid Role: "${spec.Role}"`);
      const leader = leaderOf(cluster);
      if (!leader.ok) return leader;
      const updated = updateNode(leader.value, found.value, version, spec, (nodeId) => cluster.managing?.canRemove(nodeId) ?? true);
      return updated.ok ? answer(undefined) : refusal(updated.status, updated.message);
    },

    nodeRemove(id, force) {
      const found = findNode(id);
      if (!found.ok) return found;
      const leader = leaderOf(cluster);
      if (!leader.ok) return leader;
      const removed = removeNode(leader.value, found.value, force);
      return removed.ok ? answer(undefined) : refusal(removed.status, removed.message);
    },
  };
}

function poolsOf(request: SwarmInitRequest): ApiResult<readonly string[]> {
  if (request.DefaultAddrPool.length === 0) return answer(['10.0.0.0/8']);
  const wrong = request.DefaultAddrPool.find((pool) => parseCidr(pool) === undefined || !pool.includes('/'));
  return wrong === undefined ? answer(request.DefaultAddrPool) : refusal(400, `invalid CIDR address: ${wrong}`);
}

/** Managers do not leave without being told twice. */
function leaveRefusal(managing: ManagerNode): ApiRefusal {
  const start = 'You are attempting to leave the swarm on a node that is participating as a manager. ';
  const total = managing.memberCount;
  if (total === 1) return refusal(503, `${start}Removing the last manager erases all current state of the swarm. Use \`--force\` to ignore this message.`);
  const quorum = Math.floor(total / 2) + 1;
  const middle = total - 1 < quorum ? `Removing this node leaves ${total - 1} managers out of ${total}. Without a Raft quorum your swarm will be inaccessible. ` : 'Doing so may lose the consensus of your cluster. ';
  return refusal(503, `${start}${middle}The only way to restore a swarm that has lost consensus is to reinitialize it with \`--force-new-cluster\`. Use \`--force\` to suppress this message.`);
}
