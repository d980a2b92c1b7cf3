/** How connections end: errors, resets, TIME_WAIT, taking a socket out of the tables. Mirrors tcp_done, tcp_reset, tcp_time_wait. */
import type { Errno } from '../../base/errno.ts';
import { transportOf } from '../state.ts';
import { endAt, stopTimers, TIME_WAIT } from './timers.ts';
import type { TcpSocket } from './socket.ts';

/** The connection is over with an error that the program will hear of (sk_err, tcp_done). */
export function fail(socket: TcpSocket, errno: Errno): void {
  socket.error = errno;
  destroy(socket);
}

/** Takes a socket out of all tables and stops its timers (tcp_done). The object stays for whoever still holds it. */
export function destroy(socket: TcpSocket): void {
  if (socket.state === 'CLOSE' && !socket.hashed && !socket.bound) return;
  const { listener } = socket;
  if (listener !== null && socket.state === 'SYN_RECV') listener.synQueue--;
  socket.state = 'CLOSE';
  stopTimers(socket);
  unhash(socket);
  unbind(socket);
  transportOf(socket.ns).tcpAll.delete(socket);
  socket.sendQueue.clear();
  socket.early = [];
  socket.receiveShutdown = true;
  if (!socket.orphan) socket.wakeAll();
}

/** Both sides have closed; the pair of addresses stays reserved for a minute (tcp_time_wait). */
export function timeWait(socket: TcpSocket): void {
  socket.state = 'TIME_WAIT';
  stopTimers(socket);
  socket.sendQueue.clear();
  socket.early = [];
  endAt(socket, socket.ns.kernel.now + TIME_WAIT);
  if (!socket.orphan) socket.wakeAll();
}

export function unhash(socket: TcpSocket): void {
  if (!socket.hashed) return;
  const state = transportOf(socket.ns);
  (socket.loopback6 ? state.tcp6 : state.tcp).remove(socket);
  socket.hashed = false;
}

export function unbind(socket: TcpSocket): void {
  if (!socket.bound) return;
  const { tcpBound } = transportOf(socket.ns);
  const bucket = tcpBound.get(socket.localPort);
  const at = bucket?.indexOf(socket) ?? -1;
  if (bucket !== undefined && at >= 0) {
    bucket.splice(at, 1);
    if (bucket.length === 0) tcpBound.delete(socket.localPort);
  }
  socket.bound = false;
}
