/**
 * What a packet does to its entry, by protocol: state, time-out, ASSURED.
 * Mirrors net/netfilter/nf_conntrack_proto_{tcp,udp,icmp,generic}.c. Times of the kernel's sysctls are seconds.
 */
import { SECOND } from '../../base/scheduler.ts';
import {
  CT_ESTABLISHED_REPLY,
  CT_RELATED_REPLY,
  PROTO_ICMP,
  PROTO_TCP,
  PROTO_UDP,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
  TCP_URG,
  type Packet,
} from '../../wire/packet.ts';
import { IPS_ASSURED, IPS_CONFIRMED, IPS_SEEN_REPLY, ORIGINAL, REPLY, type ConntrackEntry } from './entry.ts';
import type { ConntrackKnobs, ConntrackTable } from './table.ts';
import {
  ACK_SET,
  FIN_SET,
  FLAG_BE_LIBERAL,
  FLAG_CLOSE_INIT,
  FLAG_DATA_UNACKNOWLEDGED,
  FLAG_EXPECT_CHALLENGE,
  FLAG_MAXACK_SET,
  FLAG_SACK_PERM,
  FLAG_WINDOW_SCALE,
  NONE_SET,
  nextTcpState,
  RST_SET,
  SYNACK_SET,
  SYN_SET,
  TCP_CLOSE,
  TCP_CLOSE_WAIT,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT,
  TCP_IGNORE,
  TCP_INVALID,
  TCP_LAST_ACK,
  TCP_NONE,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_SYN_SENT2,
  TCP_TIME_WAIT,
  TcpSide,
  type TcpTrack,
} from './tcp-track.ts';
import { before, segmentEnd, takeOptions, tcpInWindow, WINDOW_IGNORE, WINDOW_INVALID } from './tcp-window.ts';

const TRACK_ACCEPT = 0;
/** The packet does not belong to the connection: state INVALID. */
export const TRACK_INVALID = 1;
/** The entry is gone: look up again (NF_REPEAT). */
export const TRACK_REPEAT = 2;

/** CTINFO2DIR. */
export function directionOf(info: number): number {
  return info === CT_ESTABLISHED_REPLY || info === CT_RELATED_REPLY ? REPLY : ORIGINAL;
}

/** May this packet begin an entry? Prepares the protocol's part of it. */
export function trackNew(knobs: ConntrackKnobs, entry: ConntrackEntry, packet: Packet): boolean {
  if (packet.protocol === PROTO_ICMP) {
    const type = packet.icmpType;
    return type === 8 || type === 13 || type === 15 || type === 17;
  }
  return entry.tcp === null || tcpNew(knobs, entry.tcp, packet);
}

/** Applies the packet to its entry. */
export function trackPacket(
  table: ConntrackTable,
  entry: ConntrackEntry,
  packet: Packet,
  info: number,
  now: number,
): number {
  const knobs = table.knobs;
  switch (packet.protocol) {
    case PROTO_TCP:
      return tcpPacket(table, entry, entry.tcp as TcpTrack, packet, info, now);
    case PROTO_UDP:
      udpPacket(table, entry, now);
      return TRACK_ACCEPT;
    case PROTO_ICMP:
      entry.expires = now + knobs.nf_conntrack_icmp_timeout * SECOND;
      return TRACK_ACCEPT;
    default:
      entry.expires = now + knobs.nf_conntrack_generic_timeout * SECOND;
      return TRACK_ACCEPT;
  }
}

function udpPacket(table: ConntrackTable, entry: ConntrackEntry, now: number): void {
  const knobs = table.knobs;
  if (!(entry.status & IPS_CONFIRMED)) entry.streamFrom = now + 2 * SECOND;
  if (!(entry.status & IPS_SEEN_REPLY) || now <= entry.streamFrom) {
    entry.expires = now + knobs.nf_conntrack_udp_timeout * SECOND;
    return;
  }
  // Still active after two seconds: a stream.
  entry.expires = now + knobs.nf_conntrack_udp_timeout_stream * SECOND;
  if (!(entry.status & IPS_ASSURED)) {
    entry.status |= IPS_ASSURED;
    entry.changed = true;
  }
}

