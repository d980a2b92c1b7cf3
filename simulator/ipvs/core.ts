/**
 * The functions at netfilter's hooks. Mirrors ip_vs_in_hook, ip_vs_out_hook and ip_vs_forward_icmp of
 * net/netfilter/ipvs/ip_vs_core.c. stack.ts registers them at the kernel's priorities:
 * LOCAL_IN reply 98, request 99; FORWARD ICMP 99, reply 100; LOCAL_OUT reply -99, request -98.
 *
 * Deviations: no IPv6, no SCTP, AH or ESP, no schedule_icmp, no defence against floods (drop_entry, drop_packet).
 */
import { formatIpv4 } from '../base/address.ts';
import { icmpSend } from '../kernel/icmp.ts';
import { drop, emit, hookName } from '../kernel/kernel.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { type HookFunction, NF_ACCEPT, NF_DROPPED } from '../kernel/seams.ts';
import {
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
  ipLength,
  PROTO_ICMP,
  PROTO_TCP,
  PROTO_UDP,
  TCP_SYN,
  type Packet,
} from '../wire/packet.ts';
import type { IpvsConnection } from './connection.ts';
import { schedule } from './schedule.ts';
import { serviceText } from './service.ts';
import type { IpvsState } from './state.ts';
import {
  DIRECTION_INPUT,
  DIRECTION_INPUT_ONLY,
  DIRECTION_OUTPUT,
  IPVS_TCP_CLOSE,
  IPVS_TCP_ESTABLISHED,
  IPVS_TCP_FIN_WAIT,
  IPVS_TCP_TIME_WAIT,
  nextTcpState,
  tcpStateIsActive,
  timeoutOf,
} from './states.ts';
import { endpointsOf, track, transmit, transmitIcmp, untrack } from './xmit.ts';

const PORT_UNREACHABLE = 3;

/** ip_vs_in_hook: requests of clients, at LOCAL_IN and LOCAL_OUT. */
export const ipvsRequest: HookFunction = (ns, packet, hook) => {
  const state = ns.rooms.ipvs as IpvsState | null;
  if (state === null || !state.enabled || packet.ipvs || state.knobs.backup_only !== 0) return NF_ACCEPT;
  const { protocol } = packet;
  if (protocol === PROTO_ICMP) return requestIcmp(state, packet);
  if (protocol !== PROTO_TCP && protocol !== PROTO_UDP) return NF_ACCEPT;

  let connection = state.connections.findIn(protocol, packet.src, packet.sport, packet.dst, packet.dport);
  if (connection !== null && opens(packet) && mustReschedule(state, connection)) {
    const old = usesOldConntrack(connection, packet);
    retire(state, connection, old);
    // The retransmission will find neither entry.
    if (old) return dropped(ns, packet, connection);
    connection = null;
  }
  if (connection !== null && !connection.server.available) {
    if (state.knobs.expire_nodest_conn === 0) return dropped(ns, packet, connection);
    const old = usesOldConntrack(connection, packet);
    retire(state, connection, old);
    if (old) return dropped(ns, packet, connection);
    connection = null;
  }
  const found = connection !== null;
  if (connection === null) {
    if (protocol === PROTO_TCP && (packet.flags & TCP_SYN) === 0 && state.knobs.sloppy_tcp === 0) return NF_ACCEPT;
    const service = state.serviceFor(packet.mark, protocol, packet.dst, packet.dport);
    if (service === null || isLocalReply(state, packet)) return NF_ACCEPT;
    connection = schedule(state, service, packet);
    if (connection === null) {
      if (ns.kernel.universe.trace !== null) {
        emit(ns, packet, {
          kind: 'ipvs',
          hook: hookName(hook),
          what: 'refused',
          service: serviceText(service),
          scheduler: service.scheduler.name,
          server: '',
          origin: service.origin,
        });
      }
      icmpSend(ns, packet, ICMP_UNREACHABLE, PORT_UNREACHABLE);
      drop(ns, packet, 'IPVS_NO_DESTINATION', serviceText(service));
      return NF_DROPPED;
    }
  }
  if (ns.kernel.universe.trace !== null) tell(ns, packet, hook, found ? 'found' : 'scheduled', connection);
  countIn(state, connection, packet);
  advance(state, connection, packet, connection.noOutput ? DIRECTION_INPUT_ONLY : DIRECTION_INPUT);
  const verdict = transmit(ns, connection, packet, hook);
  state.touch(connection);
  return verdict;
};

