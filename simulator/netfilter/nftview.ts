/** What nft(8) and xtables-monitor(8) see of nf_tables: tables and chains by birth, and the way of traced packets. */
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { Rule } from './rule.ts';
import { netfilterOf, TABLE_NAMES, type TableName, type Tracer } from './state.ts';
import { allChains } from './xtables.ts';

/** A table of nf_tables as `nft` lists it: chains by birth. */
export interface NftTable {
  readonly name: TableName;
  readonly handle: number;
  readonly chains: readonly NftChain[];
}

export interface NftChain {
  readonly name: string;
  readonly table: TableName;
  /** -1 of a user's chain. */
  readonly hook: number;
  readonly policy: string;
  readonly handle: number;
  readonly rules: readonly Rule[];
}

/** The tables of nf_tables that exist, by birth. */
export function nftTables(ns: NetworkNamespace): NftTable[] {
  const netfilter = netfilterOf(ns);
  return TABLE_NAMES.map((name) => netfilter[name])
    .filter((table) => table.present)
    .sort((a, b) => a.order - b.order)
    .map((table) => ({
      name: table.name,
      handle: table.order,
      chains: allChains(table)
        .sort((a, b) => a.handle - b.handle)
        .map(({ name, hook, policy, handle, rules }) => ({ name, table: table.name, hook, policy, handle, rules })),
    }));
}

/** Tells `tracer` of the steps of packets that TRACE marked, until the answer is called. */
export function watchTrace(ns: NetworkNamespace, tracer: Tracer): () => void {
  const netfilter = netfilterOf(ns);
  netfilter.tracers = [...(netfilter.tracers ?? []), tracer];
  return () => {
    const rest = (netfilter.tracers ?? []).filter((one) => one !== tracer);
    netfilter.tracers = rest.length === 0 ? null : rest;
  };
}
