/**
 * Network address translation: choosing the new tuple once per connection, and rewriting its packets after that.
 * Mirrors net/netfilter/nf_nat_core.c and nf_nat_proto.c. Deviation: the list of mappings by source
 * (find_appropriate_src) is not kept, so one source may get different ports towards different destinations after a clash.
 */
import { kernelHabit, type Origin } from '../base/origin.ts';
import { emit, hookName } from '../kernel/kernel.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { NF_ACCEPT, NF_DROP, NF_LOCAL_IN, NF_POST_ROUTING } from '../kernel/seams.ts';
import { ICMP_REDIRECT, PROTO_ICMP, PROTO_SCTP, PROTO_TCP, PROTO_UDP, type Packet } from '../wire/packet.ts';
import { inverseTaken, tuplePort, tupleDport } from './conntrack/core.ts';
import {
  ConntrackEntry,
  IPS_CONFIRMED,
  IPS_DST_NAT,
  IPS_DST_NAT_DONE,
  IPS_NAT_MASK,
  IPS_SRC_NAT,
  IPS_SRC_NAT_DONE,
  ORIGINAL,
  REPLY,
  setInverse,
  TupleHash,
} from './conntrack/entry.ts';
import { directionOf } from './conntrack/protocols.ts';
import type { ConntrackTable } from './conntrack/table.ts';
import { netfilterOf } from './state.ts';

export const MANIP_SRC = 0;
export const MANIP_DST = 1;

/** What a NAT target wants (struct nf_nat_range2). Port 0 and address 0 leave the part to the kernel. */
export interface NatRange {
  readonly minAddress: number;
  readonly maxAddress: number;
  readonly minPort: number;
  readonly maxPort: number;
  /** --random, --random-fully: any port, even when the old one is free. */
  readonly random: boolean;
  readonly persistent: boolean;
}

// Scratch tuples: an entry is set up by one packet at a time, and nothing below keeps them.
const scratchOwner = new ConntrackEntry(0, 0, false);
const current = new TupleHash(scratchOwner, ORIGINAL);
const wanted = new TupleHash(scratchOwner, ORIGINAL);
const inverse = new TupleHash(scratchOwner, REPLY);

/** HOOK2MANIP. */
export function manipOf(hook: number): number {
  return hook === NF_POST_ROUTING || hook === NF_LOCAL_IN ? MANIP_SRC : MANIP_DST;
}

/** nf_nat_initialized: this side of the connection was decided. */
export function natDecided(entry: ConntrackEntry, manip: number): boolean {
  return (entry.status & (manip === MANIP_SRC ? IPS_SRC_NAT_DONE : IPS_DST_NAT_DONE)) !== 0;
}

/** nf_nat_setup_info: decides one side of the connection; `range` null binds it to what it is (null binding). */
export function natSetup(ns: NetworkNamespace, entry: ConntrackEntry, range: NatRange | null, manip: number): number {
  if (entry.status & IPS_CONFIRMED) return NF_ACCEPT;
  if (natDecided(entry, manip)) return NF_DROP;
  const table = netfilterOf(ns).conntrack;
  setInverse(current, entry.reply);
  uniqueTuple(ns, table, entry, range, manip);
  if (!sameTuple(wanted, current)) {
    setInverse(entry.reply, wanted);
    entry.status |= manip === MANIP_SRC ? IPS_SRC_NAT : IPS_DST_NAT;
  }
  entry.status |= manip === MANIP_SRC ? IPS_SRC_NAT_DONE : IPS_DST_NAT_DONE;
  return NF_ACCEPT;
}

/** get_unique_tuple: sets `wanted` from `current`. */
function uniqueTuple(
  ns: NetworkNamespace,
  table: ConntrackTable,
  entry: ConntrackEntry,
  range: NatRange | null,
  manip: number,
): void {
  const now = ns.kernel.now;
  const random = range !== null && range.random;
  copy(wanted, current);
  if (
    manip === MANIP_SRC &&
    !random &&
    inRange(current, range, manip) &&
    !inverseTaken(table, current, inverse, entry, now)
  )
    return;
  chooseAddress(wanted, range, manip);
  const portGiven = range !== null && range.minPort !== 0;
  if (!random) {
    if (portGiven) {
      if (
        portInRange(wanted, range, manip) &&
        (range.minPort === range.maxPort || !inverseTaken(table, wanted, inverse, entry, now))
      ) {
        return;
      }
    } else if (!inverseTaken(table, wanted, inverse, entry, now)) return;
  }
  choosePort(ns, table, entry, range, manip, now);
}

