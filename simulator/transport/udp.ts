/** UDP (RFC 768). Mirrors net/ipv4/udp.c: unconnected and connected sockets, errors by ICMP. No multicast, no UDP-Lite. */
import { LIMITED_BROADCAST } from '../base/address.ts';
import { done, ok, refuse, type Result } from '../base/result.ts';
import { drop, emit } from '../kernel/kernel.ts';
import { icmpSend } from '../kernel/icmp.ts';
import { ipLocalOut } from '../kernel/ip-output.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { routeMtu, sourceFor } from '../kernel/route.ts';
import type { TransportProtocol } from '../kernel/seams.ts';
import { CT_NONE, PROTO_UDP, type Packet } from '../wire/packet.ts';
import { describeUdp } from './describe.ts';
import { ErrorQueue } from './errorqueue.ts';
import { icmpMeaning } from './errors.ts';
import { deliverRaw } from './raw.ts';
import { mayBind, routeSocket } from './route.ts';
import { Socket } from './socket.ts';
import { nextInode, transportOf, type TransportState } from './state.ts';

/** net.core.rmem_default */
const RECEIVE_BUFFER = 212_992;
/** What the kernel charges for a datagram beside its octets (truesize). */
const OVERHEAD = 768;
/** Peers whose conversation an unconnected socket remembers. */
const REMEMBERED_PEERS = 256;

export interface Datagram {
  readonly address: number;
  readonly port: number;
  /** Where it was sent to (IP_PKTINFO). */
  readonly to: number;
  readonly ttl: number;
  readonly payload: Uint8Array;
}

export class UdpSocket extends Socket {
  readonly type = 'udp';
  connected = false;
  queue: Datagram[] = [];
  queued = 0;
  drops = 0;
  readonly errors = new ErrorQueue();
  /** Of servers: the conversation of the last datagram from a peer, so that an answer belongs to its question. */
  readonly flows = new Map<number, number>();

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.poll?.remove(this);
    unhash(this);
    this.queue = [];
  }
}

/** socket(AF_INET or AF_INET6, SOCK_DGRAM) */
export function udpSocket(ns: NetworkNamespace, inet6 = false): UdpSocket {
  return new UdpSocket(ns, nextInode(ns.kernel.universe), inet6);
}

/** EADDRINUSE, EADDRNOTAVAIL, EINVAL when bound already. Port 0 takes a free one. */
export function udpBind(socket: UdpSocket, address: number, port: number): Result<undefined> {
  if (socket.localPort !== 0) return refuse('EINVAL');
  const allowed = mayBind(socket.ns, address);
  if (!allowed.ok && address !== LIMITED_BROADCAST) return allowed;
  const state = transportOf(socket.ns);
  if (port === 0) {
    const free = freePort(socket, state, address);
    if (free === undefined) return refuse('EADDRINUSE');
    port = free;
  } else if (conflicts(socket, state, address, port)) return refuse('EADDRINUSE');
  socket.local = address;
  socket.localPort = port;
  const bucket = state.udp.get(port);
  if (bucket === undefined) state.udp.set(port, [socket]);
  else bucket.push(socket);
  return done;
}

function unhash(socket: UdpSocket): void {
  const { udp } = transportOf(socket.ns);
  const bucket = udp.get(socket.localPort);
  const at = bucket?.indexOf(socket) ?? -1;
  if (bucket === undefined || at < 0) return;
  bucket.splice(at, 1);
  if (bucket.length === 0) udp.delete(socket.localPort);
}

function conflicts(socket: UdpSocket, state: TransportState, address: number, port: number): boolean {
  // The kernel's own tunnel sockets hold the wildcard.
  if (socket.ns.udpTunnels.has(port)) return true;
  for (const other of state.udp.get(port) ?? []) {
    if (socket.reuseAddress && other.reuseAddress) continue;
    if (socket.inet6 !== other.inet6 && (socket.v6Only || other.v6Only)) continue;
    if (socket.boundDevice !== 0 && other.boundDevice !== 0 && socket.boundDevice !== other.boundDevice) continue;
    if (address === 0 || other.local === 0 || address === other.local) return true;
  }
  return false;
}

function freePort(socket: UdpSocket, state: TransportState, address: number): number | undefined {
  const { ip_local_port_min: low, ip_local_port_max: high } = socket.ns.knobs;
  const span = high - low + 1;
  const start = socket.ns.kernel.universe.random.stream('ports').below(span);
  for (let i = 0; i < span; i++) {
    const port = low + ((start + i) % span);
    if (!conflicts(socket, state, address, port)) return port;
  }
  return undefined;
}

/** Fixes the peer: ENETUNREACH and the like from the routing decision; EACCES for broadcast without SO_BROADCAST. */
export function udpConnect(socket: UdpSocket, address: number, port: number): Result<undefined> {
  const route = routeSocket(socket, address, socket.local);
  if (!route.ok) return route;
  if (route.value.type === 'broadcast' && !socket.broadcast) return refuse('EACCES');
  if (socket.localPort === 0) {
    const bound = udpBind(socket, 0, 0);
    if (!bound.ok) return bound;
  }
  if (socket.local === 0) socket.local = sourceFor(socket.ns, route.value, address);
  socket.remote = address;
  socket.remotePort = port;
  socket.connected = true;
  socket.routeGeneration = -1;
  return done;
}

/**
 * Sends one datagram to the connected peer or to `to`. EDESTADDRREQ, EMSGSIZE, EPERM (OUTPUT dropped it), the routing
 * errors, and errors that ICMP brought since the last call.
 */
