/**
 * Segments out: what to send when, with which window. Mirrors net/ipv4/tcp_output.c.
 * Deviations: congestion control is NewReno (Linux: CUBIC with SACK scoreboard, pacing, TLP); every segment is at most
 * one MSS (no TSO); the receive buffer is not tuned, so the window stays below 64 KiB.
 */
import type { TcpOptions } from '../../wire/packet.ts';
import { NO_BYTES, PROTO_TCP, TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, type Packet } from '../../wire/packet.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { toAll } from '../../kernel/icmp.ts';
import { ipLocalOut } from '../../kernel/ip-output.ts';
import { routeMtu } from '../../kernel/route.ts';
import { done, type Result } from '../../base/result.ts';
import { sendLoopback6 } from '../loopback6.ts';
import { routeSocket } from '../route.ts';
import { advance, after, distance } from '../sequence.ts';
import { FULL_SPACE, RTO_MAX, type TcpSocket } from './socket.ts';
import { setTimer } from './timers.ts';

/** Octets of the time stamp option with its padding. */
const TIMESTAMP_LENGTH = 12;
const ATO_MIN = 40_000;

/** Largest segment we want to receive over a way of this MTU (dst_metric_advmss). */
export function advertisedMss(mtu: number): number {
  return Math.min(mtu - 40, 65495);
}

/** Initial receive window for segments of `mss` octets (tcp_select_initial_window). */
export function initialWindow(mss: number): number {
  const space = FULL_SPACE > mss ? Math.floor(FULL_SPACE / mss) * mss : FULL_SPACE;
  return Math.min(space, 65535);
}

/** Sets the receive side up once the options are agreed (tcp_init_buffer_space). `advMss` is without time stamps. */
export function initBufferSpace(socket: TcpSocket): void {
  let clamp = Math.min(FULL_SPACE, 65535 << socket.rcvWscale);
  if (clamp > 2 * socket.advMss && clamp + socket.advMss > FULL_SPACE) {
    clamp = Math.max(2 * socket.advMss, FULL_SPACE - socket.advMss);
  }
  socket.windowClamp = clamp;
  socket.rcvSsthresh = Math.min(socket.rcvWnd, clamp);
  socket.rcvMss = Math.max(88, Math.min(socket.advMss, socket.mss, socket.rcvWnd >> 1, 536));
}

/** Recomputes the size of outgoing segments from the peer's MSS and the path (tcp_sync_mss). */
export function syncMss(socket: TcpSocket, pathMtu: number): void {
  socket.pathMtu = pathMtu;
  socket.mss = Math.max(48, Math.min(socket.peerMss, pathMtu - 40) - (socket.timestamps ? TIMESTAMP_LENGTH : 0));
}

/** Our clock as the time stamp option shows it: milliseconds, with an offset per pair of addresses. */
export function timestampNow(socket: TcpSocket): number {
  return (Math.floor(socket.ns.kernel.now / 1000) + socket.tsOffset) >>> 0;
}

