/**
 * VXLAN (drivers/net/vxlan/vxlan_core.c, RFC 7348). The UDP socket and the routing of the outer packet stay in the
 * namespace the device was made in, whatever namespace it is moved to.
 *
 * Not emulated: VLAN-aware metadata modes, GPE, multicast groups, IPv6 underlay.
 */
import { isGroupMac, isLoopback, isMulticast, LIMITED_BROADCAST } from '../../base/address.ts';
import { kernelHabit, type Origin } from '../../base/origin.ts';
import { SECOND } from '../../base/scheduler.ts';
import { get32 } from '../../wire/bytes.ts';
import { ARP_REPLY, ARP_REQUEST, ETH_ARP, ETH_IPV4, frameLength, ICMP_PARAMETER_PROBLEM, ICMP_REDIRECT, ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE, PROTO_ICMP, PROTO_TCP, PROTO_UDP, type Packet } from '../../wire/packet.ts';
import type { DeviceDriver, FdbEntry, FdbRemote, NetDevice, VxlanState } from '../device.ts';
import { fdbLookup, makeFdbEntry } from '../fdb.ts';
import { scrub } from '../ip-input.ts';
import { ipLocalOut, type SendOptions } from '../ip-output.ts';
import { drop, emit } from '../kernel.ts';
import type { NetworkNamespace } from '../netns.ts';
import { notify } from '../notify.ts';
import { netifRx } from '../receive.ts';
import { ipRouteOutput, routeMtu } from '../route.ts';

/** Outer Ethernet, IPv4, UDP and VXLAN headers less the inner Ethernet header that the MTU does not count. */
export const VXLAN_OVERHEAD = 50;

export const vxlan: DeviceDriver = {
  kind: 'vxlan',
  xmit(dev, packet) {
    vxlanXmit(dev, packet);
  },
  changed(dev) {
    const state = dev.vxlan as VxlanState;
    const receivers = state.underlay.udpTunnels.get(state.dstPort) ?? new Map<number, NetDevice>();
    if (dev.up) {
      receivers.set(state.vni, dev);
      state.underlay.udpTunnels.set(state.dstPort, receivers);
      return;
    }
    closeReceiver(dev);
  },
  removed: closeReceiver,
};

function closeReceiver(dev: NetDevice): void {
  const state = dev.vxlan as VxlanState;
  const receivers = state.underlay.udpTunnels.get(state.dstPort);
  if (receivers === undefined || receivers.get(state.vni) !== dev) return;
  receivers.delete(state.vni);
  if (receivers.size === 0) state.underlay.udpTunnels.delete(state.dstPort);
}

function vxlanXmit(dev: NetDevice, packet: Packet): void {
  const state = dev.vxlan as VxlanState;
  const { now } = dev.ns.kernel;
  if (state.proxy && packet.etherType === ETH_ARP) {
    arpReduce(dev, packet);
    return;
  }
  let entry = fdbLookup(state.fdb, packet.dstMac, now, state.ageing * SECOND);
  if (entry !== undefined && state.rsc && entry.routes && packet.etherType === ETH_IPV4 && shortCircuit(dev, packet)) {
    entry = fdbLookup(state.fdb, packet.dstMac, now, state.ageing * SECOND);
  }
  if (entry !== undefined && entry.remotes.length > 0) {
    entry.used = now;
    xmitTo(dev, packet, entry);
    return;
  }
  // The all-zeros entry is the default destination; without it the packet has nowhere to go (l2miss).
  const fallback = state.fdb.get(0);
  if (fallback === undefined || fallback.remotes.length === 0) {
    if (state.l2miss && !isGroupMac(packet.dstMac)) notify(dev.ns, { kind: 'miss', dev, address: 0, mac: packet.dstMac });
    dev.stats.txDropped++;
    drop(dev.ns, packet, 'VXLAN_NO_REMOTE', dev.name);
    return;
  }
  xmitTo(dev, packet, fallback);
}

