/**
 * The TCP part of a tracked connection and its state machine.
 * Mirrors struct ip_ct_tcp and the table of net/netfilter/nf_conntrack_proto_tcp.c.
 */

/** enum tcp_conntrack. */
export const TCP_NONE = 0;
export const TCP_SYN_SENT = 1;
export const TCP_SYN_RECV = 2;
export const TCP_ESTABLISHED = 3;
export const TCP_FIN_WAIT = 4;
export const TCP_CLOSE_WAIT = 5;
export const TCP_LAST_ACK = 6;
export const TCP_TIME_WAIT = 7;
export const TCP_CLOSE = 8;
export const TCP_SYN_SENT2 = 9;
export const TCP_INVALID = 10;
export const TCP_IGNORE = 11;

export const TCP_STATE_NAMES = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
] as const;

/** What kind of segment it is (enum tcp_bit_set). */
export const SYN_SET = 0;
export const SYNACK_SET = 1;
export const FIN_SET = 2;
export const ACK_SET = 3;
export const RST_SET = 4;
export const NONE_SET = 5;

/** IP_CT_TCP_FLAG_* of one side. */
export const FLAG_WINDOW_SCALE = 1;
export const FLAG_SACK_PERM = 2;
export const FLAG_CLOSE_INIT = 4;
export const FLAG_BE_LIBERAL = 8;
export const FLAG_DATA_UNACKNOWLEDGED = 16;
export const FLAG_MAXACK_SET = 32;
/** Of what was ignored only: a challenge may follow, which acknowledges no FIN (RFC 5961). */
export const FLAG_EXPECT_CHALLENGE = 64;

/** What was seen of one side (struct ip_ct_tcp_state). */
export class TcpSide {
  end = 0;
  maxEnd = 0;
  maxWindow = 0;
  maxAck = 0;
  scale = 0;
  flags = 0;

  /** nf_ct_tcp_state_reset */
  reset(): void {
    this.end = this.maxEnd = this.maxWindow = this.maxAck = this.scale = 0;
    this.flags &= FLAG_BE_LIBERAL;
  }
}

export class TcpTrack {
  readonly seen: readonly [TcpSide, TcpSide] = [new TcpSide(), new TcpSide()];
  state = TCP_NONE;
  lastDirection = 0;
  retransmissions = 0;
  lastIndex = NONE_SET;
  lastSeq = 0;
  lastAck = 0;
  lastEnd = 0;
  lastWindow = 0;
  lastScale = 0;
  lastFlags = 0;
  simultaneousOpen = false;
}

const [SS, SR, ES, FW, CW, LA, TW, CL, S2, IV, IG] = [
  TCP_SYN_SENT,
  TCP_SYN_RECV,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT,
  TCP_CLOSE_WAIT,
  TCP_LAST_ACK,
  TCP_TIME_WAIT,
  TCP_CLOSE,
  TCP_SYN_SENT2,
  TCP_INVALID,
  TCP_IGNORE,
];

/* prettier-ignore */
const ORIGINAL_TRANSITIONS: readonly (readonly number[])[] = [
  /*           sNO sSS sSR sES sFW sCW sLA sTW sCL sS2 */
  /* syn    */ [SS, SS, IG, IG, IG, IG, IG, SS, SS, S2],
  /* synack */ [IV, IV, SR, IV, IV, IV, IV, IV, IV, SR],
  /* fin    */ [IV, IV, FW, FW, LA, LA, LA, TW, CL, IV],
  /* ack    */ [ES, IV, ES, ES, CW, CW, TW, TW, CL, IV],
  /* rst    */ [IV, CL, CL, CL, CL, CL, CL, CL, CL, CL],
  /* none   */ [IV, IV, IV, IV, IV, IV, IV, IV, IV, IV],
];

/* prettier-ignore */
const REPLY_TRANSITIONS: readonly (readonly number[])[] = [
  /*           sNO sSS sSR sES sFW sCW sLA sTW sCL sS2 */
  /* syn    */ [IV, S2, IV, IV, IV, IV, IV, SS, IV, S2],
  /* synack */ [IV, SR, IG, IG, IG, IG, IG, IG, IG, SR],
  /* fin    */ [IV, IV, FW, FW, LA, LA, LA, TW, CL, IV],
  /* ack    */ [IV, IG, SR, ES, CW, CW, TW, TW, CL, IG],
  /* rst    */ [IV, CL, CL, CL, CL, CL, CL, CL, CL, CL],
  /* none   */ [IV, IV, IV, IV, IV, IV, IV, IV, IV, IV],
];

/** The state that a segment of kind `index` leads to from `state`; TCP_INVALID and TCP_IGNORE are answers too. */
export function nextTcpState(direction: number, index: number, state: number): number {
  const table = direction === 0 ? ORIGINAL_TRANSITIONS : REPLY_TRANSITIONS;
  return (table[index] as readonly number[])[state] as number;
}
