/**
 * Protocol states of connections and their time-outs. Mirrors net/netfilter/ipvs/ip_vs_proto_tcp.c and
 * ip_vs_proto_udp.c; a director sees a conversation from outside, so its TCP states are not those of an end point.
 */
import { SECOND } from '../base/scheduler.ts';
import { PROTO_TCP, PROTO_UDP, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../wire/packet.ts';

// 0 is NONE and 10 SYNACK; nothing here names them.
const ES = 1;
const SS = 2;
const SR = 3;
const FW = 4;
const TW = 5;
const CL = 6;
const CW = 7;
const LA = 8;
const LI = 9;

export const IPVS_TCP_ESTABLISHED = ES;
export const IPVS_TCP_FIN_WAIT = FW;
export const IPVS_TCP_TIME_WAIT = TW;
export const IPVS_TCP_CLOSE = CL;

const TCP_NAMES = [
  'NONE',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'SYNACK',
];

/** Seconds, by state. */
const TCP_TIMEOUTS = [2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120];

/** tcp_state_active_table: counted as active connections. */
const TCP_ACTIVE = [false, true, true, true, false, false, false, false, false, false, true];

/** tcp_states: [direction * 4 + event][state], events SYN, FIN, ACK, RST. */
// prettier-ignore
const TCP_NEXT: readonly (readonly number[])[] = [
  // client to server
  //NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA
  [SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR],
  [CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, TW],
  [ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES],
  [CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, SR],
  // server to client
  [SS, ES, SS, SR, SS, SS, SS, SS, SS, LI, SR],
  [TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW],
  [ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES],
  [CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL],
  // client to server, when replies take another way
  [SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR],
  [CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW],
  [ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES],
  [CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL],
];

export const DIRECTION_INPUT = 0;
export const DIRECTION_OUTPUT = 1;
export const DIRECTION_INPUT_ONLY = 2;

/** The state after a segment with `flags`; the same when the segment does not matter. */
export function nextTcpState(state: number, direction: number, flags: number): number {
  const event = flags & TCP_RST ? 3 : flags & TCP_SYN ? 0 : flags & TCP_FIN ? 1 : flags & TCP_ACK ? 2 : -1;
  return event < 0 ? CL : TCP_NEXT[direction * 4 + event][state];
}

/** Whether a TCP connection in `state` counts as active. */
export function tcpStateIsActive(state: number): boolean {
  return TCP_ACTIVE[state];
}

/** The three time-outs that `ipvsadm --set` can change, microseconds. */
export interface TunableTimeouts {
  tcp: number;
  tcpFin: number;
  udp: number;
}

export function defaultTimeouts(): TunableTimeouts {
  return { tcp: TCP_TIMEOUTS[ES] * SECOND, tcpFin: TCP_TIMEOUTS[FW] * SECOND, udp: 300 * SECOND };
}

/** How long a connection of `protocol` in `state` lives without packets, microseconds. */
export function timeoutOf(tunable: TunableTimeouts, protocol: number, state: number): number {
  if (protocol !== PROTO_TCP) return tunable.udp;
  if (state === ES) return tunable.tcp;
  if (state === FW) return tunable.tcpFin;
  return TCP_TIMEOUTS[state] * SECOND;
}

/** ip_vs_state_name */
export function stateText(protocol: number, state: number, template: boolean): string {
  if (template) return state === ES ? 'ASSURED' : 'NONE';
  if (protocol === PROTO_UDP) return 'UDP';
  return TCP_NAMES[state];
}
