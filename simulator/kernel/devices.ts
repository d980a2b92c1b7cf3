/**
 * Making, changing and removing network devices: what rtnetlink asks of the kernel after it has read the request. Mirrors
 * net/core/dev.c.
 */
import { linkLocalOf } from '../base/address.ts';
import { kernelHabit, type Origin } from '../base/origin.ts';
import { done, ok, refuse, type Result } from '../base/result.ts';
import { type BridgeState, type DeviceDriver, type DeviceKind, type FdbEntry, type FdbRemote, NetDevice, type VxlanState } from './device.ts';
import { adjustBridgeMtu, bridge, newBridgeState, newPort, portAdded, portChanged, recomputeAddress, recomputeBridge, setBridgeMac } from './drivers/bridge.ts';
import { dummy } from './drivers/dummy.ts';
import { ipip } from './drivers/ipip.ts';
import { ethernet } from './drivers/ethernet.ts';
import { loopback } from './drivers/loopback.ts';
import { veth } from './drivers/veth.ts';
import { vxlan, VXLAN_OVERHEAD } from './drivers/vxlan.ts';
import { addAddress, addRoutesOf, removeAddress } from './addresses.ts';
import { notifyPeers } from './arp.ts';
import { makeFdbEntry } from './fdb.ts';
import { removeRoute } from './fib.ts';
import { drop } from './kernel.ts';
import { startAddressing, stopAddressing } from './ndisc.ts';
import { allocateNamespaceId, linkReference } from './netlink/nsid.ts';
import type { NetworkNamespace } from './netns.ts';
import { tellLink } from './notify.ts';

/**
 * Every kind of device: adding one is a driver file and a line here. A function, because drivers and devices import each
 * other: none may be looked at before all are there.
 */
const drivers = (): Readonly<Record<DeviceKind, DeviceDriver>> => ({ loopback, veth, bridge, vxlan, dummy, ethernet, ipip });

/** IFNAMSIZ less the final zero. */
const NAME_MAX = 15;

export interface VxlanOptions {
  readonly vni: number;
  /** Default 8472 as the kernel's, unless told; Docker uses 4789. */
  readonly dstPort: number;
  readonly local?: number;
  readonly remote?: number;
  /** ifindex of the underlay device. */
  readonly link?: number;
  readonly srcPortMin?: number;
  readonly srcPortMax?: number;
  readonly ttl?: number;
  readonly tos?: number;
  /** Seconds. */
  readonly ageing?: number;
  readonly learning?: boolean;
  readonly proxy?: boolean;
  readonly l2miss?: boolean;
  readonly l3miss?: boolean;
  readonly rsc?: boolean;
  readonly udpChecksum?: boolean;
  readonly udp6ZeroChecksumTx?: boolean;
  readonly udp6ZeroChecksumRx?: boolean;
}

export interface DeviceOptions {
  readonly kind: Exclude<DeviceKind, 'veth'>;
  readonly name: string;
  /** Default: random and locally administered. */
  readonly mac?: number;
  readonly mtu?: number;
  readonly ifindex?: number;
  readonly origin: Origin;
  readonly vxlan?: VxlanOptions;
}

/** Registers a new device, DOWN. EEXIST for a name in use, EINVAL for a bad one. */
export function createDevice(ns: NetworkNamespace, options: DeviceOptions): Result<NetDevice> {
  const named = checkName(ns, options.name);
  if (!named.ok) return named;
  if (options.ifindex !== undefined && ns.devices.has(options.ifindex)) return refuse('EBUSY');
  const { kind } = options;
  const mac = options.mac ?? (kind === 'loopback' ? 0 : randomMac(ns));
  const mtu = options.mtu ?? (kind === 'loopback' ? 65536 : kind === 'vxlan' ? vxlanMtu(ns, options.vxlan) : 1500);
  const dev = new NetDevice(ns, options.ifindex ?? takeIfindex(ns), options.name, drivers()[kind], mac, mtu, options.origin);
  if (kind === 'bridge') {
    dev.bridge = newBridgeState();
    dev.bridge.macSet = options.mac !== undefined;
    dev.bridge.mtuSet = options.mtu !== undefined;
    dev.carrier = false;
    setBridgeMac(dev, mac);
  }
  if (kind === 'vxlan') {
    if (options.vxlan === undefined) return refuse('EINVAL');
    dev.vxlan = newVxlanState(ns, options.vxlan, options.origin);
    dev.linkIndex = options.vxlan.link ?? 0;
  }
  if (kind === 'dummy' || kind === 'ipip') dev.noArp = true;
  if (kind === 'loopback' || kind === 'dummy' || kind === 'ipip') dev.multicast = false;
  register(dev);
  return ok(dev);
}

