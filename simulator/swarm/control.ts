/**
 * What the API asks of the cluster: checks and changes of specifications. Mirrors swarmkit manager/controlapi (service.go,
 * network.go, node.go) with its words; `rpc error: code = X desc = ` is how the engine passes them on.
 */
import { formatIpv4, inPrefix, parseCidr, parseIpv4 } from '../base/address.ts';
import type { Origin } from '../base/origin.ts';
import { structuredCopy } from './allocator.ts';
import { parseConstraint } from './constraint.ts';
import { checkReferences } from './files.ts';
import { swarmId } from './ids.ts';
import type { Manager } from './manager.ts';
import { rank, type NetworkObject, type NetworkSpec, type NodeObject, type NodeSpec, type ServiceObject, type ServiceSpec } from './objects.ts';

/** HTTP status and words; or the object. */
export type ControlResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly status: number; readonly message: string };

function rpc(status: number, code: string, words: string): { ok: false; status: number; message: string } {
  return { ok: false, status, message: `rpc error: code = ${code} desc = ${words}` };
}

const invalid = (words: string): { ok: false; status: number; message: string } => rpc(400, 'InvalidArgument', words);

function good<T>(value: T): ControlResult<T> {
  return { ok: true, value };
}

const DNS_NAME = /^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$/;

const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const DOMAIN = /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.[a-zA-Z0-9-]+)*(?::[0-9]+)?$/;

/** Whether a text names an image: `[HOST/]path[:tag][@digest]` (distribution/reference). */
function isReference(text: string): boolean {
  const [, name = '', tag, digest] = /^([^@]*?)(?::([^/:@]*))?(?:@(.*))?$/.exec(text) ?? [];
  if (tag !== undefined && !/^\w[\w.-]{0,127}$/.test(tag)) return false;
  if (digest !== undefined && !/^[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,}$/.test(digest)) return false;
  const parts = name.split('/');
  const [first = ''] = parts;
  const isDomain = parts.length > 1 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  return (!isDomain || DOMAIN.test(first)) && parts.slice(isDomain ? 1 : 0).every((part) => COMPONENT.test(part));
}

/** Checks a specification and resolves the names of its networks; returns the words of the refusal. */
function checkService(manager: Manager, spec: ServiceSpec, id: string): ControlResult<ServiceSpec> {
  const { store } = manager;
  if (!DNS_NAME.test(spec.Name)) return invalid('name must be valid as a DNS name component');
  if (spec.Name.length > 63) return invalid('name must be 63 characters or fewer');
  const image = spec.TaskTemplate.ContainerSpec?.Image;
  if (image !== undefined && !isReference(image)) return invalid(`ContainerSpec: "${image.replace(/:latest$/, '')}" is not a valid repository/tag`);
  for (const text of spec.TaskTemplate.Placement?.Constraints ?? []) {
    const parsed = parseConstraint(text);
    if (typeof parsed === 'string') return rpc(500, 'Unknown', parsed);
  }
  const { Secrets, Configs } = spec.TaskTemplate.ContainerSpec ?? {};
  const references = Secrets === undefined && Configs === undefined ? undefined : checkReferences(store, spec.TaskTemplate.ContainerSpec);
  if (references !== undefined) return references;
  const networks = [];
  for (const wanted of spec.TaskTemplate.Networks ?? []) {
    const network = findNetwork(manager, wanted.Target);
    if (network === undefined) return { ok: false, status: 404, message: `network ${wanted.Target} not found` };
    if (network.Spec.Ingress) return invalid(`Service cannot be explicitly attached to the ingress network "${network.Spec.Name}"`);
    networks.push({ ...wanted, Target: network.ID });
  }
  const ports = spec.EndpointSpec?.Ports ?? [];
  if (spec.EndpointSpec?.Mode === 'dnsrr' && ports.some((port) => port.PublishMode === 'ingress')) {
    return invalid("EndpointSpec: port published with ingress mode can't be used with dnsrr mode");
  }
  const seen = new Set<string>();
  for (const port of ports) {
    if ((port.PublishedPort ?? 0) === 0) continue;
    const key = `${port.PublishMode}/${port.Protocol}/${port.PublishedPort}`;
    if (seen.has(key)) return invalid('EndpointSpec: duplicate published ports provided');
    seen.add(key);
    const holder = portUser(manager, port, id);
    if (holder !== undefined) return holder;
  }
  if (spec.Mode.Replicated !== undefined && (spec.Mode.Replicated.Replicas ?? 1) < 0) return invalid('Number of replicas must be non-negative');
  const clash = [...store.services.values()].find((other) => other.Spec.Name.toLowerCase() === spec.Name.toLowerCase() && other.ID !== id);
  if (clash !== undefined) return rpc(409, 'AlreadyExists', `name conflicts with an existing object: service ${spec.Name} already exists`);
  const resolved = structuredCopy(spec);
  if (networks.length > 0) resolved.TaskTemplate.Networks = networks;
  return good(resolved);
}