/** find_best_ips_proto: spreads connections over an address range by their ends. */
function chooseAddress(tuple: TupleHash, range: NatRange | null, manip: number): void {
  if (range === null || range.minAddress === 0) return;
  let address = range.minAddress;
  const size = range.maxAddress - range.minAddress + 1;
  if (size > 1) {
    const mix = Math.imul(tuple.src, 0x9e3779b1) ^ (range.persistent ? 0 : Math.imul(tuple.dst, 0x85ebca6b));
    address += Math.floor((((mix ^ (mix >>> 15)) >>> 0) / 4294967296) * size);
  }
  if (manip === MANIP_SRC) tuple.set(address, tuple.dst, tuple.sport, tuple.dport, tuple.protocol);
  else tuple.set(tuple.src, address, tuple.sport, tuple.dport, tuple.protocol);
}

/** nf_nat_l4proto_unique_tuple: looks for a free port (or ICMP identifier). */
function choosePort(
  ns: NetworkNamespace,
  table: ConntrackTable,
  entry: ConntrackEntry,
  range: NatRange | null,
  manip: number,
  now: number,
): void {
  const { protocol } = wanted;
  const icmp = protocol === PROTO_ICMP;
  if (!icmp && protocol !== PROTO_TCP && protocol !== PROTO_UDP && protocol !== PROTO_SCTP) return;
  let min: number;
  let size: number;
  if (range !== null && range.minPort !== 0) {
    min = range.minPort;
    size = range.maxPort - range.minPort + 1;
  } else {
    // Without a range the destination port is never changed, a source port stays in its class, an identifier is any.
    if (manip === MANIP_DST && !icmp) return;
    const port = wanted.sport;
    if (icmp) [min, size] = [0, 65536];
    else if (port < 512) [min, size] = [1, 511];
    else if (port < 1024) [min, size] = [600, 424];
    else [min, size] = [1024, 64512];
  }
  const stream = ns.kernel.universe.random.stream('nat-port');
  let offset = manip === MANIP_SRC || (range !== null && range.random) ? stream.below(65536) : 0;
  for (let attempts = Math.min(size, 128); ; attempts >>= 1) {
    for (let i = 0; i < attempts; i++, offset++) {
      setPort(wanted, manip, min + (offset % size));
      if (!inverseTaken(table, wanted, inverse, entry, now)) return;
    }
    if (attempts >= size || attempts < 16) return;
    offset = stream.below(65536);
  }
}

function setPort(tuple: TupleHash, manip: number, port: number): void {
  if (manip === MANIP_SRC || tuple.protocol === PROTO_ICMP)
    tuple.set(tuple.src, tuple.dst, port, tuple.dport, tuple.protocol);
  else tuple.set(tuple.src, tuple.dst, tuple.sport, port, tuple.protocol);
}

function portInRange(tuple: TupleHash, range: NatRange, manip: number): boolean {
  const port = manip === MANIP_SRC || tuple.protocol === PROTO_ICMP ? tuple.sport : tuple.dport;
  return port >= range.minPort && port <= range.maxPort;
}

function inRange(tuple: TupleHash, range: NatRange | null, manip: number): boolean {
  if (range === null) return true;
  const address = manip === MANIP_SRC ? tuple.src : tuple.dst;
  if (range.minAddress !== 0 && (address < range.minAddress || address > range.maxAddress)) return false;
  return range.minPort === 0 || portInRange(tuple, range, manip);
}

function copy(into: TupleHash, from: TupleHash): void {
  into.set(from.src, from.dst, from.sport, from.dport, from.protocol);
}

function sameTuple(a: TupleHash, b: TupleHash): boolean {
  return a.src === b.src && a.dst === b.dst && a.sport === b.sport && a.dport === b.dport;
}

