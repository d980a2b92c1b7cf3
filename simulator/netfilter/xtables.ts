/**
 * The requests that change the tables of a namespace: what iptables-nft sends over netlink, and dockerd through it.
 * Mirrors iptables/nft.c (which chains are made when, what is refused before the kernel is asked) and nf_tables_api.c
 * (what the kernel refuses). Refusals carry the tool's words; those of the kernel read `RULE_APPEND failed (…): …`.
 */
import { strerror, type Errno } from '../base/errno.ts';
import type { Origin } from '../base/origin.ts';
import { done, refuse, type Refused, type Result } from '../base/result.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { specText, textOfRule } from './print.ts';
import {
  ACTION_ACCEPT,
  ACTION_CONTINUE,
  ACTION_DROP,
  ACTION_GOTO,
  ACTION_JUMP,
  ACTION_RETURN,
  ACTION_TARGET,
  needsConntrack,
  Rule,
  type RuleSpec,
} from './rule.ts';
import {
  Chain,
  netfilterOf,
  TABLE_HOOKS,
  TABLE_NAMES,
  tableOf,
  type Backend,
  type Netfilter,
  type Table,
  type TableName,
} from './state.ts';
import { HOOK_NAMES } from '../trace/event.ts';

export interface Counters {
  readonly packets: number;
  readonly bytes: number;
}

/** Rule numbers count from 1. */
export type XtablesRequest =
  | {
      readonly op: 'append';
      readonly table: TableName;
      readonly chain: string;
      readonly rule: RuleSpec;
      readonly counters?: Counters;
    }
  | {
      readonly op: 'insert';
      readonly table: TableName;
      readonly chain: string;
      readonly number: number;
      readonly rule: RuleSpec;
      readonly counters?: Counters;
    }
  | {
      readonly op: 'replace';
      readonly table: TableName;
      readonly chain: string;
      readonly number: number;
      readonly rule: RuleSpec;
      readonly counters?: Counters;
    }
  | { readonly op: 'delete' | 'check'; readonly table: TableName; readonly chain: string; readonly rule: RuleSpec }
  | { readonly op: 'delete-number'; readonly table: TableName; readonly chain: string; readonly number: number }
  | { readonly op: 'new-chain'; readonly table: TableName; readonly chain: string }
  /** Without `chain`: all of the table. */
  | { readonly op: 'delete-chain' | 'flush'; readonly table: TableName; readonly chain?: string }
  | { readonly op: 'rename-chain'; readonly table: TableName; readonly chain: string; readonly to: string }
  | {
      readonly op: 'policy';
      readonly table: TableName;
      readonly chain: string;
      readonly policy: string;
      readonly counters?: Counters;
    }
  | { readonly op: 'zero'; readonly table: TableName; readonly chain?: string; readonly number?: number };

const NO_CHAIN = 'No chain/target/match by that name';
const BAD_RULE = 'Bad rule (does a matching rule exist in that chain?)';

/** Carries out one request. `origin` is kept on the rules it writes. */
export function xtables(
  ns: NetworkNamespace,
  request: XtablesRequest,
  origin: Origin,
  backend: Backend = 'nft',
): Result<undefined> {
  const result = carryOut(ns, request, origin, backend);
  // libiptc gives ip_tables a whole table at each change, and takes what policies counted before for a start of zero.
  if (backend === 'legacy' && result.ok && !['check', 'policy', 'zero'].includes(request.op))
    for (const chain of tableOf(netfilterOf(ns), request.table, backend).base)
      if (chain !== null) chain.packets = chain.bytes = 0;
  return result;
}

