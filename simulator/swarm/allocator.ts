/**
 * Gives networks their subnets and VXLAN numbers, services their ports and virtual addresses, tasks their addresses, and
 * each node its own (load-balancer) address on the overlays it takes part in. Mirrors swarmkit manager/allocator
 * (network.go, portallocator.go) and libnetwork/cnmallocator; orders as recorded: on a service's creation the virtual
 * address first, then the tasks' when they become PENDING; a node's address when the first task using the network is
 * assigned to it (on ingress: when the node is created).
 */
import type { DataPlane } from '../eras/era.ts';
import { formatCidr, formatIpv4, parseCidr, parseIpv4 } from '../base/address.ts';
import type { Dice } from './dice.ts';
import { AddressPool, SubnetPools, cut, formatSubnet, type Subnet } from './ipam.ts';
import { rank, taskName, type EndpointSpec, type NetworkAttachment, type NetworkObject, type NodeObject, type PortConfig, type ServiceObject, type TaskObject } from './objects.ts';
import { PortSpaces } from './ports.ts';
import type { Store, StoreEvent } from './store.ts';

/** The driver option under which a network's VXLAN number is kept. */
const VXLAN_ID_OPTION = 'com.docker.network.driver.overlay.vxlanid_list';
const FIRST_VXLAN_ID = 4096;

interface Lease {
  readonly pool: AddressPool;
  readonly prefix: number;
}

export class Allocator {
  private readonly store: Store;
  private readonly dice: Dice | undefined;
  private readonly pools: SubnetPools;
  private readonly ways: DataPlane | undefined;
  private readonly leases = new Map<string, Lease>();
  private readonly ports = new PortSpaces();
  private nextVxlanId = FIRST_VXLAN_ID;
  /** Tasks and nodes whose addresses were given, so that they are given back once. */
  private readonly held = new Set<TaskObject>();

  constructor(store: Store, defaultPools: readonly string[], subnetSize: number, dice: Dice | undefined, ways?: DataPlane) {
    this.ways = ways;
    this.store = store;
    this.dice = dice;
    this.pools = new SubnetPools(defaultPools.flatMap((pool) => cut(pool, subnetSize)));
    store.watch((events) => this.handle(events));
  }

  private handle(events: readonly StoreEvent[]): void {
    for (const event of this.inOrder(events)) {
      switch (event.kind) {
        case 'network':
          if (event.action === 'create') this.allocateNetwork(event.object);
          else if (event.action === 'remove') this.releaseNetwork(event.object);
          break;
        case 'node':
          if (event.action === 'create') this.allocateIngress(event.object);
          else if (event.action === 'remove') this.releaseNode(event.object);
          break;
        case 'service':
          if (event.action === 'remove') this.releaseService(event.object);
          else this.allocateService(event.object);
          break;
        case 'task':
          if (event.action === 'remove') this.releaseTask(event.object);
          else if (event.object.Status.State === 'new') this.handleTasks(this.companions(event.object));
          else this.handleTask(event.object);
          break;
        default:
          break;
      }
    }
  }

  /** Tasks that are placed at once are written in the order of a Go map: the dice may say which comes first. */
  private inOrder(events: readonly StoreEvent[]): readonly StoreEvent[] {
    if (this.dice === undefined) return events;
    const placed = events.filter((event) => event.kind === 'task' && event.action === 'update' && event.object.Status.State === 'assigned');
    const first = placed.length > 1 ? this.dice.firstPlaced(placed.length) : 0;
    if (first === 0) return events;
    const others = events.filter((event) => !placed.includes(event));
    return [...others, ...placed.slice(first), ...placed.slice(0, first)];
  }

  /** Tasks that are new at once wait for addresses in a Go map: the dice may say which comes first. */
  private handleTasks(tasks: readonly TaskObject[]): void {
    const fresh = tasks.filter((task) => task.Status.State === 'new' && this.needsAddress(task));
    const first = fresh.length > 1 ? (this.dice?.firstAddress(fresh.map(taskName)) ?? 0) : 0;
    for (const task of [...fresh.slice(first), ...fresh.slice(0, first)]) this.handleTask(task);
    for (const task of tasks) if (!fresh.includes(task)) this.handleTask(task);
  }

