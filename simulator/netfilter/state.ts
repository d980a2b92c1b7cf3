/**
 * What netfilter keeps per namespace: tables of chains of rules, and the connection tracking table.
 * Mirrors struct nft_table / nft_chain as iptables-nft makes them: a base chain exists (and counts, and shows up in a
 * trace) only once somebody touched it; until then it is shown as an empty one with policy ACCEPT.
 */
import { kernelHabit, type Origin } from '../base/origin.ts';
import type { NetDevice } from '../kernel/device.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { NF_FORWARD, NF_LOCAL_IN, NF_LOCAL_OUT, NF_POST_ROUTING, NF_PRE_ROUTING } from '../kernel/seams.ts';
import { HOOK_NAMES } from '../trace/event.ts';
import { ConntrackTable } from './conntrack/table.ts';
import type { Bucket } from './matches/hashlimit.ts';
import type { RecentEntry } from './matches/recent.ts';
import type { Packet } from '../wire/packet.ts';
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
  /** Who set the policy. */
  origin: Origin = kernelHabit('policy');
  /** Of base chains: whether the policy counts on every machine, as somebody has set it; what met it. */
  counts: boolean;
  packets = 0;
  bytes = 0;
  rules: Rule[] = [];
  /** Rules that jump or go here. */
  references = 0;
  /** Number in the table, shared with rules: the order of birth. */
  handle = 0;

  constructor(name: string, table: Table, hook: number) {
    this.name = name;
    this.table = table;
    this.hook = hook;
    this.counts = table.backend === 'legacy';
  }
}

/** One step of a traced packet: `rule` is null where the policy decided. `first` is true for the first step in a base chain. */
export interface TraceStep {
  readonly packet: Packet;
  readonly hook: number;
  readonly input: NetDevice | null;
  readonly output: NetDevice | null;
  readonly chain: Chain;
  readonly rule: Rule | null;
  /** CONTINUE, ACCEPT, DROP, RETURN, JUMP:CHAIN, GOTO:CHAIN; without a rule, CONTINUE and RETURN are the end of the walk through a chain. */
  readonly verdict: string;
  readonly first: boolean;
}
export type Tracer = (step: TraceStep) => void;

/** The packet comes out of a tunnel whose device is in another namespace: the buffer names a device that nobody finds here. */
export function wrappedElsewhere({ hook, input, packet }: TraceStep): boolean {
  return hook === NF_POST_ROUTING && input === null && packet.dev !== 0;
}

/** Whose tables: nf_tables (iptables-nft), or the older ip_tables beside them (iptables-legacy). */
export type Backend = 'nft' | 'legacy';

export class Table {
  readonly name: TableName;
  readonly backend: Backend;
  /** True once somebody wrote to it. */
  present = false;
  /** Among the tables of nf_tables: the order of birth. */
  order = 0;
  /** The last handle given out. */
  handles = 0;
  /** By hook number; null where no base chain exists. */
  readonly base: (Chain | null)[] = [null, null, null, null, null];
  private named: Map<string, Chain> | null = null;

  constructor(name: TableName, backend: Backend = 'nft') {
    this.name = name;
    this.backend = backend;
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
  /** Tables of ip_tables by name, the newest first (/proc/net/ip_tables_names); null while there is none. */
  legacy: Map<TableName, Table> | null = null;
  /** Lists of `-m recent` and buckets of `-m hashlimit`, by name. */
  recent: Map<string, Map<number, RecentEntry>> | null = null;
  hashlimits: Map<string, Map<string, Bucket>> | null = null;
  /** Tables of nf_tables made so far. */
  tablesMade = 0;
  /** Told of the way of packets that TRACE marked; null while nobody listens. */
  tracers: readonly Tracer[] | null = null;
  /** Base chains of the nat table: while there is none, nothing is translated. */
  natUsers = 0;
}

/** A table of either kind. One of ip_tables comes into being, with all its base chains, when it is first asked for. */
export function tableOf(netfilter: Netfilter, name: TableName, backend: Backend): Table {
  if (backend === 'nft') return netfilter[name];
  const known = netfilter.legacy?.get(name);
  if (known !== undefined) return known;
  const table = new Table(name, 'legacy');
  table.present = true;
  for (const hook of TABLE_HOOKS[name]) table.base[hook] = new Chain(HOOK_NAMES[hook] as string, table, hook);
  if (name === 'nat') netfilter.natUsers++;
  netfilter.legacy = new Map([[name, table], ...(netfilter.legacy ?? [])]);
  return table;
}

/** The namespace's netfilter state; made on first use. */
export function netfilterOf(ns: NetworkNamespace): Netfilter {
  ns.rooms.netfilter ??= new Netfilter();
  return ns.rooms.netfilter as Netfilter;
}
