/** ip_local_out, ip_output, ip_finish_output. Mirrors net/ipv4/ip_output.c and ip_route_me_harder of net/netfilter/utils.c. */
import { BROADCAST_MAC, isMulticast, LIMITED_BROADCAST, ZERO_MAC } from '../base/address.ts';
import { kernelHabit, type Origin } from '../base/origin.ts';
import { done, refuse, type Result } from '../base/result.ts';
import { ETH_IPV4, ipLength, PROTO_ESP, PROTO_ICMP, PROTO_TCP, PROTO_UDP, type Packet } from '../wire/packet.ts';
import { neighOutput } from './arp.ts';
import { RT_TABLE_LOCAL, type Route } from './fib.ts';
import { fragments } from './fragment.ts';
import { nfHookVerdict } from './hooks.ts';
import { icmpSend } from './icmp.ts';
import { loopBack } from './ip-input.ts';
import { drop, emit } from './kernel.ts';
import type { NetworkNamespace } from './netns.ts';
import { ipRouteOutput, outputDevice, routeMtu, sourceFor, traceRoute } from './route.ts';
import { NF_ACCEPT, NF_DROP, NF_LOCAL_OUT, NF_POST_ROUTING, NF_STOLEN } from './seams.ts';
import { devQueueXmit } from './transmit.ts';
import { xfrmOutput } from './xfrm-esp.ts';
import { xfrmLookup } from './xfrm.ts';

export interface SendOptions {
  /** A route already looked up for this packet. */
  readonly route?: Route | undefined;
  /** ifindex the socket is bound to. */
  readonly oif?: number;
  /** Who opened the socket or made the tunnel; absent of what the kernel sends by itself. */
  readonly origin?: Origin | undefined;
}

const NO_OPTIONS: SendOptions = {};
const REPLY = kernelHabit('reply');

/**
 * Sends a packet made in this namespace. Fills in the source address, and the identification of packets that may be
 * fragmented. Errors are those a socket call gets: ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL, EMSGSIZE, and EPERM when
 * OUTPUT dropped it. What happens later (ARP failure, ICMP) comes back as packets do.
 */
export function ipLocalOut(ns: NetworkNamespace, packet: Packet, options: SendOptions = NO_OPTIONS): Result<undefined> {
  packet.etherType = ETH_IPV4;
  packet.iif = 0;
  let route = options.route;
  if (route === undefined) {
    const found = ipRouteOutput(ns, packet.dst, { src: packet.src, oif: options.oif ?? 0, mark: packet.mark, tos: packet.tos });
    if (!found.ok) {
      drop(ns, packet, 'IP_NO_ROUTE', 'ip_local_out');
      return found;
    }
    route = found.value;
  }
  if (packet.src === 0) packet.src = sourceFor(ns, route, packet.dst);
  if (packet.ipId === 0 && !packet.dontFragment) packet.ipId = nextIdentification(ns);
  if (packet.dontFragment && ipLength(packet) > routeMtu(ns, route, packet.dst)) {
    drop(ns, packet, 'PACKET_TOO_BIG', 'ip_local_out');
    return refuse('EMSGSIZE');
  }
  const tracing = ns.kernel.universe.trace !== null;
  if (tracing && !packet.ipvs) emit(ns, packet, { kind: 'sent', by: PROTOCOL_WORDS[packet.protocol] ?? `protocol ${packet.protocol}`, origin: options.origin ?? REPLY });
  if (tracing) traceRoute(ns, packet, route);
  if (ns.xfrm !== null) {
    const secured = xfrmLookup(ns, packet);
    if (!secured.ok) return secured;
    packet.bundle = secured.value;
  }

  const { outgoing } = ns.kernel;
  // A hook may send a packet of its own (REJECT): what is in hands comes back after it.
  const { oif, route: outer, src, dst } = outgoing;
  outgoing.oif = options.oif ?? 0;
  outgoing.route = route;
  outgoing.src = packet.src;
  outgoing.dst = packet.dst;
  const verdict = nfHookVerdict(ns, NF_LOCAL_OUT, packet, null, outputDevice(ns, route));
  // IPVS rewrites answers after the last hook that would look for their way (ip_vs_route_me_harder).
  const found = verdict !== NF_ACCEPT || (packet.src === outgoing.src && packet.dst === outgoing.dst) || routeMeHarder(ns, packet);
  const { error } = outgoing;
  route = outgoing.route;
  outgoing.oif = oif;
  outgoing.route = outer;
  outgoing.src = src;
  outgoing.dst = dst;
  outgoing.error = null;
  if (!found) return refuse(error ?? 'EPERM');
  if (verdict !== NF_ACCEPT) return verdict === NF_STOLEN ? done : refuse(error ?? 'EPERM');
  if (ns.xfrm !== null && packet.bundle !== null) return xfrmOutput(ns, packet, route);
  // What POSTROUTING drops, the sender hears of as well.
  return ipOutput(ns, packet, route) === NF_DROP ? refuse('EPERM') : done;
}

