/** ip_rcv, ip_rcv_finish, ip_local_deliver. Mirrors net/ipv4/ip_input.c and ip_route_input_slow of net/ipv4/route.c. */
import { BROADCAST_MAC, isLoopback, isMulticast, LIMITED_BROADCAST } from '../base/address.ts';
import { CT_NONE, PROTO_ESP, PROTO_IPIP, PROTO_UDP, type Packet } from '../wire/packet.ts';
import type { NetDevice } from './device.ts';
import { fibLookup } from './fib.ts';
import { reassemble } from './fragment.ts';
import { nfHook } from './hooks.ts';
import { icmpSend, routeErrorAllowed } from './icmp.ts';
import { ipForward } from './ip-forward.ts';
import { drop } from './kernel.ts';
import { traceRoute } from './route.ts';
import type { NetworkNamespace } from './netns.ts';
import { NF_LOCAL_IN, NF_PRE_ROUTING } from './seams.ts';
import { ipipRcv, ipipReceiver } from './drivers/ipip.ts';
import { knobOrigin } from './sysctl.ts';
import { judgeSource, SOURCE_FILTERED, SOURCE_ON_LINK } from './source.ts';
import { vxlanRcv } from './drivers/vxlan.ts';
import { xfrmAdmits } from './xfrm.ts';

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
    // Conntrack sees whole packets only (nf_defrag_ipv4); where nothing is tracked, fragments pass as they are.
    if (packet.whole !== null && (ns.rooms.netfilter?.conntrackUsers ?? 0) > 0) {
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
    if (looped || admitted(dev, packet, judgeSource(ns, dev, src, dst, packet.mark, packet.tos, null))) ipLocalDeliver(dev, packet);
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
  // Where there is no way, nobody asks whether the source is true (ip_route_input_slow).
  let source = 0;
  if (!looped && route !== null) {
    const { type } = route;
    if (type === 'local' || type === 'broadcast' || (type === 'unicast' && forwarding(dev))) {
      source = judgeSource(ns, dev, src, dst, packet.mark, packet.tos, type === 'unicast' ? route.dev : null);
      if (!admitted(dev, packet, source)) return;
    }
  }
  if (!forwarding(dev) && (route === null || (route.type !== 'local' && route.type !== 'broadcast'))) {
    // ip_error: a host that does not route stays silent.
    drop(ns, packet, 'IP_FORWARDING_OFF', dev.name, knobOrigin(ns, 'net/ipv4/ip_forward', 'net/ipv4/conf/all/forwarding', `net/ipv4/conf/${dev.name}/forwarding`));
    return;
  }
  if (route === null) {
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
      else ipForward(dev, packet, route, source === SOURCE_ON_LINK);
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
  if (ns.xfrm !== null && packet.protocol !== PROTO_ESP && !xfrmAdmits(ns, packet)) return;
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
  return dev.conf.forwarding !== 0;
}

function routeLocalnet(dev: NetDevice): boolean {
  return dev.conf.route_localnet !== 0 || dev.ns.confAll.route_localnet !== 0;
}

/** Reports a packet whose source cannot be; true when it is let in. */
function admitted(dev: NetDevice, packet: Packet, verdict: number): boolean {
  if (verdict >= 0) return true;
  if (verdict !== SOURCE_FILTERED) drop(dev.ns, packet, 'IP_MARTIAN_SOURCE', dev.name);
  else drop(dev.ns, packet, 'IP_RPFILTER', dev.name, knobOrigin(dev.ns, 'net/ipv4/conf/all/rp_filter', `net/ipv4/conf/${dev.name}/rp_filter`));
  return false;
}

/** Forgets what belongs to the namespace left behind when a packet crosses to another (skb_scrub_packet). */
export function scrub(packet: Packet): void {
  packet.mark = 0;
  packet.ct = null;
  packet.ctInfo = CT_NONE;
  packet.ipvs = false;
  packet.ipvsConnection = null;
  packet.secPath = null;
  packet.bundle = null;
  packet.nfTrace = false;
  packet.physIif = 0;
  packet.physOif = 0;
  packet.iif = 0;
  packet.socketUid = -1;
}


/** dev_loopback_xmit: this namespace hears its own broadcast; the packet keeps its route, and no capture shows it. */
export function loopBack(dev: NetDevice, packet: Packet): void {
  if (dev.removed || dev.ns.dead) return;
  packet.iif = dev.ifindex;
  if (nfHook(dev.ns, NF_PRE_ROUTING, packet, dev, null)) ipLocalDeliver(dev, packet);
}
