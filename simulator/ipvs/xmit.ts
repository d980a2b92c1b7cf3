/**
 * Handing a packet to its real server. Mirrors net/netfilter/ipvs/ip_vs_xmit.c: masquerading rewrites the destination,
 * direct routing leaves the packet as it is and only chooses the next hop, tunnelling wraps it in an IP header of its own
 * (RFC 2003). All go on at LOCAL_OUT.
 *
 * Deviation: tunnels are IP-in-IP only (no GUE, no GRE).
 */
import type { NetworkNamespace } from '../kernel/netns.ts';
import { fibLookup, type Route } from '../kernel/fib.ts';
import { icmpSend } from '../kernel/icmp.ts';
import { ipLocalOut } from '../kernel/ip-output.ts';
import { drop, emit, hookName } from '../kernel/kernel.ts';
import { routeMtu, sourceFor } from '../kernel/route.ts';
import { NF_ACCEPT, NF_DROPPED, NF_STOLEN } from '../kernel/seams.ts';
import type { Endpoints } from '../trace/event.ts';
import {
  CT_UNTRACKED,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
  ipLength,
  PROTO_ICMP,
  PROTO_IPIP,
  type Packet,
} from '../wire/packet.ts';
import type { IpvsConnection } from './connection.ts';
import { ipvsSeam } from './seam.ts';

const HOST_UNREACHABLE = 1;
const FRAGMENTATION_NEEDED = 4;
/** Octets of the outer IP header. */
const TUNNEL_HEADER = 20;

/** The addresses and ports of a packet as a NAT event shows them. */
export function endpointsOf(packet: Packet): Endpoints {
  return { src: packet.src, dst: packet.dst, sport: packet.sport, dport: packet.dport };
}

/** Sends a request to the connection's real server; the verdict for the hook that called. */
export function transmit(ns: NetworkNamespace, connection: IpvsConnection, packet: Packet, hook: number): number {
  const route = routeTo(ns, connection, packet);
  if (route === null) return NF_DROPPED;
  const local = route.type === 'local';
  const room = connection.server.forward === 'tunnel' ? TUNNEL_HEADER : 0;
  if (!local && !leaveHere(ns, packet, route, room)) return NF_DROPPED;
  packet.ipvs = true;
  packet.ipvsConnection = connection;
  packet.dev = packet.iif;
  if (connection.server.forward === 'masq') rewrite(ns, connection, packet, hook);
  track(ns, connection, packet, 'source', connection.realAddress, connection.realPort);
  // A local server is reached by going on: up from LOCAL_IN, or out over lo from LOCAL_OUT.
  if (local) return NF_ACCEPT;
  if (connection.server.forward === 'tunnel') return encapsulate(ns, connection, packet, route);
  const nextHop =
    connection.server.forward === 'route' && route.gateway === 0
      ? { ...route, gateway: connection.realAddress }
      : route;
  ipLocalOut(ns, packet, { route: nextHop, oif: 0, origin: undefined });
  return NF_STOLEN;
}

/** ip_vs_icmp_xmit: an ICMP error of the client's side about a reply, on its way to the real server. */
export function transmitIcmp(ns: NetworkNamespace, connection: IpvsConnection, packet: Packet): number {
  const route = routeTo(ns, connection, packet);
  if (route === null) return NF_DROPPED;
  const local = route.type === 'local';
  if (!local && !leaveHere(ns, packet, route)) return NF_DROPPED;
  const { quoted } = packet;
  if (connection.server.forward === 'masq' && quoted !== null) {
    packet.dst = connection.realAddress;
    quoted.src = connection.realAddress;
    quoted.sport = connection.realPort;
  }
  packet.ipvs = true;
  packet.ipvsConnection = connection;
  packet.dev = packet.iif;
  if (!connection.conntrack) untrack(packet);
  if (local) return NF_ACCEPT;
  ipLocalOut(ns, packet, { route, oif: 0, origin: undefined });
  return NF_STOLEN;
}

/** Conntrack either learns of the rewriting, or has nothing to do with the packet any more. */
export function track(
  ns: NetworkNamespace,
  connection: IpvsConnection,
  packet: Packet,
  side: 'source' | 'destination',
  address: number,
  port: number,
): void {
  if (!connection.conntrack) untrack(packet);
  // ip_vs_update_conntrack: what is not translated comes back as it went.
  else if (connection.server.forward === 'masq' && packet.ct !== null && ipvsSeam.alterReply !== null)
    ipvsSeam.alterReply(ns, packet, side, address, port);
}

/** ip_vs_notrack */
export function untrack(packet: Packet): void {
  packet.ct = null;
  packet.ctInfo = CT_UNTRACKED;
}

/** ip_vs_tunnel_xmit: the outer header repeats the inner one's TOS, TTL and don't-fragment bit. */
function encapsulate(ns: NetworkNamespace, connection: IpvsConnection, packet: Packet, route: Route): number {
  const outer = ns.kernel.universe.packets.make();
  outer.parent = packet.id;
  outer.flow = packet.flow;
  outer.protocol = PROTO_IPIP;
  outer.src = sourceFor(ns, route, connection.realAddress);
  outer.dst = connection.realAddress;
  outer.tos = packet.tos;
  outer.ttl = packet.ttl;
  outer.dontFragment = packet.dontFragment;
  outer.mark = packet.mark;
  outer.ipvs = true;
  outer.ipvsConnection = connection;
  if (!connection.conntrack) untrack(outer);
  outer.inner = packet;
  ipLocalOut(ns, outer, { route });
  return NF_STOLEN;
}

function rewrite(ns: NetworkNamespace, connection: IpvsConnection, packet: Packet, hook: number): void {
  const before = ns.kernel.universe.trace !== null ? endpointsOf(packet) : null;
  packet.dst = connection.realAddress;
  packet.dport = connection.realPort;
  if (before === null) return;
  emit(ns, packet, {
    kind: 'nat',
    hook: hookName(hook),
    manip: 'destination',
    by: 'ipvs',
    before,
    after: endpointsOf(packet),
    origin: connection.server.origin,
  });
}

/** The route to the real server; without one the sender hears of it. */
function routeTo(ns: NetworkNamespace, connection: IpvsConnection, packet: Packet): Route | null {
  const route = fibLookup(ns, connection.realAddress, 0, packet.mark, 0, 0, packet.tos);
  if (route !== null && (route.type === 'unicast' || route.type === 'local')) return route;
  icmpSend(ns, packet, ICMP_UNREACHABLE, HOST_UNREACHABLE);
  drop(ns, packet, 'IP_NO_ROUTE', 'ip_vs_nat_xmit');
  return null;
}

/** decrement_ttl and ensure_mtu_is_adequate: false when the packet ends here. */
function leaveHere(ns: NetworkNamespace, packet: Packet, route: Route, room = 0): boolean {
  if (packet.ttl <= 1) {
    icmpSend(ns, packet, ICMP_TIME_EXCEEDED, 0);
    drop(ns, packet, 'IP_TTL_EXPIRED', 'ip_vs_nat_xmit');
    return false;
  }
  const mtu = routeMtu(ns, route, packet.dst) - room;
  if (packet.dontFragment && ipLength(packet) > mtu) {
    if (packet.protocol !== PROTO_ICMP) icmpSend(ns, packet, ICMP_UNREACHABLE, FRAGMENTATION_NEEDED, mtu);
    drop(ns, packet, 'PACKET_TOO_BIG', 'ip_vs_nat_xmit');
    return false;
  }
  packet.ttl--;
  return true;
}