/**
 * ip_route_me_harder, for hooks at LOCAL_OUT that changed what routing depends on. False, and the packet is reported dropped
 * and the error kept for the sender, where there is no way.
 */
export function routeMeHarder(ns: NetworkNamespace, packet: Packet): boolean {
  const { outgoing } = ns.kernel;
  const { src } = packet;
  // A broadcast address is no source to ask with.
  const asked = src !== LIMITED_BROADCAST && ns.fib.tables.get(RT_TABLE_LOCAL)?.lookup(src, 0, 0)?.type !== 'broadcast';
  const again = ipRouteOutput(ns, packet.dst, { src: asked ? src : 0, oif: outgoing.oif, mark: packet.mark, tos: packet.tos });
  if (!again.ok) {
    drop(ns, packet, 'IP_NO_ROUTE', 'ip_route_me_harder');
    outgoing.error = again.errno;
    return false;
  }
  outgoing.route = again.value;
  outgoing.src = packet.src;
  outgoing.dst = packet.dst;
  if (ns.kernel.universe.trace !== null) traceRoute(ns, packet, again.value);
  if (ns.xfrm === null) return true;
  const secured = xfrmLookup(ns, packet);
  if (secured.ok) packet.bundle = secured.value;
  else outgoing.error = secured.errno;
  return secured.ok;
}

const PROTOCOL_WORDS: Readonly<Record<number, string>> = { [PROTO_ICMP]: 'icmp', [PROTO_TCP]: 'tcp', [PROTO_UDP]: 'udp', [PROTO_ESP]: 'esp' };

/** POSTROUTING, size, next hop. Also where forwarded packets end up. Answers the verdict of POSTROUTING: NF_DROP or NF_ACCEPT. */
export function ipOutput(ns: NetworkNamespace, packet: Packet, route: Route): number {
  const dev = outputDevice(ns, route);
  // ip_mc_output: who speaks to all is heard by itself too.
  if (route.type === 'broadcast' && packet.iif === 0 && dev.kind !== 'loopback') {
    const copy = ns.kernel.universe.packets.clone(packet);
    // A clone belongs to no socket (skb_clone).
    copy.socketUid = -1;
    copy.srcMac = 0;
    copy.dstMac = BROADCAST_MAC;
    if (nfHookVerdict(ns, NF_POST_ROUTING, copy, null, dev) === NF_ACCEPT) ns.kernel.universe.scheduler.soon(loopBack, dev, copy);
  }
  const verdict = nfHookVerdict(ns, NF_POST_ROUTING, packet, null, dev);
  if (verdict !== NF_ACCEPT) return verdict === NF_STOLEN ? NF_ACCEPT : NF_DROP;
  const mtu = routeMtu(ns, route, packet.dst, packet.iif !== 0);
  // What came in pieces leaves in pieces no larger.
  const limit = packet.largestFragment !== 0 && packet.largestFragment < mtu ? packet.largestFragment : mtu;
  if (ipLength(packet) > limit && dev.kind !== 'loopback') {
    if (packet.dontFragment) {
      icmpSend(ns, packet, 3, 4, mtu);
      drop(ns, packet, 'PACKET_TOO_BIG', dev.name);
      return NF_ACCEPT;
    }
    for (const fragment of fragments(ns, packet, limit)) finish(ns, fragment, route);
    return NF_ACCEPT;
  }
  finish(ns, packet, route);
  return NF_ACCEPT;
}

/** ip_finish_output2: the link-layer address of the next hop. */
function finish(ns: NetworkNamespace, packet: Packet, route: Route): void {
  const dev = outputDevice(ns, route);
  packet.srcMac = dev.mac;
  if (dev.kind === 'loopback') {
    packet.dstMac = ZERO_MAC;
    devQueueXmit(dev, packet);
    return;
  }
  if (route.type === 'broadcast' || packet.dst === 0xffffffff) {
    packet.dstMac = BROADCAST_MAC;
    devQueueXmit(dev, packet);
    return;
  }
  if (isMulticast(packet.dst)) {
    packet.dstMac = 0x01005e000000 + (packet.dst & 0x7fffff);
    devQueueXmit(dev, packet);
    return;
  }
  neighOutput(dev, route.gateway !== 0 ? route.gateway : packet.dst, packet);
}

/** __ip_select_ident, without its hashing: one counter a namespace, starting at a seeded place. */
function nextIdentification(ns: NetworkNamespace): number {
  if (ns.ipIdentification === 0) ns.ipIdentification = ns.kernel.universe.random.stream(`ip-id/${ns.kernel.host}`).between(1, 0xffff);
  ns.ipIdentification = (ns.ipIdentification & 0xffff) + 1;
  return ns.ipIdentification & 0xffff || 1;
}