function segmentKind(flags: number): number {
  if (flags & TCP_RST) return RST_SET;
  if (flags & TCP_SYN) return flags & TCP_ACK ? SYNACK_SET : SYN_SET;
  if (flags & TCP_FIN) return FIN_SET;
  return flags & TCP_ACK ? ACK_SET : NONE_SET;
}

function tcpNew(knobs: ConntrackKnobs, track: TcpTrack, packet: Packet): boolean {
  const state = nextTcpState(ORIGINAL, segmentKind(packet.flags), TCP_NONE);
  if (state >= TCP_INVALID) return false;
  if (state !== TCP_SYN_SENT && knobs.nf_conntrack_tcp_loose === 0) return false;
  const side = track.seen[0];
  side.end = segmentEnd(packet);
  side.maxWindow = packet.window === 0 ? 1 : packet.window;
  if (state === TCP_SYN_SENT) {
    side.maxEnd = side.end;
    takeOptions(side, packet);
  } else {
    // In the middle of a connection: its history is lost, so be liberal about windows.
    side.maxEnd = (side.end + side.maxWindow) >>> 0;
    side.flags = track.seen[1].flags = FLAG_SACK_PERM | FLAG_BE_LIBERAL;
  }
  return true;
}

/** FIN, SYN, RST, ACK and URG as they may stand together (tcp_valid_flags). */
function flagsAreValid(flags: number): boolean {
  switch (flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK | TCP_URG)) {
    case TCP_SYN:
    case TCP_SYN | TCP_URG:
    case TCP_SYN | TCP_ACK:
    case TCP_RST:
    case TCP_RST | TCP_ACK:
    case TCP_FIN | TCP_ACK:
    case TCP_FIN | TCP_ACK | TCP_URG:
    case TCP_ACK:
    case TCP_ACK | TCP_URG:
      return true;
    default:
      return false;
  }
}

function tcpPacket(
  table: ConntrackTable,
  entry: ConntrackEntry,
  track: TcpTrack,
  packet: Packet,
  info: number,
  now: number,
): number {
  if (!flagsAreValid(packet.flags)) return TRACK_INVALID;
  const knobs = table.knobs;
  const direction = directionOf(info);
  const index = segmentKind(packet.flags);
  let oldState = track.state;
  let newState = nextTcpState(direction, index, oldState);
  let checkWindow = true;

  switch (newState) {
    case TCP_INVALID:
      return TRACK_INVALID;
    case TCP_SYN_SENT:
      if (oldState < TCP_TIME_WAIT) break;
      if (
        (track.seen[0].flags | track.seen[1].flags) & FLAG_CLOSE_INIT ||
        (track.lastDirection === direction && track.lastIndex === RST_SET)
      ) {
        // Opened again after it was closed: a new connection.
        table.remove(entry);
        return TRACK_REPEAT;
      }
      rememberIgnored(track, direction, index, packet);
      return TRACK_ACCEPT;
    case TCP_IGNORE:
      if (
        index === SYNACK_SET &&
        track.lastIndex === SYN_SET &&
        track.lastDirection !== direction &&
        packet.ack === track.lastEnd
      ) {
        // Answers a SYN that was ignored before: the entry was out of sync.
        oldState = TCP_SYN_SENT;
        newState = TCP_SYN_RECV;
        const side = track.seen[track.lastDirection] as TcpSide;
        side.end = side.maxEnd = track.lastEnd;
        side.maxWindow = Math.max(track.lastWindow, 1);
        side.scale = track.lastScale;
        side.flags = track.lastFlags &= ~FLAG_EXPECT_CHALLENGE;
        (track.seen[direction] as TcpSide).reset();
        break;
      }
      rememberIgnored(track, direction, index, packet);
      return TRACK_ACCEPT;
    case TCP_TIME_WAIT:
      if (
        oldState === TCP_LAST_ACK &&
        index === ACK_SET &&
        track.lastDirection !== direction &&
        track.lastIndex === SYN_SET &&
        track.lastFlags & FLAG_EXPECT_CHALLENGE
      ) {
        track.lastFlags &= ~FLAG_EXPECT_CHALLENGE;
        return TRACK_ACCEPT;
      }
      break;
    case TCP_SYN_SENT2:
      track.simultaneousOpen = true;
      break;
    case TCP_SYN_RECV:
      if (direction === REPLY && index === ACK_SET && track.simultaneousOpen) newState = TCP_ESTABLISHED;
      break;
    case TCP_CLOSE:
      if (index === RST_SET) {
        const verdict = judgeReset(knobs, entry, track, direction, packet);
        if (verdict === TRACK_INVALID) return TRACK_INVALID;
        if (verdict === RESET_KEEPS_STATE) newState = oldState;
        checkWindow = verdict !== RESET_OF_IGNORED;
      }
      break;
    default:
      break;
  }

  if (checkWindow) {
    const verdict = tcpInWindow(track, direction, index, packet);
    if (verdict === WINDOW_INVALID && knobs.nf_conntrack_tcp_be_liberal === 0) return TRACK_INVALID;
    if (verdict === WINDOW_IGNORE) return TRACK_ACCEPT;
  }
  track.lastIndex = index;
  track.lastDirection = direction;
  track.state = newState;
  if (oldState !== newState && newState === TCP_FIN_WAIT) (track.seen[direction] as TcpSide).flags |= FLAG_CLOSE_INIT;
  return settle(table, entry, track, index, oldState, newState, now);
}

