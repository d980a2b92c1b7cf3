/** The sockets of one network namespace, and how packets find them. Mirrors inet_hashtables.c and udp.c's tables. */
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { Universe } from '../kernel/kernel.ts';
import type { IcmpSocket } from './icmp.ts';
import type { RawSocket } from './raw.ts';
import type { TcpSocket } from './tcp/socket.ts';
import type { UdpSocket } from './udp.ts';

/**
 * Established connections by their four numbers (the kernel's ehash): buckets of sockets chained through
 * {@link TcpSocket.hashNext}, so that a look-up allocates nothing.
 */
export class ConnectionTable {
  private buckets: (TcpSocket | null)[] = new Array<TcpSocket | null>(64).fill(null);
  private count = 0;

  find(local: number, localPort: number, remote: number, remotePort: number): TcpSocket | null {
    let socket = this.buckets[hash(local, localPort, remote, remotePort) & (this.buckets.length - 1)] as TcpSocket | null;
    while (socket !== null) {
      if (
        socket.remotePort === remotePort &&
        socket.localPort === localPort &&
        socket.remote === remote &&
        socket.local === local
      )
        return socket;
      socket = socket.hashNext;
    }
    return null;
  }

  add(socket: TcpSocket): void {
    if (this.count >= this.buckets.length) this.grow();
    const at = this.bucketOf(socket);
    socket.hashNext = this.buckets[at] as TcpSocket | null;
    this.buckets[at] = socket;
    this.count++;
  }

  remove(socket: TcpSocket): void {
    const at = this.bucketOf(socket);
    let other = this.buckets[at] as TcpSocket | null;
    let previous: TcpSocket | null = null;
    while (other !== null && other !== socket) {
      previous = other;
      other = other.hashNext;
    }
    if (other === null) return;
    if (previous === null) this.buckets[at] = socket.hashNext;
    else previous.hashNext = socket.hashNext;
    socket.hashNext = null;
    this.count--;
  }

  private bucketOf(socket: TcpSocket): number {
    return hash(socket.local, socket.localPort, socket.remote, socket.remotePort) & (this.buckets.length - 1);
  }

  private grow(): void {
    const old = this.buckets;
    this.buckets = new Array<TcpSocket | null>(old.length * 4).fill(null);
    for (let socket of old) {
      while (socket !== null) {
        const next: TcpSocket | null = socket.hashNext;
        const at = this.bucketOf(socket);
        socket.hashNext = this.buckets[at] as TcpSocket | null;
        this.buckets[at] = socket;
        socket = next;
      }
    }
  }
}

function hash(local: number, localPort: number, remote: number, remotePort: number): number {
  let h = Math.imul(local ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(remote, 0xc2b2ae35);
  h ^= Math.imul((localPort << 16) | remotePort, 0x27d4eb2f);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

export class TransportState {
  readonly tcp = new ConnectionTable();
  /** Connections between addresses of the IPv6 loopback. */
  readonly tcp6 = new ConnectionTable();
  /** TCP sockets that bound a port themselves (listeners among them), by port. */
  readonly tcpBound = new Map<number, TcpSocket[]>();
  /** UDP sockets by local port. */
  readonly udp = new Map<number, UdpSocket[]>();
  readonly icmp = new Set<IcmpSocket>();
  readonly raw = new Set<RawSocket>();
  /** All TCP sockets in order of creation, TIME-WAIT and SYN-RECV included, for sock_diag. */
  readonly tcpAll = new Set<TcpSocket>();
}

/** The transport state of `ns`, made on first use. */
export function transportOf(ns: NetworkNamespace): TransportState {
  const state = ns.rooms.transport;
  if (state !== null) return state as TransportState;
  const fresh = new TransportState();
  ns.rooms.transport = fresh;
  return fresh;
}

const inodes = new WeakMap<Universe, number>();

/** A fresh inode number of sockfs; unique in the world. */
export function nextInode(universe: Universe): number {
  const inode = (inodes.get(universe) ?? 20000) + 1;
  inodes.set(universe, inode);
  return inode;
}

/** Ends all sockets of a namespace that is torn down: nothing is sent, no timer stays. */
export function forgetNamespace(ns: NetworkNamespace): void {
  if (ns.rooms.transport === null) return;
  const state = transportOf(ns);
  for (const socket of [...state.tcpAll]) socket.abandon();
  state.udp.clear();
  state.icmp.clear();
  state.raw.clear();
  ns.rooms.transport = null;
}