function xmitTo(dev: NetDevice, packet: Packet, { remotes, origin }: FdbEntry): void {
  // As vxlan_xmit: copies to all but the first, and the packet itself to the first at last.
  const { packets } = dev.ns.kernel.universe;
  for (let i = 1; i < remotes.length; i++) encapsulate(dev, packets.clone(packet), remotes[i] as FdbRemote, origin);
  encapsulate(dev, packet, remotes[0] as FdbRemote, origin);
}

/** vxlan_xmit_one */
function encapsulate(dev: NetDevice, inner: Packet, remote: FdbRemote, origin: Origin): void {
  const state = dev.vxlan as VxlanState;
  const { underlay } = state;
  const octets = frameLength(inner) - 14;
  const innerIsIp = inner.etherType === ETH_IPV4;
  const oif = remote.ifindex !== 0 ? remote.ifindex : state.link;
  const tos = state.tos === 1 && innerIsIp ? inner.tos : state.tos & ~1;
  // The mark crosses to the underlay with the device's own namespace only (skb_scrub_packet with xnet).
  const mark = underlay === dev.ns ? inner.mark : 0;
  let way: SendOptions = { route: undefined, oif, origin: dev.origin };
  if (innerIsIp && inner.dontFragment && octets > 576 && dev.port !== null) {
    // Looked up here for its MTU, and used for the packet if it fits.
    const route = ipRouteOutput(underlay, remote.address, { src: state.local, oif, mark, tos });
    if (route.ok) {
      const mtu = routeMtu(underlay, route.value, remote.address) - VXLAN_OVERHEAD;
      if (octets > mtu && bounce(dev, inner, mtu)) return;
      way = { route: route.value, oif, origin: dev.origin };
    }
  }
  const outer = dev.ns.kernel.universe.packets.make();
  outer.parent = inner.id;
  outer.flow = inner.flow;
  outer.protocol = PROTO_UDP;
  outer.src = state.local;
  outer.dst = remote.address;
  outer.ttl = state.ttl !== 0 ? state.ttl : 64;
  outer.tos = tos;
  outer.sport = sourcePort(underlay, state, inner);
  outer.dport = remote.port !== 0 ? remote.port : state.dstPort;
  outer.vni = remote.vni !== 0 ? remote.vni : state.vni;
  outer.mark = mark;
  outer.dev = dev.ifindex;
  scrub(inner);
  outer.inner = inner;
  if (dev.ns.kernel.universe.trace !== null) emit(dev.ns, outer, { kind: 'encap', dev: dev.name, vni: outer.vni, remote: remote.address, inner: inner.id, origin });
  const sent = ipLocalOut(underlay, outer, way);
  if (!sent.ok) {
    dev.stats.txErrors++;
    return;
  }
  // iptunnel_xmit_stats: octets without the inner Ethernet header.
  dev.stats.txPackets++;
  dev.stats.txBytes += octets;
}

/**
 * skb_tunnel_check_pmtu: an IPv4 packet that may not be cut and does not fit the underlay comes back at once as an ICMP error,
 * in the name of its destination (iptunnel_pmtud_build_icmp), when the tunnel is a port of a bridge. True when that happened.
 */