/** Time-out, ASSURED and the early end of refused connections. */
function settle(
  table: ConntrackTable,
  entry: ConntrackEntry,
  track: TcpTrack,
  index: number,
  oldState: number,
  newState: number,
  now: number,
): number {
  const knobs = table.knobs;
  let timeout = stateTimeout(knobs, newState);
  if (track.retransmissions >= knobs.nf_conntrack_tcp_max_retrans)
    timeout = Math.min(timeout, knobs.nf_conntrack_tcp_timeout_max_retrans);
  else if (index === RST_SET) timeout = knobs.nf_conntrack_tcp_timeout_close;
  else if ((track.seen[0].flags | track.seen[1].flags) & FLAG_DATA_UNACKNOWLEDGED) {
    timeout = Math.min(timeout, knobs.nf_conntrack_tcp_timeout_unacknowledged);
  } else if (track.lastWindow === 0) timeout = Math.min(timeout, knobs.nf_conntrack_tcp_timeout_max_retrans);

  let assured = false;
  if (!(entry.status & IPS_SEEN_REPLY)) {
    if (index === RST_SET) {
      // Refused: nothing to remember.
      table.remove(entry);
      return TRACK_ACCEPT;
    }
    // A SYN sent again does not renew the time-out.
    if (index === SYN_SET && oldState === TCP_SYN_SENT) return TRACK_ACCEPT;
    if (newState === TCP_ESTABLISHED) timeout = Math.min(timeout, knobs.nf_conntrack_tcp_timeout_unacknowledged);
  } else if (
    !(entry.status & IPS_ASSURED) &&
    (oldState === TCP_SYN_RECV || oldState === TCP_ESTABLISHED) &&
    newState === TCP_ESTABLISHED
  ) {
    entry.status |= IPS_ASSURED;
    assured = true;
  }
  entry.expires = now + timeout * SECOND;
  if (assured || oldState !== newState) entry.changed = true;
  return TRACK_ACCEPT;
}

function stateTimeout(knobs: ConntrackKnobs, state: number): number {
  switch (state) {
    case TCP_SYN_RECV:
      return knobs.nf_conntrack_tcp_timeout_syn_recv;
    case TCP_ESTABLISHED:
      return knobs.nf_conntrack_tcp_timeout_established;
    case TCP_FIN_WAIT:
      return knobs.nf_conntrack_tcp_timeout_fin_wait;
    case TCP_CLOSE_WAIT:
      return knobs.nf_conntrack_tcp_timeout_close_wait;
    case TCP_LAST_ACK:
      return knobs.nf_conntrack_tcp_timeout_last_ack;
    case TCP_TIME_WAIT:
      return knobs.nf_conntrack_tcp_timeout_time_wait;
    case TCP_CLOSE:
      return knobs.nf_conntrack_tcp_timeout_close;
    default:
      return knobs.nf_conntrack_tcp_timeout_syn_sent;
  }
}

