/**
 * Retransmission, window probes, delayed ACKs, SYN-ACK, keepalive, FIN_WAIT2 and TIME_WAIT. Mirrors net/ipv4/tcp_timer.c
 * and the request timer of inet_connection_sock.c. A socket has at most one heap entry for each of its timers: one that
 * is no longer due when it comes up is ignored or set again.
 */
import { SECOND } from '../../base/scheduler.ts';
import { wheelTime } from '../../kernel/wheel.ts';
import { destroy, fail } from './end.ts';
import { retransmitHead, sendAck, sendProbe } from './output.ts';
import { type PendingTimer, RTO_INITIAL, RTO_MAX, type TcpSocket } from './socket.ts';

/** net.ipv4.tcp_syn_linear_timeouts: so many SYNs go out a second apart before the back-off starts. */
const SYN_LINEAR_TIMEOUTS = 4;
/** Orphans give up sooner (net.ipv4.tcp_orphan_retries, 0 meaning 8). */
const ORPHAN_RETRIES = 8;
/** TCP_TIMEWAIT_LEN */
export const TIME_WAIT = 60 * SECOND;

/** Sets the write timer to virtual time `at`. */
export function setTimer(socket: TcpSocket, kind: PendingTimer, at: number): void {
  // A slot's timers run newest first: after the third round those of ARP, which the same SYN set later, come before this one.
  const { now } = socket.ns.kernel;
  if (socket.state === 'SYN_SENT' && at - now <= SECOND) at = wheelTime(now, at) + 1;
  socket.pending = kind;
  socket.timeout = at;
  if (socket.timer !== null && socket.timer.at <= at) return;
  socket.timer?.cancel();
  socket.timer = socket.ns.kernel.universe.scheduler.at(at, () => writeTimer(socket));
}

/** Takes the write timer off; the heap entry runs out by itself. */
export function clearTimer(socket: TcpSocket): void {
  socket.pending = 'none';
}

function writeTimer(socket: TcpSocket): void {
  socket.timer = null;
  if (socket.pending === 'none' || socket.state === 'CLOSE') return;
  if (socket.ns.kernel.now < socket.timeout) {
    setTimer(socket, socket.pending, socket.timeout);
    return;
  }
  if (socket.pending === 'probe') probeTimer(socket);
  else if (socket.state === 'SYN_RECV') synAckTimer(socket);
  else retransmitTimer(socket);
}

/** tcp_retransmit_timer. */
function retransmitTimer(socket: TcpSocket): void {
  const { knobs, kernel } = socket.ns;
  const opening = socket.state === 'SYN_SENT';
  const limit = opening
    ? knobs.tcp_syn_retries + SYN_LINEAR_TIMEOUTS
    : socket.orphan
      ? ORPHAN_RETRIES
      : knobs.tcp_retries2;
  if (socket.retransmits >= limit) {
    fail(socket, 'ETIMEDOUT');
    return;
  }
  if (!opening) {
    socket.ssthresh = Math.max(socket.cwnd >> 1, 2);
    socket.cwnd = 1;
    socket.cwndCount = 0;
    socket.recovering = true;
    socket.recoverSeq = socket.sndNxt;
  }
  socket.retransmits++;
  retransmitHead(socket);
  if (!opening || socket.retransmits > SYN_LINEAR_TIMEOUTS) socket.rto = Math.min(socket.rto * 2, RTO_MAX);
  setTimer(socket, 'retransmit', kernel.now + socket.rto);
}

/** reqsk_timer_handler. */
function synAckTimer(socket: TcpSocket): void {
  if (socket.retransmits >= socket.ns.knobs.tcp_synack_retries) {
    destroy(socket);
    return;
  }
  socket.retransmits++;
  retransmitHead(socket);
  setTimer(socket, 'retransmit', socket.ns.kernel.now + Math.min(RTO_INITIAL * 2 ** socket.retransmits, RTO_MAX));
}

/** tcp_probe_timer: the peer's window is shut. */
function probeTimer(socket: TcpSocket): void {
  if (socket.probes >= socket.ns.knobs.tcp_retries2) {
    fail(socket, 'ETIMEDOUT');
    return;
  }
  socket.probes++;
  if (socket.backoff < socket.ns.knobs.tcp_retries2) socket.backoff++;
  sendProbe(socket);
  setTimer(socket, 'probe', socket.ns.kernel.now + Math.min(socket.rto * 2 ** socket.backoff, RTO_MAX));
}

