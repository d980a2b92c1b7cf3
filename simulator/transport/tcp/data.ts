/** Data and FIN in: the receive queue, early segments, and when to acknowledge. Mirrors tcp_data_queue and tcp_fin of tcp_input.c. */
import { advance, after, before, distance } from '../sequence.ts';
import { timeWait } from './end.ts';
import { sendAck } from './output.ts';
import type { EarlySegment, TcpSocket } from './socket.ts';
import { delayAck } from './timers.ts';

const ATO_MIN = 40_000;
const TICK = 4_000;
const MAX_QUICK_ACKS = 16;

/** Queues a segment that passed the checks of sequence and acknowledgement. */
export function receiveData(socket: TcpSocket, seq: number, payload: Uint8Array, fin: boolean): void {
  if (socket.state === 'CLOSE_WAIT' || socket.state === 'LAST_ACK' || socket.state === 'CLOSING') {
    // Something after the peer's FIN can only be a repetition.
    socket.ackNow = true;
    return;
  }
  if (after(seq, socket.rcvNxt)) {
    keepEarly(socket, { seq, payload, fin });
    socket.ackNow = true;
    return;
  }
  const skip = distance(seq, socket.rcvNxt);
  if (skip > payload.length || (skip === payload.length && !fin)) {
    // Seen before: the peer missed our ACK.
    socket.ackNow = true;
    enterQuickAck(socket);
    return;
  }
  accept(socket, skip === 0 ? payload : payload.subarray(skip), fin);
  while (socket.early.length > 0) {
    const next = socket.early[0] as EarlySegment;
    if (after(next.seq, socket.rcvNxt)) break;
    socket.early.shift();
    const known = distance(next.seq, socket.rcvNxt);
    if (known <= next.payload.length) accept(socket, next.payload.subarray(known), next.fin);
    socket.ackNow = true;
  }
  if (!socket.orphan) socket.wakeReaders();
}

function accept(socket: TcpSocket, payload: Uint8Array, fin: boolean): void {
  if (payload.length > 0) {
    socket.rcvNxt = advance(socket.rcvNxt, payload.length);
    socket.bytesReceived += payload.length;
    socket.dataSegsIn++;
    if (!socket.receiveShutdown) socket.receiveQueue.append(payload);
    dataReceived(socket, payload.length);
  }
  if (fin) finReceived(socket);
}

/** tcp_event_data_recv: adapts how patient acknowledging is. */
function dataReceived(socket: TcpSocket, length: number): void {
  const { now } = socket.ns.kernel;
  socket.ackPending = true;
  if (length > socket.rcvMss) socket.rcvMss = Math.min(length, socket.advMss);
  if (socket.ato === 0) {
    increaseQuickAck(socket);
    socket.ato = ATO_MIN;
  } else {
    const gap = now - socket.lastReceived;
    if (gap <= ATO_MIN / 2) socket.ato = socket.ato / 2 + ATO_MIN / 2;
    else if (gap < socket.ato) socket.ato = Math.min(socket.ato / 2 + gap, socket.rto);
    else if (gap > socket.rto) increaseQuickAck(socket);
  }
  socket.lastReceived = now;
}

function increaseQuickAck(socket: TcpSocket): void {
  const acks = Math.min(Math.floor(socket.rcvWnd / (2 * socket.rcvMss)) || 2, MAX_QUICK_ACKS);
  if (acks > socket.quick) socket.quick = acks;
}

function enterQuickAck(socket: TcpSocket): void {
  increaseQuickAck(socket);
  socket.pingpong = false;
  socket.ato = ATO_MIN;
}

/** tcp_fin */
function finReceived(socket: TcpSocket): void {
  socket.rcvNxt = advance(socket.rcvNxt, 1);
  socket.receiveShutdown = true;
  socket.ackPending = true;
  switch (socket.state) {
    case 'ESTABLISHED':
      socket.state = 'CLOSE_WAIT';
      // The program will soon close too: its FIN can carry the ACK.
      socket.pingpong = true;
      break;
    case 'FIN_WAIT1':
      socket.state = 'CLOSING';
      sendAck(socket);
      break;
    case 'FIN_WAIT2':
      sendAck(socket);
      timeWait(socket);
      break;
    default:
      break;
  }
}

/** tcp_ack_snd_check: now, later or with the next data. */
export function acknowledgeData(socket: TcpSocket): void {
  const now = socket.ackNow;
  socket.ackNow = false;
  if (now) {
    sendAck(socket);
    return;
  }
  if (!socket.ackPending) return;
  const waiting = distance(socket.rcvWup, socket.rcvNxt);
  if (waiting > socket.rcvMss || (socket.quick > 0 && !socket.pingpong)) {
    sendAck(socket);
    return;
  }
  // Before any data there is no estimate of their pace, and the timer expires with the next tick (CONFIG_HZ=250).
  delayAck(socket, socket.ato === 0 ? TICK : Math.max(ATO_MIN, Math.min(socket.ato, 200_000)));
}

/** Keeps a segment until the gap before it is filled; sorted by sequence, repetitions dropped. */
function keepEarly(socket: TcpSocket, segment: EarlySegment): void {
  const { early } = socket;
  let at = early.length;
  while (at > 0 && before(segment.seq, (early[at - 1] as EarlySegment).seq)) at--;
  const previous = early[at - 1];
  if (previous !== undefined && previous.seq === segment.seq && previous.payload.length >= segment.payload.length) return;
  early.splice(at, 0, segment);
}
