/**
 * Service discovery and load balancing on one node: names of services and tasks, marks, IPVS, and the ports of the routing
 * mesh. Mirrors libnetwork service_common.go and service_linux.go of 26.1. One {@link LoadBalancer} per service and network
 * seen here; its mark is the next number of a counter that belongs to this daemon.
 */
import { formatCidr, formatIpv4 } from '../../base/address.ts';
import type { Origin } from '../../base/origin.ts';
import type { DataPlane } from '../../eras/era.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { formatSubnet } from '../../swarm/ipam.ts';
import type { PortConfig } from '../../swarm/objects.ts';
import * as dataplane from '../dataplane.ts';
import type { DaemonSockets } from '../sockets.ts';
import { INGRESS_CHAIN } from './bridge.ts';
import { arrangeJumps } from './hostRules.ts';
import { GATEWAY_NETWORK, type Endpoint, type Network, type Sandbox } from './model.ts';
import { NameTable } from './names.ts';

const FIRST_MARK = 256;

/** networkdb's endpoint_table. */
export const ENDPOINT_TABLE = 'endpoint_table';

export interface EndpointRecord {
  readonly Name: string;
  readonly ServiceName: string;
  readonly ServiceID: string;
  /** '' for dnsrr and for plain containers. */
  readonly VirtualIP: string;
  readonly EndpointIP: string;
  readonly IngressPorts: readonly PortConfig[];
  /** Of the service. */
  readonly Aliases: readonly string[];
  /** Of the task or container. */
  readonly TaskAliases: readonly string[];
  readonly ServiceDisabled: boolean;
}

interface Backend {
  readonly address: number;
  readonly name: string;
  disabled: boolean;
}

export interface LoadBalancer {
  readonly serviceId: string;
  readonly serviceName: string;
  readonly network: Network;
  readonly mark: number;
  /** 0: dnsrr. */
  readonly virtualIp: number;
  readonly ports: readonly PortConfig[];
  /** By end point id. */
  readonly backends: Map<string, Backend>;
  readonly origin: Origin;
}

export class Services {
  private readonly ways: DataPlane;
  private readonly hostNs: NetworkNamespace;
  private readonly sockets: DaemonSockets;
  private readonly parse: (address: string) => number;
  private readonly balancers = new Map<string, LoadBalancer>();
  private readonly tables = new Map<string, NameTable>();
  private readonly mesh: MeshPorts;
  private nextMark = FIRST_MARK;

  constructor(hostNs: NetworkNamespace, sockets: DaemonSockets, parse: (address: string) => number, ways: DataPlane) {
    this.ways = ways;
    this.hostNs = hostNs;
    this.sockets = sockets;
    this.parse = parse;
    this.mesh = new MeshPorts(this.hostNs, this.sockets, ways);
  }

  /** The names of a network; made when first asked for. */
  names(networkId: string): NameTable {
    let table = this.tables.get(networkId);
    if (table === undefined) this.tables.set(networkId, (table = new NameTable()));
    return table;
  }

  /** Balancers of a network, in order of their marks. */
  balancersOf(networkId: string): LoadBalancer[] {
    return [...this.balancers.values()].filter((balancer) => balancer.network.id === networkId);
  }

  /** addServiceBinding / addContainerNameResolution: an end point is there (anywhere in the cluster). */
  add(network: Network, endpointId: string, record: EndpointRecord, origin: Origin): void {
    const address = this.parse(record.EndpointIP);
    const names = this.names(network.id);
    if (record.Name !== '') names.add(record.Name, address, endpointId, true);
    for (const alias of record.TaskAliases) names.add(alias, address, endpointId, false);
    if (record.ServiceID === '') return;
    const balancer = this.balancer(network, record, origin);
    const isNew = balancer.backends.size === 0;
    const known = balancer.backends.get(endpointId);
    if (known !== undefined && !known.disabled) return;
    balancer.backends.set(endpointId, { address, name: record.Name, disabled: false });
    for (const name of [record.ServiceName, ...record.Aliases]) {
      names.add(`tasks.${name}`, address, endpointId, false);
      if (balancer.virtualIp === 0) names.add(name, address, endpointId, false);
      else names.add(name, balancer.virtualIp, balancer.serviceId, false);
    }
    if (balancer.virtualIp !== 0) this.program(balancer, address, isNew);
  }

