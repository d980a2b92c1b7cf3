/**
 * What netfilter keeps per namespace: tables of chains of rules, and the connection tracking table.
 * Mirrors struct nft_table / nft_chain as iptables-nft makes them: a base chain exists (and counts, and shows up in a
 * trace) only once somebody touched it; until then it is shown as an empty one with policy ACCEPT.
 */
import type { NetworkNamespace } from '../kernel/netns.ts';
import { NF_FORWARD, NF_LOCAL_IN, NF_LOCAL_OUT, NF_POST_ROUTING, NF_PRE_ROUTING } from '../kernel/seams.ts';
import { ConntrackTable } from './conntrack/table.ts';
import type { Rule } from './rule.ts';

/** The tables in the order in which iptables-save prints them. */
export const TABLE_NAMES = ['mangle', 'security', 'raw', 'filter', 'nat'] as const;
export type TableName = (typeof TABLE_NAMES)[number];

/** Base chains of each table, in the order in which they are listed. */
export const TABLE_HOOKS: Readonly<Record<TableName, readonly number[]>> = {
  mangle: [NF_PRE_ROUTING, NF_LOCAL_IN, NF_FORWARD, NF_LOCAL_OUT, NF_POST_ROUTING],
  security: [NF_LOCAL_IN, NF_FORWARD, NF_LOCAL_OUT],
  raw: [NF_PRE_ROUTING, NF_LOCAL_OUT],
  filter: [NF_LOCAL_IN, NF_FORWARD, NF_LOCAL_OUT],
  nat: [NF_PRE_ROUTING, NF_LOCAL_IN, NF_LOCAL_OUT, NF_POST_ROUTING],
};

export type Policy = 'ACCEPT' | 'DROP';

export class Chain {
  name: string;
  readonly table: Table;
  /** Hook number of a base chain, -1 of a user's. */
  readonly hook: number;
  policy: Policy = 'ACCEPT';
  /** Of base chains: what met the policy. */
  packets = 0;
  bytes = 0;
  rules: Rule[] = [];
  /** Rules that jump or go here. */
  references = 0;

  constructor(name: string, table: Table, hook: number) {
    this.name = name;
    this.table = table;
    this.hook = hook;
  }
}

export class Table {
  readonly name: TableName;
  /** True once somebody wrote to it. */
  present = false;
  /** By hook number; null where no base chain exists. */
  readonly base: (Chain | null)[] = [null, null, null, null, null];
  private named: Map<string, Chain> | null = null;

  constructor(name: TableName) {
    this.name = name;
  }

  /** User chains by name; made on first use, as most tables have none. */
  get chains(): Map<string, Chain> {
    this.named ??= new Map();
    return this.named;
  }
}

export class Netfilter {
  readonly mangle = new Table('mangle');
  readonly security = new Table('security');
  readonly raw = new Table('raw');
  readonly filter = new Table('filter');
  readonly nat = new Table('nat');
  readonly conntrack = new ConntrackTable();
  /** How many rules need connection tracking (nf_ct_netns_get): while none does, packets are not tracked. */
  conntrackUsers = 0;
  /** Base chains of the nat table: while there is none, nothing is translated. */
  natUsers = 0;
}

/** The namespace's netfilter state; made on first use. */
export function netfilterOf(ns: NetworkNamespace): Netfilter {
  ns.rooms.netfilter ??= new Netfilter();
  return ns.rooms.netfilter as Netfilter;
}
