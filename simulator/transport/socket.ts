/**
 * What all sockets have in common (struct sock). The calls never block: they answer a Result, EAGAIN where the real call
 * would sleep, and `readable` / `writable` are woken when it is worth trying again.
 *
 * Deviations: addresses are IPv4 numbers; an IPv6 socket is a flag (dual-stack wildcard listeners and what they accept,
 * shown as such by ss) plus connections to ::1, which loopback6.ts carries.
 */
import type { Errno } from '../base/errno.ts';
import { kernelHabit, type Origin } from '../base/origin.ts';
import { WaitQueue } from '../base/wait.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { Route } from '../kernel/fib.ts';
import type { PollSet } from './poll.ts';

/** Of sockets that no process has. */
const UNOWNED = kernelHabit('protocol');

/** The address number that stands for ::1 on sockets with {@link Socket.loopback6}. */
export const LOOPBACK6 = 1;

export type SocketType = 'tcp' | 'udp' | 'icmp' | 'raw';

/** An address and a port. */
export interface SocketAddress {
  readonly address: number;
  readonly port: number;
}

/** setsockopt(2), by name. Unset fields keep their value. */
export interface SocketOptions {
  /** SO_BINDTODEVICE: ifindex, 0 for any. */
  readonly bindToDevice?: number;
  /** SO_MARK */
  readonly mark?: number;
  /** IP_TTL, 0 for the namespace's default. */
  readonly ttl?: number;
  /** IP_TOS */
  readonly tos?: number;
  /** IP_MTU_DISCOVER: `do` and `want` set DF; with `do` a packet larger than the route's MTU is EMSGSIZE. */
  readonly pmtuDiscovery?: 'do' | 'want' | 'dont' | 'probe';
  /** SO_REUSEADDR */
  readonly reuseAddress?: boolean;
  /** SO_BROADCAST */
  readonly broadcast?: boolean;
  /** TCP_NODELAY */
  readonly noDelay?: boolean;
  /** SO_KEEPALIVE, with the idle time in seconds (TCP_KEEPIDLE), 0 for the namespace's default. */
  readonly keepAlive?: { readonly idle: number; readonly interval: number } | null;
  /** SO_LINGER with timeout 0: close resets the connection. */
  readonly resetOnClose?: boolean;
  /** IPV6_V6ONLY */
  readonly v6Only?: boolean;
  /** IP_RECVERR: ICMP errors about our packets go to the error queue, whatever their kind. */
  readonly receiveErrors?: boolean;
}

export abstract class Socket {
  abstract readonly type: SocketType;
  readonly ns: NetworkNamespace;
  /** AF_INET6: for display, and for listeners on the wildcard of both families. */
  readonly inet6: boolean;
  /** A connection to or from ::1. */
  loopback6 = false;
  /** Inode of sockfs: `socket:[4711]`. */
  readonly inode: number;
  /** uid of the owner. */
  uid = 0;

  local = 0;
  localPort = 0;
  remote = 0;
  remotePort = 0;
  boundDevice = 0;
  mark = 0;
  ttl = 0;
  tos = 0;
  pmtuDiscovery: 'do' | 'want' | 'dont' | 'probe' = 'want';
  reuseAddress = false;
  broadcast = false;
  v6Only = false;
  receiveErrors = false;

  /** SO_ERROR: reported once by the next call. */
  error: Errno | undefined = undefined;
  /** The conversation its packets belong to, given with its first packet; an accepted connection has its client's. */
  flow = 0;
  closed = false;

  readonly readable = new WaitQueue();
  readonly writable = new WaitQueue();
  /** The set that watches this socket, if any, and whether it stands in its ready list. */
  poll: PollSet | null = null;
  polled = false;

  /** The last route, valid while the FIB's generation is the same. */
  route: Route | null = null;
  routeGeneration = -1;
  /** Handed to ipLocalOut with every packet of a connection. */
  readonly output: { route: Route | undefined; oif: number; origin: Origin | undefined } = { route: undefined, oif: 0, origin: undefined };

  /** Whose socket it is. */
  get origin(): Origin {
    return this.output.origin ?? UNOWNED;
  }

  constructor(ns: NetworkNamespace, inode: number, inet6: boolean) {
    this.ns = ns;
    this.inode = inode;
    this.inet6 = inet6;
  }

  /** The process whose socket it is; the first one counts. */
  ownedBy(origin: Origin): this {
    this.output.origin ??= origin;
    return this;
  }

  setOptions(options: SocketOptions): void {
    if (options.bindToDevice !== undefined) this.boundDevice = options.bindToDevice;
    if (options.mark !== undefined) this.mark = options.mark;
    if (options.ttl !== undefined) this.ttl = options.ttl;
    if (options.tos !== undefined) this.tos = options.tos;
    if (options.pmtuDiscovery !== undefined) this.pmtuDiscovery = options.pmtuDiscovery;
    if (options.reuseAddress !== undefined) this.reuseAddress = options.reuseAddress;
    if (options.broadcast !== undefined) this.broadcast = options.broadcast;
    if (options.v6Only !== undefined) this.v6Only = options.v6Only;
    if (options.receiveErrors !== undefined) this.receiveErrors = options.receiveErrors;
    this.routeGeneration = -1;
  }

  /** Takes the pending error. */
  takeError(): Errno | undefined {
    const error = this.error;
    this.error = undefined;
    return error;
  }

  wakeReaders(): void {
    this.readable.wake();
    if (this.poll !== null) this.poll.mark(this);
  }

  wakeWriters(): void {
    this.writable.wake();
    if (this.poll !== null) this.poll.mark(this);
  }

  wakeAll(): void {
    this.readable.wake();
    this.writable.wake();
    if (this.poll !== null) this.poll.mark(this);
  }

  abstract close(): void;
}
