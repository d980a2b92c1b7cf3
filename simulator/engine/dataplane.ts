/**
 * The one place where the engine touches the kernel: everything Docker does to devices, addresses, routes, rules, IPVS and
 * knobs is one of these functions, and each is a request that a learner's `ip`, `bridge`, `iptables`, `ipvsadm` or `sysctl`
 * could make as well. So what Docker did can be found, and undone, with the ordinary tools.
 *
 * A refusal of a request that must work is a bug of the simulator, unless the learner has taken away what it needs: those
 * requests are let go, as libnetwork logs a warning and goes on.
 */
import { assert } from '../base/assert.ts';
import { BROADCAST_MAC, broadcastOf } from '../base/address.ts';
import type { Origin } from '../base/origin.ts';
import type { Result } from '../base/result.ts';
import { SECOND } from '../base/scheduler.ts';
import { hasIpvsService, ipvsControl, type ServiceKey } from '../ipvs/index.ts';
import { arpSend } from '../kernel/arp.ts';
import { setIpv6Disabled } from '../kernel/devices.ts';
import type { NetDevice } from '../kernel/device.ts';
import { RT_TABLE_MAIN } from '../kernel/fib.ts';
import { deleteAddress, newAddress } from '../kernel/netlink/address.ts';
import { deleteFdbEntry, newFdbEntry, type FdbRequest } from '../kernel/netlink/fdb.ts';
import { deleteLink as deleteLinkRequest, moveLink as moveLinkRequest, newLink, renameLink, setLink } from '../kernel/netlink/link.ts';
import { deleteNeighbour, newNeighbour } from '../kernel/netlink/neighbour.ts';
import { allocateNamespaceId } from '../kernel/netlink/nsid.ts';
import { deleteRoute, newRoute } from '../kernel/netlink/route.ts';
import { deleteXfrmState, flushXfrmPolicies, flushXfrmStates, newXfrmPolicy, newXfrmState, type XfrmStateRequest } from '../kernel/netlink/xfrm.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { readSysctl as readSysctlFile, writeSysctl as writeSysctlFile } from '../kernel/sysctl.ts';
import { shownChain, xtables, type RuleSpec, type TableName, type XtablesRequest } from '../netfilter/index.ts';
import { isComplaint, parseRule } from '../netfilter/parse.ts';
import { ARP_REQUEST } from '../wire/packet.ts';

export type { TableName };

function must<T>(result: Result<T>, what: string): T {
  assert(result.ok, `${what}: ${result.ok ? '' : result.errno}`);
  return result.value;
}

// -- iptables

function request(ns: NetworkNamespace, wanted: XtablesRequest, origin: Origin): boolean {
  return xtables(ns, wanted, origin, ns.kernel.platform.iptables.backend).ok;
}

/** Rules already understood: Docker writes most of them on every node, and looks for each before it writes it. */
const understood = new Map<string, RuleSpec>();
const MOST_UNDERSTOOD = 1000;

/** Words stand apart by blanks, but for those between quotes. */
function words(text: string): string[] {
  return (text.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"|"$/g, ''));
}

/** The words of a rule, understood as iptables would. */
function rule(table: TableName, text: string): RuleSpec {
  const key = `${table} ${text}`;
  const known = understood.get(key);
  if (known !== undefined) return known;
  const parsed = parseRule(words(text), table);
  assert(!isComplaint(parsed), `iptables ${text}: ${isComplaint(parsed) ? parsed.text : ''}`);
  if (understood.size === MOST_UNDERSTOOD) understood.clear();
  understood.set(key, parsed);
  return parsed;
}

/** `iptables -t TABLE -A CHAIN RULE` */
export function append(ns: NetworkNamespace, table: TableName, chain: string, text: string, origin: Origin): boolean {
  return request(ns, { op: 'append', table, chain, rule: rule(table, text) }, origin);
}

/** `-I`: at the head. */
export function insert(ns: NetworkNamespace, table: TableName, chain: string, text: string, origin: Origin): boolean {
  return request(ns, { op: 'insert', table, chain, number: 1, rule: rule(table, text) }, origin);
}