/** A vxlan bound to an underlay device leaves room for its headers; one that is not, does not. */
function vxlanMtu(ns: NetworkNamespace, options: VxlanOptions | undefined): number {
  const lower = options?.link !== undefined ? ns.devices.get(options.link) : undefined;
  return lower !== undefined ? lower.mtu - VXLAN_OVERHEAD : 1500;
}

function newVxlanState(ns: NetworkNamespace, options: VxlanOptions, origin: Origin): VxlanState {
  const fdb = new Map<number, FdbEntry>();
  if (options.remote !== undefined && options.remote !== 0) {
    const remote: FdbRemote = { address: options.remote, port: options.dstPort, vni: options.vni, ifindex: options.link ?? 0 };
    const entry = makeFdbEntry(0, null, 'permanent', false, ns.kernel.now, origin);
    entry.remotes = [remote];
    fdb.set(0, entry);
  }
  return {
    vni: options.vni,
    dstPort: options.dstPort,
    underlay: ns,
    local: options.local ?? 0,
    remote: options.remote ?? 0,
    link: options.link ?? 0,
    srcPortMin: options.srcPortMin ?? 0,
    srcPortMax: options.srcPortMax ?? 0,
    ttl: options.ttl ?? 0,
    tos: options.tos ?? 0,
    ageing: options.ageing ?? 300,
    learning: options.learning ?? true,
    proxy: options.proxy ?? false,
    l2miss: options.l2miss ?? false,
    l3miss: options.l3miss ?? false,
    rsc: options.rsc ?? false,
    udpChecksum: options.udpChecksum ?? true,
    udp6ZeroChecksumTx: options.udp6ZeroChecksumTx ?? false,
    udp6ZeroChecksumRx: options.udp6ZeroChecksumRx ?? false,
    fdb,
  };
}

export interface VethOptions {
  readonly name: string;
  readonly mac?: number;
  readonly mtu?: number;
  readonly peer: { readonly ns?: NetworkNamespace; readonly name: string; readonly mac?: number };
  readonly origin: Origin;
}

/** Registers both ends of a veth pair, DOWN; as in the kernel the peer is registered, and numbered, first. */
export function createVethPair(ns: NetworkNamespace, options: VethOptions): Result<[NetDevice, NetDevice]> {
  const peerNs = options.peer.ns ?? ns;
  const named = checkName(ns, options.name);
  if (!named.ok) return named;
  const peerNamed = checkName(peerNs, options.peer.name);
  if (!peerNamed.ok) return peerNamed;
  if (peerNs === ns && options.name === options.peer.name) return refuse('EEXIST');
  const mtu = options.mtu ?? 1500;
  const peer = new NetDevice(peerNs, takeIfindex(peerNs), options.peer.name, veth, options.peer.mac ?? randomMac(peerNs), mtu, options.origin);
  register(peer);
  const dev = new NetDevice(ns, takeIfindex(ns), options.name, veth, options.mac ?? randomMac(ns), mtu, options.origin);
  register(dev);
  for (const [one, other] of [[dev, peer], [peer, dev]] as const) {
    one.peer = other;
    one.linkIndex = other.ifindex;
    one.carrier = false;
  }
  linkReference(dev);
  return ok([dev, peer]);
}

