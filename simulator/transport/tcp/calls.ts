/** The socket calls of TCP: bind, listen, accept, connect, send, recv, shutdown, close. Mirrors tcp.c, inet_connection_sock.c. */
import { done, ok, refuse, type Result } from '../../base/result.ts';
import { NO_BYTES, TCP_SYN } from '../../wire/packet.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { routeMtu, sourceFor } from '../../kernel/route.ts';
import { SECOND } from '../../base/scheduler.ts';
import { hasLoopback6 } from '../loopback6.ts';
import { mayBind, routeSocket } from '../route.ts';
import { advance, distance } from '../sequence.ts';
import { LOOPBACK6 } from '../socket.ts';
import { nextInode, transportOf, type TransportState } from '../state.ts';
import { destroy, unbind } from './end.ts';
import { advertisedMss, freeWindow, initialWindow, pushPending, sendAck, sendActiveReset, timestampOffset, transmit } from './output.ts';
import { RTO_INITIAL, SEND_BUFFER, TcpSocket } from './socket.ts';
import { endAt, setTimer } from './timers.ts';

/** socket(AF_INET or AF_INET6, SOCK_STREAM) */
export function tcpSocket(ns: NetworkNamespace, inet6 = false): TcpSocket {
  const socket = new TcpSocket(ns, nextInode(ns.kernel.universe), inet6);
  transportOf(ns).tcpAll.add(socket);
  return socket;
}

/** Reserves a local address and port; port 0 takes a free one. EADDRINUSE, EADDRNOTAVAIL, EINVAL when bound already. */
export function tcpBind(socket: TcpSocket, address: number, port: number): Result<undefined> {
  if (socket.localPort !== 0 || socket.state !== 'CLOSE') return refuse('EINVAL');
  const allowed = mayBind(socket.ns, address);
  if (!allowed.ok) return allowed;
  const state = transportOf(socket.ns);
  if (port === 0) {
    const free = freePort(socket.ns, (candidate) => !conflicts(state, socket, address, candidate));
    if (free === undefined) return refuse('EADDRINUSE');
    port = free;
  } else if (conflicts(state, socket, address, port)) return refuse('EADDRINUSE');
  socket.local = address;
  socket.localPort = port;
  const bucket = state.tcpBound.get(port);
  if (bucket === undefined) state.tcpBound.set(port, [socket]);
  else bucket.push(socket);
  socket.bound = true;
  return done;
}

/** inet_csk_bind_conflict */
function conflicts(state: TransportState, socket: TcpSocket, address: number, port: number): boolean {
  const bucket = state.tcpBound.get(port);
  if (bucket === undefined) return false;
  for (const other of bucket) {
    if (socket.boundDevice !== 0 && other.boundDevice !== 0 && socket.boundDevice !== other.boundDevice) continue;
    // An IPv6-only socket and an IPv4 one never meet.
    if (socket.inet6 !== other.inet6 && (socket.v6Only || other.v6Only)) continue;
    if (socket.reuseAddress && other.reuseAddress && other.state !== 'LISTEN') continue;
    if (address === 0 || other.local === 0 || address === other.local) return true;
  }
  return false;
}

/** A random free port of net.ipv4.ip_local_port_range. */
function freePort(ns: NetworkNamespace, free: (port: number) => boolean): number | undefined {
  const { ip_local_port_min: low, ip_local_port_max: high } = ns.knobs;
  const span = high - low + 1;
  const start = ns.kernel.universe.random.stream('ports').below(span);
  for (let i = 0; i < span; i++) {
    const port = low + ((start + i) % span);
    if (free(port)) return ns.kernel.universe.chance?.port(port, free) ?? port;
  }
  return undefined;
}

/** Waits for connections; the queue of those not accepted holds `backlog`, at most somaxconn. EADDRINUSE, EINVAL. */
export function tcpListen(socket: TcpSocket, backlog: number): Result<undefined> {
  if (socket.state !== 'CLOSE' && socket.state !== 'LISTEN') return refuse('EINVAL');
  if (socket.localPort === 0) {
    const bound = tcpBind(socket, 0, 0);
    if (!bound.ok) return bound;
  }
  const bucket = transportOf(socket.ns).tcpBound.get(socket.localPort) ?? [];
  for (const other of bucket) {
    if (other === socket || other.state !== 'LISTEN') continue;
    if (socket.inet6 !== other.inet6 && (socket.v6Only || other.v6Only)) continue;
    if (socket.local === 0 || other.local === 0 || socket.local === other.local) return refuse('EADDRINUSE');
  }
  socket.backlog = Math.min(backlog, socket.ns.knobs.somaxconn);
  socket.state = 'LISTEN';
  return done;
}

