/** The network part of the API. Mirrors moby daemon/network.go, api/server/router/network and daemon/cluster/networks.go. */
import type { Origin } from '../base/origin.ts';
import { formatIpv4, inPrefix, parseCidr, parseIpv4 } from '../base/address.ts';
import { createNetwork, removeNetwork } from '../swarm/control.ts';
import { formatSubnet } from '../swarm/ipam.ts';
import type { NetworkObject } from '../swarm/objects.ts';
import { answer, finished, refusal, rfc3339Nano, type ApiRefusal, type ApiResult, type ControlApi, type ControlCause, type EngineApi, type Filters, type IpamConfig, type NetworkCreateRequest, type NetworkResource, type NetworkServiceInfo } from './api.ts';
import type { Cluster } from './cluster.ts';
import type { Containers } from './containers.ts';
import type { Events } from './events.ts';
import { Pending } from './containerApi.ts';
import { any, checkFilters, hasLabels, isTrue, nameMatches, sortedRecord } from './filters.ts';
import { cidrOf } from './network/bridge.ts';
import type { NetworkController } from './network/controller.ts';
import { GATEWAY_NETWORK, type Endpoint, type Network } from './network/model.ts';
import { ENDPOINT_TABLE, type LoadBalancer } from './network/services.ts';
import { ELSEWHERE, leaderOf, NO_MANAGER } from './refusals.ts';

type NetworkPart = Pick<EngineApi, 'networks' | 'networkInspect' | 'networkConnect' | 'networkDisconnect' | 'networkPrune'> & Pick<ControlApi, 'networkCreate' | 'networkRemove'>;

const PREDEFINED = ['bridge', 'host', 'none'];

interface Found {
  readonly local: Network | undefined;
  readonly object: NetworkObject | undefined;
}