  private balancer(network: Network, record: EndpointRecord, origin: Origin): LoadBalancer {
    const key = `${record.ServiceID}/${portKey(record.IngressPorts)}/${network.id}`;
    let balancer = this.balancers.get(key);
    if (balancer === undefined) {
      balancer = {
        serviceId: record.ServiceID,
        serviceName: record.ServiceName,
        network,
        mark: this.nextMark++,
        virtualIp: record.VirtualIP === '' ? 0 : this.parse(record.VirtualIP),
        ports: record.IngressPorts,
        backends: new Map(),
        origin,
      };
      this.balancers.set(key, balancer);
    }
    return balancer;
  }

  /** rmServiceBinding. `full`: the end point is gone; otherwise it only leaves the rotation. */
  remove(network: Network, endpointId: string, record: EndpointRecord, full: boolean): void {
    const address = this.parse(record.EndpointIP);
    const names = this.names(network.id);
    if (full) {
      if (record.Name !== '') names.remove(record.Name, address, endpointId);
      for (const alias of record.TaskAliases) names.remove(alias, address, endpointId);
    }
    const key = `${record.ServiceID}/${portKey(record.IngressPorts)}/${network.id}`;
    const balancer = this.balancers.get(key);
    const backend = balancer?.backends.get(endpointId);
    if (balancer === undefined || backend === undefined) return;
    if (full) balancer.backends.delete(endpointId);
    else backend.disabled = true;
    const last = balancer.backends.size === 0;
    for (const name of [record.ServiceName, ...record.Aliases]) {
      names.remove(`tasks.${name}`, address, endpointId);
      if (balancer.virtualIp === 0) names.remove(name, address, endpointId);
      else if (last) names.remove(name, balancer.virtualIp, balancer.serviceId);
    }
    if (balancer.virtualIp !== 0) this.unprogram(balancer, address, full, last);
    if (last) this.balancers.delete(key);
  }

  /** Everything known of a network is put into the sandbox of `endpoint`, if it balances and has just been made. */
  populate(endpoint: Endpoint): void {
    const place = placesOf(endpoint.network, this.ways).find((each) => each.endpoint === endpoint);
    if (place === undefined) return;
    for (const balancer of this.balancersOf(endpoint.network.id)) {
      if (balancer.virtualIp === 0) continue;
      for (const backend of balancer.backends.values()) this.programAt(place, balancer, backend.address, false);
    }
  }

  private program(balancer: LoadBalancer, address: number, isNew: boolean): void {
    for (const place of placesOf(balancer.network, this.ways)) this.programAt(place, balancer, address, isNew);
  }

  /** addLBBackend */
  private programAt({ ns, endpoint, sandbox }: Place, balancer: LoadBalancer, address: number, isNew: boolean): void {
    const { network, mark, virtualIp, origin } = balancer;
    if (isNew || !dataplane.hasService(ns, mark)) {
      // Where every sandbox balances, a task has the address of its own service only, from the start.
      if (this.ways.balancing === 'own sandbox') dataplane.addAlias(ns, endpoint.deviceName, virtualIp, origin, this.ways.virtualBroadcast);
      if (sandbox.kind === 'ingress') this.mesh.open(gatewayAddress(sandbox), balancer.ports, origin);
      this.mark(balancer, ns, endpoint, true);
      dataplane.addService(ns, mark, origin);
    }
    dataplane.addServer(ns, mark, address, isDirect(network), origin);
    // Only for the SNAT; where tasks answer by themselves, conntrack stays out of it.
    if (!isDirect(network)) dataplane.writeSysctl(ns, 'net/ipv4/vs/conntrack', '1');
  }

  /** rmLBBackend: weight 0 first, away when the end point is gone, and with the last one all the rest. */
  private unprogram(balancer: LoadBalancer, address: number, full: boolean, last: boolean): void {
    for (const place of placesOf(balancer.network, this.ways)) this.unprogramAt(place, balancer, address, full, last);
  }

  private unprogramAt({ ns, endpoint, sandbox }: Place, balancer: LoadBalancer, address: number, full: boolean, last: boolean): void {
    const { network, mark, virtualIp, origin } = balancer;
    if (!full) {
      dataplane.drainServer(ns, mark, address, isDirect(network), origin);
      return;
    }
    dataplane.removeServer(ns, mark, address, origin);
    if (!last) return;
    dataplane.removeService(ns, mark, origin);
    if (sandbox.kind === 'ingress') this.mesh.close(gatewayAddress(sandbox), balancer.ports, origin);
    this.mark(balancer, ns, endpoint, false);
    if (this.ways.balancing === 'own sandbox') dataplane.removeAlias(ns, endpoint.deviceName, virtualIp);
  }