function bounce(dev: NetDevice, inner: Packet, mtu: number): boolean {
  if (mtu < 576 || inner.moreFragments || inner.fragmentOffset !== 0) return false;
  if (isMulticast(inner.dst) || isMulticast(inner.src) || inner.dst === LIMITED_BROADCAST || inner.src === LIMITED_BROADCAST) return false;
  if (inner.src >>> 24 === 0 || isLoopback(inner.src) || (inner.protocol === PROTO_ICMP && isIcmpError(inner.icmpType))) return false;
  const { packets } = dev.ns.kernel.universe;
  const error = packets.make();
  error.parent = inner.id;
  error.flow = inner.flow;
  error.srcMac = inner.dstMac;
  error.dstMac = inner.srcMac;
  error.src = inner.dst;
  error.dst = inner.src;
  error.protocol = PROTO_ICMP;
  error.icmpType = ICMP_UNREACHABLE;
  error.icmpCode = 4;
  error.icmpMtu = mtu;
  error.ttl = 64;
  error.dontFragment = true;
  error.quoted = packets.clone(inner);
  error.quoted.quoted = null;
  drop(dev.ns, inner, 'PACKET_TOO_BIG', dev.name);
  // vxlan_encap_bypass: counted on both ways of the same device.
  const octets = frameLength(error) - 14;
  dev.stats.txPackets++;
  dev.stats.txBytes += octets;
  dev.stats.rxPackets++;
  dev.stats.rxBytes += octets;
  netifRx(dev, error);
  return true;
}

function isIcmpError(type: number): boolean {
  return type === ICMP_UNREACHABLE || type === ICMP_REDIRECT || type === ICMP_TIME_EXCEEDED || type === ICMP_PARAMETER_PROBLEM || type === 4;
}

/** route_shortcircuit: to a router's MAC (`router` entries), with `rsc`: the neighbour itself is addressed when it is known. */
function shortCircuit(dev: NetDevice, packet: Packet): boolean {
  const neighbour = dev.ns.neighbours.get(dev, packet.dst);
  if (neighbour === undefined || neighbour.mac === 0) {
    if ((dev.vxlan as VxlanState).l3miss) notify(dev.ns, { kind: 'miss', dev, address: packet.dst, mac: 0 });
    return false;
  }
  if (neighbour.mac === packet.dstMac) return false;
  packet.srcMac = packet.dstMac;
  packet.dstMac = neighbour.mac;
  return true;
}

/**
 * udp_flow_src_port: from a hash of the inner flow, so that one flow keeps one port. The flow dissector's hash is the same in both
 * directions, and knows nothing of ARP but that it is ARP; segments of TCP bring the hash of their socket (sk_txhash), which is not.
 */
function sourcePort(underlay: NetworkNamespace, state: VxlanState, inner: Packet): number {
  let hash = inner.etherType;
  if (inner.etherType === ETH_IPV4) {
    const swap = inner.protocol !== PROTO_TCP && (inner.src > inner.dst || (inner.src === inner.dst && inner.sport > inner.dport));
    hash = mix(hash, swap ? inner.dst : inner.src);
    hash = mix(hash, swap ? inner.src : inner.dst);
    hash = mix(hash, inner.protocol);
    if (inner.whole === null) hash = mix(hash, swap ? inner.dport * 65536 + inner.sport : inner.sport * 65536 + inner.dport);
    else hash = mix(hash, 0);
  } else if (inner.etherType !== ETH_ARP) {
    for (let i = 8; i < 40 && i < inner.payload.length; i += 4) hash = mix(hash, get32(inner.payload, i));
  }
  const low = state.srcPortMin !== 0 ? state.srcPortMin : underlay.knobs.ip_local_port_min;
  const high = state.srcPortMax !== 0 ? state.srcPortMax : underlay.knobs.ip_local_port_max;
  return low + ((hash >>> 0) % (high - low + 1));
}

function mix(hash: number, value: number): number {
  let mixed = Math.imul(hash ^ (value | 0), 0x9e3779b1);
  mixed ^= mixed >>> 15;
  return mixed;
}