/** The oldest finished connection; EAGAIN when there is none, EINVAL when not listening. */
export function tcpAccept(socket: TcpSocket): Result<TcpSocket> {
  if (socket.state !== 'LISTEN') return refuse('EINVAL');
  const child = socket.acceptQueue.shift();
  if (child === undefined) return refuse('EAGAIN');
  child.listener = null;
  return ok(child);
}

/**
 * Starts a connection: EINPROGRESS at first; call again (or look at {@link TcpSocket.error}) once `writable` was woken.
 * Synchronous errors are those of the routing decision: ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL; EADDRNOTAVAIL when no
 * port is free.
 */
export function tcpConnect(socket: TcpSocket, address: number, port: number, loopback6 = false): Result<undefined> {
  const pending = socket.takeError();
  if (pending !== undefined) return refuse(pending);
  if (socket.state === 'SYN_SENT') return refuse('EALREADY');
  if (socket.state !== 'CLOSE') return socket.remotePort === port && socket.remote === address ? done : refuse('EISCONN');
  if (socket.closed) return refuse('EBADF');
  const { ns } = socket;
  const { universe } = ns.kernel;
  if (address === 0 && !loopback6) address = 0x7f000001;
  let mtu = 65536;
  if (loopback6) {
    if (!hasLoopback6(ns)) return refuse('EADDRNOTAVAIL');
    socket.loopback6 = true;
    socket.local = LOOPBACK6;
    address = LOOPBACK6;
    socket.remote = address;
  } else {
    socket.remote = address;
    socket.routeGeneration = -1;
    const route = routeSocket(socket, address, socket.local);
    if (!route.ok) return route;
    if (route.value.type === 'broadcast') return refuse('ENETUNREACH');
    if (socket.local === 0) socket.local = sourceFor(ns, route.value, address);
    mtu = routeMtu(ns, route.value, address);
  }
  socket.remotePort = port;
  const state = transportOf(ns);
  const table = loopback6 ? state.tcp6 : state.tcp;
  if (socket.localPort === 0) {
    const free = connectPort(socket, state, address, port);
    if (free === undefined) return refuse('EADDRNOTAVAIL');
    socket.localPort = free;
  } else if (table.find(socket.local, socket.localPort, address, port) !== null) return refuse('EADDRNOTAVAIL');
  table.add(socket);
  socket.hashed = true;
  socket.pathMtu = mtu;
  socket.advMss = advertisedMss(mtu);
  socket.rcvWnd = initialWindow(socket.advMss);
  socket.rcvWscale = ns.knobs.tcp_window_scaling !== 0 ? ns.kernel.platform.windowScale : 0;
  socket.tsOffset = timestampOffset(ns, socket.local, address);
  socket.iss = universe.random.stream('isn').uint32();
  socket.ipId = universe.random.stream('ip-id').below(0x10000);
  socket.sndUna = socket.iss;
  socket.sndNxt = advance(socket.iss, 1);
  socket.state = 'SYN_SENT';
  socket.rto = RTO_INITIAL;
  socket.rttAt = ns.kernel.now;
  setTimer(socket, 'retransmit', ns.kernel.now + RTO_INITIAL);
  transmit(socket, TCP_SYN, socket.iss, NO_BYTES);
  return refuse('EINPROGRESS');
}

/** __inet_hash_connect: ports of the range's lower parity first (even by default), from a random place. */
function connectPort(socket: TcpSocket, state: TransportState, address: number, port: number): number | undefined {
  const { ip_local_port_min: low, ip_local_port_max: high } = socket.ns.knobs;
  const half = (high - low + 1) >> 1;
  const table = socket.loopback6 ? state.tcp6 : state.tcp;
  const { random, chance } = socket.ns.kernel.universe;
  const start = random.stream('ports').below(Math.max(half, 1));
  const free = (candidate: number): boolean =>
    !state.tcpBound.has(candidate) && table.find(socket.local, candidate, address, port) === null;
  for (let parity = 0; parity < 2; parity++) {
    for (let i = 0; i < half; i++) {
      const candidate = low + parity + 2 * ((start + i) % half);
      if (free(candidate)) return chance?.port(candidate, free) ?? candidate;
    }
  }
  return undefined;
}

