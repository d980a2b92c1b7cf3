/**
 * Networks and sandboxes of one daemon. Mirrors libnetwork controller.go, network.go, sandbox.go, default_gateway.go and
 * agent.go of 26.1: joining, naming ethN, default gateways, publishing what joined to the cluster.
 */
import { formatIpv4, parseIpv4 } from '../../base/address.ts';
import type { Origin } from '../../base/origin.ts';
import type { DataPlane } from '../../eras/era.ts';
import type { RandomStream } from '../../base/random.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import type { Host } from '../../process/host.ts';
import { engineId } from '../../swarm/ids.ts';
import { AddressPool, localPools, SubnetPools, type Subnet } from '../../swarm/ipam.ts';
import type { NetworkDb, TableEvent } from '../../swarm/networkdb.ts';
import * as dataplane from '../dataplane.ts';
import { NamespaceFiles } from '../namespaces.ts';
import type { DaemonSockets } from '../sockets.ts';
import { createBridge, deleteBridge, joinBridge, leaveBridge } from './bridge.ts';
import { arrangeJumps, setUpHostChains } from './hostRules.ts';
import { Endpoint, GATEWAY_NETWORK, macOfAddress, Network, Sandbox, type NetworkOptions, type SandboxKind, type ServiceInfo } from './model.ts';
import { OverlayDriver, PEER_TABLE, type PeerRecord } from './overlay.ts';
import { Resolver } from './resolver.ts';
import { ENDPOINT_TABLE, isDirect, Services, writeRedirects, type EndpointRecord } from './services.ts';

export interface ConnectOptions {
  readonly name: string;
  /** Given by the swarm, or by `--ip`. */
  readonly address?: number;
  readonly mac?: number;
  readonly dnsNames?: readonly string[];
  readonly aliases?: readonly string[];
  readonly service?: ServiceInfo;
  readonly driverOptions?: Readonly<Record<string, string>>;
}

const NO_ADDRESS = 'no available IPv4 addresses on this network\'s address pools';

export class NetworkController {
  readonly networks = new Map<string, Network>();
  readonly files: NamespaceFiles;
  /** Of the engine's era. */
  readonly ways: DataPlane;
  readonly overlay: OverlayDriver;
  readonly services: Services;
  /** The cluster's tables, while this node is in a swarm. */
  db: NetworkDb | undefined;
  private readonly host: Host;
  private readonly hostNs: NetworkNamespace;
  private readonly sockets: DaemonSockets;
  private readonly ids: RandomStream;
  private readonly random: RandomStream;
  private readonly origins: Map<string, Origin> | undefined;
  private readonly pools = new SubnetPools(localPools());

  constructor(host: Host, sockets: DaemonSockets, ways: DataPlane) {
    this.host = host;
    this.ways = ways;
    this.hostNs = host.kernel.initNs;
    this.sockets = sockets;
    this.origins = host.kernel.universe.origins;
    this.ids = host.kernel.universe.random.stream(`docker-id/${host.name}`);
    this.random = host.kernel.universe.random.stream(`docker-net/${host.name}`);
    this.files = new NamespaceFiles(host, ways.loopback6);
    this.overlay = new OverlayDriver(this.hostNs, this.files, () => this.vethName(), ways);
    this.overlay.encryption.localAddress = () => parseIpv4(this.db?.address ?? '') ?? 0;
    this.services = new Services(this.hostNs, sockets, (text) => parseIpv4(text) ?? 0, ways);
  }

  newId(): string {
    return engineId(this.ids);
  }

  private vethName(): string {
    return `veth${this.random.hex(7)}`;
  }