/** nf_conntrack_tcp_set_closing: REJECT sends a reset, and so the connection is over. */
export function setClosing(table: ConntrackTable, entry: ConntrackEntry, now: number): void {
  const { tcp } = entry;
  if (tcp === null || !(entry.status & IPS_CONFIRMED) || tcp.state === TCP_CLOSE) return;
  tcp.state = TCP_CLOSE;
  entry.expires = now + table.knobs.nf_conntrack_tcp_timeout_close * SECOND;
  if (table.watchers.length > 0) table.tell('UPDATE', entry);
}

function rememberIgnored(track: TcpTrack, direction: number, index: number, packet: Packet): void {
  track.lastIndex = index;
  track.lastDirection = direction;
  track.lastSeq = packet.seq;
  track.lastEnd = segmentEnd(packet);
  track.lastWindow = packet.window;
  if (index === SYN_SET && direction === ORIGINAL) {
    // Should it be answered, the entry gets in step with what was offered here.
    offered.reset();
    offered.flags = 0;
    takeOptions(offered, packet);
    track.simultaneousOpen = false;
    track.lastFlags = offered.flags & (FLAG_WINDOW_SCALE | FLAG_SACK_PERM);
    track.lastScale = offered.flags & FLAG_WINDOW_SCALE ? offered.scale : 0;
    if (track.state === TCP_LAST_ACK) track.lastFlags |= FLAG_EXPECT_CHALLENGE;
  }
  if (track.state === TCP_SYN_SENT && index === ACK_SET && direction === REPLY) track.lastAck = packet.ack;
}

/** What an ignored SYN offers. */
const offered = new TcpSide();

const RESET_GOOD = 10;
const RESET_KEEPS_STATE = 11;
const RESET_OF_IGNORED = 12;

/** Does this RST close the connection? */
function judgeReset(
  knobs: ConntrackKnobs,
  entry: ConntrackEntry,
  track: TcpTrack,
  direction: number,
  packet: Packet,
): number {
  const other = track.seen[1 - direction] as TcpSide;
  const established = track.state === TCP_ESTABLISHED && (entry.status & IPS_ASSURED) !== 0;
  let verdict = RESET_GOOD;
  // When it is closing anyway, what is known of its windows may be of a connection before (tcp_can_early_drop).
  switch (track.state) {
    case TCP_FIN_WAIT:
    case TCP_LAST_ACK:
    case TCP_TIME_WAIT:
    case TCP_CLOSE:
    case TCP_CLOSE_WAIT:
      return RESET_OF_IGNORED;
  }
  if (other.flags & FLAG_MAXACK_SET && track.lastIndex !== SYN_SET) {
    if (packet.seq === 0 && !established) return RESET_GOOD;
    if (before(packet.seq, other.maxAck) && !knobs.nf_conntrack_tcp_ignore_invalid_rst) return TRACK_INVALID;
    if (!established || packet.seq === other.maxAck) return RESET_GOOD;
    if (track.lastIndex === ACK_SET && track.lastDirection === direction && packet.seq === track.lastEnd)
      return RESET_GOOD;
    // Not exactly at the edge: wait for the challenge to be answered.
    verdict = RESET_KEEPS_STATE;
  }
  const answersIgnored =
    ((entry.status & IPS_SEEN_REPLY && track.lastIndex === SYN_SET) ||
      (!(entry.status & IPS_ASSURED) && track.lastIndex === ACK_SET)) &&
    packet.ack === track.lastEnd;
  // Or a challenge of the other side that was let through.
  const answersChallenge =
    track.state === TCP_SYN_SENT &&
    track.lastIndex === ACK_SET &&
    track.lastDirection === REPLY &&
    packet.seq === track.lastAck;
  return (answersIgnored || answersChallenge) && verdict === RESET_GOOD ? RESET_OF_IGNORED : verdict;
}