  /** The new tasks of its service. */
  private companions(task: TaskObject): TaskObject[] {
    if (task.ServiceID === '') return [task];
    return this.store.serviceTasks(task.ServiceID).filter((other) => other.Status.State === 'new');
  }

  private needsAddress(task: TaskObject): boolean {
    return (task.Spec.Networks ?? []).length > 0 || hasIngressPorts(this.store.services.get(task.ServiceID)?.Spec.EndpointSpec?.Ports);
  }

  /** Counts as given what a former leader has given. */
  restore(): void {
    for (const network of this.store.networks.values()) this.restoreNetwork(network);
    for (const node of this.store.nodes.values()) for (const attachment of node.Attachments) this.claim(attachment);
    for (const service of this.store.services.values()) {
      for (const { NetworkID, Addr } of service.Endpoint?.VirtualIPs ?? []) this.claim({ NetworkID, Addresses: [Addr], Aliases: [] });
      this.ports.allocate(service.ID, service.Endpoint?.Spec.Ports ?? [], service.Endpoint?.Ports ?? []);
    }
    for (const task of this.store.tasks.values()) {
      if (task.Status.State === 'new' || rank(task.Status.State) > rank('running')) continue;
      for (const attachment of task.NetworksAttachments) this.claim(attachment);
      this.held.add(task);
    }
  }

  private restoreNetwork(network: NetworkObject): void {
    for (const [index, { Subnet: text, Gateway: gateway }] of network.Ipam.entries()) {
      const subnet = parseCidr(text);
      if (subnet === undefined) continue;
      this.pools.take(subnet);
      const config = network.Spec.Ipam?.[index];
      const pool = new AddressPool(subnet, this.ways?.addresses ?? 'serial', config?.IPRange === undefined ? subnet : (parseCidr(config.IPRange) ?? subnet));
      for (const taken of [gateway, ...Object.values(config?.AuxiliaryAddresses ?? {})]) pool.take(parseIpv4(taken) ?? 0);
      if (!this.leases.has(network.ID)) this.leases.set(network.ID, { pool, prefix: subnet.prefix });
    }
    if (network.Spec.Ingress) for (let i = 0; i < (this.ways?.ingressSkipped ?? 0); i++) this.give(network.ID);
    this.nextVxlanId = Math.max(this.nextVxlanId, Number(network.DriverState[VXLAN_ID_OPTION] ?? 0) + 1);
  }

  private claim({ NetworkID, Addresses }: NetworkAttachment): void {
    const pool = this.leases.get(NetworkID)?.pool;
    for (const text of Addresses) pool?.take(parseCidr(text)?.address ?? 0);
  }

  // -- networks

  private allocateNetwork(network: NetworkObject): void {
    if (network.Spec.Driver !== 'overlay' || this.leases.has(network.ID)) return;
    const wanted = network.Spec.Ipam ?? [];
    const configs = wanted.length > 0 ? wanted : [{}];
    network.Ipam = [];
    for (const config of configs) {
      const subnet = config.Subnet === undefined ? this.pools.allocate() : this.takeSubnet(config.Subnet);
      if (subnet === undefined) return; // Stays unallocated, as a network whose pool overlaps another does.
      const range = config.IPRange === undefined ? subnet : (parseCidr(config.IPRange) ?? subnet);
      const pool = new AddressPool(subnet, this.ways?.addresses ?? 'serial', range);
      const gateway = config.Gateway === undefined ? pool.allocate() : parseIpv4(config.Gateway);
      if (gateway === undefined) return;
      pool.take(gateway);
      for (const reserved of Object.values(config.AuxiliaryAddresses ?? {})) pool.take(parseIpv4(reserved) ?? 0);
      if (!this.leases.has(network.ID)) this.leases.set(network.ID, { pool, prefix: subnet.prefix });
      network.Ipam.push({ Subnet: formatSubnet(subnet), Gateway: formatIpv4(gateway) });
    }
    const asked = network.Spec.DriverOpts[VXLAN_ID_OPTION];
    network.DriverState = { ...network.Spec.DriverOpts, [VXLAN_ID_OPTION]: asked ?? String(this.nextVxlanId++) };
    this.store.changedNetwork(network);
    if (network.Spec.Ingress) for (let i = 0; i < (this.ways?.ingressSkipped ?? 0); i++) this.give(network.ID);
    if (network.Spec.Ingress) for (const node of this.store.nodes.values()) this.allocateIngress(node);
  }

