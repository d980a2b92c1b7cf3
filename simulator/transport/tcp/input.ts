/**
 * Segments in. Mirrors net/ipv4/tcp_ipv4.c (tcp_v4_rcv, tcp_v4_err) and tcp_input.c, in the order of RFC 9293 3.10.7.
 * Deviations: no urgent data, no ECN, no simultaneous open, no challenge ACK limit; SACK blocks are sent, and those
 * received count as duplicate ACKs.
 */
import { isGroupMac } from '../../base/address.ts';
import { SECOND } from '../../base/scheduler.ts';
import { ICMP_UNREACHABLE, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type Packet } from '../../wire/packet.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { drop, emit } from '../../kernel/kernel.ts';
import type { TransportProtocol } from '../../kernel/seams.ts';
import { describeTcp } from '../describe.ts';
import { icmpMeaning } from '../errors.ts';
import { onLoopback6 } from '../loopback6.ts';
import { deliverRaw } from '../raw.ts';
import { advance, after, before, distance } from '../sequence.ts';
import { transportOf } from '../state.ts';
import { processAck } from './ack.ts';
import { acknowledgeData, receiveData } from './data.ts';
import { destroy, fail } from './end.ts';
import { completeHandshake, findListener, listenerReceive } from './listen.ts';
import { initBufferSpace, pushPending, retransmitHead, segmentLength, sendAck, sendReset, syncMss } from './output.ts';
import { RTO_INITIAL, RTO_MAX, type TcpSocket } from './socket.ts';
import { clearTimer, endAt, setTimer, startKeepAlive, TIME_WAIT } from './timers.ts';

/** tcp_v4_rcv */
function receive(ns: NetworkNamespace, packet: Packet): void {
  const state = transportOf(ns);
  if (state.raw.size > 0) deliverRaw(ns, packet);
  // Only what was sent to this host alone (PACKET_HOST).
  if (isGroupMac(packet.dstMac)) {
    drop(ns, packet, 'TCP_INVALID', 'tcp_v4_rcv');
    return;
  }
  demultiplex(ns, packet, false);
}

function demultiplex(ns: NetworkNamespace, packet: Packet, loopback6: boolean): void {
  const state = transportOf(ns);
  const table = loopback6 ? state.tcp6 : state.tcp;
  const socket = table.find(packet.dst, packet.dport, packet.src, packet.sport);
  const tracing = ns.kernel.universe.trace !== null && !loopback6;
  if (socket !== null) {
    if (tracing) emit(ns, packet, { kind: 'local', protocol: 6, socket: describeTcp(socket), origin: socket.origin });
    socketReceive(socket, packet);
    return;
  }
  const listener = findListener(ns, packet, loopback6);
  if (listener !== undefined) {
    if (tracing) emit(ns, packet, { kind: 'local', protocol: 6, socket: describeTcp(listener), origin: listener.origin });
    listenerReceive(listener, packet, loopback6);
    return;
  }
  drop(ns, packet, 'NO_SOCKET', 'tcp');
  sendReset(ns, packet, loopback6);
}

onLoopback6((ns, packet) => demultiplex(ns, packet, true));

function socketReceive(socket: TcpSocket, packet: Packet): void {
  socket.segsIn++;
  switch (socket.state) {
    case 'SYN_SENT':
      synSent(socket, packet);
      return;
    case 'TIME_WAIT':
      timeWaitReceive(socket, packet);
      return;
    default:
      synchronized(socket, packet);
  }
}

