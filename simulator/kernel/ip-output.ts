/** ip_local_out, ip_output, ip_finish_output. Mirrors net/ipv4/ip_output.c and ip_route_me_harder of net/netfilter/utils.c. */
import { BROADCAST_MAC, isMulticast, ZERO_MAC } from '../base/address.ts';
import { done, refuse, type Result } from '../base/result.ts';
import { ETH_IPV4, ipLength, PROTO_ICMP, PROTO_TCP, PROTO_UDP, type Packet } from '../wire/packet.ts';
import { neighOutput } from './arp.ts';
import type { Route } from './fib.ts';
import { fragments } from './fragment.ts';
import { nfHookVerdict } from './hooks.ts';
import { icmpSend } from './icmp.ts';
import { drop, emit } from './kernel.ts';
import type { NetworkNamespace } from './netns.ts';
import { ipRouteOutput, outputDevice, routeMtu, sourceFor, traceRoute } from './route.ts';
import { NF_ACCEPT, NF_DROP, NF_LOCAL_OUT, NF_POST_ROUTING, NF_STOLEN } from './seams.ts';
import { devQueueXmit } from './transmit.ts';

export interface SendOptions {
  /** A route already looked up for this packet. */
  readonly route?: Route;
  /** ifindex the socket is bound to. */
  readonly oif?: number;
}

const NO_OPTIONS: SendOptions = {};

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
  if (tracing && !packet.ipvs) emit(ns, packet, { kind: 'sent', by: PROTOCOL_WORDS[packet.protocol] ?? `protocol ${packet.protocol}` });
  if (tracing) traceRoute(ns, packet, route);

  const { src, dst, mark, tos, sport, dport } = packet;
  const verdict = nfHookVerdict(ns, NF_LOCAL_OUT, packet, null, outputDevice(ns, route));
  if (verdict !== NF_ACCEPT) return verdict === NF_STOLEN ? done : refuse('EPERM');
  if (packet.dst !== dst || packet.src !== src || packet.mark !== mark || packet.tos !== tos || (packet.protocol !== PROTO_ICMP && (packet.sport !== sport || packet.dport !== dport))) {
    const again = ipRouteOutput(ns, packet.dst, { src: ns.localAddresses.has(packet.src) ? packet.src : 0, oif: options.oif ?? 0, mark: packet.mark, tos: packet.tos });
    if (!again.ok) {
      drop(ns, packet, 'IP_NO_ROUTE', 'ip_route_me_harder');
      return again;
    }
    route = again.value;
    if (tracing) traceRoute(ns, packet, route);
  }
  // What POSTROUTING drops, the sender hears of as well.
  return ipOutput(ns, packet, route) === NF_DROP ? refuse('EPERM') : done;
}

const PROTOCOL_WORDS: Readonly<Record<number, string>> = { [PROTO_ICMP]: 'icmp', [PROTO_TCP]: 'tcp', [PROTO_UDP]: 'udp' };

/** POSTROUTING, size, next hop. Also where forwarded packets end up. Answers the verdict of POSTROUTING: NF_DROP or NF_ACCEPT. */
export function ipOutput(ns: NetworkNamespace, packet: Packet, route: Route): number {
  const dev = outputDevice(ns, route);
  const verdict = nfHookVerdict(ns, NF_POST_ROUTING, packet, null, dev);
  if (verdict !== NF_ACCEPT) return verdict === NF_STOLEN ? NF_ACCEPT : NF_DROP;
  const mtu = routeMtu(ns, route, packet.dst, packet.iif !== 0);
  if (ipLength(packet) > mtu && dev.kind !== 'loopback') {
    if (packet.dontFragment) {
      icmpSend(ns, packet, 3, 4, mtu);
      drop(ns, packet, 'PACKET_TOO_BIG', dev.name);
      return NF_ACCEPT;
    }
    for (const fragment of fragments(ns, packet, mtu)) finish(ns, fragment, route);
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