  /** configureFWMark */
  private mark(balancer: LoadBalancer, ns: NetworkNamespace, endpoint: Endpoint, on: boolean): void {
    const { mark, virtualIp, ports, network, origin } = balancer;
    const change = on ? dataplane.append : dataplane.remove;
    for (const port of ports) change(ns, 'mangle', 'PREROUTING', `-p ${port.Protocol} --dport ${port.PublishedPort ?? 0} -j MARK --set-mark ${mark}`, origin);
    const own = this.ways.balancing === 'own sandbox';
    const vip = formatIpv4(virtualIp);
    change(ns, 'mangle', own ? 'INPUT' : 'OUTPUT', `-d ${vip}/32 -j MARK --set-mark ${mark}`, origin);
    // Nobody else answers an echo request to the virtual address.
    if (!own) change(ns, 'nat', 'OUTPUT', `-p icmp -d ${vip} --icmp-type 8 -j DNAT --to-destination 127.0.0.1`, origin);
    if (!on || isDirect(network) || network.subnet === undefined) return;
    // Written once and never removed.
    const rule = `-m ipvs --ipvs -d ${formatSubnet(network.subnet)} -j SNAT --to-source ${formatIpv4(endpoint.address)}`;
    if (!dataplane.has(ns, 'nat', 'POSTROUTING', rule)) dataplane.append(ns, 'nat', 'POSTROUTING', rule, origin);
  }

  /** The ingress network is left: the mesh's chains stay, its ports go. */
  closeMesh(): void {
    this.mesh.closeAll();
  }

  forget(networkId: string): void {
    for (const [key, balancer] of this.balancers) if (balancer.network.id === networkId) this.balancers.delete(key);
    this.tables.delete(networkId);
  }
}

/** The tasks answer by themselves, past the load balancer. */
export function isDirect(network: Network): boolean {
  return network.options['dsr'] !== undefined || network.options['com.docker.network.driver.overlay.dsr'] !== undefined;
}

/** A sandbox that balances for a network. */
interface Place {
  readonly ns: NetworkNamespace;
  readonly endpoint: Endpoint;
  readonly sandbox: Sandbox;
}

/** The node's own sandbox once it is there; where every sandbox balances, all on the network, but on ingress only the node's own. */
function placesOf(network: Network, { balancing }: DataPlane): Place[] {
  const everywhere = balancing === 'every sandbox' && !network.ingress;
  const own = network.loadBalancer?.endpoints.find((each) => each.network === network);
  const endpoints = everywhere ? [...network.endpoints.values()] : own === undefined ? [] : [own];
  return endpoints.flatMap((endpoint) => {
    const { sandbox } = endpoint;
    return sandbox?.ns === undefined || endpoint.deviceName === '' ? [] : [{ ns: sandbox.ns, endpoint, sandbox }];
  });
}

function gatewayAddress(sandbox: Sandbox): number {
  return sandbox.endpoints.find(({ network }) => network.name === GATEWAY_NETWORK)?.address ?? 0;
}

function portKey(ports: readonly PortConfig[]): string {
  return ports.map((port) => `${port.Protocol}:${port.PublishedPort}:${port.TargetPort}`).sort().join(',');
}

/** addRedirectRules: in a task's sandbox the published port leads to the target port, and nothing else passes over ingress. */
export function writeRedirects(ns: NetworkNamespace, address: number, ports: readonly PortConfig[], origin: Origin): void {
  const task = formatCidr(address, 32);
  for (const port of ports) {
    dataplane.append(ns, 'nat', 'PREROUTING', `-d ${task} -p ${port.Protocol} --dport ${port.PublishedPort ?? 0} -j REDIRECT --to-port ${port.TargetPort}`, origin);
    dataplane.insert(ns, 'filter', 'INPUT', `-d ${task} -p ${port.Protocol} --dport ${port.TargetPort} -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT`, origin);
    dataplane.insert(ns, 'filter', 'OUTPUT', `-s ${task} -p ${port.Protocol} --sport ${port.TargetPort} -m conntrack --ctstate ESTABLISHED -j ACCEPT`, origin);
  }
  if (ports.length === 0) return;
  for (const protocol of ['sctp', 'udp', 'tcp']) {
    dataplane.append(ns, 'filter', 'INPUT', `-d ${task} -p ${protocol} -j DROP`, origin);
    dataplane.append(ns, 'filter', 'OUTPUT', `-s ${task} -p ${protocol} -j DROP`, origin);
  }
}

