/** What an acknowledgement does: frees data, measures time, opens windows, repairs losses. Mirrors tcp_ack of tcp_input.c. */
import type { Packet } from '../../wire/packet.ts';
import { drop } from '../../kernel/kernel.ts';
import { SECOND } from '../../base/scheduler.ts';
import { after, before, distance } from '../sequence.ts';
import { destroy, timeWait } from './end.ts';
import { retransmitHead, sendAck } from './output.ts';
import { RTO_MAX, RTO_MIN, type TcpSocket } from './socket.ts';
import { clearTimer, endAt, setTimer } from './timers.ts';

/** Takes the ACK field of a segment in. False when the segment is to be dropped or the socket is gone. */
export function processAck(socket: TcpSocket, packet: Packet): boolean {
  const { ack } = packet;
  if (after(ack, socket.sndNxt)) {
    sendAck(socket);
    drop(socket.ns, packet, 'TCP_INVALID', 'ack');
    return false;
  }
  if (before(ack, socket.sndUna)) return true; // old news; its data may be good
  updateWindow(socket, packet);
  if (ack === socket.sndUna) {
    duplicateAck(socket, packet);
    return true;
  }
  const acked = distance(socket.sndUna, ack);
  const finAcked = socket.finSent && ack === socket.sndNxt;
  const octets = acked - (finAcked ? 1 : 0);
  socket.sndUna = ack;
  socket.sendQueue.drop(octets);
  socket.bytesAcked += octets;
  socket.retransmits = 0;
  socket.duplicateAcks = 0;
  measure(socket, ack);
  growWindow(socket, ack, octets);
  if (socket.sndUna === socket.sndNxt) clearTimer(socket);
  else setTimer(socket, 'retransmit', socket.ns.kernel.now + socket.rto);
  if (octets > 0 && !socket.orphan) socket.wakeWriters();
  return !finAcked || finished(socket);
}

/** tcp_ack_update_window */
function updateWindow(socket: TcpSocket, packet: Packet): void {
  const window = packet.window << socket.sndWscale;
  if (after(packet.ack, socket.sndUna) || after(packet.seq, socket.sndWl1) || (packet.seq === socket.sndWl1 && window > socket.sndWnd)) {
    socket.sndWl1 = packet.seq;
    socket.sndWnd = window;
    if (window > socket.maxWindow) socket.maxWindow = window;
    if (window > 0 && socket.pending === 'probe') {
      socket.probes = 0;
      socket.backoff = 0;
      clearTimer(socket);
    }
  }
  if (socket.pending === 'probe') socket.probes = 0;
}

/** Three duplicates mean a loss (fast retransmit, RFC 6582). */
function duplicateAck(socket: TcpSocket, packet: Packet): void {
  if (packet.payload.length > 0 || socket.sndNxt === socket.sndUna || socket.sendQueue.length === 0) return;
  if (packet.tcpOptions?.sack === undefined && packet.window << socket.sndWscale !== socket.sndWnd) return;
  socket.duplicateAcks++;
  if (socket.duplicateAcks !== 3 || socket.recovering) return;
  socket.recovering = true;
  socket.recoverSeq = socket.sndNxt;
  socket.ssthresh = Math.max(socket.cwnd >> 1, 2);
  socket.cwnd = socket.ssthresh;
  retransmitHead(socket);
}

/** Round-trip time and RTO (RFC 6298 with Linux's floor of 200 ms on the variance). */
function measure(socket: TcpSocket, ack: number): void {
  if (socket.rttAt < 0 || before(ack, socket.rttSeq)) {
    if (socket.srtt > 0) socket.rto = Math.min(socket.srtt + Math.max(4 * socket.rttvar, RTO_MIN), RTO_MAX);
    return;
  }
  const sample = Math.max(1, socket.ns.kernel.now - socket.rttAt);
  socket.rttAt = -1;
  if (socket.srtt === 0) {
    socket.srtt = sample;
    socket.rttvar = sample / 2;
  } else {
    socket.rttvar = 0.75 * socket.rttvar + 0.25 * Math.abs(socket.srtt - sample);
    socket.srtt = 0.875 * socket.srtt + 0.125 * sample;
  }
  socket.rto = Math.min(socket.srtt + Math.max(4 * socket.rttvar, RTO_MIN), RTO_MAX);
}

function growWindow(socket: TcpSocket, ack: number, octets: number): void {
  if (socket.recovering) {
    if (before(ack, socket.recoverSeq)) {
      if (socket.cwnd < socket.ssthresh) socket.cwnd++;
      retransmitHead(socket);
      return;
    }
    socket.recovering = false;
  }
  const segments = Math.max(1, Math.ceil(octets / socket.mss));
  if (socket.cwnd < socket.ssthresh) socket.cwnd = Math.min(socket.cwnd + segments, 1024);
  else {
    socket.cwndCount += segments;
    if (socket.cwndCount >= socket.cwnd) {
      socket.cwndCount = 0;
      socket.cwnd = Math.min(socket.cwnd + 1, 1024);
    }
  }
}

/** Our FIN is acknowledged. */
function finished(socket: TcpSocket): boolean {
  switch (socket.state) {
    case 'FIN_WAIT1':
      socket.state = 'FIN_WAIT2';
      if (socket.orphan) endAt(socket, socket.ns.kernel.now + socket.ns.knobs.tcp_fin_timeout * SECOND);
      return true;
    case 'CLOSING':
      timeWait(socket);
      return false;
    case 'LAST_ACK':
      destroy(socket);
      return false;
    default:
      return true;
  }
}