function checkName(ns: NetworkNamespace, name: string): Result<undefined> {
  if (name === '' || name.length > NAME_MAX || name === '.' || name === '..' || /[/:\s]/.test(name)) return refuse('EINVAL');
  return ns.byName.has(name) ? refuse('EEXIST') : done;
}

/** dev_new_index: indexes are not used again before the counter wraps. */
function takeIfindex(ns: NetworkNamespace): number {
  while (ns.devices.has(ns.nextIfindex)) ns.nextIfindex++;
  return ns.nextIfindex++;
}

function register(dev: NetDevice): void {
  const { ns } = dev;
  ns.devices.set(dev.ifindex, dev);
  ns.byName.set(dev.name, dev);
  tellLink(dev);
  Object.assign(dev.conf, ns.confDefault);
  dev.disableIpv6 = ns.disableIpv6Default;
}

/** eth_hw_addr_random: unicast, locally administered. */
export function randomMac(ns: NetworkNamespace): number {
  const stream = ns.kernel.universe.random.stream(`mac/${ns.kernel.host}`);
  const first = (stream.below(256) & 0xfe) | 2;
  return first * 0x10000000000 + stream.below(256) * 0x100000000 + stream.uint32();
}

/** unregister_netdevice: takes the device, a veth's other end, its addresses, routes and neighbours away. */
export function deleteDevice(dev: NetDevice): void {
  const { peer } = dev;
  removeOne(dev);
  if (peer !== null && !peer.removed) removeOne(peer);
}

function removeOne(dev: NetDevice): void {
  if (dev.bridge !== null) for (const port of [...dev.bridge.ports]) setMaster(port, null);
  if (dev.master !== null) setMaster(dev, null);
  setUp(dev, false);
  dev.driver.removed?.(dev);
  dev.timer?.cancel();
  leave(dev);
  dev.removed = true;
}

/** Takes a device out of its namespace's tables. */
function leave(dev: NetDevice): void {
  const { ns } = dev;
  for (const address of [...dev.addresses]) removeAddress(dev, address);
  dev.addresses6 = [];
  for (const table of ns.fib.tables.values()) for (const route of [...table.routes]) if (route.dev === dev) removeRoute(ns.fib, route);
  flushNeighbours(dev);
  tellLink(dev, true);
  ns.devices.delete(dev.ifindex);
  ns.byName.delete(dev.name);
  dev.taps = [];
}

/** neigh_flush_dev; entries written by hand stay when only the carrier is gone. */
function flushNeighbours(dev: NetDevice, keepPermanent = false): void {
  for (const neighbour of dev.ns.neighbours.list(dev)) {
    if (keepPermanent && (neighbour.state === 'PERMANENT' || neighbour.proxy)) continue;
    dev.ns.neighbours.remove(neighbour);
    for (const packet of neighbour.queue) drop(dev.ns, packet, 'NEIGHBOUR_FAILED', dev.name);
    neighbour.queue = [];
  }
}

/**
 * dev_change_net_namespace: DOWN, out, in; the ifindex is kept when it is free there. Addresses and routes do not come
 * along. EEXIST when the name is taken there, EINVAL for devices that stay (loopback).
 */
export function moveDevice(dev: NetDevice, ns: NetworkNamespace, name = dev.name): Result<undefined> {
  if (dev.kind === 'loopback') return refuse('EINVAL', 'The interface netns is immutable');
  if (dev.ns === ns) return name === dev.name ? done : renameDevice(dev, name);
  const named = checkName(ns, name);
  if (!named.ok) return named;
  if (dev.master !== null) setMaster(dev, null);
  setUp(dev, false);
  allocateNamespaceId(dev.ns, ns);
  leave(dev);
  dev.ns = ns;
  dev.qdisc = 'noop';
  dev.name = name;
  if (ns.devices.has(dev.ifindex)) dev.ifindex = takeIfindex(ns);
  register(dev);
  if (dev.peer !== null) dev.peer.linkIndex = dev.ifindex;
  dev.driver.moved?.(dev);
  linkReference(dev);
  return done;
}

