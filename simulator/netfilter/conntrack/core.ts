/**
 * Connection tracking as packets see it: nf_conntrack_in at PREROUTING and OUTPUT, nf_confirm at INPUT and POSTROUTING,
 * ICMP errors related to what they quote. Mirrors net/netfilter/nf_conntrack_core.c and nf_conntrack_proto_icmp.c.
 * Deviations: no zones, no helpers, no expectations; fragments carry their ports in the parsed packet.
 */
import { SECOND } from '../../base/scheduler.ts';
import { emit, hookName, onlyCounted } from '../../kernel/kernel.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { NF_ACCEPT, NF_DROP } from '../../kernel/seams.ts';
import {
  CT_ESTABLISHED,
  CT_ESTABLISHED_REPLY,
  CT_INVALID,
  CT_NEW,
  CT_RELATED,
  CT_RELATED_REPLY,
  CT_UNTRACKED,
  PROTO_ICMP,
  PROTO_SCTP,
  PROTO_TCP,
  PROTO_UDP,
  type Packet,
} from '../../wire/packet.ts';
import {
  IPS_CONFIRMED,
  IPS_SEEN_REPLY,
  inverseIcmpPort,
  inverseIcmpType,
  ORIGINAL,
  setInverse,
  tupleHash,
  type ConntrackEntry,
  type TupleHash,
} from './entry.ts';
import { printk } from '../klog.ts';
import { formatEntry } from './format.ts';
import { directionOf, TRACK_INVALID, TRACK_REPEAT, trackNew, trackPacket } from './protocols.ts';
import type { ConntrackTable } from './table.ts';

/** The entry a packet belongs to, if tracked. */
export function entryOf(packet: Packet): ConntrackEntry | null {
  return packet.ct as ConntrackEntry | null;
}

/** The tuple's source part: port, or ICMP identifier. */
export function tuplePort(packet: Packet): number {
  switch (packet.protocol) {
    case PROTO_TCP:
    case PROTO_UDP:
    case PROTO_SCTP:
      return packet.sport;
    case PROTO_ICMP:
      return packet.icmpId;
    default:
      return 0;
  }
}

/** The tuple's destination part: port, or ICMP type * 256 + code. */
export function tupleDport(packet: Packet): number {
  switch (packet.protocol) {
    case PROTO_TCP:
    case PROTO_UDP:
    case PROTO_SCTP:
      return packet.dport;
    case PROTO_ICMP:
      return (packet.icmpType << 8) | packet.icmpCode;
    default:
      return 0;
  }
}

/** nf_conntrack_in: finds or makes the packet's entry. */
export function conntrackIn(ns: NetworkNamespace, table: ConntrackTable, packet: Packet, hook: number): number {
  // Seen before: looped, or untracked by a raw rule.
  if (packet.ct !== null || packet.ctInfo === CT_UNTRACKED) return NF_ACCEPT;
  packet.ctInfo = 0;
  if (packet.protocol === PROTO_ICMP && inverseIcmpType(packet.icmpType) === undefined) {
    trackIcmpError(ns, table, packet, hook);
    return NF_ACCEPT;
  }
  const now = ns.kernel.now;
  for (;;) {
    const entry = resolve(ns, table, packet, now);
    if (entry === FULL) return NF_DROP;
    if (entry === null) return invalid(ns, table, packet, hook);
    const info = packet.ctInfo;
    entry.changed = false;
    const verdict = trackPacket(table, entry, packet, info, now);
    if (verdict === TRACK_REPEAT) {
      packet.ct = null;
      packet.ctInfo = 0;
      continue;
    }
    if (verdict === TRACK_INVALID) return invalid(ns, table, packet, hook);
    if (info === CT_ESTABLISHED_REPLY && !(entry.status & IPS_SEEN_REPLY)) {
      entry.status |= IPS_SEEN_REPLY;
      if (entry.tcp === null) entry.changed = true;
    }
    if (entry.changed && entry.status & IPS_CONFIRMED && table.watchers.length > 0) table.tell('UPDATE', entry);
    if (ns.kernel.universe.trace !== null)
      report(ns, packet, hook, info === CT_NEW && !(entry.status & IPS_CONFIRMED) ? 'new' : 'found');
    return NF_ACCEPT;
  }
}

/** Virtual microseconds between two lines about a full table (net_ratelimit, without its burst). */
const COMPLAINT_INTERVAL = 5 * SECOND;
/** Answer of resolve() when the table is full. */
const FULL = 'full';

