/** ip_rcv, ip_rcv_finish, ip_local_deliver. Mirrors net/ipv4/ip_input.c and the source checks of fib_frontend.c. */
import { BROADCAST_MAC, isLoopback, isMulticast, LIMITED_BROADCAST } from '../base/address.ts';
import { CT_NONE, PROTO_IPIP, PROTO_UDP, type Packet } from '../wire/packet.ts';
import type { NetDevice } from './device.ts';
import { fibLookup, type Route } from './fib.ts';
import { reassemble } from './fragment.ts';
import { nfHook } from './hooks.ts';
import { icmpSend, routeErrorAllowed } from './icmp.ts';
import { ipForward } from './ip-forward.ts';
import { drop } from './kernel.ts';
import { traceRoute } from './route.ts';
import type { NetworkNamespace } from './netns.ts';
import { NF_LOCAL_IN, NF_PRE_ROUTING } from './seams.ts';
import { ipipRcv, ipipReceiver } from './drivers/ipip.ts';
import { vxlanRcv } from './drivers/vxlan.ts';

/** An IPv4 packet from the device layer. */
export function ipRcv(dev: NetDevice, packet: Packet): void {
  const ns = dev.ns;
  if (packet.malformed) {
    drop(ns, packet, 'IP_HEADER', dev.name);
    return;
  }
  // A frame that came through a bridge has passed PREROUTING there (ip_sabotage_in).
  if (packet.physIif === 0) {
    let whole: Packet | null = packet;
    // Conntrack sees whole packets only (nf_defrag_ipv4).
    if (packet.whole !== null && (ns.hooks[NF_PRE_ROUTING] as readonly unknown[]).length > 0) {
      whole = reassemble(ns, packet);
      if (whole === null) return;
    }
    if (!nfHook(ns, NF_PRE_ROUTING, whole, dev, null)) return;
    ipRcvFinish(dev, whole);
    return;
  }
  ipRcvFinish(dev, packet);
}

/** Routing decision of a received packet: here, onward, or nowhere (ip_route_input_slow). */
export function ipRcvFinish(dev: NetDevice, packet: Packet): void {
  const ns = dev.ns;
  const { src, dst } = packet;
  const looped = dev.kind === 'loopback';
  if (!looped) {
    if (src === LIMITED_BROADCAST || isMulticast(src) || (isLoopback(src) && !routeLocalnet(dev))) {
      drop(ns, packet, 'IP_MARTIAN_SOURCE', dev.name);
      return;
    }
    if (isLoopback(dst) && !routeLocalnet(dev)) {
      drop(ns, packet, 'IP_MARTIAN_DESTINATION', dev.name);
      return;
    }
  }
  if (dst === LIMITED_BROADCAST || (src === 0 && dst === 0)) {
    ipLocalDeliver(dev, packet);
    return;
  }
  if (isMulticast(dst)) {
    // No group is ever joined here beside 224.0.0.1.
    if (dst === 0xe0000001) ipLocalDeliver(dev, packet);
    else drop(ns, packet, 'IP_NOT_FOR_US', dev.name);
    return;
  }
  const route = fibLookup(ns, dst, src, packet.mark, 0, dev.ifindex, packet.tos);
  if (ns.kernel.universe.trace !== null) traceRoute(ns, packet, route);
  if (!looped && !validSource(ns, dev, packet)) return;
  if (route === null || (route.type === 'unicast' && !forwarding(dev))) {
    if (route !== null || !forwarding(dev)) {
      // ip_error: a host that does not route stays silent.
      drop(ns, packet, 'IP_FORWARDING_OFF', dev.name);
      return;
    }
    if (routeErrorAllowed(ns, src)) icmpSend(ns, packet, 3, 0);
    drop(ns, packet, 'IP_NO_ROUTE', dev.name);
    return;
  }
  switch (route.type) {
    case 'local':
    case 'broadcast':
      ipLocalDeliver(dev, packet);
      return;
    case 'unicast':
      // A frame that was broadcast on the link is never routed on.
      if (packet.dstMac === BROADCAST_MAC) drop(ns, packet, 'IP_NOT_FOR_US', dev.name);
      else ipForward(dev, packet, route);
      return;
    case 'blackhole':
      drop(ns, packet, 'IP_BLACKHOLE', dev.name);
      return;
    default:
      if (routeErrorAllowed(ns, src)) icmpSend(ns, packet, 3, route.type === 'prohibit' ? 13 : 1);
      drop(ns, packet, 'IP_NO_ROUTE', dev.name);
  }
}