/** EEXIST for a name in use. A device that is UP may be renamed (since Linux 6.2). */
export function renameDevice(dev: NetDevice, name: string): Result<undefined> {
  if (name === dev.name) return done;
  const named = checkName(dev.ns, name);
  if (!named.ok) return named;
  dev.ns.byName.delete(dev.name);
  const was = dev.name;
  dev.name = name;
  dev.ns.byName.set(name, dev);
  dev.addresses = dev.addresses.map((address) => (address.label === was ? { ...address, label: name } : address));
  tellLink(dev);
  return done;
}

/** dev_open / dev_close: IFF_UP and everything that follows from it. */
export function setUp(dev: NetDevice, up: boolean): void {
  if (dev.up === up) return;
  dev.up = up;
  // The first opening attaches the default queueing discipline (dev_activate).
  if (up && dev.qdisc === 'noop') dev.qdisc = dev.kind === 'ethernet' ? dev.ns.kernel.platform.qdisc : 'noqueue';
  if (!dev.removed) linkReference(dev);
  if (up && dev.kind === 'loopback' && dev.addresses.length === 0) {
    addAddress(dev, { address: 0x7f000001, prefix: 8, scope: 'host', origin: kernelHabit('loopback') });
  }
  const partner = dev.peer;
  const partnerCarrier = partner?.carrier;
  if (dev.driver.changed !== undefined) dev.driver.changed(dev);
  if (!dev.removed) tellLink(dev);
  if (up) {
    for (const address of dev.addresses) addRoutesOf(dev, address);
    notifyPeers(dev);
  } else {
    const { fib } = dev.ns;
    // fib_sync_down_dev: every route over the device goes, but those to its own addresses.
    for (const table of fib.tables.values()) for (const route of [...table.routes]) if (route.dev === dev && route.type !== 'local') removeRoute(fib, route);
    flushNeighbours(dev);
    dev.addresses6 = [];
    stopAddressing(dev);
  }
  if (dev.bridge !== null) recomputeBridge(dev);
  if (partner !== null && partner !== undefined && partner.carrier !== partnerCarrier) {
    // neigh_carrier_down (net.ipv4.conf.*.arp_evict_nocarrier): what was known of the link is forgotten.
    if (!partner.carrier) flushNeighbours(partner, true);
    tellLink(partner);
    carrierChanged(partner);
  }
  carrierChanged(dev);
}

/** netif_carrier_on and _off of a physical NIC: its cable was put in or pulled. */
export function carrierOf(dev: NetDevice, on: boolean, origin: Origin): void {
  if (dev.carrier === on) return;
  dev.carrier = on;
  dev.cableOrigin = on ? null : origin;
  if (!dev.up) return;
  if (!on) flushNeighbours(dev, true);
  tellLink(dev);
  carrierChanged(dev);
  if (on) notifyPeers(dev);
}

/** What hangs on the carrier: link-local addresses, the bridge above. */
function carrierChanged(dev: NetDevice): void {
  if (dev.up && dev.carrier && dev.disableIpv6 === 0) addLinkLocal(dev);
  else if (dev.kind === 'loopback' && dev.up && dev.disableIpv6 === 0) addLinkLocal(dev);
  if (dev.master !== null) {
    const before = dev.master.carrier;
    portChanged(dev.master, dev);
    if (dev.master.carrier !== before) carrierChanged(dev.master);
  }
}

/** addrconf_dev_config: `::1` on lo, fe80::/64 with an EUI-64 identifier elsewhere. */
function addLinkLocal(dev: NetDevice): void {
  if (dev.addresses6.length > 0) return;
  dev.readySequence = dev.ns.nextReady++;
  if (dev.kind === 'loopback') dev.addresses6 = [{ address: '::1', prefix: 128, scope: 'host', protocol: originOf6(dev, 'kernel_lo') }];
  else {
    const address = linkLocalOf(dev.mac);
    dev.addresses6 = [{ address, prefix: 64, scope: 'link', protocol: originOf6(dev, 'kernel_ll') }];
    if (dev.carrier && !dev.noArp) startAddressing(dev, address);
  }
}