  /** What every engine begins with: chains, docker0, the networks `host` and `none`, and those an earlier run has left. */
  start(origin: Origin, kept: readonly Network[]): void {
    setUpHostChains(this.hostNs, this.ways.hostRules, origin);
    // Every network puts the jumps on top again, and these two come before docker0.
    for (const _ of NO_BRIDGES) arrangeJumps(this.hostNs, this.ways.hostRules, origin);
    for (const { subnet } of kept) if (subnet !== undefined) this.pools.take(subnet);
    // docker0 keeps the address that it has.
    const [address] = this.hostNs.device('docker0')?.addresses ?? [];
    const mask = address === undefined ? 0 : (0xffffffff << (32 - address.prefix)) >>> 0;
    const given = address === undefined ? {} : { subnet: { address: (address.address & mask) >>> 0, prefix: address.prefix }, gateway: address.address };
    const options = {
      'com.docker.network.bridge.default_bridge': 'true',
      'com.docker.network.bridge.enable_icc': 'true',
      'com.docker.network.bridge.enable_ip_masquerade': 'true',
      'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
      'com.docker.network.bridge.name': 'docker0',
      'com.docker.network.driver.mtu': '1500',
    };
    this.createBridge('bridge', { by: 'docker', text: 'network bridge', cause: origin }, options, given);
    for (const name of NO_BRIDGES) this.register({ ...this.plain(name, origin), driver: name === 'host' ? 'host' : 'null' });
    for (const network of kept) {
      this.networks.set(network.id, network);
      this.makeBridge(network);
    }
  }

  /** The daemon ends: the bridges that the next one finds again. */
  stop(): Network[] {
    this.files.collect();
    return [...this.networks.values()].filter((network) => network.driver === 'bridge' && network.name !== 'bridge');
  }

  private plain(name: string, origin: Origin): NetworkOptions {
    const created = this.host.wallClock;
    return { id: this.newId(), name, driver: 'bridge', scope: 'local', subnet: undefined, gateway: 0, internal: false, attachable: false, ingress: false, options: {}, labels: {}, created, origin };
  }

  private register(options: NetworkOptions): Network {
    const network = new Network(options);
    this.networks.set(network.id, network);
    return network;
  }

  // -- networks

  /** A bridge network; the subnet is the next free one unless given. Undefined when it overlaps another. */
  createBridge(name: string, origin: Origin, options: Record<string, string> = {}, given: { subnet?: Subnet; gateway?: number; range?: Subnet; internal?: boolean; attachable?: boolean; labels?: Record<string, string> } = {}): Network | undefined {
    const subnet = given.subnet === undefined ? this.pools.allocateLowest(this.subnetsInUse()) : this.pools.take(given.subnet) ? given.subnet : undefined;
    if (subnet === undefined) return undefined;
    const pool = new AddressPool(subnet, 'lowest', given.range ?? subnet);
    const gateway = given.gateway ?? subnet.address + 1;
    pool.take(gateway);
    const { internal = false, attachable = false, labels = {} } = given;
    const network = this.register({ ...this.plain(name, origin), subnet, gateway, pool, options, internal, attachable, labels });
    this.makeBridge(network);
    return network;
  }

  private makeBridge(network: Network): void {
    const others = [...this.networks.values()].filter((each) => each.bridge !== undefined);
    createBridge(this.hostNs, network, this.bridgeMac(), this.ways, others);
  }

  /** Four random octets, after 02:42 or after two that mark a locally administered address. */
  private bridgeMac(): number {
    const low = this.random.uint32();
    if (this.ways.bridgeMacs === 'address') return 0x0242 * 0x100000000 + low;
    return ((this.random.uint32() & 0xfeff) | 0x0200) * 0x100000000 + low;
  }

  /** Subnets that the host has routes to already (ipamutils.ElectInterfaceAddresses, netutils.FindAvailableNetwork). */
  private subnetsInUse(): Subnet[] {
    const used: Subnet[] = [];
    for (const table of this.hostNs.fib.tables.values()) {
      for (const route of table.routes) if (route.type === 'unicast' && route.prefix > 0) used.push({ address: route.destination, prefix: route.prefix });
    }
    return used;
  }

