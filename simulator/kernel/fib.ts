/**
 * The forwarding information base: rules choose tables, tables choose routes by longest prefix.
 * Mirrors net/ipv4/fib_rules.c, fib_trie.c (semantics, not the trie: a short table is walked, as a learner's tables hold
 * tens of routes; a long one is asked once for each prefix length that it holds).
 */
import type { Origin } from '../base/origin.ts';
import type { NetDevice } from './device.ts';
import type { NetworkNamespace } from './netns.ts';

export const RT_TABLE_DEFAULT = 253;
export const RT_TABLE_MAIN = 254;
export const RT_TABLE_LOCAL = 255;

export type RouteType = 'unicast' | 'local' | 'broadcast' | 'blackhole' | 'unreachable' | 'prohibit' | 'throw';

/** A route; never changed once installed (a change is a new object), so a look-up can hand it out. */
export interface Route {
  readonly type: RouteType;
  readonly destination: number;
  readonly prefix: number;
  readonly table: number;
  /** Next hop; 0 when on-link. */
  readonly gateway: number;
  readonly dev: NetDevice | null;
  /** Preferred source, 0 when the kernel chooses. */
  readonly source: number;
  readonly scope: 'universe' | 'link' | 'host' | 'nowhere';
  readonly protocol: 'kernel' | 'boot' | 'static' | 'redirect' | 'dhcp';
  readonly metric: number;
  /** 0 for the device's. */
  readonly mtu: number;
  readonly tos: number;
  readonly onlink: boolean;
  readonly origin: Origin;
}

/** A policy routing rule. 0 and empty fields match everything. */
export interface FibRule {
  readonly priority: number;
  readonly action: 'lookup' | 'blackhole' | 'unreachable' | 'prohibit';
  readonly table: number;
  readonly src: number;
  readonly srcPrefix: number;
  readonly dst: number;
  readonly dstPrefix: number;
  readonly mark: number;
  readonly markMask: number;
  readonly iif: string;
  readonly oif: string;
  readonly tos: number;
  readonly invert: boolean;
  readonly origin: Origin;
}

/** What is asked of {@link fibLookup} (struct flowi4). */
export interface FlowKey {
  readonly dst: number;
  readonly src: number;
  readonly mark: number;
  /** 0 when free. */
  readonly oif: number;
  /** Receiving device, 0 for locally made packets (matches `iif lo`). */
  readonly iif: number;
  readonly tos: number;
}

/** A table with more routes than this is looked up by prefix length; walking a shorter one is quicker. */
const SHORT = 16;

/** Routes of one prefix length by their network: the bits of the destination that count, as a signed number. */
interface PrefixLength {
  readonly prefix: number;
  readonly byNetwork: Map<number, Route[]>;
}

export class FibTable {
  readonly id: number;
  /** Longest prefix first, then highest TOS, then lowest metric, then oldest. Changed only by {@link insertRoute} and {@link removeRoute}. */
  routes: Route[] = [];
  /** Longest first; null while the table is short. */
  private lengths: PrefixLength[] | null = null;

  constructor(id: number) {
    this.id = id;
  }

  /** The routes to exactly this network, in their order. */
  routesTo(destination: number, prefix: number): readonly Route[] {
    if (this.lengths !== null) return this.lengths.find((length) => length.prefix === prefix)?.byNetwork.get(network(destination, prefix)) ?? [];
    return this.routes.filter((route) => route.prefix === prefix && route.destination === destination);
  }

  /** The first live route for `dst`. `oif` 0 is free; `only` keeps to the routes of one device, `near` to those of link scope and nearer. */
  lookup(dst: number, oif: number, tos: number, only: NetDevice | null = null, near = false): Route | null {
    const { lengths } = this;
    if (lengths === null) return firstOf(this.routes, dst, oif, tos, only, near);
    for (let i = 0; i < lengths.length; i++) {
      const { prefix, byNetwork } = lengths[i] as PrefixLength;
      const routes = byNetwork.get(network(dst, prefix));
      const found = routes === undefined ? null : firstOf(routes, dst, oif, tos, only, near);
      if (found !== null) return found;
    }
    return null;
  }

  insert(route: Route): void {
    const at = placeOf(this.routes, route);
    // A new list is exactly as long as needed: most tables are short and many.
    if (this.routes.length < SHORT) this.routes = this.routes.toSpliced(at, 0, route);
    else this.routes.splice(at, 0, route);
    if (this.lengths !== null) this.enter(this.lengths, route);
    else if (this.routes.length > SHORT) {
      const lengths: PrefixLength[] = [];
      for (const one of this.routes) this.enter(lengths, one);
      this.lengths = lengths;
    }
  }

  /** False when exactly this object is not there. */
  remove(route: Route): boolean {
    const at = this.routes.indexOf(route);
    if (at < 0) return false;
    this.routes.splice(at, 1);
    if (this.lengths === null) return true;
    const length = this.lengths.findIndex((one) => one.prefix === route.prefix);
    const { byNetwork } = this.lengths[length] as PrefixLength;
    const key = network(route.destination, route.prefix);
    const routes = byNetwork.get(key) as Route[];
    if (routes.length > 1) routes.splice(routes.indexOf(route), 1);
    else byNetwork.delete(key);
    if (byNetwork.size === 0) this.lengths.splice(length, 1);
    return true;
  }

  private enter(lengths: PrefixLength[], route: Route): void {
    let at = 0;
    while (at < lengths.length && (lengths[at] as PrefixLength).prefix > route.prefix) at++;
    if (lengths[at]?.prefix !== route.prefix) lengths.splice(at, 0, { prefix: route.prefix, byNetwork: new Map() });
    const { byNetwork } = lengths[at] as PrefixLength;
    const key = network(route.destination, route.prefix);
    const routes = byNetwork.get(key);
    if (routes === undefined) byNetwork.set(key, [route]);
    else routes.splice(placeOf(routes, route), 0, route);
  }
}