/** Schedules a delayed ACK (tcp_send_delayed_ack). */
export function delayAck(socket: TcpSocket, delay: number): void {
  socket.ackPending = true;
  if (socket.ackTimeout !== 0) return;
  const at = socket.ns.kernel.now + delay;
  socket.ackTimeout = at;
  if (socket.ackTimer !== null && socket.ackTimer.at <= at) return;
  socket.ackTimer?.cancel();
  socket.ackTimer = socket.ns.kernel.universe.scheduler.at(at, () => ackTimer(socket));
}

function ackTimer(socket: TcpSocket): void {
  socket.ackTimer = null;
  if (socket.ackTimeout === 0 || !socket.ackPending || socket.state === 'CLOSE') return;
  if (socket.ns.kernel.now < socket.ackTimeout) {
    socket.ackTimer = socket.ns.kernel.universe.scheduler.at(socket.ackTimeout, () => ackTimer(socket));
    return;
  }
  // The delay was for nothing: be less patient next time (tcp_delack_timer_handler).
  if (socket.pingpong) {
    socket.pingpong = false;
    socket.ato = 40_000;
  } else socket.ato = Math.min(socket.ato * 2, socket.rto);
  sendAck(socket);
}

/** FIN_WAIT2 of an orphan and TIME_WAIT: the socket goes away at virtual time `at`, unless set again. */
export function endAt(socket: TcpSocket, at: number): void {
  socket.endAt = at;
  if (socket.endTimer !== null && socket.endTimer.at <= at) return;
  socket.endTimer?.cancel();
  socket.endTimer = socket.ns.kernel.universe.scheduler.at(at, () => endTimer(socket));
}

function endTimer(socket: TcpSocket): void {
  socket.endTimer = null;
  if (socket.state === 'CLOSE') return;
  if (socket.ns.kernel.now < socket.endAt) endAt(socket, socket.endAt);
  else destroy(socket);
}

/** Starts keepalive on a connection that asked for it (tcp_keepalive_timer). */
export function startKeepAlive(socket: TcpSocket): void {
  if (socket.keepAlive === null || socket.keepAliveTimer !== null) return;
  const idle = keepAliveIdle(socket);
  socket.keepAliveTimer = socket.ns.kernel.universe.scheduler.after(idle, () => keepAliveTimer(socket));
}

function keepAliveIdle(socket: TcpSocket): number {
  const idle = socket.keepAlive?.idle ?? 0;
  return (idle !== 0 ? idle : socket.ns.knobs.tcp_keepalive_time) * SECOND;
}

function keepAliveTimer(socket: TcpSocket): void {
  socket.keepAliveTimer = null;
  if (socket.keepAlive === null || socket.state !== 'ESTABLISHED') return;
  const { kernel, knobs } = socket.ns;
  const idle = keepAliveIdle(socket);
  const quiet = kernel.now - Math.max(socket.lastReceived, socket.lastHeard);
  let next = idle - quiet;
  if (quiet >= idle && socket.sendQueue.length === 0) {
    if (socket.keepAliveProbes >= knobs.tcp_keepalive_probes) {
      fail(socket, 'ETIMEDOUT');
      return;
    }
    socket.keepAliveProbes++;
    sendProbe(socket);
    next = (socket.keepAlive.interval !== 0 ? socket.keepAlive.interval : knobs.tcp_keepalive_intvl) * SECOND;
  } else socket.keepAliveProbes = 0;
  socket.keepAliveTimer = kernel.universe.scheduler.after(Math.max(next, 1000), () => keepAliveTimer(socket));
}

/** Stops everything. */
export function stopTimers(socket: TcpSocket): void {
  socket.pending = 'none';
  socket.timer?.cancel();
  socket.ackTimer?.cancel();
  socket.endTimer?.cancel();
  socket.keepAliveTimer?.cancel();
  socket.timer = socket.ackTimer = socket.endTimer = socket.keepAliveTimer = null;
}