/** ip_vs_out_hook: replies of real servers, at FORWARD, LOCAL_IN and LOCAL_OUT. */
export const ipvsReply: HookFunction = (ns, packet, hook) => {
  const state = ns.rooms.ipvs as IpvsState | null;
  if (state === null || !state.enabled || packet.ipvs) return NF_ACCEPT;
  const { protocol } = packet;
  if (protocol === PROTO_ICMP) return replyIcmp(state, packet);
  if (protocol !== PROTO_TCP && protocol !== PROTO_UDP) return NF_ACCEPT;
  const connection = state.connections.findOut(protocol, packet.src, packet.sport, packet.dst, packet.dport);
  if (connection === null || connection.server.forward !== 'masq') return NF_ACCEPT;
  const before = ns.kernel.universe.trace !== null ? endpointsOf(packet) : null;
  packet.src = connection.virtualAddress;
  packet.sport = connection.virtualPort;
  packet.ipvs = true;
  packet.ipvsConnection = connection;
  if (before !== null) {
    tell(ns, packet, hook, 'reply', connection);
    emit(ns, packet, {
      kind: 'nat',
      hook: hookName(hook),
      manip: 'source',
      by: 'ipvs',
      before,
      after: endpointsOf(packet),
      origin: connection.server.origin,
    });
  }
  countOut(state, connection, packet);
  advance(state, connection, packet, DIRECTION_OUTPUT);
  track(ns, connection, packet, 'destination', connection.virtualAddress, connection.virtualPort);
  state.touch(connection);
  return NF_ACCEPT;
};

/** ip_vs_forward_icmp: ICMP errors of a router between here and the client, passing through. */
export const ipvsForwardIcmp: HookFunction = (ns, packet) => {
  const state = ns.rooms.ipvs as IpvsState | null;
  if (state === null || !state.enabled || packet.ipvs || packet.protocol !== PROTO_ICMP) return NF_ACCEPT;
  return requestIcmp(state, packet);
};

/** ip_vs_in_icmp: an error about a reply goes to the real server that sent it. */
function requestIcmp(state: IpvsState, packet: Packet): number {
  const quoted = relatedQuote(packet);
  if (quoted === null) return NF_ACCEPT;
  const connection = state.connections.findIn(quoted.protocol, quoted.dst, quoted.dport, quoted.src, quoted.sport);
  if (connection === null) return NF_ACCEPT;
  countIn(state, connection, packet);
  return transmitIcmp(state.ns, connection, packet);
}

/** ip_vs_out_icmp: an error about a request, from a real server or a router on the way to it, goes to the client as the service's. */
function replyIcmp(state: IpvsState, packet: Packet): number {
  const quoted = relatedQuote(packet);
  if (quoted === null) return NF_ACCEPT;
  const connection = state.connections.findOut(quoted.protocol, quoted.dst, quoted.dport, quoted.src, quoted.sport);
  if (connection === null || connection.server.forward !== 'masq') return NF_ACCEPT;
  packet.src = connection.virtualAddress;
  quoted.dst = connection.virtualAddress;
  quoted.dport = connection.virtualPort;
  packet.ipvs = true;
  packet.ipvsConnection = connection;
  countOut(state, connection, packet);
  if (!connection.conntrack) untrack(packet);
  return NF_ACCEPT;
}

/** The packet an ICMP error is about, when it is an error and about TCP or UDP. */
function relatedQuote(packet: Packet): Packet | null {
  if (packet.icmpType !== ICMP_UNREACHABLE && packet.icmpType !== ICMP_TIME_EXCEEDED) return null;
  const { quoted } = packet;
  return quoted !== null && (quoted.protocol === PROTO_TCP || quoted.protocol === PROTO_UDP) ? quoted : null;
}

