/** SYNs at a listener, the SYN queue and the accept queue. Mirrors tcp_conn_request, tcp_check_req, inet_csk_complete_hashdance. */
import { NO_BYTES, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type Packet } from '../../wire/packet.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { drop } from '../../kernel/kernel.ts';
import { toAll } from '../../kernel/icmp.ts';
import { ipRouteOutput, routeMtu } from '../../kernel/route.ts';
import { advance } from '../sequence.ts';
import { nextInode, transportOf } from '../state.ts';
import { destroy } from './end.ts';
import { advertisedMss, initBufferSpace, initialWindow, sendReset, syncMss, timestampOffset, transmit } from './output.ts';
import { RTO_INITIAL, TcpSocket } from './socket.ts';
import { clearTimer, setTimer, startKeepAlive } from './timers.ts';

/** The listener for a local address and port: one bound to the address before one on the wildcard. */
export function findListener(ns: NetworkNamespace, packet: Packet, loopback6: boolean): TcpSocket | undefined {
  const bucket = transportOf(ns).tcpBound.get(packet.dport);
  if (bucket === undefined) return undefined;
  let best: TcpSocket | undefined;
  let bestScore = -1;
  for (const socket of bucket) {
    if (socket.state !== 'LISTEN') continue;
    // IPv6 sees only IPv6 sockets; IPv4 sees its own, and IPv6 wildcards that are not IPv6 only.
    if (loopback6 ? !socket.inet6 : socket.inet6 && socket.v6Only) continue;
    if (socket.local !== 0 && socket.local !== packet.dst) continue;
    if (socket.boundDevice !== 0 && socket.boundDevice !== packet.iif) continue;
    const score = (socket.local !== 0 ? 4 : 0) + (socket.boundDevice !== 0 ? 2 : 0) + (socket.inet6 === loopback6 ? 1 : 0);
    if (score > bestScore) {
      best = socket;
      bestScore = score;
    }
  }
  return best;
}

/** A segment for a listener, not for one of its children. */
export function listenerReceive(listener: TcpSocket, packet: Packet, loopback6: boolean): void {
  const { ns } = listener;
  if ((packet.flags & TCP_RST) !== 0) {
    drop(ns, packet, 'TCP_INVALID', 'listen');
    return;
  }
  if ((packet.flags & TCP_ACK) !== 0) {
    sendReset(ns, packet, loopback6);
    drop(ns, packet, 'TCP_INVALID', 'listen');
    return;
  }
  if ((packet.flags & (TCP_SYN | TCP_FIN)) !== TCP_SYN) {
    drop(ns, packet, 'TCP_INVALID', 'listen');
    return;
  }
  if (!loopback6 && toAll(ns, packet)) {
    drop(ns, packet, 'TCP_INVALID', 'listen');
    return;
  }
  if (listener.synQueue >= listener.backlog || listener.acceptQueue.length > listener.backlog) {
    drop(ns, packet, 'TCP_BACKLOG_FULL', 'listen');
    return;
  }
  openRequest(listener, packet, loopback6);
}

/** tcp_conn_request: a connection in SYN_RECV that answers with SYN-ACK. */
function openRequest(listener: TcpSocket, packet: Packet, loopback6: boolean): void {
  const { ns } = listener;
  const { universe } = ns.kernel;
  const { knobs } = ns;
  const options = packet.tcpOptions;
  const state = transportOf(ns);
  const child = new TcpSocket(ns, nextInode(universe), listener.inet6);
  child.inheritFrom(listener);
  child.loopback6 = loopback6;
  child.listener = listener;
  child.local = packet.dst;
  child.localPort = packet.dport;
  child.remote = packet.src;
  child.remotePort = packet.sport;
  child.flow = packet.flow;
  child.state = 'SYN_RECV';
  child.irs = packet.seq;
  child.rcvNxt = child.rcvWup = advance(packet.seq, 1);
  child.iss = universe.random.stream('isn').uint32();
  child.ipId = universe.random.stream('ip-id').below(0x10000);
  child.sndUna = child.iss;
  child.sndNxt = advance(child.iss, 1);
  child.sndWnd = packet.window;
  child.sndWl1 = packet.seq;
  child.timestamps = knobs.tcp_timestamps !== 0 && options?.timestamps !== undefined;
  child.tsRecent = options?.timestamps?.value ?? 0;
  child.tsOffset = timestampOffset(ns, child.local, child.remote);
  child.sack = knobs.tcp_sack !== 0 && options?.sackPermitted === true;
  const scaling = knobs.tcp_window_scaling !== 0 && options?.windowScale !== undefined;
  child.rcvWscale = scaling ? child.ns.kernel.platform.windowScale : 0;
  child.sndWscale = scaling ? Math.min(options?.windowScale ?? 0, 14) : 0;
  child.peerMss = options?.mss ?? 536;
  const mtu = loopback6 ? 65536 : wayMtu(child);
  if (mtu === undefined) {
    drop(ns, packet, 'IP_NO_ROUTE', 'tcp_conn_request');
    return;
  }
  child.advMss = advertisedMss(mtu);
  child.rcvWnd = initialWindow(child.advMss - (child.timestamps ? 12 : 0));
  syncMss(child, mtu);
  state.tcpAll.add(child);
  (loopback6 ? state.tcp6 : state.tcp).add(child);
  child.hashed = true;
  listener.synQueue++;
  transmit(child, TCP_SYN | TCP_ACK, child.iss, NO_BYTES);
  setTimer(child, 'retransmit', ns.kernel.now + RTO_INITIAL);
}

function wayMtu(child: TcpSocket): number | undefined {
  const route = ipRouteOutput(child.ns, child.remote, { src: child.local, oif: child.boundDevice, mark: child.mark, tos: child.tos });
  return route.ok ? routeMtu(child.ns, route.value, child.remote) : undefined;
}

/**
 * The handshake's last ACK came: the connection moves to the accept queue. False when there is no room: the ACK is
 * ignored and the SYN-ACK will be repeated.
 */
export function completeHandshake(child: TcpSocket, packet: Packet): boolean {
  const { listener } = child;
  if (listener === null || listener.state !== 'LISTEN') {
    destroy(child);
    return false;
  }
  if (listener.acceptQueue.length > listener.backlog) {
    drop(child.ns, packet, 'TCP_BACKLOG_FULL', 'accept');
    return false;
  }
  listener.synQueue--;
  child.state = 'ESTABLISHED';
  child.sndUna = packet.ack;
  child.sndWnd = packet.window << child.sndWscale;
  child.sndWl1 = packet.seq;
  child.maxWindow = child.sndWnd;
  clearTimer(child);
  child.retransmits = 0;
  if (child.timestamps) child.advMss -= 12;
  initBufferSpace(child);
  child.lastReceived = child.lastHeard = child.ns.kernel.now;
  startKeepAlive(child);
  listener.acceptQueue.push(child);
  listener.wakeReaders();
  return true;
}