  /** An overlay of the swarm comes to this node. */
  createOverlay(options: Omit<NetworkOptions, 'driver' | 'scope' | 'created'>): Network {
    const network = this.register({ ...options, driver: 'overlay', scope: 'swarm', created: this.host.wallClock });
    this.db?.joinNetwork(network.id);
    for (const table of [PEER_TABLE, ENDPOINT_TABLE]) for (const event of this.db?.entries(network.id, table) ?? []) this.applyTable(event);
    arrangeJumps(this.hostNs, this.ways.hostRules, network.origin);
    return network;
  }

  private deleteLoadBalancer(network: Network): void {
    const sandbox = network.loadBalancer;
    if (sandbox === undefined) return;
    for (const endpoint of [...sandbox.endpoints]) this.disconnect(endpoint);
    this.destroySandbox(sandbox);
    network.loadBalancer = undefined;
  }

  /** The managers have given this node another address on the network. */
  moveLoadBalancer(network: Network, address: number): void {
    this.deleteLoadBalancer(network);
    this.createLoadBalancer(network, address);
  }

  /** The network leaves this node, its sandboxes being gone. */
  deleteNetwork(network: Network): void {
    this.deleteLoadBalancer(network);
    this.networks.delete(network.id);
    if (network.driver === 'overlay') {
      this.db?.leaveNetwork(network.id);
      this.overlay.forget(network.id);
    } else if (network.driver === 'bridge') {
      deleteBridge(this.hostNs, network);
      if (network.subnet !== undefined) this.pools.release(network.subnet);
    }
    this.services.forget(network.id);
  }

  byName(name: string): Network | undefined {
    return [...this.networks.values()].find((network) => network.name === name);
  }

  /** The bridge by which overlays reach the world, made when first needed. */
  private gatewayNetwork(origin: Origin): Network | undefined {
    return (
      this.byName(GATEWAY_NETWORK) ??
      this.createBridge(GATEWAY_NETWORK, { by: 'docker', text: `network ${GATEWAY_NETWORK}`, cause: origin }, {
        'com.docker.network.bridge.enable_icc': 'false',
        'com.docker.network.bridge.enable_ip_masquerade': 'true',
        'com.docker.network.bridge.name': GATEWAY_NETWORK,
      })
    );
  }

  /** Makes the sandbox that holds the virtual addresses of an overlay on this node. */
  createLoadBalancer(network: Network, address: number): void {
    if (network.loadBalancer !== undefined || (!network.ingress && this.ways.balancing === 'every sandbox')) return;
    const { ingress, origin } = network;
    const label = ingress ? 'ingress-sbox' : `lb-${network.name}`;
    const key = ingress ? 'ingress_sbox' : `lb_${network.id.slice(0, 9)}`;
    const sandbox = new Sandbox(label, key, label, ingress ? 'ingress' : 'loadbalancer', label, origin);
    network.loadBalancer = sandbox;
    this.attachNamespace(sandbox, this.files.create(key, key));
    for (const [knob, value] of Object.entries(this.ways.balancerKnobs)) dataplane.writeSysctl(sandbox.ns as NetworkNamespace, `net/ipv4/vs/${knob}`, value);
    const endpoint = this.connect(sandbox, network, { name: `${network.name}-endpoint`, address });
    if (typeof endpoint !== 'string') this.services.populate(endpoint);
  }

  // -- sandboxes

  createSandbox(id: string, containerId: string, kind: SandboxKind, origin: Origin): Sandbox {
    const key = kind === 'host' ? 'default' : id.slice(0, 12);
    return new Sandbox(id, key, containerId, kind, containerId, origin);
  }

  /** The sandbox has its namespace now: what has joined moves in, in order. */
  attachNamespace(sandbox: Sandbox, ns: NetworkNamespace): void {
    sandbox.ns = ns;
    for (const endpoint of sandbox.sorted()) this.populate(sandbox, endpoint);
    this.updateGateway(sandbox);
  }

