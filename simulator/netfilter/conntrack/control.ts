/** What conntrack(8) asks of the kernel. Mirrors net/netfilter/nf_conntrack_netlink.c. */
import { SECOND } from '../../base/scheduler.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { PROTO_ICMP, type ConntrackReference } from '../../wire/packet.ts';
import { netfilterOf } from '../state.ts';
import {
  IPS_ASSURED,
  IPS_CONFIRMED,
  IPS_DST_NAT,
  IPS_DST_NAT_DONE,
  IPS_EXPECTED,
  IPS_SEEN_REPLY,
  IPS_SRC_NAT,
  IPS_SRC_NAT_DONE,
  type ConntrackEntry,
} from './entry.ts';
import type { ConntrackStats, ConntrackWatcher } from './table.ts';

/** An address with its mask. */
export interface AddressFilter {
  readonly address: number;
  readonly mask: number;
}

/** Which entries are meant; what is absent matches all. */
export interface ConntrackFilter {
  readonly protocol?: number;
  readonly originalSource?: AddressFilter;
  readonly originalDestination?: AddressFilter;
  readonly replySource?: AddressFilter;
  readonly replyDestination?: AddressFilter;
  readonly originalSport?: number;
  readonly originalDport?: number;
  readonly replySport?: number;
  readonly replyDport?: number;
  /** Of ICMP. */
  readonly icmpType?: number;
  readonly icmpCode?: number;
  readonly icmpId?: number;
  readonly mark?: { readonly value: number; readonly mask: number };
  /** IPS_* bits that must all be set. */
  readonly status?: number;
  /** IPS_* bits that must all be clear. */
  readonly withoutStatus?: number;
  /** Translated sources: `--src-nat`, with or without the address it is translated to. */
  readonly sourceNat?: AddressFilter | 'any';
  readonly destinationNat?: AddressFilter | 'any';
  /** Either side: `--any-nat`. */
  readonly anyNat?: AddressFilter | 'any';
  readonly id?: number;
}

/** Live entries that the filter means, oldest first. */
export function listConntrack(ns: NetworkNamespace, filter: ConntrackFilter = {}): ConntrackEntry[] {
  return netfilterOf(ns)
    .conntrack.list(ns.kernel.now)
    .filter((entry) => isMeant(entry, filter));
}

/** Deletes entries; answers those it deleted. */
export function deleteConntrack(ns: NetworkNamespace, filter: ConntrackFilter, portId = 0): ConntrackEntry[] {
  const table = netfilterOf(ns).conntrack;
  const entries = listConntrack(ns, filter);
  for (const entry of entries) table.remove(entry, portId);
  return entries;
}

/** What `conntrack -U` changes. */
export interface ConntrackChange {
  readonly mark?: { readonly value: number; readonly mask: number };
  /** From now on. */
  readonly seconds?: number;
}

/** Changes entries; answers those it changed. */
export function updateConntrack(
  ns: NetworkNamespace,
  filter: ConntrackFilter,
  { mark, seconds }: ConntrackChange,
  portId = 0,
): ConntrackEntry[] {
  const table = netfilterOf(ns).conntrack;
  const entries = listConntrack(ns, filter);
  for (const entry of entries) {
    if (mark !== undefined) entry.mark = ((entry.mark & ~mark.mask) ^ (mark.value & mark.mask)) >>> 0;
    if (seconds !== undefined) entry.expires = ns.kernel.now + seconds * SECOND;
    if (table.watchers.length > 0) table.tell('UPDATE', entry, portId);
  }
  return entries;
}

/** `use=`: the table's own reference and one for each packet that waits for its next hop's MAC. Those with one alone are left out. */
export function conntrackReferences(ns: NetworkNamespace): Map<ConntrackReference, number> {
  const references = new Map<ConntrackReference, number>();
  for (const { queue } of ns.neighbours.list())
    for (const { ct } of queue) if (ct !== null) references.set(ct, (references.get(ct) ?? 1) + 1);
  return references;
}

/** nf_conntrack_count; entries past their time no longer count. */
export function countConntrack(ns: NetworkNamespace): number {
  netfilterOf(ns).conntrack.sweep(ns.kernel.now);
  return netfilterOf(ns).conntrack.count;
}

export function conntrackStats(ns: NetworkNamespace): ConntrackStats {
  return netfilterOf(ns).conntrack.stats;
}