/** `-D`; false when there is no such rule. */
export function remove(ns: NetworkNamespace, table: TableName, chain: string, text: string, origin: Origin): boolean {
  return request(ns, { op: 'delete', table, chain, rule: rule(table, text) }, origin);
}

/** `-C` */
export function has(ns: NetworkNamespace, table: TableName, chain: string, text: string): boolean {
  return xtables(ns, { op: 'check', table, chain, rule: rule(table, text) }, NOBODY, ns.kernel.platform.iptables.backend).ok;
}

const NOBODY: Origin = { by: 'docker', text: 'look' };

export function newChain(ns: NetworkNamespace, table: TableName, chain: string, origin: Origin): boolean {
  return request(ns, { op: 'new-chain', table, chain }, origin);
}

export function flushChain(ns: NetworkNamespace, table: TableName, chain: string, origin: Origin): boolean {
  return request(ns, { op: 'flush', table, chain }, origin);
}

export function hasChain(ns: NetworkNamespace, table: TableName, chain: string): boolean {
  return shownChain(ns, table, chain, ns.kernel.platform.iptables.backend) !== undefined;
}

export function setPolicy(ns: NetworkNamespace, table: TableName, chain: string, policy: 'ACCEPT' | 'DROP', origin: Origin): boolean {
  return request(ns, { op: 'policy', table, chain, policy }, origin);
}

/** A command of iptables that ends in nothing. In ip_tables a table is there once somebody has asked for it. */
export function openTable(ns: NetworkNamespace, table: TableName): void {
  if (ns.kernel.platform.iptables.backend === 'legacy') has(ns, table, 'OUTPUT', '-j RETURN');
}

// -- links (libnetwork asks for no transmit queue, where `ip link add` gets 1000)

/** `ip link add NAME type bridge`; without a MAC the kernel chooses, and ports decide later. */
export function createBridge(ns: NetworkNamespace, name: string, mac: number | undefined, mtu: number, origin: Origin): NetDevice {
  return must(newLink(ns, { name, mac, mtu, txQueueLength: 0, link: { kind: 'bridge', bridge: {} }, origin }), `bridge ${name}`);
}

/** `ip link add NAME type vxlan id VNI dstport PORT proxy l2miss l3miss` */
export function createVxlan(ns: NetworkNamespace, name: string, vni: number, port: number, mtu: number, origin: Origin): NetDevice {
  const vxlan = { vni, dstPort: port, learning: true, proxy: true, l2miss: true, l3miss: true };
  return must(newLink(ns, { name, mtu, txQueueLength: 0, link: { kind: 'vxlan', vxlan }, origin }), `vxlan ${name}`);
}

/** `ip link add OUTER type veth peer name INNER`: [outer, inner]. */
export function createVeth(ns: NetworkNamespace, outer: string, inner: string, mtu: number, origin: Origin): [NetDevice, NetDevice] {
  const link = { kind: 'veth', peer: { name: inner, ns: undefined, mtu } } as const;
  const dev = must(newLink(ns, { name: outer, mtu, txQueueLength: 0, link, origin }), `veth ${outer}`);
  const peer = dev.peer as NetDevice;
  peer.txQueueLength = 0;
  return [dev, peer];
}

/** `ip link set DEV netns NS name NAME`. As the kernel does, the namespaces get ids for each other. */
export function moveLink(dev: NetDevice, ns: NetworkNamespace, name: string): void {
  const from = dev.ns;
  must(moveLinkRequest(dev, ns, name), `move ${dev.name}`);
  const other = dev.vxlan?.underlay ?? dev.peer?.ns ?? from;
  if (other !== ns) {
    allocateNamespaceId(other, ns);
    allocateNamespaceId(ns, other);
  }
}

export function rename(dev: NetDevice, name: string): void {
  must(renameLink(dev, name), `rename ${dev.name}`);
}

export function setMaster(dev: NetDevice, master: NetDevice): void {
  must(setLink(dev, { master }), `master of ${dev.name}`);
}

export function setUp(dev: NetDevice, up: boolean): void {
  must(setLink(dev, { up }), `${dev.name} up`);
}

