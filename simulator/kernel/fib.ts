/**
 * The forwarding information base: rules choose tables, tables choose routes by longest prefix.
 * Mirrors net/ipv4/fib_rules.c, fib_trie.c (semantics, not the trie: a learner's tables hold tens of routes).
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

export class FibTable {
  readonly id: number;
  /** Longest prefix first, then lowest metric, then oldest. */
  routes: Route[] = [];

  constructor(id: number) {
    this.id = id;
  }
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
  const table = fib.table(route.table);
  const { routes } = table;
  let at = routes.length;
  for (let i = 0; i < routes.length; i++) {
    const other = routes[i] as Route;
    if (other.prefix < route.prefix || (other.prefix === route.prefix && other.metric > route.metric)) {
      at = i;
      break;
    }
  }
  table.routes = routes.toSpliced(at, 0, route); // a new list is exactly as long as needed
  fib.generation++;
  if (fib.changed !== null) fib.changed(route, false);
}

/** Removes exactly this route object; false when it is not there. */
export function removeRoute(fib: Fib, route: Route): boolean {
  const { routes } = fib.table(route.table);
  const at = routes.indexOf(route);
  if (at < 0) return false;
  routes.splice(at, 1);
  fib.generation++;
  if (fib.changed !== null) fib.changed(route, true);
  return true;
}

/**
 * fib_lookup: the route for a flow, or null when there is none (ENETUNREACH). Routes of type blackhole, unreachable and
 * prohibit are returned as such: the caller answers as the kernel does.
 */
export function fibLookup(ns: NetworkNamespace, dst: number, src: number, mark: number, oif: number, iif: number, tos = 0): Route | null {
  const fib = ns.fib;
  const rules = fib.rules;
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i] as FibRule;
    if (ruleIsPlain(rule) ? false : !ruleMatches(ns, rule, dst, src, mark, oif, iif, tos)) continue;
    if (rule.action !== 'lookup') return refusalOf(rule);
    const table = fib.tables.get(rule.table);
    if (table === undefined) continue;
    const route = tableLookup(table, dst, oif, tos);
    if (route === null || route.type === 'throw') continue;
    return route;
  }
  return null;
}

function tableLookup(table: FibTable, dst: number, oif: number, tos: number): Route | null {
  const routes = table.routes;
  for (let i = 0; i < routes.length; i++) {
    const route = routes[i] as Route;
    if (route.prefix !== 0 && (route.destination ^ dst) >>> (32 - route.prefix) !== 0) continue;
    if (route.dev !== null) {
      // A next hop on a device that is down is dead (RTNH_F_DEAD); one without carrier still routes.
      if (!route.dev.up) continue;
      if (oif !== 0 && route.dev.ifindex !== oif && route.type !== 'local') continue;
    }
    if (route.tos !== 0 && route.tos !== tos) continue;
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