function carryOut(ns: NetworkNamespace, request: XtablesRequest, origin: Origin, backend: Backend): Result<undefined> {
  const netfilter = netfilterOf(ns);
  const table = tableOf(netfilter, request.table, backend);
  switch (request.op) {
    case 'append':
    case 'insert':
    case 'replace':
      return write(netfilter, table, request, origin);
    case 'delete': {
      const chain = lookChain(table, request.chain);
      const at = chain === undefined ? -1 : indexOfRule(chain, request.rule);
      // What ip_tables says of a rule with a target of its own.
      if (table.backend === 'legacy' && chain !== undefined && at < 0 && request.rule.target !== null)
        return refuse('ENOENT', NO_CHAIN);
      if (chain === undefined || at < 0) return refuse('ENOENT', BAD_RULE);
      removeRule(netfilter, chain, at);
      return done;
    }
    case 'check': {
      const chain = lookChain(table, request.chain);
      return chain !== undefined && indexOfRule(chain, request.rule) >= 0 ? done : refuse('ENOENT', BAD_RULE);
    }
    case 'delete-number': {
      const chain = lookChain(table, request.chain);
      if (chain === undefined && builtinHook(table, request.chain) < 0) return refuse('ENOENT', NO_CHAIN);
      if (chain === undefined || request.number > chain.rules.length)
        return refuse('E2BIG', 'Index of deletion too big');
      removeRule(netfilter, chain, request.number - 1);
      return done;
    }
    case 'new-chain':
      if (lookChain(table, request.chain) !== undefined || builtinHook(table, request.chain) >= 0)
        return refuse('EEXIST', 'Chain already exists');
      table.chains.set(request.chain, born(netfilter, table, new Chain(request.chain, table, -1)));
      return done;
    case 'delete-chain':
      if (backend === 'legacy') return deleteLegacy(table, request.chain);
      return request.chain === undefined ? deleteAll(netfilter, table) : deleteChain(netfilter, table, request.chain);
    case 'rename-chain': {
      const chain = table.chains.get(request.chain);
      if (chain === undefined) return refuse('ENOENT', NO_CHAIN);
      if (lookChain(table, request.to) !== undefined || builtinHook(table, request.to) >= 0)
        return refuse('EEXIST', 'File exists');
      table.chains.delete(chain.name);
      chain.name = request.to;
      table.chains.set(chain.name, chain);
      for (const { rules } of allChains(table)) {
        for (const rule of rules) {
          if (rule.chain !== chain) continue;
          rule.spec = { ...rule.spec, jump: chain.name };
          rule.text = '';
        }
      }
      return done;
    }
    case 'flush':
      return flush(netfilter, table, request.chain);
    case 'policy':
      return setPolicy(netfilter, table, request.chain, request.policy, origin, request.counters);
    case 'zero':
      return zero(netfilter, table, request.chain, request.number);
  }
}

/** A base chain as it is shown: the real one, or what an untouched one looks like. */
export function shownBaseChains(ns: NetworkNamespace, name: TableName, backend: Backend = 'nft'): Chain[] {
  const table = tableOf(netfilterOf(ns), name, backend);
  return TABLE_HOOKS[name].map((hook) => table.base[hook] ?? new Chain(HOOK_NAMES[hook] as string, table, hook));
}