export function networkApi(networks: NetworkController, containers: Containers, cluster: Cluster, changed: () => void, events: Events): NetworkPart {
  /** Networks of this node, and on managers those of the swarm that are not here. */
  function all(): Found[] {
    const objects = [...(cluster.managing?.store.networks.values() ?? [])].filter((object) => object.Spec.Scope === 'swarm');
    const local = [...networks.networks.values()].map((network) => ({ local: network, object: objects.find((object) => object.ID === network.id) }));
    return [...local, ...objects.filter((object) => !networks.networks.has(object.ID)).map((object) => ({ local: undefined, object }))];
  }

  /** Bare tests call without a client. */
  const originOf = ({ Name }: NetworkCreateRequest, cause: ControlCause | undefined): Origin => ({ by: 'docker', text: `network ${Name}`, ...(cause === undefined ? {} : { cause: cause.origin }) });
  const idOf = ({ local, object }: Found): string => local?.id ?? object?.ID ?? '';
  const nameOf = ({ local, object }: Found): string => local?.name ?? object?.Spec.Name ?? '';

  function find(word: string): ApiResult<Found> {
    const found = all();
    const exact = found.find((each) => idOf(each) === word);
    if (exact !== undefined) return answer(exact);
    const named = found.filter((each) => nameOf(each) === word);
    if (named.length > 1) return refusal(400, `network ${word} is ambiguous (${named.length} matches found on name)`);
    if (named[0] !== undefined) return answer(named[0]);
    const prefixed = word === '' ? [] : found.filter((each) => idOf(each).startsWith(word));
    if (prefixed.length > 1) return refusal(400, `network ${word} is ambiguous (${prefixed.length} matches found based on ID prefix)`);
    return prefixed[0] === undefined ? refusal(404, `network ${word} not found`) : answer(prefixed[0]);
  }

  function resource(found: Found, detailed: boolean, verbose: boolean): NetworkResource {
    return found.local !== undefined ? localResource(found.local, detailed, verbose) : swarmResource(found.object as NetworkObject);
  }

  function localResource(network: Network, detailed: boolean, verbose: boolean): NetworkResource {
    const overlay = network.driver === 'overlay';
    return {
      Name: network.name,
      Id: network.id,
      Created: rfc3339Nano(network.created),
      Scope: network.scope,
      Driver: network.driver,
      EnableIPv6: false,
      IPAM: { Driver: 'default', Options: overlay || PREDEFINED.includes(network.name) || network.name === GATEWAY_NETWORK ? null : {}, Config: ipamOf(network) },
      Internal: network.internal,
      Attachable: network.attachable,
      Ingress: network.ingress,
      ConfigFrom: { Network: '' },
      ConfigOnly: false,
      Containers: detailed ? sortedRecord([...network.endpoints.values()].map((endpoint) => [endpoint.sandbox?.label ?? `ep-${endpoint.id}`, endpointResource(endpoint)] as const)) : {},
      Options: sortedRecord(Object.entries(network.options)),
      Labels: sortedRecord(Object.entries(network.labels)),
      ...(detailed && overlay ? { Peers: cluster.peers(network.id) } : {}),
      ...(verbose && overlay ? { Services: servicesOf(network) } : {}),
    };
  }

  function endpointResource(endpoint: Endpoint): { Name: string; EndpointID: string; MacAddress: string; IPv4Address: string; IPv6Address: string } {
    return { Name: endpoint.name, EndpointID: endpoint.id, MacAddress: endpoint.macText, IPv4Address: cidrOf(endpoint), IPv6Address: '' };
  }

  function servicesOf(network: Network): Record<string, NetworkServiceInfo> {
    const owners = new Map((networks.db?.entries(network.id, ENDPOINT_TABLE) ?? []).map((event) => [event.key, cluster.addressOfPeer(event.owner)]));
    return sortedRecord(networks.services.balancersOf(network.id).map((balancer) => [balancer.serviceName, serviceInfo(balancer, owners)] as const));
  }

  function serviceInfo(balancer: LoadBalancer, owners: ReadonlyMap<string, string>): NetworkServiceInfo {
    return {
      VIP: balancer.virtualIp === 0 ? '<nil>' : formatIpv4(balancer.virtualIp),
      Ports: balancer.ports.map((port) => `Target: ${port.TargetPort}, Publish: ${port.PublishedPort}`),
      LocalLBIndex: balancer.mark,
      Tasks: [...balancer.backends].map(([id, backend]) => ({ Name: backend.name, EndpointID: id, EndpointIP: formatIpv4(backend.address), Info: { 'Host IP': owners.get(id) ?? '' } })),
    };
  }

  return {
    networks(filters) {
      const wrong = checkFilters(filters, ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type']);
      if (wrong !== undefined) return wrong;
      const type = filters['type']?.find((value) => value !== 'builtin' && value !== 'custom');
      if (type !== undefined) return refusal(400, `invalid filter: 'type=${type}'`);
      const found = all().map((each) => resource(each, false, false)).filter((each) => selected(filters, each, containers));
      return answer(found.sort((a, b) => (a.Id < b.Id ? -1 : 1)));
    },

    networkInspect(id, { verbose }) {
      const found = find(id);
      return found.ok ? answer(resource(found.value, true, verbose)) : found;
    },

    networkCreate(request, cause) {
      if (all().some((each) => nameOf(each) === request.Name)) return refusal(409, `network with name ${request.Name} already exists`);
      if (request.Driver === 'overlay' && request.Scope === 'local') return refusal(403, 'cannot downgrade network scope for overlay networks');
      if (request.Driver === 'overlay' || request.Ingress) return createOverlay(request, originOf(request, cause));
      if (request.Driver !== 'bridge') return refusal(404, request.Driver === 'host' || request.Driver === 'null' ? `only one instance of "${request.Driver}" network is allowed` : `plugin "${request.Driver}" not found`);
      return createBridge(request, originOf(request, cause));
    },

    networkRemove(id) {
      const found = find(id);
      if (!found.ok) return found;
      const { local, object } = found.value;
      if (local !== undefined && PREDEFINED.includes(local.name)) return refusal(403, `${local.name} is a pre-defined network and cannot be removed`);
      if (object !== undefined || local?.driver === 'overlay') {
        if (cluster.managing === undefined || object === undefined) return NO_MANAGER;
        if (cluster.manager === undefined) return refusal(500, ELSEWHERE);
        const removed = removeNetwork(cluster.manager, object);
        return removed.ok ? answer(undefined) : refusal(removed.status, removed.message);
      }
      if (local === undefined) return answer(undefined);
      if (local.endpoints.size > 0) return refusal(403, `error while removing network: network ${local.name} id ${local.id} has active endpoints`);
      networks.deleteNetwork(local);
      events.network(local, 'destroy');
      changed();
      return answer(undefined);
    },

    networkConnect(id, word, endpoint) {
      const container = containers.find(word);
      if (container === undefined) return finished(refusal(404, `No such container: ${word}`));
      const found = find(id);
      const name = found.ok ? nameOf(found.value) : id;
      const attached = container.wishes.some((wish) => wish.name === name);
      if (attached) return finished(refusal(403, `${container.name} is already attached to network ${name}`));
      if (!found.ok && cluster.agent === undefined) return finished(found);
      const local = found.ok ? found.value.local : undefined;
      const wrong = local === undefined ? undefined : checkAddress(local, endpoint.IPv4Address);
      if (wrong !== undefined) return finished(wrong);
      const operation = new Pending<undefined>(changed);
      containers.connectLater(container, { ...endpoint, name }, (failure) => operation.settle(failure === undefined ? answer(undefined) : refusal(failure.status, failure.message)));
      return operation;
    },

    networkDisconnect(id, word, _force) {
      const container = containers.find(word);
      if (container === undefined) return finished(refusal(404, `No such container: ${word}`));
      const found = find(id);
      if (!found.ok) return finished(found);
      if (containers.disconnect(container, nameOf(found.value), idOf(found.value))) return finished(answer(undefined));
      return finished(refusal(403, `container ${container.id} is not connected to network ${nameOf(found.value)}`));
    },

    networkPrune(filters) {
      const wrong = checkFilters(filters, ['label', 'label!', 'until']);
      if (wrong !== undefined) return wrong;
      const gone = [...networks.networks.values()].filter((network) => network.driver === 'bridge' && !PREDEFINED.includes(network.name) && network.name !== GATEWAY_NETWORK && network.endpoints.size === 0 && hasLabels(filters['label'], network.labels));
      for (const network of gone) {
        networks.deleteNetwork(network);
        events.network(network, 'destroy');
      }
      changed();
      return answer({ NetworksDeleted: gone.map((network) => network.name) });
    },
  };

  function createOverlay(request: NetworkCreateRequest, origin: Origin): ApiResult<{ Id: string; Warning: string }> {
    const leader = leaderOf(cluster);
    if (!leader.ok) return cluster.managing === undefined ? NO_MANAGER : leader;
    if (request.EnableIPv6 === true) return refusal(501, 'IPv6 networks are not emulated here');
    const created = createNetwork(
      leader.value,
      {
        Name: request.Name,
        Labels: Object.keys(request.Labels).length === 0 ? null : { ...request.Labels },
        Driver: 'overlay',
        DriverOpts: { ...request.Options },
        Internal: request.Internal,
        Attachable: request.Attachable,
        Ingress: request.Ingress,
        IPv6: false,
        ...(request.IPAM.Config.length === 0 ? {} : { Ipam: request.IPAM.Config.map((config) => ({ ...config })) }),
        Scope: 'swarm',
      },
      origin,
    );
    return created.ok ? answer({ Id: created.value.ID, Warning: '' }) : refusal(created.status, created.message);
  }

  function createBridge(request: NetworkCreateRequest, origin: Origin): ApiResult<{ Id: string; Warning: string }> {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(request.Name)) return refusal(400, `invalid network name ${request.Name}`);
    const [config] = request.IPAM.Config;
    const subnet = config?.Subnet === undefined ? undefined : parseCidr(config.Subnet);
    if (config?.Subnet !== undefined && (subnet === undefined || !config.Subnet.includes('/'))) return refusal(400, `invalid network config:\ninvalid subnet ${config.Subnet}: invalid CIDR address: ${config.Subnet}`);
    const gateway = config?.Gateway === undefined ? undefined : parseIpv4(config.Gateway);
    const range = config?.IPRange === undefined ? undefined : parseCidr(config.IPRange);
    const network = networks.createBridge(
      request.Name,
      origin,
      { ...request.Options },
      {
        ...(subnet === undefined ? {} : { subnet }),
        ...(gateway === undefined ? {} : { gateway }),
        ...(range === undefined ? {} : { range }),
        internal: request.Internal,
        attachable: request.Attachable,
        labels: { ...request.Labels },
      },
    );
    if (network === undefined) return refusal(403, 'Pool overlaps with other one on this address space');
    events.network(network, 'create');
    changed();
    return answer({ Id: network.id, Warning: '' });
  }
}