/** Tells `watcher` of changes until the answer is called. */
export function watchConntrack(ns: NetworkNamespace, watcher: ConntrackWatcher): () => void {
  const table = netfilterOf(ns).conntrack;
  table.watchers = [...table.watchers, watcher];
  const { scheduler } = ns.kernel.universe;
  // The garbage collector (gc_worker): whoever watches hears of the end of entries whose time is over.
  let timer = scheduler.after(SECOND, collect);
  function collect(): void {
    table.sweep(ns.kernel.now);
    timer = scheduler.after(SECOND, collect);
  }
  return () => {
    timer.cancel();
    table.watchers = table.watchers.filter((one) => one !== watcher);
  };
}

/** Names of `-u`, as bits that must be set and bits that must be clear. */
export const STATUS_NAMES: ReadonlyMap<string, { readonly set: number; readonly clear: number }> = new Map([
  ['EXPECTED', { set: IPS_EXPECTED, clear: 0 }],
  ['SEEN_REPLY', { set: IPS_SEEN_REPLY, clear: 0 }],
  ['UNREPLIED', { set: 0, clear: IPS_SEEN_REPLY }],
  ['ASSURED', { set: IPS_ASSURED, clear: 0 }],
  ['UNSET', { set: 0, clear: 0 }],
  ['CONFIRMED', { set: IPS_CONFIRMED, clear: 0 }],
  ['SRC_NAT', { set: IPS_SRC_NAT, clear: 0 }],
  ['DST_NAT', { set: IPS_DST_NAT, clear: 0 }],
]);

/** Whether `filter` means `entry`, in the table or not. */
export function isMeant(entry: ConntrackEntry, filter: ConntrackFilter): boolean {
  const { original, reply, status } = entry;
  const same = (wanted: number | undefined, actual: number): boolean => wanted === undefined || wanted === actual;
  return (
    same(filter.protocol, original.protocol) &&
    within(filter.originalSource, original.src) &&
    within(filter.originalDestination, original.dst) &&
    within(filter.replySource, reply.src) &&
    within(filter.replyDestination, reply.dst) &&
    same(filter.originalSport, original.sport) &&
    same(filter.originalDport, original.dport) &&
    same(filter.replySport, reply.sport) &&
    same(filter.replyDport, reply.dport) &&
    same(filter.icmpType, original.dport >> 8) &&
    same(filter.icmpCode, original.dport & 255) &&
    same(filter.icmpId, original.sport) &&
    same(filter.id, entry.id) &&
    (filter.mark === undefined || (entry.mark & filter.mark.mask) >>> 0 === filter.mark.value) &&
    (filter.status === undefined || (status & filter.status) === filter.status) &&
    (filter.withoutStatus === undefined || (status & filter.withoutStatus) === 0) &&
    natMatches(entry, filter)
  );
}

function within(filter: AddressFilter | undefined, address: number): boolean {
  return filter === undefined || ((filter.address ^ address) & filter.mask) === 0;
}

/**
 * NFCT_GOPT_IS_SNAT, _SPAT and so on: an address given means a changed address, none means a changed port as well. The
 * library compares an ICMP identifier with a type, which always differ: so is it here.
 */
function natMatches({ original, reply, status }: ConntrackEntry, filter: ConntrackFilter): boolean {
  const icmp = original.protocol === PROTO_ICMP;
  const sourceDone = (status & IPS_SRC_NAT_DONE) !== 0;
  const destinationDone = (status & IPS_DST_NAT_DONE) !== 0;
  const source = (wanted: AddressFilter | 'any'): boolean =>
    sourceDone &&
    (wanted === 'any'
      ? icmp || original.src !== reply.dst || original.sport !== reply.dport
      : original.src !== reply.dst && within(wanted, reply.dst));
  const destination = (wanted: AddressFilter | 'any'): boolean =>
    destinationDone &&
    (wanted === 'any'
      ? icmp || original.dst !== reply.src || original.dport !== reply.sport
      : original.dst !== reply.src && within(wanted, reply.src));
  if (filter.sourceNat !== undefined && !source(filter.sourceNat)) return false;
  if (filter.destinationNat !== undefined && !destination(filter.destinationNat)) return false;
  return filter.anyNat === undefined || source(filter.anyNat) || destination(filter.anyNat);
}