  private takeSubnet(text: string): Subnet | undefined {
    const subnet = parseCidr(text);
    return subnet !== undefined && this.pools.take(subnet) ? subnet : undefined;
  }

  private releaseNetwork(network: NetworkObject): void {
    this.leases.delete(network.ID);
    for (const { Subnet: text } of network.Ipam) {
      const subnet = parseCidr(text);
      if (subnet !== undefined) this.pools.release(subnet);
    }
  }

  // -- nodes

  private allocateIngress(node: NodeObject): void {
    for (const network of this.store.networks.values()) if (network.Spec.Ingress) this.attachNode(node, network.ID);
  }

  /** Gives `node` its own address on a network, once. */
  private attachNode(node: NodeObject, networkId: string): void {
    if (node.Attachments.some((attachment) => attachment.NetworkID === networkId)) return;
    const address = this.give(networkId);
    if (address === undefined) return;
    node.Attachments.push({ NetworkID: networkId, Addresses: [address], Aliases: [] });
    this.store.changedNode(node);
  }

  /** Takes the address back when no task of the node needs the network any more. */
  private detachNode(nodeId: string, networkId: string): void {
    const node = this.store.nodes.get(nodeId);
    const network = this.store.networks.get(networkId);
    if (node === undefined || network?.Spec.Ingress === true) return;
    for (const task of this.store.nodeTasks(nodeId)) {
      if (this.held.has(task) && task.NetworksAttachments.some((attachment) => attachment.NetworkID === networkId)) return;
    }
    const at = node.Attachments.findIndex((attachment) => attachment.NetworkID === networkId);
    if (at < 0) return;
    const [attachment] = node.Attachments.splice(at, 1) as [NetworkAttachment];
    this.takeBack(attachment);
    this.store.changedNode(node);
  }

  private releaseNode(node: NodeObject): void {
    for (const attachment of node.Attachments) this.takeBack(attachment);
    node.Attachments = [];
  }

  // -- services

  private allocateService(service: ServiceObject): void {
    const spec: EndpointSpec = service.Spec.EndpointSpec ?? { Mode: 'vip' };
    const before = JSON.stringify(service.Endpoint);
    const old = service.Endpoint;
    const wantedNetworks = this.networksWithAddress(service, spec);
    const virtualIps = (old?.VirtualIPs ?? []).filter((vip) => {
      if (wantedNetworks.includes(vip.NetworkID)) return true;
      this.takeBack({ NetworkID: vip.NetworkID, Addresses: [vip.Addr], Aliases: [] });
      return false;
    });
    for (const networkId of wantedNetworks) {
      if (virtualIps.some((vip) => vip.NetworkID === networkId)) continue;
      const address = this.give(networkId);
      if (address === undefined) return;
      virtualIps.push({ NetworkID: networkId, Addr: address });
    }
    const ports = this.ports.allocate(service.ID, spec.Ports ?? [], old?.Ports ?? []);
    service.Endpoint = {
      Spec: structuredCopy(spec),
      ...(ports.length > 0 ? { Ports: ports } : {}),
      ...(virtualIps.length > 0 ? { VirtualIPs: virtualIps } : {}),
    };
    if (JSON.stringify(service.Endpoint) !== before) this.store.changedService(service);
    this.handleTasks(this.store.serviceTasks(service.ID));
  }

  /** Networks a service has a virtual address on: ingress first, then its own in order; none with dnsrr. */
  private networksWithAddress(service: ServiceObject, spec: EndpointSpec): string[] {
    if (spec.Mode === 'dnsrr') return [];
    const own = (service.Spec.TaskTemplate.Networks ?? []).map((network) => network.Target).filter((id) => this.leases.has(id));
    return hasIngressPorts(spec.Ports) ? [...this.ingressIds(), ...own] : own;
  }

  private ingressIds(): string[] {
    return [...this.store.networks.values()].filter((network) => network.Spec.Ingress).map((network) => network.ID);
  }