/** nf_nat_packet: rewrites a packet of a connection whose NAT is decided. */
export function natPacket(
  ns: NetworkNamespace,
  entry: ConntrackEntry,
  packet: Packet,
  hook: number,
  isNew: boolean,
): void {
  const manip = manipOf(hook);
  const direction = directionOf(packet.ctInfo);
  if (!(entry.status & statusBit(manip, direction))) return;
  // What the packet should look like is the inverse of what answers it.
  const target = entry.tuple(1 - direction);
  const { src, dst } = packet;
  const sport = tuplePort(packet);
  const dport = tupleDport(packet);
  if (manip === MANIP_SRC) packet.src = target.dst;
  else packet.dst = target.src;
  if (packet.protocol === PROTO_ICMP) packet.icmpId = target.sport;
  else if (hasPorts(packet.protocol)) {
    if (manip === MANIP_SRC) packet.sport = target.dport;
    else packet.dport = target.sport;
  }
  if (ns.kernel.universe.trace === null) return;
  const after = { src: packet.src, dst: packet.dst, sport: tuplePort(packet), dport: tupleDport(packet) };
  if (after.src === src && after.dst === dst && after.sport === sport && after.dport === dport) return;
  emit(ns, packet, {
    kind: 'nat',
    hook: hookName(hook),
    manip: manip === MANIP_SRC ? 'source' : 'destination',
    by: isNew ? 'rule' : 'conntrack',
    before: { src, dst, sport, dport },
    after,
    origin: originOf(entry, manip, direction),
  });
}

/** The status bit that says whether a packet of `direction` is rewritten by `manip`. */
function statusBit(manip: number, direction: number): number {
  const bit = manip === MANIP_SRC ? IPS_SRC_NAT : IPS_DST_NAT;
  return direction === REPLY ? bit ^ IPS_NAT_MASK : bit;
}

/** Who wrote the rule behind a rewriting: that of a reply's destination is the one that changed the source. */
function originOf(entry: ConntrackEntry, manip: number, direction: number): Origin {
  const source = (manip === MANIP_SRC) === (direction !== REPLY);
  return (source ? entry.sourceOrigin : entry.destinationOrigin) ?? kernelHabit('nat-port');
}

function hasPorts(protocol: number): boolean {
  return protocol === PROTO_TCP || protocol === PROTO_UDP || protocol === PROTO_SCTP;
}

/** nf_nat_icmp_reply_translation: an ICMP error and the packet inside it. False when it must be dropped. */
export function natIcmpError(ns: NetworkNamespace, entry: ConntrackEntry, packet: Packet, hook: number): boolean {
  // Redirects would make the two ends talk past the translation, be it there or yet to come.
  const { status } = entry;
  const decided = (status & IPS_SRC_NAT_DONE) !== 0 && (status & IPS_DST_NAT_DONE) !== 0;
  if (packet.icmpType === ICMP_REDIRECT && (!decided || status & IPS_NAT_MASK)) return false;
  const manip = manipOf(hook);
  const direction = directionOf(packet.ctInfo);
  if (!(entry.status & statusBit(manip, direction))) return true;
  const target = entry.tuple(1 - direction);
  const inner = packet.quoted;
  if (inner === null) return true;
  const before = { src: packet.src, dst: packet.dst, sport: 0, dport: 0 };
  // The packet inside went the other way, so its other end is what changes.
  if (manip === MANIP_SRC) {
    inner.dst = target.dst;
    if (hasPorts(inner.protocol)) inner.dport = target.dport;
    packet.src = target.dst;
  } else {
    inner.src = target.src;
    if (hasPorts(inner.protocol)) inner.sport = target.sport;
    packet.dst = target.src;
  }
  if (inner.protocol === PROTO_ICMP) inner.icmpId = target.sport;
  if (ns.kernel.universe.trace !== null) {
    emit(ns, packet, {
      kind: 'nat',
      hook: hookName(hook),
      manip: manip === MANIP_SRC ? 'source' : 'destination',
      by: 'conntrack',
      before,
      after: { src: packet.src, dst: packet.dst, sport: 0, dport: 0 },
      origin: originOf(entry, manip, direction),
    });
  }
  return true;
}