/** The proxy: no ARP leaves by the tunnel. A request is answered when the neighbour is known and remote (arp_reduce). */
function arpReduce(dev: NetDevice, packet: Packet): void {
  const state = dev.vxlan as VxlanState;
  const { ns } = dev;
  const target = packet.arpTargetIp;
  const neighbour = packet.arpOperation === ARP_REQUEST ? ns.neighbours.get(dev, target) : undefined;
  const known = neighbour !== undefined && neighbour.mac !== 0 && neighbour.state !== 'FAILED' && neighbour.state !== 'INCOMPLETE';
  if (!known) {
    if (packet.arpOperation === ARP_REQUEST) {
      dev.stats.txDropped++;
      if (state.l3miss) notify(ns, { kind: 'miss', dev, address: target, mac: 0 });
    }
    drop(ns, packet, 'ARP_PROXY_CONSUMED', dev.name);
    return;
  }
  const entry = fdbLookup(state.fdb, neighbour.mac, ns.kernel.now, state.ageing * SECOND);
  if (entry !== undefined && entry.remotes.length > 0 && entry.remotes[0]?.address === 0) {
    drop(ns, packet, 'ARP_PROXY_CONSUMED', dev.name);
    return;
  }
  const reply = ns.kernel.universe.packets.make();
  reply.parent = packet.id;
  reply.flow = packet.flow;
  reply.etherType = ETH_ARP;
  reply.dstMac = packet.srcMac;
  reply.srcMac = neighbour.mac;
  reply.arpOperation = ARP_REPLY;
  reply.arpSenderMac = neighbour.mac;
  reply.arpSenderIp = target;
  reply.arpTargetMac = packet.arpSenderMac;
  reply.arpTargetIp = packet.arpSenderIp;
  if (ns.kernel.universe.trace !== null) emit(ns, packet, { kind: 'arp-proxy', dev: dev.name, address: target, mac: neighbour.mac, origin: neighbour.origin });
  netifRx(dev, reply);
}

/** vxlan_rcv: a UDP packet for a VXLAN port of this namespace. */
export function vxlanRcv(ns: NetworkNamespace, receivers: ReadonlyMap<number, NetDevice>, outer: Packet): void {
  const inner = outer.inner as Packet;
  const dev = receivers.get(outer.vni);
  if (dev === undefined) {
    drop(ns, outer, 'VXLAN_UNKNOWN_VNI', `vni ${outer.vni}`);
    return;
  }
  if (inner.srcMac === dev.mac) {
    dev.stats.rxErrors++;
    drop(ns, outer, 'VXLAN_LOOP', dev.name);
    return;
  }
  const state = dev.vxlan as VxlanState;
  if (state.learning && !snoop(dev, state, inner.srcMac, outer.src)) {
    drop(ns, outer, 'VXLAN_LOOP', dev.name);
    return;
  }
  scrub(inner);
  dev.stats.rxPackets++;
  dev.stats.rxBytes += frameLength(inner) - 14;
  if (dev.ns.kernel.universe.trace !== null) emit(dev.ns, inner, { kind: 'decap', dev: dev.name, vni: outer.vni, outer: outer.id, origin: dev.origin });
  netifRx(dev, inner);
}

/** vxlan_snoop: learns which tunnel end point a MAC lives behind; entries written by hand are not moved (the frame is dropped). */
function snoop(dev: NetDevice, state: VxlanState, mac: number, from: number): boolean {
  const { now } = dev.ns.kernel;
  const entry = fdbLookup(state.fdb, mac, now, state.ageing * SECOND);
  if (entry === undefined) {
    const learned: FdbEntry = makeFdbEntry(mac, null, 'reachable', true, now, kernelHabit('learned'));
    learned.remotes = [{ address: from, port: state.dstPort, vni: state.vni, ifindex: 0 }];
    state.fdb.set(mac, learned);
    if (dev.ns.listeners.length > 0) notify(dev.ns, { kind: 'fdb', dev, entry: learned, master: null, deleted: false });
    return true;
  }
  const remote = entry.remotes[0];
  if (remote?.address === from) {
    if (entry.dynamic) entry.updated = now;
    return true;
  }
  if (!entry.dynamic) return false;
  entry.remotes = [{ address: from, port: state.dstPort, vni: state.vni, ifindex: 0 }];
  entry.updated = now;
  if (dev.ns.listeners.length > 0) notify(dev.ns, { kind: 'fdb', dev, entry, master: null, deleted: false });
  return true;
}