/** tcp_rcv_synsent_state_process */
function synSent(socket: TcpSocket, packet: Packet): void {
  const { ns } = socket;
  if ((packet.flags & TCP_ACK) === 0) {
    drop(ns, packet, 'TCP_INVALID', 'SYN_SENT');
    return;
  }
  if (packet.ack !== advance(socket.iss, 1)) {
    sendReset(ns, packet, socket.loopback6);
    drop(ns, packet, 'TCP_INVALID', 'SYN_SENT');
    return;
  }
  if ((packet.flags & TCP_RST) !== 0) {
    fail(socket, 'ECONNREFUSED');
    return;
  }
  if ((packet.flags & TCP_SYN) === 0) {
    drop(ns, packet, 'TCP_INVALID', 'SYN_SENT');
    return;
  }
  const { knobs, kernel } = ns;
  const options = packet.tcpOptions;
  socket.irs = packet.seq;
  socket.rcvNxt = socket.rcvWup = advance(packet.seq, 1);
  socket.sndUna = packet.ack;
  socket.sndNxt = packet.ack;
  socket.sndWnd = packet.window;
  socket.sndWl1 = packet.seq;
  socket.maxWindow = packet.window;
  socket.timestamps = knobs.tcp_timestamps !== 0 && options?.timestamps !== undefined;
  socket.tsRecent = options?.timestamps?.value ?? 0;
  socket.sack = knobs.tcp_sack !== 0 && options?.sackPermitted === true;
  if (knobs.tcp_window_scaling !== 0 && options?.windowScale !== undefined) socket.sndWscale = Math.min(options.windowScale, 14);
  else socket.rcvWscale = 0;
  socket.peerMss = options?.mss ?? 536;
  if (socket.timestamps) socket.advMss -= 12;
  syncMss(socket, socket.pathMtu);
  initBufferSpace(socket);
  sampleHandshake(socket);
  clearTimer(socket);
  socket.retransmits = 0;
  socket.state = 'ESTABLISHED';
  socket.lastReceived = socket.lastHeard = kernel.now;
  sendAck(socket);
  startKeepAlive(socket);
  if (socket.sendQueue.length > 0 || socket.finQueued) pushPending(socket);
  socket.wakeAll();
}

function sampleHandshake(socket: TcpSocket): void {
  if (socket.rttAt < 0) return;
  const sample = Math.max(1, socket.ns.kernel.now - socket.rttAt);
  socket.srtt = sample;
  socket.rttvar = sample / 2;
  socket.rto = sample + Math.max(2 * sample, 200_000);
  socket.rttAt = -1;
}

/** All states from SYN_RECV on (tcp_rcv_established, tcp_rcv_state_process). */
function synchronized(socket: TcpSocket, packet: Packet): void {
  const { ns } = socket;
  const { flags } = packet;
  const timestamps = packet.tcpOptions?.timestamps;
  const paws = socket.timestamps && timestamps !== undefined && before(timestamps.value, socket.tsRecent);
  if (!inWindow(socket, packet) || (paws && (flags & TCP_RST) === 0)) {
    outOfWindow(socket, packet);
    return;
  }
  if ((flags & TCP_RST) !== 0) {
    reset(socket, packet);
    return;
  }
  if (timestamps !== undefined && !after(packet.seq, socket.rcvWup)) socket.tsRecent = timestamps.value;
  if ((flags & TCP_SYN) !== 0) {
    if (socket.state === 'SYN_RECV' && packet.seq === socket.irs) {
      // tcp_check_req: the answer goes out again, and its timer starts anew.
      if (tooOften(socket, packet)) return;
      retransmitHead(socket);
      setTimer(socket, 'retransmit', ns.kernel.now + Math.min(RTO_INITIAL * 2 ** socket.retransmits, RTO_MAX));
    } else if (socket.state === 'SYN_RECV') {
      // embryonic_reset
      sendReset(ns, packet, socket.loopback6);
      destroy(socket);
    } else sendAck(socket);
    return;
  }
  if ((flags & TCP_ACK) === 0) {
    drop(ns, packet, 'TCP_INVALID', socket.state);
    return;
  }
  socket.lastHeard = ns.kernel.now;
  socket.keepAliveProbes = 0;
  if (socket.state === 'SYN_RECV') {
    if (packet.ack !== socket.sndNxt) {
      sendReset(ns, packet, socket.loopback6);
      return;
    }
    if (!completeHandshake(socket, packet)) return;
  } else if (!processAck(socket, packet)) return;

  const { payload } = packet;
  const fin = (flags & TCP_FIN) !== 0;
  if (payload.length > 0 || fin) {
    // Nobody will ever read this: tell the peer (tcp_rcv_state_process, RCV_SHUTDOWN).
    if (socket.orphan && payload.length > 0 && after(advance(packet.seq, payload.length), socket.rcvNxt)) {
      sendReset(ns, packet, socket.loopback6);
      destroy(socket);
      return;
    }
    receiveData(socket, packet.seq, payload, fin);
  }
  if (stateOf(socket) === 'CLOSE' || stateOf(socket) === 'TIME_WAIT') return;
  pushPending(socket);
  acknowledgeData(socket);
}

/** tcp_sequence: does any of the segment lie in the window? */
function inWindow(socket: TcpSocket, packet: Packet): boolean {
  const end = advance(packet.seq, segmentLength(packet));
  const right = advance(socket.rcvWup, socket.rcvWnd);
  const edge = before(right, socket.rcvNxt) ? socket.rcvNxt : right;
  return !before(end, socket.rcvWup) && !after(packet.seq, edge);
}