/** Queues octets; how many were taken. EAGAIN when the buffer is full, EPIPE, ENOTCONN, or what killed the connection. */
export function tcpSend(socket: TcpSocket, bytes: Uint8Array): Result<number> {
  const pending = socket.takeError();
  if (pending !== undefined) return refuse(pending);
  if (socket.finQueued) return refuse('EPIPE');
  switch (socket.state) {
    case 'SYN_SENT':
      return refuse('EAGAIN');
    case 'ESTABLISHED':
    case 'CLOSE_WAIT':
      break;
    case 'LISTEN':
      return refuse('ENOTCONN');
    default:
      return refuse('EPIPE');
  }
  const room = SEND_BUFFER - socket.sendQueue.length;
  if (room <= 0) return refuse('EAGAIN');
  const taken = bytes.length <= room ? bytes : bytes.subarray(0, room);
  socket.sendQueue.append(taken);
  pushPending(socket);
  return ok(taken.length);
}

/** Up to `max` octets; empty at the end. EAGAIN while nothing has come, ENOTCONN, or what killed the connection. */
export function tcpReceive(socket: TcpSocket, max: number): Result<Uint8Array> {
  if (socket.receiveQueue.length > 0) {
    const bytes = socket.receiveQueue.take(max);
    cleanReceiveBuffer(socket, bytes.length);
    return ok(bytes);
  }
  const pending = socket.takeError();
  if (pending !== undefined) return refuse(pending);
  if (socket.receiveShutdown) {
    socket.endRead = true;
    return ok(NO_BYTES);
  }
  if (socket.state === 'CLOSE' || socket.state === 'LISTEN') return refuse('ENOTCONN');
  return refuse('EAGAIN');
}

/** tcp_cleanup_rbuf: reading made room, or a delayed ACK may go now. */
function cleanReceiveBuffer(socket: TcpSocket, copied: number): void {
  if (socket.state === 'CLOSE' || socket.state === 'TIME_WAIT') return;
  let now = socket.ackPending && (distance(socket.rcvWup, socket.rcvNxt) > socket.rcvMss || (copied > 0 && !socket.pingpong && socket.receiveQueue.length === 0));
  if (!now && copied > 0 && !socket.receiveShutdown) {
    const window = Math.max(0, distance(socket.rcvNxt, advance(socket.rcvWup, socket.rcvWnd)));
    if (2 * window <= socket.windowClamp) {
      const free = freeWindow(socket);
      now = free > 0 && free >= 2 * window;
    }
  }
  if (now) sendAck(socket);
}

/** shutdown(2): `write` sends FIN after what is queued. ENOTCONN. */
export function tcpShutdown(socket: TcpSocket, how: 'read' | 'write' | 'both'): Result<undefined> {
  if (socket.state === 'CLOSE' || socket.state === 'LISTEN' || socket.state === 'SYN_SENT') return refuse('ENOTCONN');
  if (how !== 'write') {
    socket.receiveShutdown = true;
    socket.wakeReaders();
  }
  if (how !== 'read') sendFin(socket);
  return done;
}

function sendFin(socket: TcpSocket): void {
  if (socket.finQueued) return;
  if (socket.state === 'ESTABLISHED' || socket.state === 'SYN_RECV') socket.state = 'FIN_WAIT1';
  else if (socket.state === 'CLOSE_WAIT') socket.state = 'LAST_ACK';
  else return;
  socket.finQueued = true;
  pushPending(socket);
}

/** close(2): RST when something unread is thrown away, FIN otherwise; a listener takes its unaccepted children along. */
export function tcpClose(socket: TcpSocket): void {
  if (socket.closed) return;
  socket.closed = true;
  socket.orphan = true;
  socket.poll?.remove(socket);
  const { ns } = socket;
  switch (socket.state) {
    case 'LISTEN':
      closeListener(socket);
      return;
    case 'CLOSE':
    case 'SYN_SENT':
      unbind(socket);
      destroy(socket);
      transportOf(ns).tcpAll.delete(socket);
      return;
    case 'TIME_WAIT':
      return;
    default:
      break;
  }
  if (socket.receiveQueue.length > 0 || socket.resetOnClose) {
    socket.receiveQueue.clear();
    sendActiveReset(socket);
    destroy(socket);
    return;
  }
  socket.receiveShutdown = true;
  sendFin(socket);
  if (socket.state === 'FIN_WAIT2') endAt(socket, ns.kernel.now + ns.knobs.tcp_fin_timeout * SECOND);
}

function closeListener(listener: TcpSocket): void {
  const waiting = listener.acceptQueue;
  listener.acceptQueue = [];
  for (const child of waiting) {
    child.listener = null;
    sendActiveReset(child);
    child.orphan = true;
    destroy(child);
  }
  for (const child of [...transportOf(listener.ns).tcpAll]) if (child.listener === listener) destroy(child);
  destroy(listener);
}