/** is_new_conn */
function opens(packet: Packet): boolean {
  return packet.protocol === PROTO_TCP && (packet.flags & TCP_SYN) !== 0;
}

/** Whether a SYN on a known connection is a new conversation (conn_reuse_mode) or its server is being emptied. */
function mustReschedule(state: IpvsState, connection: IpvsConnection): boolean {
  const { knobs } = state;
  if (knobs.expire_nodest_conn !== 0 && connection.server.weight === 0) return true;
  if (knobs.conn_reuse_mode === 0 || connection.control !== null) return false;
  if (connection.state === IPVS_TCP_TIME_WAIT || connection.state === IPVS_TCP_CLOSE) return true;
  return (knobs.conn_reuse_mode & 2) !== 0 && connection.state === IPVS_TCP_FIN_WAIT && connection.noOutput;
}

/** ip_vs_conn_uses_old_conntrack */
function usesOldConntrack(connection: IpvsConnection, packet: Packet): boolean {
  return connection.conntrack && packet.ct !== null;
}

function retire(state: IpvsState, connection: IpvsConnection, old: boolean): void {
  if (!old) connection.conntrack = false;
  state.removeConnection(connection);
}

/** A local real server's answer looks like a request to a service of its own when both have one address. */
function isLocalReply(state: IpvsState, packet: Packet): boolean {
  return (
    packet.iif <= 1 &&
    state.connections.findOut(packet.protocol, packet.src, packet.sport, packet.dst, packet.dport) !== null
  );
}

function dropped(ns: NetworkNamespace, packet: Packet, connection: IpvsConnection): number {
  drop(ns, packet, 'IPVS_DESTINATION_GONE', `${formatIpv4(connection.realAddress)}:${connection.realPort}`);
  return NF_DROPPED;
}

/** ip_vs_in_stats; a server that has left its service counts no more. */
function countIn(state: IpvsState, connection: IpvsConnection, packet: Packet): void {
  const { server } = connection;
  if (!server.available) return;
  const { now } = state.ns.kernel;
  const length = ipLength(packet);
  server.stats.countIn(now, length);
  server.service.stats.countIn(now, length);
  state.stats.countIn(now, length);
}

function countOut(state: IpvsState, connection: IpvsConnection, packet: Packet): void {
  const { server } = connection;
  if (!server.available) return;
  const { now } = state.ns.kernel;
  const length = ipLength(packet);
  server.stats.countOut(now, length);
  server.service.stats.countOut(now, length);
  state.stats.countOut(now, length);
}

/** ip_vs_set_state */
function advance(state: IpvsState, connection: IpvsConnection, packet: Packet, direction: number): void {
  if (connection.protocol === PROTO_TCP) {
    if (direction === DIRECTION_OUTPUT) connection.noOutput = false;
    connection.state = nextTcpState(connection.state, direction, packet.flags);
    state.setActive(connection, tcpStateIsActive(connection.state));
  }
  // A template holds for good once one of its connections was answered.
  const assured =
    connection.protocol === PROTO_TCP ? connection.state === IPVS_TCP_ESTABLISHED : direction === DIRECTION_OUTPUT;
  if (connection.control !== null && assured) connection.control.state = IPVS_TCP_ESTABLISHED;
  connection.timeout = timeoutOf(state.timeouts, connection.protocol, connection.state);
}

function tell(
  ns: NetworkNamespace,
  packet: Packet,
  hook: number,
  what: 'scheduled' | 'found' | 'reply',
  connection: IpvsConnection,
): void {
  const { server } = connection;
  emit(ns, packet, {
    kind: 'ipvs',
    hook: hookName(hook),
    what,
    service: serviceText(server.service),
    scheduler: connection.scheduler,
    server: `${formatIpv4(server.address)}:${server.port}`,
    origin: server.origin,
  });
}