function checkAddress(network: Network, wanted: string | undefined): ApiRefusal | undefined {
  if (wanted === undefined) return undefined;
  const address = parseIpv4(wanted);
  if (address === undefined) return refusal(400, `invalid config for network ${network.name}: invalid endpoint settings:\ninvalid IPv4 address: ${wanted}`);
  if (network.name === 'bridge') {
    return refusal(400, 'invalid config for network bridge: invalid endpoint settings:\n* user specified IP address is supported on user defined networks only\n* user specified IP address is supported only when connecting to networks with user configured subnets');
  }
  if (network.subnet !== undefined && !inPrefix(address, network.subnet.address, network.subnet.prefix)) {
    return refusal(400, `invalid config for network ${network.name}: invalid endpoint settings:\nno configured subnet or ip-range contain the IP address ${wanted}`);
  }
  return undefined;
}

function ipamOf(network: Network): IpamConfig[] {
  if (network.subnet === undefined) return [];
  return [{ Subnet: formatSubnet(network.subnet), Gateway: formatIpv4(network.gateway) }];
}

/** A network of the swarm that is not on this node. */
function swarmResource(object: NetworkObject): NetworkResource {
  const labels = object.Spec.Labels;
  const asked = object.Spec.Ipam ?? [];
  const config = object.Ipam.length > 0 ? object.Ipam.map(({ Subnet, Gateway }) => ({ Subnet, Gateway })) : asked.map((each) => ({ ...each }));
  return {
    Name: object.Spec.Name,
    Id: object.ID,
    Created: rfc3339Nano(object.CreatedAt),
    Scope: 'swarm',
    Driver: object.Spec.Driver,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: config },
    Internal: object.Spec.Internal,
    Attachable: object.Spec.Attachable,
    Ingress: object.Spec.Ingress,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: null,
    Options: sortedRecord(Object.entries(object.DriverState)),
    Labels: labels === undefined || labels === null || Object.keys(labels).length === 0 ? null : sortedRecord(Object.entries(labels)),
  };
}

function selected(filters: Filters, network: NetworkResource, containers: Containers): boolean {
  const builtin = PREDEFINED.includes(network.Name);
  const used = [...containers.all.values()].some((container) => container.wishes.some((wish) => wish.name === network.Name));
  return (
    any(filters['driver'], (value) => network.Driver === value) &&
    any(filters['id'], (value) => network.Id.startsWith(value)) &&
    any(filters['name'], (value) => nameMatches(value, network.Name)) &&
    any(filters['scope'], (value) => network.Scope === value) &&
    any(filters['type'], (value) => (value === 'builtin') === builtin) &&
    any(filters['dangling'], (value) => isTrue(value) === (!builtin && !used)) &&
    hasLabels(filters['label'], network.Labels ?? {})
  );
}