  private releaseService(service: ServiceObject): void {
    for (const vip of service.Endpoint?.VirtualIPs ?? []) this.takeBack({ NetworkID: vip.NetworkID, Addresses: [vip.Addr], Aliases: [] });
    this.ports.release(service.ID);
  }

  // -- tasks

  private handleTask(task: TaskObject): void {
    if (task.Status.State === 'new') {
      if (rank(task.DesiredState) <= rank('complete')) this.allocateTask(task);
    } else if (rank(task.Status.State) > rank('running')) this.releaseTask(task);
    else if (task.NodeID !== '' && rank(task.Status.State) >= rank('assigned')) this.attachNodeFor(task);
  }

  private attachNodeFor(task: TaskObject): void {
    const node = this.store.nodes.get(task.NodeID);
    if (node === undefined || !this.held.has(task) || this.ways?.balancing === 'every sandbox') return;
    for (const attachment of task.NetworksAttachments) this.attachNode(node, attachment.NetworkID);
  }

  private allocateTask(task: TaskObject): void {
    const service = this.store.services.get(task.ServiceID);
    if (task.ServiceID !== '' && service?.Endpoint === undefined) return;
    const attachments: NetworkAttachment[] = [];
    if (service !== undefined && hasIngressPorts(service.Endpoint?.Spec.Ports)) {
      for (const id of this.ingressIds()) attachments.push({ NetworkID: id, Addresses: [], Aliases: [] });
    }
    for (const wanted of task.Spec.Networks ?? []) {
      // Asked-for addresses come with pseudo-tasks of `docker network connect --ip`.
      attachments.push({ NetworkID: wanted.Target, Addresses: [...(task.NetworksAttachments.find((a) => a.NetworkID === wanted.Target)?.Addresses ?? [])], Aliases: [...(wanted.Aliases ?? [])] });
    }
    for (const attachment of attachments) {
      if (!this.leases.has(attachment.NetworkID)) {
        // Networks of one host (`host`, `bridge`) need no address of the swarm's; others must be allocated first.
        if (this.store.networks.get(attachment.NetworkID)?.Spec.Scope === 'local') continue;
        return;
      }
      const address = this.give(attachment.NetworkID, attachment.Addresses[0]);
      if (address === undefined) {
        task.Status = { ...task.Status, Timestamp: this.store.now, Err: 'could not find an available, non-overlapping address' };
        return;
      }
      attachment.Addresses = [address];
    }
    task.NetworksAttachments = attachments;
    if (service?.Endpoint !== undefined) task.Endpoint = structuredCopy(service.Endpoint);
    this.held.add(task);
    task.Status = { State: 'pending', Timestamp: this.store.now, Message: 'pending task scheduling' };
    this.store.changedTask(task);
  }

  private releaseTask(task: TaskObject): void {
    if (!this.held.delete(task)) return;
    for (const attachment of task.NetworksAttachments) {
      this.takeBack(attachment);
      if (task.NodeID !== '') this.detachNode(task.NodeID, attachment.NetworkID);
    }
  }

  // -- addresses

  private give(networkId: string, wanted?: string): string | undefined {
    const lease = this.leases.get(networkId);
    if (lease === undefined) return undefined;
    if (wanted !== undefined) {
      const address = parseCidr(wanted)?.address;
      return address !== undefined && lease.pool.take(address) ? formatCidr(address, lease.prefix) : undefined;
    }
    const address = lease.pool.allocate();
    return address === undefined ? undefined : formatCidr(address, lease.prefix);
  }

  private takeBack(attachment: NetworkAttachment): void {
    const pool = this.leases.get(attachment.NetworkID)?.pool;
    for (const text of attachment.Addresses) pool?.release(parseCidr(text)?.address ?? 0);
  }

  /** The service that holds an ingress-published port, if any other than `except`. */
  portHolder(port: PortConfig, except: string): string | undefined {
    return this.ports.holder(port, except);
  }
}

/** True when any port is published through the routing mesh. */
function hasIngressPorts(ports: readonly PortConfig[] | undefined): boolean {
  return ports?.some((port) => port.PublishMode === 'ingress') ?? false;
}

/** A deep copy of plain data. */
export function structuredCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