type Port = NonNullable<NonNullable<ServiceSpec['EndpointSpec']>['Ports']>[number];

function portUser(manager: Manager, port: Port, id: string): ControlResult<never> | undefined {
  for (const service of manager.store.services.values()) {
    if (service.ID === id) continue;
    for (const other of service.Endpoint?.Ports ?? service.Spec.EndpointSpec?.Ports ?? []) {
      if (other.Protocol !== port.Protocol || other.PublishedPort !== port.PublishedPort) continue;
      if (port.PublishMode === 'host' && other.PublishMode === 'host') continue;
      return invalid(`port '${port.PublishedPort}' is already in use by service '${service.Spec.Name}' (${service.ID}) as ${other.PublishMode === 'ingress' ? 'an ingress' : 'a host-published'} port`);
    }
  }
  return undefined;
}

/** A network of the swarm by id, name or prefix of an id. */
function findNetwork(manager: Manager, name: string): NetworkObject | undefined {
  const networks = [...manager.store.networks.values()];
  return manager.store.networks.get(name) ?? networks.find((network) => network.Spec.Name === name) ?? networks.find((network) => network.ID.startsWith(name));
}

/** CreateService */
export function createService(manager: Manager, spec: ServiceSpec, origin: Origin): ControlResult<ServiceObject> {
  const checked = checkService(manager, spec, '');
  if (!checked.ok) return checked;
  const { store } = manager;
  const service: ServiceObject = { ...store.meta(swarmId(manager.random.stream('swarm-id'))), Spec: checked.value, SpecVersion: 1, origin };
  if (spec.Mode.ReplicatedJob !== undefined || spec.Mode.GlobalJob !== undefined) service.JobStatus = { JobIteration: 0, LastExecution: store.now };
  store.addService(service);
  return good(service);
}

/** UpdateService; `rollback` takes the previous specification instead of `spec`. */
export function updateService(manager: Manager, service: ServiceObject, version: number, spec: ServiceSpec, rollback: boolean, origin: Origin): ControlResult<ServiceObject> {
  const { store } = manager;
  if (version !== service.Version) return rpc(500, 'Unknown', 'update out of sequence');
  if (rollback && service.PreviousSpec === undefined) return rpc(400, 'FailedPrecondition', `service ${service.ID} does not have a previous spec`);
  const wanted = rollback ? (service.PreviousSpec as ServiceSpec) : spec;
  if (wanted.Name !== service.Spec.Name) return rpc(501, 'Unimplemented', 'renaming services is not supported');
  if (modeName(wanted) !== modeName(service.Spec)) return rpc(501, 'Unimplemented', 'service mode change is not allowed');
  const checked = checkService(manager, wanted, service.ID);
  if (!checked.ok) return checked;
  service.PreviousSpec = service.Spec;
  service.Spec = checked.value;
  service.SpecVersion++;
  service.origin = origin;
  if (rollback) service.UpdateStatus = { State: 'rollback_started', StartedAt: store.now, Message: 'manually requested rollback' };
  else delete service.UpdateStatus;
  store.changedService(service);
  return good(service);
}

function modeName(spec: ServiceSpec): string {
  return Object.keys(spec.Mode).sort()[0] ?? 'Replicated';
}