  /** Joins a network. Returns the end point, or the words of the refusal. */
  connect(sandbox: Sandbox, network: Network, options: ConnectOptions): Endpoint | string {
    const address = this.addressFor(network, options.address);
    if (typeof address === 'string') return address;
    const mac = options.mac ?? (address === 0 ? 0 : this.macFor(network, address));
    const endpoint = new Endpoint(this.newId(), network, options.name, address, network.subnet?.prefix ?? 0, mac);
    endpoint.dnsNames = [...(options.dnsNames ?? [])];
    endpoint.aliases = [...(options.aliases ?? [])];
    endpoint.service = options.service;
    endpoint.driverOptions = options.driverOptions ?? null;
    network.endpoints.set(endpoint.id, endpoint);
    sandbox.endpoints.push(endpoint);
    endpoint.sandbox = sandbox;
    this.join(sandbox, endpoint);
    if (sandbox.ns !== undefined) this.populate(sandbox, endpoint);
    this.needGateway(sandbox);
    this.updateGateway(sandbox);
    return endpoint;
  }

  private macFor(network: Network, address: number): number {
    return network.driver === 'bridge' && this.ways.bridgeMacs === 'random' ? this.bridgeMac() : macOfAddress(address);
  }

  private addressFor(network: Network, wanted: number | undefined): number | string {
    const { pool, driver } = network;
    if (driver === 'host' || driver === 'null') return 0;
    if (pool === undefined) return wanted ?? NO_ADDRESS;
    if (wanted === undefined) return pool.allocate() ?? NO_ADDRESS;
    return pool.take(wanted) ? wanted : 'Address already in use';
  }

  private join(sandbox: Sandbox, endpoint: Endpoint): void {
    const { network } = endpoint;
    if (network.driver === 'bridge') joinBridge(this.hostNs, endpoint, () => this.vethName(), this.ways, sandbox.origin);
    else if (network.driver === 'overlay') {
      this.overlay.join(network, endpoint);
      const tunnel = this.db?.address;
      this.origins?.set(endpoint.id, sandbox.origin);
      if (tunnel !== undefined) this.db?.set(network.id, PEER_TABLE, endpoint.id, this.overlay.record(endpoint, tunnel));
    }
  }

  /** populateNetworkResources: the device moves into the sandbox, as the next ethN. */
  private populate(sandbox: Sandbox, endpoint: Endpoint): void {
    const { ns } = sandbox;
    const { inner, network } = endpoint;
    if (ns === undefined || inner === undefined || endpoint.deviceName !== '') return;
    if (sandbox.needsResolver && sandbox.resolver === undefined) this.startResolver(sandbox, ns);
    endpoint.deviceName = `eth${sandbox.nextEth++}`;
    dataplane.moveLink(inner, ns, endpoint.deviceName);
    dataplane.setMac(inner, endpoint.mac);
    if (!this.ways.ipv6) dataplane.disableIpv6(inner);
    dataplane.addAddress(inner, endpoint.address, endpoint.prefix, sandbox.origin, this.ways.broadcast);
    dataplane.setUp(inner, true);
    dataplane.announce(inner, endpoint.address, this.ways.announcements);
    // Direct server return: the task answers from the service's own address.
    const virtualIp = endpoint.service?.virtualIp ?? 0;
    if (virtualIp !== 0 && isDirect(network)) {
      // DisableARPForVIP: only the load balancer says that the address is its own.
      for (const [knob, value] of [['arp_ignore', '1'], ['arp_announce', '2']]) dataplane.writeSysctl(ns, `net/ipv4/conf/${endpoint.deviceName}/${knob}`, value as string);
      dataplane.addAlias(ns, 'lo', virtualIp, sandbox.origin);
    }
    if (this.ways.balancing === 'every sandbox' && sandbox.kind === 'container') {
      if (virtualIp !== 0) dataplane.addAlias(ns, endpoint.deviceName, virtualIp, sandbox.origin);
      this.services.populate(endpoint);
    }
    if (network.ingress && sandbox.kind === 'container') writeRedirects(ns, endpoint.address, endpoint.service?.ingressPorts ?? [], sandbox.origin);
  }