/** secure_tcp_ts_off: the same for all connections between two addresses. */
export function timestampOffset(ns: NetworkNamespace, local: number, remote: number): number {
  const { seed } = ns.kernel.universe.random;
  const h = Math.imul(local ^ seed ^ 0x5bd1e995, 0x85ebca6b) ^ Math.imul(remote ^ (seed * 7), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The window to offer now, as the raw header field (tcp_select_window). */
function selectWindow(socket: TcpSocket): number {
  const current = Math.max(0, distance(socket.rcvNxt, advance(socket.rcvWup, socket.rcvWnd)));
  let window = freeWindow(socket);
  const unit = 1 << socket.rcvWscale;
  if (window < current) window = Math.ceil(current / unit) * unit;
  socket.rcvWnd = window;
  socket.rcvWup = socket.rcvNxt;
  return Math.min(window, 65535 << socket.rcvWscale) >>> socket.rcvWscale;
}

/** __tcp_select_window: what there is room for, avoiding silly windows. */
export function freeWindow(socket: TcpSocket): number {
  let waiting = socket.receiveQueue.length;
  for (const segment of socket.early) waiting += segment.payload.length;
  let free = Math.max(0, FULL_SPACE - waiting);
  const full = Math.min(socket.windowClamp, FULL_SPACE);
  const mss = Math.min(socket.rcvMss, full);
  const unit = 1 << socket.rcvWscale;
  if (free < full >> 1) {
    socket.quick = 0;
    free = Math.floor(free / unit) * unit;
    if (free < FULL_SPACE >> 4 || free < mss) return 0;
  }
  free = Math.min(free, socket.rcvSsthresh);
  if (socket.rcvWscale > 0) return Math.ceil(free / unit) * unit;
  const window = socket.rcvWnd;
  return window <= free - mss || window > free ? Math.floor(free / mss) * mss : window;
}

/** Builds and sends one segment of a connection. `flags` decide what it is; the rest comes from the socket. */
export function transmit(socket: TcpSocket, flags: number, seq: number, payload: Uint8Array): Result<undefined> {
  const { ns } = socket;
  const packet = ns.kernel.universe.packets.make();
  packet.protocol = PROTO_TCP;
  packet.partial = true;
  packet.src = socket.local;
  packet.dst = socket.remote;
  packet.sport = socket.localPort;
  packet.dport = socket.remotePort;
  packet.flags = flags;
  packet.seq = seq;
  packet.ttl = socket.ttl !== 0 ? socket.ttl : ns.knobs.ip_default_ttl;
  packet.tos = socket.tos;
  packet.mark = socket.mark;
  packet.socketUid = belongsToNobody(socket, flags) ? -1 : socket.uid;
  packet.dontFragment = socket.pmtuDiscovery !== 'dont';
  packet.payload = payload;
  if ((flags & TCP_SYN) !== 0) {
    packet.tcpOptions = synOptions(socket, flags);
    packet.window = Math.min(socket.rcvWnd, 65535);
  } else {
    packet.window = selectWindow(socket);
    if (socket.timestamps) packet.tcpOptions = { timestamps: { value: timestampNow(socket), echo: socket.tsRecent } };
    if (socket.early.length > 0 && socket.sack) packet.tcpOptions = { ...packet.tcpOptions, sack: sackBlocks(socket) };
  }
  if ((flags & TCP_ACK) !== 0) {
    packet.ack = socket.rcvNxt;
    acknowledged(socket);
  }
  // A SYN-ACK is sent before there is a socket to count identifications (ip_build_and_send_pkt).
  if (socket.state !== 'SYN_RECV') {
    packet.ipId = socket.ipId;
    socket.ipId = (socket.ipId + 1) & 0xffff;
  }
  if (socket.flow === 0) socket.flow = ns.kernel.universe.nextFlow++;
  packet.flow = socket.flow;
  socket.segsOut++;
  if (payload.length > 0) dataSent(socket, payload.length);
  return hand(socket, packet);
}

/** sk->sk_socket: a connection that nobody has accepted yet, and one that was closed, have no owner for `-m owner`. */
function belongsToNobody(socket: TcpSocket, flags: number): boolean {
  if (socket.listener !== null && socket.state !== 'SYN_RECV') return true;
  return socket.orphan && (flags & (TCP_FIN | TCP_RST)) === 0;
}

function hand(socket: TcpSocket, packet: Packet): Result<undefined> {
  if (socket.loopback6) return sendLoopback6(socket.ns, packet);
  const route = routeSocket(socket, socket.remote, socket.local);
  if (!route.ok) return route;
  socket.output.route = route.value;
  socket.output.oif = socket.boundDevice;
  const sent = ipLocalOut(socket.ns, packet, socket.output);
  if (!sent.ok && sent.errno === 'EMSGSIZE') {
    // The path became narrower since mss was computed: what stays unacknowledged is cut again by the retransmission.
    syncMss(socket, routeMtu(socket.ns, route.value, socket.remote));
    return done;
  }
  return sent;
}

function synOptions(socket: TcpSocket, flags: number): TcpOptions {
  const { knobs } = socket.ns;
  const active = (flags & TCP_ACK) === 0;
  const timestamps = active ? knobs.tcp_timestamps !== 0 : socket.timestamps;
  const sack = active ? knobs.tcp_sack !== 0 : socket.sack;
  const scale = active ? knobs.tcp_window_scaling !== 0 : socket.rcvWscale !== 0;
  return {
    mss: socket.advMss,
    ...(sack ? { sackPermitted: true } : {}),
    ...(timestamps ? { timestamps: { value: timestampNow(socket), echo: active ? 0 : socket.tsRecent } } : {}),
    ...(scale ? { windowScale: socket.ns.kernel.platform.windowScale } : {}),
  };
}

/** What came early, most recent first would be RFC 2018's order; here by sequence, at most three. */
function sackBlocks(socket: TcpSocket): (readonly [number, number])[] {
  const blocks: [number, number][] = [];
  for (const { seq, payload } of socket.early) {
    const last = blocks[blocks.length - 1];
    const end = advance(seq, payload.length);
    if (last !== undefined && !after(seq, last[1])) last[1] = after(end, last[1]) ? end : last[1];
    else blocks.push([seq, end]);
  }
  return blocks.slice(0, 3);
}

/** tcp_event_ack_sent. */
function acknowledged(socket: TcpSocket): void {
  if (!socket.ackPending) return;
  socket.ackPending = false;
  socket.ackTimeout = 0;
  if (socket.quick > 0) socket.quick--;
}

/** tcp_event_data_sent: a reply soon after data came marks the connection as interactive. */
function dataSent(socket: TcpSocket, length: number): void {
  const { now } = socket.ns.kernel;
  socket.lastSent = now;
  socket.bytesSent += length;
  socket.dataSegsOut++;
  if (now - socket.lastReceived < Math.min(socket.ato, ATO_MIN)) socket.pingpong = true;
}

/** Sends a bare ACK. */
export function sendAck(socket: TcpSocket): void {
  if (socket.state === 'CLOSE') return;
  transmit(socket, TCP_ACK, socket.sndNxt, NO_BYTES);
}

/** Sends what may be sent now: data within both windows, then FIN (tcp_write_xmit, tcp_push_pending_frames). */
export function pushPending(socket: TcpSocket): void {
  const queue = socket.sendQueue;
  let sent = false;
  for (;;) {
    const offset = distance(socket.sndUna, socket.sndNxt);
    const unsent = queue.length - offset;
    if (unsent <= 0 || socket.finSent) break;
    if (offset >= socket.cwnd * socket.mss) break;
    const room = socket.sndWnd - offset;
    let size = Math.min(unsent, socket.mss);
    if (room < size) {
      if (room <= 0 || (offset > 0 && room < Math.min(socket.mss, socket.maxWindow >> 1))) break;
      size = room;
    }
    const last = size === unsent;
    const small = size < socket.mss;
    // Nagle, as Minshall refined it: at most one small segment unacknowledged.
    if (small && last && !socket.noDelay && !socket.finQueued && offset > 0 && after(socket.smallSeq, socket.sndUna)) break;
    const payload = queue.slice(offset, size);
    const fin = last && socket.finQueued;
    const seq = socket.sndNxt;
    socket.sndNxt = advance(seq, size + (fin ? 1 : 0));
    if (fin) socket.finSent = true;
    if (small) socket.smallSeq = socket.sndNxt;
    if (socket.rttAt < 0) startRtt(socket);
    transmit(socket, TCP_ACK | (last ? TCP_PSH : 0) | (fin ? TCP_FIN : 0), seq, payload);
    sent = true;
  }
  if (socket.finQueued && !socket.finSent && distance(socket.sndUna, socket.sndNxt) === queue.length) {
    const seq = socket.sndNxt;
    socket.sndNxt = advance(seq, 1);
    socket.finSent = true;
    if (socket.rttAt < 0) startRtt(socket);
    transmit(socket, TCP_FIN | TCP_ACK, seq, NO_BYTES);
    sent = true;
  }
  const { now } = socket.ns.kernel;
  if (sent) {
    if (socket.pending !== 'retransmit') setTimer(socket, 'retransmit', now + socket.rto);
  } else if (socket.pending === 'none' && socket.sndNxt === socket.sndUna && queue.length > 0) {
    setTimer(socket, 'probe', now + Math.min(socket.rto * 2 ** socket.backoff, RTO_MAX));
  }
}

function startRtt(socket: TcpSocket): void {
  socket.rttSeq = socket.sndNxt;
  socket.rttAt = socket.ns.kernel.now;
}

/** Sends the oldest unacknowledged segment again (tcp_retransmit_skb). */
export function retransmitHead(socket: TcpSocket): void {
  socket.rttAt = -1;
  socket.totalRetransmits++;
  if (socket.state === 'SYN_SENT') {
    transmit(socket, TCP_SYN, socket.iss, NO_BYTES);
    return;
  }
  if (socket.state === 'SYN_RECV') {
    transmit(socket, TCP_SYN | TCP_ACK, socket.iss, NO_BYTES);
    return;
  }
  const flight = distance(socket.sndUna, socket.sndNxt);
  const size = Math.min(socket.mss, socket.sendQueue.length, flight);
  const last = size === socket.sendQueue.length;
  const fin = socket.finSent && last;
  if (size === 0 && !fin) return;
  const flags = TCP_ACK | (size > 0 && last ? TCP_PSH : 0) | (fin ? TCP_FIN : 0);
  transmit(socket, flags, socket.sndUna, socket.sendQueue.slice(0, size));
}

/** A window probe: an octet already acknowledged, so that the peer has to answer (tcp_xmit_probe_skb). */
export function sendProbe(socket: TcpSocket): void {
  transmit(socket, TCP_ACK, advance(socket.sndUna, -1), NO_BYTES);
}

/** Resets the connection from our side (tcp_send_active_reset). */
export function sendActiveReset(socket: TcpSocket): void {
  transmit(socket, TCP_RST | TCP_ACK, socket.sndNxt, NO_BYTES);
}

/** Answers a segment that belongs to nobody (tcp_v4_send_reset). */
export function sendReset(ns: NetworkNamespace, about: Packet, loopback6: boolean): void {
  if ((about.flags & TCP_RST) !== 0 || (!loopback6 && toAll(ns, about))) return;
  const packet = ns.kernel.universe.packets.make();
  packet.parent = about.id;
  packet.flow = about.flow;
  packet.protocol = PROTO_TCP;
  packet.src = about.dst;
  packet.dst = about.src;
  packet.sport = about.dport;
  packet.dport = about.sport;
  packet.ttl = ns.knobs.ip_default_ttl;
  packet.tos = about.tos;
  packet.dontFragment = true;
  if (ns.knobs.fwmark_reflect !== 0) packet.mark = about.mark;
  if ((about.flags & TCP_ACK) !== 0) {
    packet.flags = TCP_RST;
    packet.seq = about.ack;
  } else {
    packet.flags = TCP_RST | TCP_ACK;
    packet.ack = advance(about.seq, segmentLength(about));
  }
  if (loopback6) sendLoopback6(ns, packet);
  else ipLocalOut(ns, packet);
}

/** Sequence numbers a segment takes: its data, SYN and FIN. */
export function segmentLength(packet: Packet): number {
  return packet.payload.length + ((packet.flags & TCP_SYN) !== 0 ? 1 : 0) + ((packet.flags & TCP_FIN) !== 0 ? 1 : 0);
}
