/**
 * Does a segment lie in the window? tcp_in_window of net/netfilter/nf_conntrack_proto_tcp.c.
 * Sequence numbers are compared modulo 2^32. Deviation: SACK blocks do not move the acknowledgement up.
 */
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type Packet } from '../../wire/packet.ts';
import {
  ACK_SET,
  FLAG_BE_LIBERAL,
  FLAG_DATA_UNACKNOWLEDGED,
  FLAG_MAXACK_SET,
  FLAG_SACK_PERM,
  FLAG_WINDOW_SCALE,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  type TcpSide,
  type TcpTrack,
} from './tcp-track.ts';

const WINDOW_ACCEPT = 0;
/** Let through without any effect on the entry. */
export const WINDOW_IGNORE = 1;
export const WINDOW_INVALID = 2;

/** MAXACKWINCONST of the kernel. */
const MIN_ACK_WINDOW = 66000;

export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

function after(a: number, b: number): boolean {
  return ((b - a) | 0) < 0;
}

/** The sequence number after the segment. */
export function segmentEnd(packet: Packet): number {
  const length = packet.payload.length + (packet.flags & TCP_SYN ? 1 : 0) + (packet.flags & TCP_FIN ? 1 : 0);
  return (packet.seq + length) >>> 0;
}

/** Window scale and SACK as offered in a SYN. */
export function takeOptions(side: TcpSide, packet: Packet): void {
  side.scale = 0;
  side.flags &= ~(FLAG_WINDOW_SCALE | FLAG_SACK_PERM);
  const options = packet.tcpOptions;
  if (options === null) return;
  if (options.sackPermitted) side.flags |= FLAG_SACK_PERM;
  if (options.windowScale !== undefined) {
    side.scale = Math.min(options.windowScale, 14);
    side.flags |= FLAG_WINDOW_SCALE;
  }
}

function initSender(sender: TcpSide, receiver: TcpSide, packet: Packet, end: number, direction: number): void {
  sender.end = sender.maxEnd = end;
  sender.maxWindow = packet.window === 0 ? 1 : packet.window;
  takeOptions(sender, packet);
  // Both sides must offer scaling for either to use it.
  if (direction === 1 && !(sender.flags & receiver.flags & FLAG_WINDOW_SCALE)) sender.scale = receiver.scale = 0;
}

/** WINDOW_ACCEPT, WINDOW_IGNORE or WINDOW_INVALID; updates what is known of both sides. */
export function tcpInWindow(track: TcpTrack, direction: number, index: number, packet: Packet): number {
  const sender = track.seen[direction] as TcpSide;
  const receiver = track.seen[1 - direction] as TcpSide;
  const { flags } = packet;
  let seq = packet.seq;
  let ack = packet.ack;
  let window = packet.window;
  let end = segmentEnd(packet);

  if (sender.maxWindow === 0) {
    if (flags & TCP_SYN) {
      initSender(sender, receiver, packet, end, direction);
      if (!(flags & TCP_ACK)) return WINDOW_ACCEPT;
    } else {
      sender.end = end;
      const scaled = window * 2 ** sender.scale;
      sender.maxWindow = scaled === 0 ? 1 : scaled;
      sender.maxEnd = (end + sender.maxWindow) >>> 0;
      if (receiver.maxWindow === 0) receiver.end = receiver.maxEnd = ack;
      else if (ack === (receiver.end + 1) >>> 0) receiver.end = ack;
    }
  } else if (
    flags & TCP_SYN &&
    after(end, sender.end) &&
    (track.state === TCP_SYN_SENT || track.state === TCP_SYN_RECV)
  ) {
    initSender(sender, receiver, packet, end, direction);
    if (direction === 1 && !(flags & TCP_ACK)) return WINDOW_ACCEPT;
  }

  if (!(flags & TCP_ACK) || (flags & TCP_RST && ack === 0)) ack = receiver.end;
  if (flags & TCP_RST && seq === 0 && track.state === TCP_SYN_SENT) seq = end = sender.end;

  const ackWindow = Math.max(sender.maxWindow, MIN_ACK_WINDOW);
  if (!before(seq, sender.maxEnd + 1)) return outside(sender, WINDOW_INVALID);
  if (!before(ack, receiver.end + 1)) return outside(sender, WINDOW_INVALID);
  if (receiver.maxWindow !== 0 && !after(end, sender.end - receiver.maxWindow - 1))
    return outside(sender, WINDOW_IGNORE);
  if (!after(ack, receiver.end - ackWindow - 1)) return outside(sender, WINDOW_IGNORE);

  if (!(flags & TCP_SYN)) window *= 2 ** sender.scale;
  if (sender.maxWindow < window) sender.maxWindow = window;
  if (after(end, sender.end)) {
    sender.end = end;
    sender.flags |= FLAG_DATA_UNACKNOWLEDGED;
  }
  if (flags & TCP_ACK && (!(sender.flags & FLAG_MAXACK_SET) || after(ack, sender.maxAck))) {
    sender.maxAck = ack;
    sender.flags |= FLAG_MAXACK_SET;
  }
  if (receiver.maxWindow !== 0 && after(end, sender.maxEnd)) receiver.maxWindow += (end - sender.maxEnd) >>> 0;
  if (after(ack + window, receiver.maxEnd - 1)) receiver.maxEnd = (ack + Math.max(window, 1)) >>> 0;
  if (ack === receiver.end) receiver.flags &= ~FLAG_DATA_UNACKNOWLEDGED;
  if (index === ACK_SET) noteRetransmission(track, direction, seq, ack, end, packet.window);
  return WINDOW_ACCEPT;
}

function outside(sender: TcpSide, verdict: number): number {
  return sender.flags & FLAG_BE_LIBERAL ? WINDOW_ACCEPT : verdict;
}

function noteRetransmission(
  track: TcpTrack,
  direction: number,
  seq: number,
  ack: number,
  end: number,
  window: number,
): void {
  if (
    track.lastDirection === direction &&
    track.lastSeq === seq &&
    track.lastAck === ack &&
    track.lastEnd === end &&
    track.lastWindow === window
  ) {
    track.retransmissions++;
    return;
  }
  track.lastDirection = direction;
  track.lastSeq = seq;
  track.lastAck = ack;
  track.lastEnd = end;
  track.lastWindow = window;
  track.retransmissions = 0;
}