/** User chains by name. */
export function userChains(ns: NetworkNamespace, name: TableName, backend: Backend = 'nft'): Chain[] {
  const chains = [...tableOf(netfilterOf(ns), name, backend).chains.values()];
  return chains.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A chain as it is shown, or undefined when there is none of that name. */
export function shownChain(
  ns: NetworkNamespace,
  table: TableName,
  name: string,
  backend: Backend = 'nft',
): Chain | undefined {
  return (
    tableOf(netfilterOf(ns), table, backend).chains.get(name) ??
    shownBaseChains(ns, table, backend).find((chain) => chain.name === name)
  );
}

/** The tables that exist, in the order in which iptables-save prints them. */
export function presentTables(ns: NetworkNamespace, backend: Backend = 'nft'): TableName[] {
  const netfilter = netfilterOf(ns);
  if (backend === 'legacy') return [...(netfilter.legacy?.keys() ?? [])];
  return TABLE_NAMES.filter((name) => netfilter[name].present);
}

/** Drops a whole table (iptables-restore without `--noflush`). */
export function dropTable(ns: NetworkNamespace, name: TableName, backend: Backend = 'nft'): void {
  const netfilter = netfilterOf(ns);
  const table = tableOf(netfilter, name, backend);
  for (const chain of allChains(table))
    while (chain.rules.length > 0) removeRule(netfilter, chain, chain.rules.length - 1);
  table.chains.clear();
  if (backend === 'legacy') return;
  for (const chain of table.base) if (chain !== null) removeBase(netfilter, table, chain);
  table.present = false;
}

/** Remembers a table as it is; the answer puts it back (a transaction that fails leaves no trace). */
export function saveTable(ns: NetworkNamespace, name: TableName, backend: Backend = 'nft'): () => void {
  const netfilter = netfilterOf(ns);
  const table = tableOf(netfilter, name, backend);
  const { present } = table;
  const base = [...table.base];
  const chains = [...table.chains];
  const kept = allChains(table).map((chain) => {
    const { name: chainName, policy, packets, bytes, references } = chain;
    return { chain, was: { name: chainName, policy, packets, bytes, references }, rules: [...chain.rules] };
  });
  const { conntrackUsers, natUsers } = netfilter;
  return () => {
    table.present = present;
    base.forEach((chain, hook) => (table.base[hook] = chain));
    table.chains.clear();
    for (const [chainName, chain] of chains) table.chains.set(chainName, chain);
    for (const { chain, was, rules } of kept) Object.assign(chain, was, { rules });
    netfilter.conntrackUsers = conntrackUsers;
    netfilter.natUsers = natUsers;
  };
}

/** Base chains and user chains. */
export function allChains(table: Table): Chain[] {
  return [...table.base.filter((chain) => chain !== null), ...table.chains.values()];
}

function lookChain(table: Table, name: string): Chain | undefined {
  return table.chains.get(name) ?? table.base.find((chain) => chain?.name === name) ?? undefined;
}

/** The hook of the table's base chain called `name`, -1 when there is none. */
function builtinHook(table: Table, name: string): number {
  return TABLE_HOOKS[table.name].find((hook) => HOOK_NAMES[hook] === name) ?? -1;
}

/** The chain called `name`; a base chain that does not exist yet is made (nft_xt_builtin_init). */
function reachChain(netfilter: Netfilter, table: Table, name: string): Chain | undefined {
  const existing = lookChain(table, name);
  if (existing !== undefined) return existing;
  const hook = builtinHook(table, name);
  if (hook < 0) return undefined;
  const chain = born(netfilter, table, new Chain(name, table, hook));
  table.base[hook] = chain;
  if (table.name === 'nat') netfilter.natUsers++;
  return chain;
}

/** Gives a new chain its handle; the table comes into being with its first chain. */
function born(netfilter: Netfilter, table: Table, chain: Chain): Chain {
  if (!table.present) {
    table.present = true;
    table.order = ++netfilter.tablesMade;
    table.handles = 0;
  }
  chain.handle = ++table.handles;
  return chain;
}

function removeBase(netfilter: Netfilter, table: Table, chain: Chain): void {
  table.base[chain.hook] = null;
  if (table.name === 'nat') netfilter.natUsers--;
}

/** Two specs are the same rule when they read the same. */
function indexOfRule(chain: Chain, spec: RuleSpec): number {
  const text = specText(spec);
  return chain.rules.findIndex((rule) => textOfRule(rule) === text);
}

function write(
  netfilter: Netfilter,
  table: Table,
  request: Extract<XtablesRequest, { op: 'append' | 'insert' | 'replace' }>,
  origin: Origin,
): Result<undefined> {
  const { op, rule: spec, counters } = request;
  const isJump = spec.jump !== '' && spec.target === null && !['ACCEPT', 'DROP', 'RETURN'].includes(spec.jump);
  const destination = isJump ? lookChain(table, spec.jump) : undefined;
  if (isJump && destination === undefined && builtinHook(table, spec.jump) < 0)
    return refuse('ENOENT', table.backend === 'nft' ? `Chain '${spec.jump}' does not exist` : couldNotLoad(spec.jump));
  if (lookChain(table, request.chain) === undefined && builtinHook(table, request.chain) < 0)
    return refuse('ENOENT', NO_CHAIN);
  const length = lookChain(table, request.chain)?.rules.length ?? 0;
  if (op === 'insert' && request.number > length + 1) return refuse('E2BIG', 'Index of insertion too big');
  if (op === 'replace' && request.number > length) return refuse('E2BIG', 'Index of replacement too big');

  const verb = `RULE_${op.toUpperCase()}`;
  const denied = (errno: Errno): Refused =>
    table.backend === 'nft'
      ? refuse(errno, `${verb} failed (${strerror(errno)}): rule in chain ${request.chain}`)
      : legacyRefusal(errno === 'EOPNOTSUPP' ? 'EINVAL' : errno);
  if (isJump && (destination === undefined || destination.hook >= 0)) return denied('EOPNOTSUPP');
  if (spec.matches.some(({ extension, data }) => extension.accepts?.(data) === false)) return denied('EINVAL');
  const target = spec.target?.extension;
  if (target !== undefined) {
    if (target.tables !== undefined && !target.tables.includes(table.name)) return denied('EINVAL');
    if (target.protocols !== undefined && (spec.notProtocol || !target.protocols.includes(spec.protocol)))
      return denied('EINVAL');
    if (spec.target !== null && target.accepts?.(spec.target.data, spec) === false) return denied('EINVAL');
  }
  const existed = lookChain(table, request.chain) !== undefined;
  const wasPresent = table.present;
  const chain = reachChain(netfilter, table, request.chain) as Chain;
  const rule = makeRule(spec, destination ?? null, origin);
  rule.handle = ++table.handles;
  rule.packets = counters?.packets ?? 0;
  rule.bytes = counters?.bytes ?? 0;
  const at = op === 'append' ? length : request.number - 1;
  const replaced = op === 'replace' ? chain.rules[at] : undefined;
  chain.rules = chain.rules.toSpliced(at, op === 'replace' ? 1 : 0, rule);
  const problem = isJump || target?.hooks !== undefined ? validate(table) : undefined;
  if (problem !== undefined) {
    chain.rules = replaced === undefined ? chain.rules.toSpliced(at, 1) : chain.rules.toSpliced(at, 1, replaced);
    // The transaction that would have made the chain is not carried out.
    if (!existed) {
      removeBase(netfilter, table, chain);
      table.present = wasPresent;
    }
    return denied(problem);
  }
  if (replaced !== undefined) account(netfilter, replaced, -1);
  account(netfilter, rule, 1);
  return done;
}

function makeRule(spec: RuleSpec, chain: Chain | null, origin: Origin): Rule {
  // Buckets and counters of extensions (limit, statistic) belong to one rule: copy the data.
  const own: RuleSpec = {
    ...spec,
    matches: spec.matches.map(({ extension, data }) => ({ extension, data: { ...data } })),
  };
  const rule = new Rule(own, origin);
  rule.chain = chain;
  if (spec.target !== null) rule.action = ACTION_TARGET;
  else if (chain !== null) rule.action = spec.goto ? ACTION_GOTO : ACTION_JUMP;
  else rule.action = STANDARD[spec.jump] ?? ACTION_CONTINUE;
  return rule;
}

const STANDARD: Readonly<Record<string, number>> = { ACCEPT: ACTION_ACCEPT, DROP: ACTION_DROP, RETURN: ACTION_RETURN };

/** Counts what a rule refers to, in or out. */
function account(netfilter: Netfilter, rule: Rule, sign: 1 | -1): void {
  if (rule.chain !== null) rule.chain.references += sign;
  if (needsConntrack(rule.spec)) netfilter.conntrackUsers += sign;
}

/** Rule lists are replaced, never changed in place: a packet may be walking one. */
function removeRule(netfilter: Netfilter, chain: Chain, at: number): void {
  account(netfilter, chain.rules[at] as Rule, -1);
  chain.rules = chain.rules.toSpliced(at, 1);
}

/** nft_chain_validate: no loops, and every target where its hook allows it. */
function validate(table: Table): Errno | undefined {
  const visit = (chain: Chain, hook: number, path: readonly Chain[]): Errno | undefined => {
    if (path.includes(chain)) return 'ELOOP';
    for (const rule of chain.rules) {
      if (hook >= 0 && rule.target?.extension.hooks?.includes(hook) === false) return 'EINVAL';
      if (rule.chain === null) continue;
      const problem = visit(rule.chain, hook, [...path, chain]);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  for (const chain of allChains(table)) {
    const problem = visit(chain, chain.hook, []);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const BUSY = (chain: string): Refused => refuse('EBUSY', `CHAIN_DEL failed (${strerror('EBUSY')}): chain ${chain}`);

function deleteChain(netfilter: Netfilter, table: Table, name: string): Result<undefined> {
  const chain = lookChain(table, name);
  if (chain === undefined) return builtinHook(table, name) >= 0 ? done : refuse('ENOENT', NO_CHAIN);
  if (chain.references > 0 || chain.rules.length > 0) return BUSY(name);
  if (chain.hook < 0) table.chains.delete(name);
  else if (chain.policy === 'ACCEPT') removeBase(netfilter, table, chain);
  return done;
}

/** `-X` alone: every user chain, and base chains that look untouched; all or nothing. */
function deleteAll(netfilter: Netfilter, table: Table): Result<undefined> {
  for (const chain of table.chains.values())
    if (chain.references > 0 || chain.rules.length > 0) return BUSY(chain.name);
  table.chains.clear();
  for (const chain of table.base) {
    if (chain !== null && chain.rules.length === 0 && chain.policy === 'ACCEPT') removeBase(netfilter, table, chain);
  }
  return done;
}

/** What ip_tables says: the C library's words, and where to look for an EINVAL. */
function legacyRefusal(errno: Errno): Refused {
  return refuse(errno, strerror(errno) + (errno === 'EINVAL' ? ". Run `dmesg' for more information" : ''));
}

/** xtables_find_target when there is neither a chain nor an extension of that name. */
function couldNotLoad(name: string): string {
  return `Couldn't load target \`${name}':No such file or directory\n`;
}

/** iptc_delete_chain. */
function deleteLegacy(table: Table, name: string | undefined): Result<undefined> {
  if (name !== undefined && builtinHook(table, name) >= 0) return legacyRefusal('EINVAL');
  const chains = name === undefined ? [...table.chains.values()] : [table.chains.get(name)];
  for (const chain of chains) {
    if (chain === undefined) return refuse('ENOENT', NO_CHAIN);
    if (chain.references > 0) return legacyRefusal('EMLINK');
    if (chain.rules.length > 0) return legacyRefusal('ENOTEMPTY');
  }
  for (const chain of chains) if (chain !== undefined) table.chains.delete(chain.name);
  return done;
}

function flush(netfilter: Netfilter, table: Table, name: string | undefined): Result<undefined> {
  if (name === undefined) {
    for (const chain of allChains(table)) empty(netfilter, chain);
    return done;
  }
  const chain = reachChain(netfilter, table, name);
  if (chain === undefined) return refuse('ENOENT', NO_CHAIN);
  empty(netfilter, chain);
  return done;
}

function empty(netfilter: Netfilter, chain: Chain): void {
  for (const rule of chain.rules) account(netfilter, rule, -1);
  chain.rules = [];
}

function setPolicy(
  netfilter: Netfilter,
  table: Table,
  name: string,
  policy: string,
  origin: Origin,
  counters?: Counters,
): Result<undefined> {
  if (builtinHook(table, name) < 0) return refuse('ENOENT', 'Bad built-in chain name');
  if (policy !== 'ACCEPT' && policy !== 'DROP')
    return refuse('EINVAL', "Bad policy name. Run `dmesg' for more information");
  const chain = reachChain(netfilter, table, name) as Chain;
  // Saying again what holds already (iptables-restore says all of them) is no new cause.
  if (chain.policy !== policy) chain.origin = origin;
  chain.policy = policy;
  chain.counts = true;
  // A new policy starts counting anew.
  chain.packets = counters?.packets ?? 0;
  chain.bytes = counters?.bytes ?? 0;
  return done;
}

function zero(netfilter: Netfilter, table: Table, name?: string, number?: number): Result<undefined> {
  if (name === undefined) {
    for (const chain of allChains(table)) zeroChain(chain);
    return done;
  }
  const chain = lookChain(table, name);
  if (chain === undefined && builtinHook(table, name) < 0) return refuse('ENOENT', NO_CHAIN);
  if (number === undefined) {
    zeroChain(reachChain(netfilter, table, name) as Chain);
    return done;
  }
  const rule = chain?.rules[number - 1];
  if (rule === undefined)
    return table.backend === 'nft' ? refuse('ENOENT', BAD_RULE) : refuse('E2BIG', 'Index of counter too big');
  rule.packets = rule.bytes = 0;
  return done;
}

function zeroChain(chain: Chain): void {
  chain.packets = chain.bytes = 0;
  for (const rule of chain.rules) rule.packets = rule.bytes = 0;
}