/** CreateNetwork */
export function createNetwork(manager: Manager, spec: NetworkSpec, origin: Origin): ControlResult<NetworkObject> {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(spec.Name)) return invalid('name must be valid as a DNS name component');
  const networks = [...manager.store.networks.values()];
  if (networks.some((network) => network.Spec.Name === spec.Name)) return rpc(409, 'AlreadyExists', `network ${spec.Name} already exists`);
  if (spec.Ingress && networks.some((network) => network.Spec.Ingress)) return rpc(409, 'AlreadyExists', `ingress network (${(networks.find((network) => network.Spec.Ingress) as NetworkObject).ID}) is already present`);
  for (const config of spec.Ipam ?? []) {
    if (config.Subnet === undefined) continue;
    const subnet = parseCidr(config.Subnet);
    if (subnet === undefined || !config.Subnet.includes('/')) return invalid(`invalid subnet ${config.Subnet}: invalid CIDR address: ${config.Subnet}`);
    const gateway = config.Gateway === undefined ? undefined : parseIpv4(config.Gateway);
    if (gateway !== undefined && !inPrefix(gateway, subnet.address, subnet.prefix)) return invalid(`invalid gateway address ${formatIpv4(gateway)}: parent subnet is ${config.Subnet}`);
  }
  return good(manager.addNetwork(spec, origin));
}

/** RemoveNetwork */
export function removeNetwork(manager: Manager, network: NetworkObject): ControlResult<undefined> {
  const { store } = manager;
  for (const service of store.services.values()) {
    const uses = (service.Spec.TaskTemplate.Networks ?? []).some((wanted) => wanted.Target === network.ID);
    const published = network.Spec.Ingress && (service.Spec.EndpointSpec?.Ports ?? []).some((port) => port.PublishMode === 'ingress');
    if (published) return rpc(400, 'FailedPrecondition', `ingress network cannot be removed because service ${service.ID} depends on it`);
    if (uses) return rpc(400, 'FailedPrecondition', `network ${network.ID} is in use by service ${service.ID}`);
  }
  for (const task of store.tasks.values()) {
    if (rank(task.Status.State) > rank('running') || rank(task.DesiredState) > rank('running')) continue;
    if (task.NetworksAttachments.some((attachment) => attachment.NetworkID === network.ID)) return rpc(400, 'FailedPrecondition', `network ${network.ID} is in use by task ${task.ID}`);
  }
  store.removeNetwork(network);
  return good(undefined);
}

/** UpdateNode: labels, availability, role. `quorate` tells whether the managers could do without the node. */
export function updateNode(manager: Manager, node: NodeObject, version: number, spec: NodeSpec, quorate: (nodeId: string) => boolean): ControlResult<undefined> {
  if (version !== node.Version) return rpc(500, 'Unknown', 'update out of sequence');
  const managers = [...manager.store.nodes.values()].filter((other) => other.Spec.Role === 'manager');
  if (spec.Role === 'worker' && node.Spec.Role === 'manager') {
    if (managers.length === 1) return rpc(400, 'FailedPrecondition', 'attempting to demote the last manager of the swarm');
    if (node.ManagerStatus === undefined) return rpc(404, 'NotFound', "can't find manager in raft memberlist");
    if (!quorate(node.ID)) return rpc(400, 'FailedPrecondition', "can't remove member from the raft: this would result in a loss of quorum");
  }
  node.Spec = structuredCopy(spec);
  manager.store.changedNode(node);
  return good(undefined);
}

/** RemoveNode */
export function removeNode(manager: Manager, node: NodeObject, force: boolean): ControlResult<undefined> {
  if (node.Spec.Role === 'manager' && node.ManagerStatus !== undefined) {
    return rpc(400, 'FailedPrecondition', `node ${node.ID} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`);
  }
  if (!force && node.Status.State !== 'down') return rpc(400, 'FailedPrecondition', `node ${node.ID} is not down and can't be removed`);
  manager.dispatcher.drop(node.ID);
  for (const task of manager.store.nodeTasks(node.ID)) {
    if (rank(task.Status.State) > rank('running')) continue;
    task.Status = { ...task.Status, State: 'orphaned', Timestamp: manager.store.now, Message: 'Task orphaned due to node removal' };
    manager.store.changedTask(task);
  }
  manager.store.removeNode(node);
  return good(undefined);
}
