/**
 * ICMP for sockets: what ping opens. Echo requests are answered by kernel/icmp.ts; here come replies, and errors about
 * what these sockets sent. Mirrors net/ipv4/ping.c and, for the errors, raw.c with IP_RECVERR.
 */
import { ok, refuse, type Result } from '../base/result.ts';
import { emit } from '../kernel/kernel.ts';
import { ipLocalOut } from '../kernel/ip-output.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { routeMtu, sourceFor } from '../kernel/route.ts';
import type { TransportProtocol } from '../kernel/seams.ts';
import { ICMP_ECHO, ICMP_ECHO_REPLY, PROTO_ICMP, type Packet } from '../wire/packet.ts';
import { ErrorQueue } from './errorqueue.ts';
import { icmpMeaning } from './errors.ts';
import { deliverRaw } from './raw.ts';
import { mayBind, routeSocket } from './route.ts';
import { Socket } from './socket.ts';
import { nextInode, transportOf } from './state.ts';

export interface EchoReply {
  readonly from: number;
  readonly to: number;
  readonly ttl: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

export class IcmpSocket extends Socket {
  readonly type = 'icmp';
  /** The identifier of its echo requests. */
  readonly identifier: number;
  queue: EchoReply[] = [];
  readonly errors = new ErrorQueue();

  constructor(ns: NetworkNamespace, inode: number, identifier: number) {
    super(ns, inode, false);
    this.identifier = identifier;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.poll?.remove(this);
    transportOf(this.ns).icmp.delete(this);
    this.queue = [];
  }
}

/** A socket for echo requests with this identifier (0…65535). */
export function icmpSocket(ns: NetworkNamespace, identifier: number): IcmpSocket {
  const socket = new IcmpSocket(ns, nextInode(ns.kernel.universe), identifier & 0xffff);
  transportOf(ns).icmp.add(socket);
  return socket;
}

/** Fixes the source address; EADDRNOTAVAIL. */
export function icmpBind(socket: IcmpSocket, address: number): Result<undefined> {
  const allowed = mayBind(socket.ns, address);
  if (allowed.ok) socket.local = address;
  return allowed;
}

/**
 * Sends an echo request. The routing errors, EACCES for broadcast without SO_BROADCAST, EPERM when OUTPUT dropped it,
 * EMSGSIZE when it must not be cut and does not fit.
 */
export function icmpSendEcho(socket: IcmpSocket, address: number, sequence: number, payload: Uint8Array): Result<number> {
  const { ns } = socket;
  const route = routeSocket(socket, address, socket.local);
  if (!route.ok) return route;
  if (route.value.type === 'broadcast' && !socket.broadcast) return refuse('EACCES');
  const packet = ns.kernel.universe.packets.make();
  packet.protocol = PROTO_ICMP;
  packet.icmpType = ICMP_ECHO;
  packet.icmpId = socket.identifier;
  packet.icmpSeq = sequence & 0xffff;
  packet.payload = payload;
  packet.src = socket.local !== 0 ? socket.local : sourceFor(ns, route.value, address);
  packet.dst = address;
  packet.ttl = socket.ttl !== 0 ? socket.ttl : ns.knobs.ip_default_ttl;
  packet.tos = socket.tos;
  packet.mark = socket.mark;
  packet.socketUid = socket.uid;
  const tooBig = payload.length + 28 > routeMtu(ns, route.value, address);
  packet.dontFragment = socket.pmtuDiscovery === 'do' || socket.pmtuDiscovery === 'probe' || (socket.pmtuDiscovery === 'want' && !tooBig);
  if (packet.dontFragment) packet.ipId = ns.kernel.universe.random.stream('ip-id').below(0x10000);
  if (socket.flow === 0) socket.flow = ns.kernel.universe.nextFlow++;
  packet.flow = socket.flow;
  const sent = ipLocalOut(ns, packet, { route: route.value, oif: socket.boundDevice, origin: socket.origin });
  return sent.ok ? ok(payload.length + 8) : sent;
}

/** The oldest reply; EAGAIN. */
export function icmpReceive(socket: IcmpSocket): Result<EchoReply> {
  const reply = socket.queue.shift();
  return reply !== undefined ? ok(reply) : refuse('EAGAIN');
}

function receive(ns: NetworkNamespace, packet: Packet): void {
  const state = transportOf(ns);
  if (state.raw.size > 0) deliverRaw(ns, packet);
  if (packet.icmpType !== ICMP_ECHO_REPLY) return;
  for (const socket of state.icmp) {
    if (socket.identifier !== packet.icmpId) continue;
    if (socket.boundDevice !== 0 && socket.boundDevice !== packet.iif) continue;
    if (ns.kernel.universe.trace !== null) emit(ns, packet, { kind: 'local', protocol: PROTO_ICMP, socket: `icmp id ${socket.identifier}`, origin: socket.origin });
    socket.queue.push({ from: packet.src, to: packet.dst, ttl: packet.ttl, sequence: packet.icmpSeq, payload: packet.payload });
    socket.wakeReaders();
  }
}

/** ping_err: an ICMP error about an echo request of ours. */
function error(ns: NetworkNamespace, icmp: Packet): void {
  const { quoted } = icmp;
  const meaning = icmpMeaning(icmp.icmpType, icmp.icmpCode);
  if (quoted === null || meaning === undefined || quoted.icmpType !== ICMP_ECHO) return;
  for (const socket of transportOf(ns).icmp) {
    if (socket.identifier !== quoted.icmpId) continue;
    if (ns.kernel.universe.trace !== null) emit(ns, icmp, { kind: 'local', protocol: PROTO_ICMP, socket: `icmp id ${socket.identifier}`, origin: socket.origin });
    socket.errors.push(icmp, meaning.errno);
    socket.wakeReaders();
  }
}

/** stack.ts calls this after kernel/icmp.ts for protocol 1. */
export const icmpProtocol: TransportProtocol = { protocol: PROTO_ICMP, receive, error };
