/** sock_diag(7): the sockets of a namespace as ss asks for them. Mirrors net/ipv4/inet_diag.c, tcp_diag.c, udp_diag.c. */
import type { NetworkNamespace } from '../kernel/netns.ts';
import { transportOf } from './state.ts';
import type { TcpSocket, TcpState } from './tcp/socket.ts';

/** The timer a socket waits for, as inet_diag reports it. */
export interface DiagTimer {
  readonly kind: 'on' | 'keepalive' | 'timewait' | 'persist';
  /** Virtual microseconds left. */
  readonly left: number;
  readonly retransmits: number;
}

export interface DiagSocket {
  readonly protocol: 'tcp' | 'udp' | 'raw' | 'icmp';
  readonly state: TcpState | 'UNCONN';
  readonly inet6: boolean;
  readonly v6Only: boolean;
  /** Local end is ::1. */
  readonly loopback6: boolean;
  readonly local: number;
  readonly localPort: number;
  readonly remote: number;
  readonly remotePort: number;
  readonly receiveQueue: number;
  readonly sendQueue: number;
  /** 0 for what no process holds: the kernel's own sockets, SYN-RECV, TIME-WAIT, orphans. */
  readonly inode: number;
  readonly uid: number;
  /** Name of the device it is bound to, '' for any. */
  readonly device: string;
  readonly mark: number;
  readonly timer: DiagTimer | undefined;
  /** Of TCP connections: struct tcp_info. */
  readonly tcp: TcpSocket | undefined;
}

/** All TCP sockets of `ns`: listeners first, then connections. */
export function tcpDiag(ns: NetworkNamespace): readonly DiagSocket[] {
  const listeners: DiagSocket[] = [];
  const others: DiagSocket[] = [];
  for (const socket of transportOf(ns).tcpAll) {
    if (socket.state === 'CLOSE') continue;
    (socket.state === 'LISTEN' ? listeners : others).push(describe(ns, socket));
  }
  return [...listeners.sort(byBucket), ...others];
}

/** All UDP sockets of `ns`, the kernel's tunnel ends included. */
export function udpDiag(ns: NetworkNamespace): readonly DiagSocket[] {
  const list: DiagSocket[] = [];
  for (const port of ns.udpTunnels.keys()) list.push({ ...NOTHING, protocol: 'udp', localPort: port });
  for (const bucket of transportOf(ns).udp.values()) {
    for (const socket of bucket) {
      list.push({
        ...NOTHING,
        protocol: 'udp',
        state: socket.connected ? 'ESTABLISHED' : 'UNCONN',
        inet6: socket.inet6,
        v6Only: socket.v6Only,
        local: socket.local,
        localPort: socket.localPort,
        remote: socket.remote,
        remotePort: socket.remotePort,
        receiveQueue: socket.queued,
        inode: socket.inode,
        uid: socket.uid,
        device: deviceName(ns, socket.boundDevice),
        mark: socket.mark,
      });
    }
  }
  return list.sort(byBucket);
}

/** Raw and ping sockets. */
export function rawDiag(ns: NetworkNamespace): readonly DiagSocket[] {
  const { raw, icmp } = transportOf(ns);
  const view = (protocol: 'raw' | 'icmp', socket: { local: number; remote: number; inode: number; uid: number; boundDevice: number }, port: number): DiagSocket => ({
    ...NOTHING,
    protocol,
    local: socket.local,
    localPort: port,
    remote: socket.remote,
    inode: socket.inode,
    uid: socket.uid,
    device: deviceName(ns, socket.boundDevice),
  });
  return [...[...raw].map((socket) => view('raw', socket, socket.protocol)), ...[...icmp].map((socket) => view('icmp', socket, socket.identifier))];
}

const NOTHING: DiagSocket = {
  protocol: 'tcp',
  state: 'UNCONN',
  inet6: false,
  v6Only: false,
  loopback6: false,
  local: 0,
  localPort: 0,
  remote: 0,
  remotePort: 0,
  receiveQueue: 0,
  sendQueue: 0,
  inode: 0,
  uid: 0,
  device: '',
  mark: 0,
  timer: undefined,
  tcp: undefined,
};

function describe(ns: NetworkNamespace, socket: TcpSocket): DiagSocket {
  const listening = socket.state === 'LISTEN';
  const mini = socket.state === 'SYN_RECV' || socket.state === 'TIME_WAIT';
  return {
    ...NOTHING,
    state: socket.state,
    inet6: socket.inet6 || socket.loopback6,
    v6Only: socket.v6Only,
    loopback6: socket.loopback6,
    local: socket.local,
    localPort: socket.localPort,
    remote: socket.remote,
    remotePort: socket.remotePort,
    receiveQueue: listening ? socket.acceptQueue.length : mini ? 0 : socket.receiveQueue.length + (finUnread(socket) ? 1 : 0),
    sendQueue: listening ? socket.backlog : mini ? 0 : (socket.sndNxt - socket.sndUna) >>> 0 || socket.sendQueue.length,
    inode: mini || socket.orphan || socket.listener !== null ? 0 : socket.inode,
    uid: socket.uid,
    device: deviceName(ns, socket.boundDevice),
    mark: socket.mark,
    timer: timerOf(ns, socket),
    tcp: socket,
  };
}

/** rcv_nxt - copied_seq counts the peer's FIN until the program has read up to it. */
function finUnread(socket: TcpSocket): boolean {
  return socket.state === 'CLOSE_WAIT' && !socket.endRead;
}

function timerOf(ns: NetworkNamespace, socket: TcpSocket): DiagTimer | undefined {
  const { now } = ns.kernel;
  if (socket.state === 'TIME_WAIT') return { kind: 'timewait', left: socket.endAt - now, retransmits: 0 };
  if (socket.pending === 'retransmit') return { kind: 'on', left: socket.timeout - now, retransmits: socket.retransmits };
  if (socket.pending === 'probe') return { kind: 'persist', left: socket.timeout - now, retransmits: socket.probes };
  if (socket.state === 'FIN_WAIT2' && socket.endTimer !== null) return { kind: 'timewait', left: socket.endAt - now, retransmits: 0 };
  if (socket.keepAliveTimer !== null) return { kind: 'keepalive', left: socket.keepAliveTimer.at - now, retransmits: socket.keepAliveProbes };
  return undefined;
}

function deviceName(ns: NetworkNamespace, ifindex: number): string {
  return ifindex === 0 ? '' : (ns.devices.get(ifindex)?.name ?? '');
}

/** The kernel walks its hash buckets; sockets on an address hash apart from those on the wildcard. */
function byBucket(a: DiagSocket, b: DiagSocket): number {
  return Number(a.local === 0) - Number(b.local === 0) || bucket(a.localPort) - bucket(b.localPort) || Number(a.inet6) - Number(b.inet6);
}

/** A hash of the port; the real one is mixed with a number that differs from boot to boot. */
function bucket(port: number): number {
  return Math.imul(port, BUCKET_MIX) >>> 16;
}

const BUCKET_MIX = 0xe9dea2b5;