export function setMac(dev: NetDevice, mac: number): void {
  must(setLink(dev, { mac }), `address of ${dev.name}`);
}

export function deleteLink(dev: NetDevice): void {
  if (!dev.removed) deleteLinkRequest(dev);
}

/** `echo N > /sys/class/net/DEV/bridge/default_pvid` */
export function setDefaultPvid(dev: NetDevice, pvid: number): void {
  if (dev.bridge !== null) dev.bridge.defaultPvid = pvid;
}

/** `sysctl net.ipv6.conf.DEV.disable_ipv6=1` */
export function disableIpv6(dev: NetDevice): void {
  setIpv6Disabled(dev, true);
}

// -- addresses, routes, neighbours

/** `ip addr add A/P brd + dev DEV`, or without `brd`. */
export function addAddress(dev: NetDevice, address: number, prefix: number, origin: Origin, broadcast: boolean): void {
  newAddress(dev, { address, prefix, broadcast: broadcast && prefix < 31 ? broadcastOf(address, prefix) : 0, scope: 'global', label: dev.name, origin }, true);
}

/** A virtual address: `ip addr add A/32 dev NAME` */
export function addAlias(ns: NetworkNamespace, name: string, address: number, origin: Origin, broadcast = false): void {
  const dev = ns.device(name);
  if (dev !== undefined) newAddress(dev, { address, prefix: 32, broadcast: broadcast ? address : 0, scope: 'global', label: name, origin }, true);
}

export function removeAlias(ns: NetworkNamespace, name: string, address: number): void {
  const dev = ns.device(name);
  if (dev !== undefined) deleteAddress(dev, address, 32);
}

/** `ip route add default via GATEWAY dev DEV` */
export function addDefaultRoute(ns: NetworkNamespace, dev: NetDevice, gateway: number, origin: Origin): void {
  newRoute(
    ns,
    { type: 'unicast', destination: 0, prefix: 0, table: RT_TABLE_MAIN, gateway, dev, source: 0, scope: 'universe', protocol: 'boot', metric: 0, mtu: 0, tos: 0, onlink: false, origin },
    'add',
  );
}

/** `ip route del default` */
export function removeDefaultRoute(ns: NetworkNamespace): void {
  deleteRoute(ns, { destination: 0, prefix: 0, table: RT_TABLE_MAIN, tos: 0 });
}

/** `arping -U -c COUNT -I DEV ADDRESS`: one at once, the others a second apart, while the device has the address. */
export function announce(dev: NetDevice, address: number, count: number): void {
  if (count === 0 || dev.removed || !dev.addresses.some((own) => own.address === address)) return;
  arpSend(dev, ARP_REQUEST, address, BROADCAST_MAC, address, dev.mac, 0);
  dev.ns.kernel.universe.scheduler.after(SECOND, () => announce(dev, address, count - 1));
}

/** `ip neigh replace ADDRESS lladdr MAC dev DEV nud permanent` */
export function setNeighbour(dev: NetDevice, address: number, mac: number, origin: Origin): void {
  newNeighbour(dev, { address, mac, state: 'PERMANENT', proxy: false, origin }, 'replace');
}

export function removeNeighbour(dev: NetDevice, address: number): void {
  deleteNeighbour(dev, address);
}

function fdb(mac: number, dst: number, origin: Origin): FdbRequest {
  return { mac, target: 'self', state: 'permanent', dst, port: 0, vni: 0, via: 0, origin };
}

/** `bridge fdb replace MAC dev DEV dst TUNNEL self permanent` */
export function setFdb(dev: NetDevice, mac: number, tunnel: number, origin: Origin): void {
  newFdbEntry(dev, fdb(mac, tunnel, origin), 'replace');
}

export function removeFdb(dev: NetDevice, mac: number, tunnel: number, origin: Origin): void {
  deleteFdbEntry(dev, fdb(mac, tunnel, origin));
}

// -- IPsec

/** `ip xfrm state add src A dst B proto esp spi N reqid R mode transport aead 'rfc4106(gcm(aes))' KEY BITS` */
export function addXfrmState(ns: NetworkNamespace, state: Omit<XfrmStateRequest, 'mark' | 'selector'>): void {
  const selector = { src: 0, srcPrefix: 0, dst: 0, dstPrefix: 0, protocol: 0, sport: 0, dport: 0 };
  newXfrmState(ns, { ...state, mark: null, selector });
}

