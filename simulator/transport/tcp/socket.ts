/**
 * A TCP socket: listener, connection or what is left of one (SYN-RECV, TIME-WAIT). State only; what happens to it is in
 * input.ts, output.ts, timers.ts, listen.ts and calls.ts. Mirrors struct tcp_sock; names are the kernel's.
 */
import type { Timer } from '../../base/scheduler.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { Socket, type SocketOptions } from '../socket.ts';
import { tcpClose } from './calls.ts';
import { ByteQueue } from './bytes.ts';
import { destroy } from './end.ts';

export type TcpState =
  | 'CLOSE'
  | 'LISTEN'
  | 'SYN_SENT'
  | 'SYN_RECV'
  | 'ESTABLISHED'
  | 'FIN_WAIT1'
  | 'FIN_WAIT2'
  | 'CLOSING'
  | 'TIME_WAIT'
  | 'CLOSE_WAIT'
  | 'LAST_ACK';

/** What a retransmission timer is pending for (icsk_pending). */
export type PendingTimer = 'none' | 'retransmit' | 'probe';

/** A segment that came too early (out_of_order_queue). */
export interface EarlySegment {
  readonly seq: number;
  readonly payload: Uint8Array;
  readonly fin: boolean;
}

/** Octets of the receive buffer as window (half of net.ipv4.tcp_rmem's default of 131072). */
export const FULL_SPACE = 65536;
/** Octets a sender may queue. Linux grows it from tcp_wmem; here it is fixed. */
export const SEND_BUFFER = 262144;
/** Microseconds. */
export const RTO_MIN = 200_000;
export const RTO_MAX = 120_000_000;
export const RTO_INITIAL = 1_000_000;

export class TcpSocket extends Socket {
  readonly type = 'tcp';
  state: TcpState = 'CLOSE';
  hashNext: TcpSocket | null = null;
  /** In ConnectionTable / in tcpBound. */
  hashed = false;
  bound = false;

  // Listener
  backlog = 0;
  acceptQueue: TcpSocket[] = [];
  /** Connections in SYN_RECV that belong to this listener. */
  synQueue = 0;
  /** Of children: where they came from, until accepted. */
  listener: TcpSocket | null = null;

  // Sending
  iss = 0;
  sndUna = 0;
  sndNxt = 0;
  sndWnd = 0;
  sndWl1 = 0;
  sndWscale = 0;
  maxWindow = 0;
  /** Octets written and not yet acknowledged, from sndUna (plus the SYN) on. */
  readonly sendQueue = new ByteQueue();
  /** End of the last small segment sent (snd_sml). */
  smallSeq = 0;
  /** shutdown(SHUT_WR) or close came; FIN follows the data. */
  finQueued = false;
  finSent = false;
  cwnd = 10;
  ssthresh = 0x7fffffff;
  cwndCount = 0;
  duplicateAcks = 0;
  /** End of the loss recovery, as a sequence number; valid while `recovering`. */
  recoverSeq = 0;
  recovering = false;
  /** Octets in a full segment to the peer. */
  mss = 536;
  peerMss = 536;
  /** Path MTU as known when mss was computed. */
  pathMtu = 0;
  noDelay = false;
  ipId = 0;

  // Round-trip time, microseconds
  srtt = 0;
  rttvar = 0;
  rto = RTO_INITIAL;
  rttSeq = 0;
  rttAt = -1;
  retransmits = 0;
  /** When a SYN out of turn was answered last, for tcp_invalid_ratelimit; negative when never. */
  lastOutOfTurn = -1;
  /** Retransmissions since the connection began (ss -i: retrans:0/N). */
  totalRetransmits = 0;

  // Receiving
  irs = 0;
  rcvNxt = 0;
  rcvWup = 0;
  rcvWnd = 0;
  rcvWscale = 0;
  rcvSsthresh = 0;
  windowClamp = 0;
  rcvMss = 536;
  advMss = 1460;
  readonly receiveQueue = new ByteQueue();
  early: EarlySegment[] = [];
  /** The peer's FIN has come / shutdown(SHUT_RD). */
  receiveShutdown = false;
  /** The program has read up to the end of the stream. */
  endRead = false;

  // Options in use
  timestamps = false;
  sack = false;
  tsOffset = 0;
  tsRecent = 0;

  // Acknowledgements (icsk_ack), microseconds
  /** ICSK_ACK_NOW */
  ackNow = false;
  ackPending = false;
  ato = 0;
  quick = 0;
  pingpong = false;
  lastReceived = 0;
  lastSent = 0;
  /** When the peer last answered anything. */
  lastHeard = 0;

  // Timers
  pending: PendingTimer = 'none';
  timeout = 0;
  timer: Timer | null = null;
  ackTimeout = 0;
  ackTimer: Timer | null = null;
  /** FIN_WAIT2 and TIME_WAIT of orphans; keepalive. */
  endTimer: Timer | null = null;
  endAt = 0;
  keepAliveTimer: Timer | null = null;
  keepAlive: { readonly idle: number; readonly interval: number } | null = null;
  keepAliveProbes = 0;
  probes = 0;
  backoff = 0;
  resetOnClose = false;
  /** close(2) was called: nobody reads any more. */
  orphan = false;

  // Counters for ss -i
  bytesSent = 0;
  bytesAcked = 0;
  bytesReceived = 0;
  segsOut = 0;
  segsIn = 0;
  dataSegsOut = 0;
  dataSegsIn = 0;

  constructor(ns: NetworkNamespace, inode: number, inet6: boolean) {
    super(ns, inode, inet6);
  }

  override setOptions(options: SocketOptions): void {
    super.setOptions(options);
    if (options.noDelay !== undefined) this.noDelay = options.noDelay;
    if (options.resetOnClose !== undefined) this.resetOnClose = options.resetOnClose;
    if (options.keepAlive !== undefined) this.keepAlive = options.keepAlive;
  }

  /** Takes over what a listener's options say (sk_clone). */
  inheritFrom(listener: TcpSocket): void {
    this.mark = listener.mark;
    this.tos = listener.tos;
    this.ttl = listener.ttl;
    this.boundDevice = listener.boundDevice;
    this.pmtuDiscovery = listener.pmtuDiscovery;
    this.noDelay = listener.noDelay;
    this.keepAlive = listener.keepAlive;
    this.uid = listener.uid;
    if (listener.output.origin !== undefined) this.output.origin = listener.output.origin;
  }

  close(): void {
    tcpClose(this);
  }

  /** The namespace is gone: no more segments, no more timers. */
  abandon(): void {
    this.orphan = true;
    destroy(this);
  }
}