/** The bits of `address` that a prefix compares, as a number that the JavaScript engine keeps without a box. */
function network(address: number, prefix: number): number {
  return prefix === 0 ? 0 : address >> (32 - prefix);
}

/** Where `route` belongs, behind those that are its equals (fib_find_alias). */
function placeOf(routes: readonly Route[], route: Route): number {
  let low = 0;
  let high = routes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (goesBefore(route, routes[middle] as Route)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function goesBefore(route: Route, other: Route): boolean {
  if (route.prefix !== other.prefix) return route.prefix > other.prefix;
  if (route.tos !== other.tos) return route.tos > other.tos;
  return route.metric < other.metric;
}

/** The tables and rules of one namespace. */
export class Fib {
  readonly tables = new Map<number, FibTable>();
  /** By priority, then age. */
  rules: FibRule[] = [];
  /** Bumped at every change; whoever caches a route compares it. */
  generation = 0;
  /** Told of every route that comes or goes while somebody listens (see notify.ts). */
  changed: ((route: Route, deleted: boolean) => void) | null = null;

  table(id: number): FibTable {
    let table = this.tables.get(id);
    if (table === undefined) {
      table = new FibTable(id);
      this.tables.set(id, table);
    }
    return table;
  }
}

/** Adds `route` at its place. Duplicates are the caller's business (rtnetlink answers EEXIST). */
export function insertRoute(fib: Fib, route: Route): void {
  fib.table(route.table).insert(route);
  fib.generation++;
  if (fib.changed !== null) fib.changed(route, false);
}

/** Removes exactly this route object; false when it is not there. */
export function removeRoute(fib: Fib, route: Route): boolean {
  if (!fib.table(route.table).remove(route)) return false;
  fib.generation++;
  if (fib.changed !== null) fib.changed(route, true);
  return true;
}

/**
 * fib_lookup: the route for a flow, or null when there is none (ENETUNREACH). Routes of type blackhole, unreachable and
 * prohibit are returned as such: the caller answers as the kernel does. `near` leaves out what needs a next hop (flowi4_scope).
 */
export function fibLookup(ns: NetworkNamespace, dst: number, src: number, mark: number, oif: number, iif: number, tos = 0, near = false): Route | null {
  const fib = ns.fib;
  const rules = fib.rules;
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i] as FibRule;
    if (ruleIsPlain(rule) ? false : !ruleMatches(ns, rule, dst, src, mark, oif, iif, tos)) continue;
    // Such a rule says that the network cannot be reached, where a route of that name says it of the host (fib4_rule_action).
    if (rule.action === 'unreachable') return null;
    if (rule.action !== 'lookup') return refusalOf(rule);
    const table = fib.tables.get(rule.table);
    if (table === undefined) continue;
    const route = table.lookup(dst, oif, tos, null, near);
    if (route === null || route.type === 'throw') continue;
    return route;
  }
  return null;
}

/** The first of `routes` that leads to `dst` and is alive. */
function firstOf(routes: readonly Route[], dst: number, oif: number, tos: number, only: NetDevice | null, near: boolean): Route | null {
  for (let i = 0; i < routes.length; i++) {
    const route = routes[i] as Route;
    if (route.prefix !== 0 && (route.destination ^ dst) >>> (32 - route.prefix) !== 0) continue;
    if (route.dev !== null) {
      // A next hop on a device that is down is dead (RTNH_F_DEAD), but an address stays local (RT_SCOPE_NOWHERE); one without carrier still routes.
      if (!route.dev.up && route.type !== 'local') continue;
      if (oif !== 0 && route.dev.ifindex !== oif && route.type !== 'local') continue;
    }
    if (route.tos !== 0 && route.tos !== tos) continue;
    if (only !== null && route.dev !== only) continue;
    if (near && route.scope === 'universe') continue;
    return route;
  }
  return null;
}

function ruleIsPlain(rule: FibRule): boolean {
  return rule.srcPrefix === 0 && rule.dstPrefix === 0 && rule.markMask === 0 && rule.iif === '' && rule.oif === '' && rule.tos === 0 && !rule.invert;
}

function ruleMatches(ns: NetworkNamespace, rule: FibRule, dst: number, src: number, mark: number, oif: number, iif: number, tos: number): boolean {
  const matches =
    (rule.srcPrefix === 0 || (rule.src ^ src) >>> (32 - rule.srcPrefix) === 0) &&
    (rule.dstPrefix === 0 || (rule.dst ^ dst) >>> (32 - rule.dstPrefix) === 0) &&
    ((mark ^ rule.mark) & rule.markMask) === 0 &&
    (rule.iif === '' || deviceIs(ns, iif === 0 ? 1 : iif, rule.iif)) &&
    (rule.oif === '' || deviceIs(ns, oif, rule.oif)) &&
    (rule.tos === 0 || rule.tos === tos);
  return matches !== rule.invert;
}

function deviceIs(ns: NetworkNamespace, ifindex: number, name: string): boolean {
  return ns.devices.get(ifindex)?.name === name;
}

function refusalOf(rule: FibRule): Route {
  return {
    type: rule.action as RouteType,
    destination: 0,
    prefix: 0,
    table: 0,
    gateway: 0,
    dev: null,
    source: 0,
    scope: 'universe',
    protocol: 'kernel',
    metric: 0,
    mtu: 0,
    tos: 0,
    onlink: false,
    origin: rule.origin,
  };
}