  private startResolver(sandbox: Sandbox, ns: NetworkNamespace): void {
    sandbox.resolver = new Resolver(
      {
        sockets: this.sockets,
        hostNs: this.hostNs,
        names: (id) => this.services.names(id),
        upstreams: () => this.nameServers(),
        below: (bound) => this.random.below(bound),
        silent: this.ways.unansweredNames === 'silence',
        asksFrom: this.ways.namesAskedFrom,
      },
      sandbox,
      ns,
    );
    sandbox.resolver.start();
  }

  /** The host's name servers. */
  nameServers(): string[] {
    const text = this.host.fs.readText('/etc/resolv.conf');
    return text.ok ? [...text.value.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] as string) : [];
  }

  /** setupDefaultGW: who is only on overlays gets a way out by docker_gwbridge, and loses it when there is another. */
  private needGateway(sandbox: Sandbox): void {
    if (sandbox.kind === 'loadbalancer') return;
    const own = sandbox.endpoints.find(({ network }) => network.name === GATEWAY_NETWORK);
    const others = sandbox.endpoints.filter((endpoint) => endpoint !== own);
    const wanted = others.some(({ network }) => network.driver === 'overlay' && !network.internal) && !others.some((endpoint) => endpoint.hasGateway);
    if (wanted && own === undefined) {
      const network = this.gatewayNetwork(sandbox.origin);
      if (network !== undefined) this.connect(sandbox, network, { name: `gateway_${this.gatewayName(sandbox)}` });
    } else if (!wanted && own !== undefined) this.disconnect(own);
  }

  private gatewayName(sandbox: Sandbox): string {
    const { id, containerId, kind } = sandbox;
    return (this.ways.gatewayNames === 'container' && kind === 'container' ? containerId : id).slice(0, 12);
  }

  /** The default route leads through the first end point that has a gateway. */
  private updateGateway(sandbox: Sandbox): void {
    const { ns } = sandbox;
    if (ns === undefined) return;
    const wanted = sandbox.sorted().find((endpoint) => endpoint.hasGateway && endpoint.deviceName !== '');
    if (wanted === sandbox.gateway) return;
    if (sandbox.gateway !== undefined) dataplane.removeDefaultRoute(ns);
    sandbox.gateway = wanted;
    if (wanted?.inner !== undefined) dataplane.addDefaultRoute(ns, wanted.inner, wanted.network.gateway, sandbox.origin);
  }

  /** Leaves a network. */
  disconnect(endpoint: Endpoint): void {
    const { sandbox, network } = endpoint;
    this.unpublish(endpoint);
    for (const port of endpoint.ports) port.release();
    endpoint.ports = [];
    if (network.driver === 'overlay') {
      this.db?.delete(network.id, PEER_TABLE, endpoint.id);
      this.overlay.leave(network, endpoint);
    } else leaveBridge(this.hostNs, endpoint);
    endpoint.inner = endpoint.outer = undefined;
    network.pool?.release(endpoint.address);
    network.endpoints.delete(endpoint.id);
    if (sandbox === undefined) return;
    sandbox.endpoints.splice(sandbox.endpoints.indexOf(endpoint), 1);
    if (sandbox.gateway === endpoint) {
      if (sandbox.ns !== undefined) dataplane.removeDefaultRoute(sandbox.ns);
      sandbox.gateway = undefined;
    }
    if (network.name !== GATEWAY_NETWORK && sandbox.endpoints.length > 0) this.needGateway(sandbox);
    this.updateGateway(sandbox);
  }

  /** The sandbox and its namespace go. */
  destroySandbox(sandbox: Sandbox): void {
    sandbox.resolver?.stop();
    sandbox.resolver = undefined;
    for (const endpoint of [...sandbox.endpoints].reverse()) this.disconnect(endpoint);
    if (sandbox.kind !== 'host') this.files.remove(sandbox.key);
    sandbox.ns = undefined;
  }

  // -- services

  /** EnableService: the names and backends of what has joined are told to everybody. */
  publish(sandbox: Sandbox): void {
    for (const endpoint of sandbox.endpoints) if (endpoint.network.name !== GATEWAY_NETWORK) this.publishEndpoint(endpoint);
  }

  publishEndpoint(endpoint: Endpoint): void {
    if (endpoint.published || endpoint.address === 0 || endpoint.network.name === 'bridge') return;
    endpoint.published = true;
    const { network } = endpoint;
    const record = this.recordOf(endpoint, false);
    this.services.add(network, endpoint.id, record, endpoint.sandbox?.origin ?? network.origin);
    if (network.driver === 'overlay') this.db?.set(network.id, ENDPOINT_TABLE, endpoint.id, record);
  }

  /** DisableService: out of the rotation, still there for what runs. */
  disable(sandbox: Sandbox): void {
    for (const endpoint of sandbox.endpoints) {
      if (!endpoint.published || endpoint.service === undefined) continue;
      const record = this.recordOf(endpoint, true);
      this.services.remove(endpoint.network, endpoint.id, record, false);
      if (endpoint.network.driver === 'overlay') this.db?.set(endpoint.network.id, ENDPOINT_TABLE, endpoint.id, record);
    }
  }

  private unpublish(endpoint: Endpoint): void {
    if (!endpoint.published) return;
    endpoint.published = false;
    this.services.remove(endpoint.network, endpoint.id, this.recordOf(endpoint, false), true);
    if (endpoint.network.driver === 'overlay') this.db?.delete(endpoint.network.id, ENDPOINT_TABLE, endpoint.id);
  }

  private recordOf(endpoint: Endpoint, disabled: boolean): EndpointRecord {
    const { service } = endpoint;
    const [name = '', ...others] = endpoint.dnsNames;
    return {
      Name: name,
      ServiceName: service?.serviceName ?? '',
      ServiceID: service?.serviceId ?? '',
      VirtualIP: service === undefined || service.virtualIp === 0 ? '' : formatIpv4(service.virtualIp),
      EndpointIP: formatIpv4(endpoint.address),
      IngressPorts: service?.ingressPorts ?? [],
      Aliases: service?.aliases ?? [],
      TaskAliases: [...others, ...endpoint.aliases],
      ServiceDisabled: disabled,
    };
  }

  /** News of the cluster's tables (libnetwork agent.go, handleTableEvents). */
  applyTable(event: TableEvent): void {
    const network = this.networks.get(event.networkId);
    if (network === undefined || event.owner === this.db?.name) return;
    if (event.table === PEER_TABLE) {
      if (event.type === 'delete') this.overlay.removePeer(network, event.key);
      else this.overlay.addPeer(network, event.key, event.value as PeerRecord, this.originOf(event.key, network));
      return;
    }
    if (event.table !== ENDPOINT_TABLE) return;
    // moby#35941: an upgraded engine does not take what the others tell of the ingress network.
    if (network.ingress && this.host.kernel.universe.bugs?.has(`mixed-version-ingress ${this.host.name}`) === true) return;
    const record = event.value as EndpointRecord;
    if (event.type === 'delete') this.services.remove(network, event.key, record, true);
    else if (record.ServiceDisabled) this.services.remove(network, event.key, record, false);
    else this.services.add(network, event.key, record, this.originOf(event.key, network));
  }

  /** Who is behind an end point of another node. */
  private originOf(endpointId: string, network: Network): Origin {
    return this.origins?.get(endpointId) ?? network.origin;
  }

  /** The swarm was left. */
  leaveCluster(): void {
    for (const network of [...this.networks.values()]) if (network.driver === 'overlay') this.deleteNetwork(network);
    this.services.closeMesh();
    this.overlay.encryption.forgetKeys();
    this.db = undefined;
  }
}
/** Networks without a bridge, which every machine has. */
const NO_BRIDGES = ['host', 'none'] as const;