function outOfWindow(socket: TcpSocket, packet: Packet): void {
  drop(socket.ns, packet, 'TCP_INVALID', socket.state);
  if ((packet.flags & TCP_RST) !== 0) return;
  if (socket.state !== 'SYN_RECV') sendAck(socket);
  // tcp_check_req
  else if ((packet.flags & TCP_SYN) !== 0 && packet.seq === socket.irs) retransmitHead(socket);
  else if (!tooOften(socket, packet)) sendAck(socket);
}

/** tcp_oow_rate_limited: what lies outside is answered twice a second at most (tcp_invalid_ratelimit), data always. */
function tooOften(socket: TcpSocket, packet: Packet): boolean {
  if (segmentLength(packet) > 0 && (packet.flags & TCP_SYN) === 0) return false;
  const { now } = socket.ns.kernel;
  if (socket.lastOutOfTurn >= 0 && now - socket.lastOutOfTurn < SECOND / 2) return true;
  socket.lastOutOfTurn = now;
  return false;
}

/** tcp_reset: only exactly in order; a RST elsewhere in the window is answered (RFC 5961). */
function reset(socket: TcpSocket, packet: Packet): void {
  if (packet.seq !== socket.rcvNxt) {
    drop(socket.ns, packet, 'TCP_INVALID', socket.state);
    if (socket.state !== 'SYN_RECV') sendAck(socket);
    return;
  }
  if (socket.state === 'SYN_RECV') {
    destroy(socket);
    return;
  }
  fail(socket, socket.state === 'CLOSE_WAIT' ? 'EPIPE' : 'ECONNRESET');
}

/** tcp_timewait_state_process */
function timeWaitReceive(socket: TcpSocket, packet: Packet): void {
  const { ns } = socket;
  const { flags } = packet;
  const newer = after(packet.seq, socket.rcvNxt) || (packet.tcpOptions?.timestamps !== undefined && after(packet.tcpOptions.timestamps.value, socket.tsRecent));
  if ((flags & TCP_RST) !== 0) {
    if (packet.seq === socket.rcvNxt) destroy(socket);
    return;
  }
  if ((flags & (TCP_SYN | TCP_ACK)) === TCP_SYN && newer) {
    // A new connection between the same ports.
    destroy(socket);
    demultiplex(ns, packet, socket.loopback6);
    return;
  }
  if (segmentLength(packet) > 0 || packet.seq !== socket.rcvNxt) {
    if ((flags & TCP_FIN) !== 0) endAt(socket, ns.kernel.now + TIME_WAIT);
    sendAck(socket);
  }
}

/** tcp_v4_err: an ICMP error about one of our segments. */
function error(ns: NetworkNamespace, icmp: Packet): void {
  const { quoted } = icmp;
  if (quoted === null) return;
  const socket = transportOf(ns).tcp.find(quoted.src, quoted.sport, quoted.dst, quoted.dport);
  if (socket === null || socket.state === 'TIME_WAIT') {
    drop(ns, icmp, 'NO_SOCKET', 'tcp');
    return;
  }
  if (ns.kernel.universe.trace !== null) emit(ns, icmp, { kind: 'local', protocol: 6, socket: describeTcp(socket), origin: socket.origin });
  const meaning = icmpMeaning(icmp.icmpType, icmp.icmpCode);
  if (meaning === undefined) return;
  const flight = distance(socket.sndUna, quoted.seq);
  if (flight < 0 || after(quoted.seq, socket.sndNxt)) return;
  if (meaning.errno === 'EMSGSIZE') {
    if (icmp.icmpMtu >= 68 && icmp.icmpMtu < socket.pathMtu && socket.state !== 'SYN_SENT') {
      syncMss(socket, icmp.icmpMtu);
      retransmitHead(socket);
    }
    return;
  }
  if (socket.state === 'SYN_SENT') fail(socket, meaning.errno);
  else if (socket.state === 'SYN_RECV') {
    // tcp_req_err: only that there is no way there ends it before it began.
    const { icmpType, icmpCode } = icmp;
    if (icmpType !== ICMP_UNREACHABLE || icmpCode === 0 || icmpCode === 1) destroy(socket);
  }
  else if (socket.receiveErrors) {
    socket.error = meaning.errno;
    socket.wakeAll();
  }
}

/** Reads the state afresh: the calls above change it, which the compiler's narrowing does not see. */
function stateOf(socket: TcpSocket): string {
  return socket.state;
}

export const tcpProtocol: TransportProtocol = { protocol: 6, receive, error };