/** Sets packet.ct and ctInfo; null when the packet cannot begin an entry. */
function resolve(
  ns: NetworkNamespace,
  table: ConntrackTable,
  packet: Packet,
  now: number,
): ConntrackEntry | null | typeof FULL {
  const sport = tuplePort(packet);
  const dport = tupleDport(packet);
  const hash = tupleHash(packet.src, packet.dst, sport, dport, packet.protocol);
  const found = table.find(packet.src, packet.dst, sport, dport, packet.protocol, hash, now);
  if (found !== null) {
    const entry = found.entry;
    packet.ct = entry;
    packet.ctInfo =
      found.direction !== ORIGINAL ? CT_ESTABLISHED_REPLY : entry.status & IPS_SEEN_REPLY ? CT_ESTABLISHED : CT_NEW;
    return entry;
  }
  if (table.count >= table.knobs.nf_conntrack_max) {
    table.sweep(now);
    if (table.count >= table.knobs.nf_conntrack_max && !table.earlyDrop(hash, now)) {
      table.stats.drop++;
      if (now >= table.complainedAt + COMPLAINT_INTERVAL) {
        table.complainedAt = now;
        printk(ns.kernel, 'nf_conntrack: nf_conntrack: table full, dropping packet');
      }
      return FULL;
    }
  }
  const entry = table.make(ns.inode, packet.protocol === PROTO_TCP);
  entry.original.set(packet.src, packet.dst, sport, dport, packet.protocol);
  setInverse(entry.reply, entry.original);
  if (!trackNew(table.knobs, entry, packet)) return null;
  packet.ct = entry;
  packet.ctInfo = CT_NEW;
  return entry;
}

function invalid(ns: NetworkNamespace, table: ConntrackTable, packet: Packet, hook: number): number {
  packet.ct = null;
  packet.ctInfo = CT_INVALID;
  table.stats.invalid++;
  if (ns.kernel.universe.trace !== null) report(ns, packet, hook, 'invalid');
  return NF_ACCEPT;
}

/** nf_conntrack_inet_error: an error belongs to the connection that its quotation belongs to. */
function trackIcmpError(ns: NetworkNamespace, table: ConntrackTable, packet: Packet, hook: number): void {
  const inner = packet.quoted;
  if (inner === null) {
    invalid(ns, table, packet, hook);
    return;
  }
  // The quotation is of a packet that went the other way.
  const icmp = inner.protocol === PROTO_ICMP;
  const sport = icmp ? tuplePort(inner) : tupleDport(inner);
  const dport = icmp ? inverseIcmpPort(tupleDport(inner)) : tuplePort(inner);
  const hash = tupleHash(inner.dst, inner.src, sport, dport, inner.protocol);
  const found = table.find(inner.dst, inner.src, sport, dport, inner.protocol, hash, ns.kernel.now);
  if (found === null || found.dst !== packet.dst) {
    invalid(ns, table, packet, hook);
    return;
  }
  packet.ct = found.entry;
  packet.ctInfo = found.direction === ORIGINAL ? CT_RELATED : CT_RELATED_REPLY;
  if (ns.kernel.universe.trace !== null) report(ns, packet, hook, 'found');
}

/** nf_confirm: the packet has got through, so its new entry counts from now on. */
export function conntrackConfirm(ns: NetworkNamespace, table: ConntrackTable, packet: Packet, hook: number): number {
  const entry = entryOf(packet);
  if (entry === null || entry.status & IPS_CONFIRMED || directionOf(packet.ctInfo) !== ORIGINAL) return NF_ACCEPT;
  const now = ns.kernel.now;
  const clash = lookup(table, entry.original, now) ?? lookup(table, entry.reply, now);
  if (clash !== null) {
    if (entry.original.protocol === PROTO_UDP) {
      // Two first packets raced: go on with the entry that won.
      table.stats.clashResolve++;
      packet.ct = clash.entry;
      return NF_ACCEPT;
    }
    table.stats.insertFailed++;
    table.stats.drop++;
    return NF_DROP;
  }
  table.insert(entry, now);
  if (table.watchers.length > 0) table.tell('NEW', entry);
  if (ns.kernel.universe.trace !== null) report(ns, packet, hook, 'confirmed');
  return NF_ACCEPT;
}

function lookup(table: ConntrackTable, tuple: TupleHash, now: number): TupleHash | null {
  return table.find(tuple.src, tuple.dst, tuple.sport, tuple.dport, tuple.protocol, tuple.hash, now);
}

/** Is the tuple that `tuple` would be answered by taken by another entry (nf_nat_used_tuple)? */
export function inverseTaken(
  table: ConntrackTable,
  tuple: TupleHash,
  scratch: TupleHash,
  except: ConntrackEntry,
  now: number,
): boolean {
  setInverse(scratch, tuple);
  const found = lookup(table, scratch, now);
  return found !== null && found.entry !== except;
}

/** Says NOTRACK in the trace. */
export function reportUntracked(ns: NetworkNamespace, packet: Packet, hook: number): void {
  if (ns.kernel.universe.trace !== null) report(ns, packet, hook, 'untracked');
}

const STATE_NAMES = [
  'INVALID',
  'NEW',
  'ESTABLISHED',
  'RELATED',
  'ESTABLISHED',
  'RELATED',
  'UNTRACKED',
  'INVALID',
] as const;

function report(
  ns: NetworkNamespace,
  packet: Packet,
  hook: number,
  what: 'new' | 'found' | 'confirmed' | 'invalid' | 'untracked',
): void {
  if (onlyCounted(ns)) return;
  const entry = entryOf(packet);
  emit(ns, packet, {
    kind: 'conntrack',
    hook: hookName(hook),
    what,
    state: STATE_NAMES[packet.ctInfo] ?? 'INVALID',
    entry: entry === null ? '' : formatEntry(entry, ns.kernel.now),
  });
}