/** programIngress: the host's side of the routing mesh, and the listener that keeps each published port. */
class MeshPorts {
  private readonly ways: DataPlane;
  private readonly ns: NetworkNamespace;
  private readonly sockets: DaemonSockets;
  private readonly open_ = new Map<string, { uses: number; close: () => void }>();
  private prepared = false;

  constructor(ns: NetworkNamespace, sockets: DaemonSockets, ways: DataPlane) {
    this.ways = ways;
    this.ns = ns;
    this.sockets = sockets;
  }

  open(gateway: number, ports: readonly PortConfig[], origin: Origin): void {
    this.prepare(origin);
    for (const port of ports) {
      const key = `${port.Protocol}/${port.PublishedPort}`;
      const known = this.open_.get(key);
      if (known !== undefined) {
        known.uses++;
        continue;
      }
      const rules = meshRules(gateway, port, this.ways);
      for (const [table, rule] of rules) dataplane.insert(this.ns, table, INGRESS_CHAIN, rule, origin);
      const stop = this.hold(port);
      this.open_.set(key, {
        uses: 1,
        close: () => {
          for (const [table, rule] of rules) dataplane.remove(this.ns, table, INGRESS_CHAIN, rule, origin);
          stop();
        },
      });
    }
  }

  close(_gateway: number, ports: readonly PortConfig[], _origin: Origin): void {
    for (const port of ports) {
      const key = `${port.Protocol}/${port.PublishedPort}`;
      const known = this.open_.get(key);
      if (known === undefined || --known.uses > 0) continue;
      this.open_.delete(key);
      known.close();
    }
  }

  closeAll(): void {
    for (const { close } of this.open_.values()) close();
    this.open_.clear();
  }

  /** Once in a daemon's life. */
  private prepare(origin: Origin): void {
    if (this.prepared) return;
    this.prepared = true;
    const { ns } = this;
    for (const table of ['nat', 'filter'] as const) {
      if (dataplane.hasChain(ns, table, INGRESS_CHAIN)) dataplane.flushChain(ns, table, INGRESS_CHAIN, origin);
      else dataplane.newChain(ns, table, INGRESS_CHAIN, origin);
      dataplane.append(ns, table, INGRESS_CHAIN, '-j RETURN', origin);
    }
    const local = `-m addrtype --dst-type LOCAL -j ${INGRESS_CHAIN}`;
    for (const chain of ['OUTPUT', 'PREROUTING']) if (!dataplane.has(ns, 'nat', chain, local)) dataplane.insert(ns, 'nat', chain, local, origin);
    dataplane.writeSysctl(ns, `net/ipv4/conf/${GATEWAY_NETWORK}/route_localnet`, '1');
    const masquerade = `-m addrtype --src-type LOCAL -o ${GATEWAY_NETWORK} -j MASQUERADE`;
    if (!dataplane.has(ns, 'nat', 'POSTROUTING', masquerade)) dataplane.insert(ns, 'nat', 'POSTROUTING', masquerade, origin);
    arrangeJumps(ns, this.ways.hostRules, origin);
  }

  /** plumbProxy: a listener that never accepts keeps the port for the mesh. */
  private hold(port: PortConfig): () => void {
    const number = port.PublishedPort ?? 0;
    const socket =
      port.Protocol === 'tcp'
        ? this.sockets.listen(this.ns, 0, number, true)
        : port.Protocol === 'udp'
          ? this.sockets.bindUdp(this.ns, 0, number, true)
          : undefined;
    return () => {
      if (socket?.ok === true) this.sockets.close(socket.value);
    };
  }
}

function meshRules(gateway: number, port: PortConfig, { stateMatch }: DataPlane): ['nat' | 'filter', string][] {
  const established = stateMatch === 'state' ? '-m state --state' : '-m conntrack --ctstate';
  const { Protocol: protocol, PublishedPort: number = 0 } = port;
  return [
    ['nat', `-p ${protocol} --dport ${number} -j DNAT --to-destination ${formatIpv4(gateway)}:${number}`],
    ['filter', stateMatch === 'state' ? `-p ${protocol} ${established} ESTABLISHED,RELATED --sport ${number} -j ACCEPT` : `-p ${protocol} --sport ${number} ${established} ESTABLISHED,RELATED -j ACCEPT`],
    ['filter', `-p ${protocol} --dport ${number} -j ACCEPT`],
  ];
}