export function udpSend(socket: UdpSocket, payload: Uint8Array, address = socket.remote, port = socket.remotePort): Result<number> {
  const pending = socket.takeError();
  if (pending !== undefined) return refuse(pending);
  if (port === 0) return refuse('EDESTADDRREQ');
  if (payload.length > 65507) return refuse('EMSGSIZE');
  const { ns } = socket;
  const route = routeSocket(socket, address, socket.local);
  if (!route.ok) return route;
  if (route.value.type === 'broadcast' && !socket.broadcast) return refuse('EACCES');
  if (socket.localPort === 0) {
    const bound = udpBind(socket, 0, 0);
    if (!bound.ok) return bound;
  }
  const packet = ns.kernel.universe.packets.make();
  packet.protocol = PROTO_UDP;
  packet.src = socket.local !== 0 ? socket.local : sourceFor(ns, route.value, address);
  packet.dst = address;
  packet.sport = socket.localPort;
  packet.dport = port;
  packet.ttl = socket.ttl !== 0 ? socket.ttl : ns.knobs.ip_default_ttl;
  packet.tos = socket.tos;
  packet.mark = socket.mark;
  packet.socketUid = socket.uid;
  packet.payload = payload;
  packet.dontFragment = socket.pmtuDiscovery !== 'dont';
  if (packet.dontFragment) packet.ipId = ns.kernel.universe.random.stream('ip-id').below(0x10000);
  const answered = socket.flows.size > 0 ? socket.flows.get(peerKey(address, port)) : undefined;
  if (answered !== undefined) packet.flow = answered;
  else {
    if (socket.flow === 0) socket.flow = ns.kernel.universe.nextFlow++;
    packet.flow = socket.flow;
  }
  // With IP_PMTUDISC_WANT the kernel itself cuts what is larger than the path (ip_append_data).
  if (socket.pmtuDiscovery === 'want' && payload.length + 28 > routeMtu(ns, route.value, address)) packet.dontFragment = false;
  const sent = ipLocalOut(ns, packet, { route: route.value, oif: socket.boundDevice, origin: socket.origin });
  return sent.ok ? ok(payload.length) : sent;
}

/** The oldest datagram. EAGAIN when there is none; errors that ICMP brought. */
export function udpReceive(socket: UdpSocket): Result<Datagram> {
  const datagram = socket.queue.shift();
  if (datagram !== undefined) {
    socket.queued -= datagram.payload.length + OVERHEAD;
    return ok(datagram);
  }
  const pending = socket.takeError();
  return refuse(pending ?? 'EAGAIN');
}

function peerKey(address: number, port: number): number {
  return address * 65536 + port;
}

/** The socket that a datagram to `address`:`port` from `from`:`fromPort` belongs to (__udp4_lib_lookup's scores). */
function lookup(ns: NetworkNamespace, address: number, port: number, from: number, fromPort: number, iif: number): UdpSocket | undefined {
  let best: UdpSocket | undefined;
  let bestScore = -1;
  for (const socket of transportOf(ns).udp.get(port) ?? []) {
    if (socket.inet6 && socket.v6Only) continue;
    if (socket.local !== 0 && socket.local !== address) continue;
    if (socket.connected && (socket.remote !== from || socket.remotePort !== fromPort)) continue;
    if (socket.boundDevice !== 0 && socket.boundDevice !== iif) continue;
    const score = (socket.local !== 0 ? 4 : 0) + (socket.connected ? 8 : 0) + (socket.boundDevice !== 0 ? 4 : 0) + (socket.inet6 ? 0 : 1);
    if (score > bestScore) {
      best = socket;
      bestScore = score;
    }
  }
  return best;
}

function receive(ns: NetworkNamespace, packet: Packet): void {
  if (transportOf(ns).raw.size > 0) deliverRaw(ns, packet);
  const socket = lookup(ns, packet.dst, packet.dport, packet.src, packet.sport, packet.iif);
  if (socket === undefined) {
    // nf_reset_ct: what answers is looked up by what it quotes.
    packet.ct = null;
    packet.ctInfo = CT_NONE;
    icmpSend(ns, packet, 3, 3);
    drop(ns, packet, 'NO_SOCKET', 'udp');
    return;
  }
  if (ns.kernel.universe.trace !== null) emit(ns, packet, { kind: 'local', protocol: 17, socket: describeUdp(socket), origin: socket.origin });
  const charge = packet.payload.length + OVERHEAD;
  if (socket.queued + charge > RECEIVE_BUFFER) {
    socket.drops++;
    drop(ns, packet, 'SOCKET_BUFFER_FULL', 'udp');
    return;
  }
  if (!socket.connected && packet.flow !== 0) {
    if (socket.flows.size >= REMEMBERED_PEERS) socket.flows.clear();
    socket.flows.set(peerKey(packet.src, packet.sport), packet.flow);
  }
  socket.queued += charge;
  socket.queue.push({ address: packet.src, port: packet.sport, to: packet.dst, ttl: packet.ttl, payload: packet.payload });
  socket.wakeReaders();
}

/** __udp4_lib_err */
function error(ns: NetworkNamespace, icmp: Packet): void {
  const { quoted } = icmp;
  if (quoted === null) return;
  const socket = lookup(ns, quoted.src, quoted.sport, quoted.dst, quoted.dport, icmp.iif);
  const meaning = icmpMeaning(icmp.icmpType, icmp.icmpCode);
  if (socket === undefined || meaning === undefined) {
    drop(ns, icmp, 'NO_SOCKET', 'udp');
    return;
  }
  if (ns.kernel.universe.trace !== null) emit(ns, icmp, { kind: 'local', protocol: 17, socket: describeUdp(socket), origin: socket.origin });
  if (socket.receiveErrors) socket.errors.push(icmp, meaning.errno);
  else if (!meaning.fatal || !socket.connected) return;
  socket.error = meaning.errno;
  socket.wakeAll();
}

export const udpProtocol: TransportProtocol = { protocol: 17, receive, error };