/** The packet is for this namespace: reassembly, INPUT, then its protocol. */
export function ipLocalDeliver(dev: NetDevice, packet: Packet): void {
  const ns = dev.ns;
  let whole: Packet | null = packet;
  if (packet.whole !== null) {
    whole = reassemble(ns, packet);
    if (whole === null) return;
  }
  if (!nfHook(ns, NF_LOCAL_IN, whole, dev, null)) return;
  ipLocalDeliverFinish(ns, whole);
}

/** Hands the packet to its protocol; also where a packet goes on that LOCAL_IN hooks have let through. */
export function ipLocalDeliverFinish(ns: NetworkNamespace, packet: Packet): void {
  if (packet.protocol === PROTO_UDP && packet.inner !== null) {
    const receivers = ns.udpTunnels.get(packet.dport);
    if (receivers !== undefined) {
      vxlanRcv(ns, receivers, packet);
      return;
    }
  }
  if (packet.protocol === PROTO_IPIP && packet.inner !== null) {
    const tunnel = ipipReceiver(ns);
    if (tunnel !== undefined) {
      ipipRcv(tunnel, packet);
      return;
    }
  }
  const protocol = ns.kernel.protocols[packet.protocol];
  if (protocol === undefined) {
    icmpSend(ns, packet, 3, 2);
    drop(ns, packet, 'PROTOCOL_UNREACHABLE', `protocol ${packet.protocol}`);
    return;
  }
  protocol.receive(ns, packet);
}

/** True when packets that came in by `dev` may be forwarded. */
function forwarding(dev: NetDevice): boolean {
  return dev.ns.knobs.ip_forward !== 0 || dev.conf.forwarding !== 0;
}

function routeLocalnet(dev: NetDevice): boolean {
  return dev.conf.route_localnet !== 0 || dev.ns.confAll.route_localnet !== 0;
}

/** fib_validate_source: own addresses never come from outside; rp_filter asks for the way back. */
function validSource(ns: NetworkNamespace, dev: NetDevice, packet: Packet): boolean {
  const src = packet.src;
  if (src === 0) return true;
  const mode = Math.max(dev.conf.rp_filter, ns.confAll.rp_filter);
  const acceptLocal = dev.conf.accept_local !== 0 || ns.confAll.accept_local !== 0;
  if (!acceptLocal && ns.localAddresses.has(src)) {
    drop(ns, packet, 'IP_MARTIAN_SOURCE', dev.name);
    return false;
  }
  if (mode === 0) return true;
  const back: Route | null = fibLookup(ns, src, packet.dst, dev.conf.src_valid_mark ? packet.mark : 0, 0, dev.ifindex, packet.tos);
  if (back !== null && back.type === 'unicast' && (mode === 2 || back.dev === dev)) return true;
  if (mode === 2 && back === null && src !== 0) {
    drop(ns, packet, 'IP_RPFILTER', dev.name);
    return false;
  }
  drop(ns, packet, 'IP_RPFILTER', dev.name);
  return false;
}

/** Forgets what belongs to the namespace left behind when a packet crosses to another (skb_scrub_packet). */
export function scrub(packet: Packet): void {
  packet.mark = 0;
  packet.ct = null;
  packet.ctInfo = CT_NONE;
  packet.ipvs = false;
  packet.ipvsConnection = null;
  packet.nfTrace = false;
  packet.physIif = 0;
  packet.physOif = 0;
  packet.iif = 0;
  packet.socketUid = -1;
}

