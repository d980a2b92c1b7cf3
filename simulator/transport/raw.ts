/**
 * Raw IP sockets (raw(7)): whole packets out, copies of what arrives in. Mirrors net/ipv4/raw.c.
 * Deviation: packets of protocols that nobody here implements do not reach raw sockets.
 */
import { ok, refuse, type Result } from '../base/result.ts';
import { ipLocalOut } from '../kernel/ip-output.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { Packet } from '../wire/packet.ts';
import { routeSocket } from './route.ts';
import { Socket } from './socket.ts';
import { nextInode, transportOf } from './state.ts';

/** Packets a socket holds before new ones are dropped. */
const QUEUE_LENGTH = 277;

export class RawSocket extends Socket {
  readonly type = 'raw';
  readonly protocol: number;
  queue: Packet[] = [];
  drops = 0;

  constructor(ns: NetworkNamespace, inode: number, protocol: number) {
    super(ns, inode, false);
    this.protocol = protocol;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.poll?.remove(this);
    transportOf(this.ns).raw.delete(this);
    this.queue = [];
  }
}

/** socket(AF_INET, SOCK_RAW, protocol) */
export function rawSocket(ns: NetworkNamespace, protocol: number): RawSocket {
  const socket = new RawSocket(ns, nextInode(ns.kernel.universe), protocol);
  transportOf(ns).raw.add(socket);
  return socket;
}

/** A packet for the caller to fill (transport fields, dst, payload) and to hand to {@link rawSend}. */
export function rawPacket(socket: RawSocket): Packet {
  const { ns } = socket;
  const packet = ns.kernel.universe.packets.make();
  packet.protocol = socket.protocol;
  packet.src = socket.local;
  packet.ttl = socket.ttl !== 0 ? socket.ttl : ns.knobs.ip_default_ttl;
  packet.tos = socket.tos;
  packet.mark = socket.mark;
  packet.socketUid = socket.uid;
  if (socket.flow === 0) socket.flow = ns.kernel.universe.nextFlow++;
  packet.flow = socket.flow;
  return packet;
}

/** Sends it; the routing errors, EPERM, EMSGSIZE. */
export function rawSend(socket: RawSocket, packet: Packet): Result<undefined> {
  const route = routeSocket(socket, packet.dst, packet.src);
  if (!route.ok) return route;
  return ipLocalOut(socket.ns, packet, { route: route.value, oif: socket.boundDevice, origin: socket.origin });
}

/** The oldest packet; EAGAIN. Read-only: others may hold it too. */
export function rawReceive(socket: RawSocket): Result<Packet> {
  const packet = socket.queue.shift();
  return packet !== undefined ? ok(packet) : refuse('EAGAIN');
}

/** raw_local_deliver: a copy for each socket of the packet's protocol. */
export function deliverRaw(ns: NetworkNamespace, packet: Packet): void {
  for (const socket of transportOf(ns).raw) {
    if (socket.protocol !== packet.protocol) continue;
    if (socket.local !== 0 && socket.local !== packet.dst) continue;
    if (socket.remote !== 0 && socket.remote !== packet.src) continue;
    if (socket.boundDevice !== 0 && socket.boundDevice !== packet.iif) continue;
    if (socket.queue.length >= QUEUE_LENGTH) {
      socket.drops++;
      continue;
    }
    socket.queue.push(ns.kernel.universe.packets.clone(packet));
    socket.wakeReaders();
  }
}
