/** One machine's kernel: its namespaces, and what all of them share. */
import type { Origin } from '../base/origin.ts';
import type { Errno } from '../base/errno.ts';
import type { Chance } from '../base/chance.ts';
import { DEBIAN_13, type Platform } from '../base/platform.ts';
import type { Scheduler } from '../base/scheduler.ts';
import type { RandomStreams } from '../base/random.ts';
import { HOOK_NAMES, type TraceDetail, type TraceEvent, type TraceSink, type DropReason } from '../trace/event.ts';
import { copyFields, Packet, type PacketFactory } from '../wire/packet.ts';
import type { Route } from './fib.ts';
import { NetworkNamespace } from './netns.ts';
import type { TransportProtocol } from './seams.ts';

/** What all machines of a world share. */
export interface Universe {
  readonly scheduler: Scheduler;
  readonly random: RandomStreams;
  readonly packets: PacketFactory;
  /** The one observer; null costs one branch at each seam. */
  trace: TraceSink | null;
  traceSequence: number;
  /** Hands out inode numbers of namespaces. */
  nextInode: number;
  /** Hands out conversation ids (Packet.flow). */
  nextFlow: number;
  /** Who is behind what the nodes tell each other of, by its key: their messages have no room for it, and an observer wants to know. */
  readonly origins?: Map<string, Origin>;
  /** Bugs of real programs that those of this world have; most worlds have none. */
  readonly bugs?: ReadonlySet<string>;
  /** Knows how the dice fell in a real run. */
  readonly chance?: Chance;
  /** Told of a bug of the emulator that ended a program; without it the error goes on to whoever runs the world (as tests want). */
  readonly fault?: (error: unknown, where: string) => void;
}

/** What hooks of LOCAL_OUT and ip_local_out tell each other (ip_route_me_harder sets skb_dst). */
export interface Outgoing {
  oif: number;
  route: Route | null;
  /** The ends that the route was found for. */
  src: number;
  dst: number;
  error: Errno | null;
}

export class Kernel {
  readonly host: string;
  readonly universe: Universe;
  /** Which kernel this is, and what stands around it. */
  readonly platform: Platform;
  readonly namespaces = new Set<NetworkNamespace>();
  /** The namespace of process 1 (`host`). */
  readonly initNs: NetworkNamespace;
  /** icmp_xmit_lock: an ICMP message of the kernel is on its way out, and what befalls it makes no further one. */
  icmpSending = false;
  /** The packet that LOCAL_OUT has in hands: the device its socket is bound to, the route hooks found anew, and why there is none. */
  readonly outgoing: Outgoing = { oif: 0, route: null, src: 0, dst: 0, error: null };
  /** Possible CPUs: how many queues a veth gets, what `nproc` says. */
  cpus = 2;
  /** By protocol number; filled by stack.ts. */
  readonly protocols: (TransportProtocol | undefined)[] = [];
  /** Called for every new namespace, in order, by rooms that keep state per namespace; filled by stack.ts. */
  readonly setups: ((ns: NetworkNamespace) => void)[] = [];
  readonly teardowns: ((ns: NetworkNamespace) => void)[] = [];
  /** Lines for `dmesg`: virtual microseconds and text. */
  readonly log: { readonly at: number; readonly text: string }[] = [];

  constructor(host: string, universe: Universe, platform = DEBIAN_13) {
    this.platform = platform;
    this.host = host;
    this.universe = universe;
    this.initNs = new NetworkNamespace(this, universe.nextInode++, 'host');
  }

  get now(): number {
    return this.universe.scheduler.now;
  }
}

/** The sink of those who only count: nothing is made for it. */
export const COUNTING: TraceSink = () => undefined;

/** Whether events are only counted; then this one is. For those whose words take time to make, before they are made. */
export function onlyCounted({ kernel: { universe } }: NetworkNamespace): boolean {
  if (universe.trace !== COUNTING) return false;
  universe.traceSequence++;
  return true;
}

/** Reports what happened to `packet` in `ns`. Call as `if (universe.trace !== null) emit(…)` on hot paths. */
export function emit(ns: NetworkNamespace, packet: Packet, detail: TraceDetail): void {
  const universe = ns.kernel.universe;
  const sink = universe.trace;
  if (sink === null || onlyCounted(ns)) return;
  const event = detail as TraceEvent & { sequence: number; at: number; host: string; netns: string; packet: Packet };
  event.sequence = universe.traceSequence++;
  event.at = universe.scheduler.now;
  event.host = ns.kernel.host;
  event.netns = ns.name;
  event.packet = snapshot(packet);
  sink(event);
}

/** A copy for the trace: same id, nested packets copied too. */
export function snapshot(packet: Packet): Packet {
  const copy = new Packet();
  copyFields(copy, packet);
  if (packet.inner !== null) copy.inner = snapshot(packet.inner);
  if (packet.quoted !== null) copy.quoted = snapshot(packet.quoted);
  copy.ct = null;
  copy.ipvsConnection = null;
  return copy;
}

/** The one way a packet dies. `where` is the device, chain or function, for people; `origin` who is to blame, where that is no rule, route or service. */
export function drop(ns: NetworkNamespace, packet: Packet, reason: DropReason, where: string, origin?: Origin): void {
  const counted = reason === 'NO_SOCKET' || reason === 'SOCKET_BUFFER_FULL' ? `${reason} ${where}` : reason;
  ns.drops.set(counted, (ns.drops.get(counted) ?? 0) + 1);
  if (ns.kernel.universe.trace !== null) emit(ns, packet, { kind: 'drop', reason, where, ...(origin === undefined ? {} : { origin }) });
}

/** The name iptables gives a hook number. */
export function hookName(hook: number): (typeof HOOK_NAMES)[number] {
  return HOOK_NAMES[hook] as (typeof HOOK_NAMES)[number];
}