export function removeXfrmState(ns: NetworkNamespace, dst: number, spi: number): void {
  deleteXfrmState(ns, dst, spi);
}

/** VXLAN packets with a mark, from one address to another, go by one state. */
export interface VxlanPolicy {
  readonly src: number;
  readonly dst: number;
  readonly dport: number;
  readonly mark: number;
  readonly reqid: number;
  readonly spi: number;
  readonly origin: Origin;
}

/** `ip xfrm policy add src A/32 dst B/32 proto udp dport P dir out mark M tmpl src A dst B proto esp spi N reqid R mode transport` */
export function addXfrmPolicy(ns: NetworkNamespace, { src, dst, dport, mark, reqid, spi, origin }: VxlanPolicy, update: boolean): void {
  const selector = { src, srcPrefix: 32, dst, dstPrefix: 32, protocol: 17, sport: 0, dport };
  const template = { src, dst, spi, reqid, mode: 'transport', optional: false } as const;
  newXfrmPolicy(ns, { direction: 'out', selector, mark: { value: mark, mask: 0xffffffff }, priority: 0, action: 'allow', templates: [template], origin }, update);
}

/** Takes away all states with this reqid, and all policies with this mark. */
export function clearXfrm(ns: NetworkNamespace, mark: number): void {
  flushXfrmPolicies(ns, (policy) => policy.mark?.value === mark);
  flushXfrmStates(ns, (state) => state.reqid === mark);
}

// -- IPVS: `ipvsadm -A -f MARK -s rr`, `-a -f MARK -r A:0 -m -w 1`

function service(fwmark: number): ServiceKey {
  return { fwmark, protocol: 0, address: 0, port: 0 };
}

export function hasService(ns: NetworkNamespace, mark: number): boolean {
  return hasIpvsService(ns, service(mark));
}

export function addService(ns: NetworkNamespace, mark: number, origin: Origin): void {
  const spec = { ...service(mark), scheduler: 'rr', schedulerFlags: [], persistence: 0, netmask: 0xffffffff, onePacket: false };
  ipvsControl(ns, { op: 'addService', service: spec }, origin);
}

export function removeService(ns: NetworkNamespace, mark: number, origin: Origin): void {
  ipvsControl(ns, { op: 'deleteService', service: service(mark) }, origin);
}

function server(address: number, weight: number, direct: boolean): { address: number; port: number; forward: 'masq' | 'route'; weight: number; upperThreshold: number; lowerThreshold: number } {
  return { address, port: 0, forward: direct ? 'route' : 'masq', weight, upperThreshold: 0, lowerThreshold: 0 };
}

export function addServer(ns: NetworkNamespace, mark: number, address: number, direct: boolean, origin: Origin): void {
  const added = ipvsControl(ns, { op: 'addServer', service: service(mark), server: server(address, 1, direct) }, origin);
  if (!added.ok && added.errno === 'EEXIST') ipvsControl(ns, { op: 'editServer', service: service(mark), server: server(address, 1, direct) }, origin);
}

/** Weight 0: nothing new goes there. */
export function drainServer(ns: NetworkNamespace, mark: number, address: number, direct: boolean, origin: Origin): void {
  ipvsControl(ns, { op: 'editServer', service: service(mark), server: server(address, 0, direct) }, origin);
}

export function removeServer(ns: NetworkNamespace, mark: number, address: number, origin: Origin): void {
  ipvsControl(ns, { op: 'deleteServer', service: service(mark), server: { address, port: 0 } }, origin);
}

// -- sysctl

/** Writes a file below /proc/sys; what is not there is left alone, as libnetwork does. */
export function writeSysctl(ns: NetworkNamespace, path: string, value: string): void {
  writeSysctlFile(ns, path, value);
}

export function readSysctl(ns: NetworkNamespace, path: string): string | undefined {
  const value = readSysctlFile(ns, path);
  return value.ok ? value.value : undefined;
}