function originOf6(dev: NetDevice, name: string): string {
  return dev.ns.kernel.platform.addressOrigin ? name : '';
}

/** net.ipv6.conf.<dev>.disable_ipv6 was written. */
export function setIpv6Disabled(dev: NetDevice, disabled: boolean): void {
  dev.disableIpv6 = disabled ? 1 : 0;
  if (disabled) {
    dev.addresses6 = [];
    stopAddressing(dev);
  } else carrierChanged(dev);
}

/** Makes `dev` a port of `master`, or of nothing. EINVAL for what cannot be a port, EBUSY for a port of another, ELOOP for bridges. */
export function setMaster(dev: NetDevice, master: NetDevice | null): Result<undefined> {
  if (dev.master === master) return done;
  if (master !== null && master.bridge === null) return refuse('EINVAL', 'Device does not allow enslaving to it.');
  if (dev.kind === 'loopback') return refuse('EINVAL');
  if (dev.bridge !== null) return refuse('ELOOP', 'Can not enslave a bridge to a bridge');
  if (dev.master !== null) {
    const old = dev.master;
    const state = old.bridge as BridgeState;
    state.ports.splice(state.ports.indexOf(dev), 1);
    for (const entry of [...state.fdb.values()]) if (entry.port === dev) state.fdb.delete(entry.mac);
    dev.master = null;
    dev.port = null;
    dev.promiscuous--;
    adjustBridgeMtu(old);
    // br_stp_recalculate_bridge_id: without ports there is no address to take.
    if (state.ports.length === 0 && !state.macSet) setBridgeMac(old, 0);
    recomputeBridge(old);
  }
  if (master === null) return done;
  const state = master.bridge as BridgeState;
  state.ports.push(dev);
  dev.master = master;
  dev.port = newPort(master, state, dev);
  dev.promiscuous++;
  state.fdb.set(dev.mac, makeFdbEntry(dev.mac, dev, 'permanent', false, dev.ns.kernel.now, kernelHabit('own-address')));
  const before = master.carrier;
  portAdded(master, dev);
  if (master.carrier !== before) carrierChanged(master);
  tellLink(dev);
  return done;
}

/** Changes the hardware address; a port's entry in its bridge's database follows. */
export function setMac(dev: NetDevice, mac: number): void {
  if (dev.bridge !== null) {
    dev.bridge.macSet = true;
    setBridgeMac(dev, mac);
  }
  if (dev.port !== null) {
    const state = dev.port.bridge.bridge as BridgeState;
    state.fdb.delete(dev.mac);
    state.fdb.set(mac, makeFdbEntry(mac, dev, 'permanent', false, dev.ns.kernel.now, kernelHabit('own-address')));
  }
  dev.mac = mac;
  tellLink(dev);
  if (dev.up) notifyPeers(dev);
  if (dev.addresses6.length > 0 && dev.kind !== 'loopback') {
    dev.addresses6 = [];
    carrierChanged(dev);
  }
  if (dev.master !== null) recomputeAddress(dev.master);
}

/** EINVAL below 68 or above 65535 octets. */
export function setMtu(dev: NetDevice, mtu: number): Result<undefined> {
  if (mtu < 68) return refuse('EINVAL', 'mtu less than device minimum');
  if (mtu > (dev.kind === 'loopback' ? 0x7fffffff : 65535)) return refuse('EINVAL', 'mtu greater than device maximum');
  dev.mtu = mtu;
  tellLink(dev);
  if (dev.bridge !== null) dev.bridge.mtuSet = true;
  if (dev.master !== null) adjustBridgeMtu(dev.master);
  return done;
}

export { deviceFlags, operState } from './link-state.ts';
