/**
 * RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE for IPv4 as typed requests. Mirrors net/ipv4/fib_frontend.c, fib_semantics.c
 * (fib_create_info, fib_check_nh), fib_trie.c (insert, delete, dump order) and route.c (inet_rtm_getroute).
 * Multipath, encapsulation and next-hop objects are not emulated: the tool refuses them.
 */
import { inPrefix, isMulticast, LIMITED_BROADCAST, networkOf } from '../../base/address.ts';
import type { Origin } from '../../base/origin.ts';
import { done, ok, refuse, type Result } from '../../base/result.ts';
import type { NetDevice } from '../device.ts';
import { fibLookup, insertRoute, removeRoute, RT_TABLE_MAIN, type Fib, type Route, type RouteType } from '../fib.ts';
import type { NetworkNamespace } from '../netns.ts';
import { ipRouteOutput, outputDevice, sourceFor } from '../route.ts';
import { judgeSource, SOURCE_FILTERED } from '../source.ts';

/** What a new route says; what is left out is 0 or empty. */
export interface RouteRequest {
  readonly type: RouteType;
  readonly destination: number;
  readonly prefix: number;
  readonly table: number;
  readonly gateway: number;
  readonly dev: NetDevice | null;
  readonly source: number;
  readonly scope: Route['scope'];
  readonly protocol: Route['protocol'];
  readonly metric: number;
  readonly mtu: number;
  readonly tos: number;
  readonly onlink: boolean;
  readonly origin: Origin;
}

/** add: EEXIST when there is one with the same prefix, tos and metric. append: after those. */
export type RouteVerb = 'add' | 'replace' | 'change' | 'append' | 'prepend';

/** Installs a route. ENETUNREACH, ENODEV, EINVAL, EEXIST, ENOENT (change), with the kernel's message. */
export function newRoute(ns: NetworkNamespace, request: RouteRequest, verb: RouteVerb): Result<undefined> {
  if (networkOf(request.destination, request.prefix) !== request.destination)
    return refuse('EINVAL', 'Invalid prefix for given prefix length');
  const resolved = checkNextHop(ns, request);
  if (!resolved.ok) return resolved;
  if (request.source !== 0 && request.type !== 'local' && !ns.localAddresses.has(request.source)) {
    return refuse('EINVAL', 'Invalid prefsrc address');
  }
  const { fib } = ns;
  const route: Route = { ...request, dev: resolved.value };
  const same = sameKey(fib, route);
  if (same.length === 0) {
    if (verb === 'change') return refuse('ENOENT');
    insertRoute(fib, route);
    return done;
  }
  switch (verb) {
    case 'add':
      return refuse('EEXIST');
    case 'replace':
    case 'change':
      exchange(fib, same[0] as Route, route);
      return done;
    case 'append':
    case 'prepend':
      if (same.some((other) => other.dev === route.dev && other.gateway === route.gateway && other.type === route.type))
        return refuse('EEXIST');
      insertRoute(fib, route);
      if (verb === 'prepend') moveBefore(fib, route, same[0] as Route);
      return done;
  }
}

/** What a route to be deleted must look like; undefined matches everything. */
export interface RoutePattern {
  readonly destination: number;
  readonly prefix: number;
  readonly table: number;
  readonly tos: number;
  readonly type?: RouteType | undefined;
  readonly gateway?: number | undefined;
  readonly dev?: NetDevice | undefined;
  readonly source?: number | undefined;
  readonly scope?: Route['scope'] | undefined;
  readonly protocol?: Route['protocol'] | undefined;
  readonly metric?: number | undefined;
}

/** Removes the first route that matches (fib_table_delete); ESRCH when none does. */
export function deleteRoute(ns: NetworkNamespace, pattern: RoutePattern): Result<undefined> {
  const table = ns.fib.tables.get(pattern.table);
  const found = table?.routesTo(pattern.destination, pattern.prefix).find(
    (route) =>
      route.tos === pattern.tos &&
      (pattern.type === undefined || route.type === pattern.type) &&
      (pattern.gateway === undefined || route.gateway === pattern.gateway) &&
      (pattern.dev === undefined || route.dev === pattern.dev) &&
      (pattern.source === undefined || route.source === pattern.source) &&
      (pattern.scope === undefined || route.scope === pattern.scope) &&
      (pattern.protocol === undefined || route.protocol === pattern.protocol) &&
      (pattern.metric === undefined || route.metric === pattern.metric),
  );
  if (found === undefined) return refuse('ESRCH');
  removeRoute(ns.fib, found);
  dropEmptyTable(ns.fib, pattern.table);
  return done;
}

/** Removes exactly this route (`ip route flush`). */
export function deleteExactRoute(ns: NetworkNamespace, route: Route): Result<undefined> {
  if (!removeRoute(ns.fib, route)) return refuse('ESRCH');
  dropEmptyTable(ns.fib, route.table);
  return done;
}

/** The routes of one table in the order of the trie, or ENOENT for a table nobody has made. */
export function dumpRoutes(ns: NetworkNamespace, table: number): Result<Route[]> {
  const found = ns.fib.tables.get(table);
  if (found === undefined) return refuse('ENOENT', 'ipv4: FIB table does not exist');
  return ok(trieOrder(found.routes));
}

/** The routes of all tables, tables by number. */
export function dumpAllRoutes(ns: NetworkNamespace): Route[] {
  return [...ns.fib.tables.values()].sort((a, b) => a.id - b.id).flatMap((table) => trieOrder(table.routes));
}

function trieOrder(routes: readonly Route[]): Route[] {
  return [...routes].sort(
    (a, b) => a.destination - b.destination || b.prefix - a.prefix || b.tos - a.tos || a.metric - b.metric,
  );
}

/** Tables made by hand go when their last route goes, as far as a dump can tell. */
function dropEmptyTable(fib: Fib, id: number): void {
  if (id !== RT_TABLE_MAIN && id < 253 && fib.tables.get(id)?.routes.length === 0) fib.tables.delete(id);
}

function sameKey(fib: Fib, route: Route): Route[] {
  const routes = fib.tables.get(route.table)?.routesTo(route.destination, route.prefix) ?? [];
  return routes.filter((other) => other.tos === route.tos && other.metric === route.metric);
}

function exchange(fib: Fib, old: Route, fresh: Route): void {
  const { routes } = fib.table(old.table);
  routes[routes.indexOf(old)] = fresh;
  fib.generation++;
}

function moveBefore(fib: Fib, route: Route, other: Route): void {
  const { routes } = fib.table(route.table);
  routes.splice(routes.indexOf(route), 1);
  routes.splice(routes.indexOf(other), 0, route);
}

/** fib_check_nh: the device the route leaves by. */
function checkNextHop(ns: NetworkNamespace, request: RouteRequest): Result<NetDevice | null> {
  const { type, gateway, dev, onlink } = request;
  if (type === 'blackhole' || type === 'unreachable' || type === 'prohibit' || type === 'throw') return ok(null);
  if (gateway === 0) {
    if (dev === null) return refuse('ENODEV');
    return dev.up ? ok(dev) : refuse('ENETDOWN', 'Device for nexthop is not up');
  }
  if (request.scope === 'host' || request.scope === 'link') return refuse('EINVAL', 'Nexthop has invalid scope');
  if (onlink) {
    if (dev === null) return refuse('ENODEV', 'Nexthop device required for onlink');
    if (!dev.up) return refuse('ENETDOWN', 'Nexthop device is not up');
    return ns.localAddresses.has(gateway) ? refuse('EINVAL', 'Nexthop has invalid gateway') : ok(dev);
  }
  // A next hop must be on a link: what needs another next hop, or refuses, is left out. The route's own table is asked first.
  const oif = dev?.ifindex ?? 0;
  const own = request.table === RT_TABLE_MAIN ? null : (ns.fib.tables.get(request.table)?.lookup(gateway, oif, 0, null, true) ?? null);
  const way = own ?? fibLookup(ns, gateway, 0, 0, oif, 0, 0, true);
  if (way === null) return refuse('ENETUNREACH', 'Nexthop has invalid gateway');
  if (way.type !== 'unicast' && way.type !== 'local') return refuse('EINVAL', 'Nexthop has invalid gateway');
  if (dev !== null && way.dev !== dev) return refuse('ENETUNREACH', 'Nexthop has invalid gateway');
  return ok(way.dev);
}

/** What `ip route get` asks. */
export interface RouteQuestion {
  readonly dst: number;
  readonly src: number;
  readonly mark: number;
  readonly tos: number;
  readonly oif: NetDevice | undefined;
  /** Set: how would a packet be routed that came in here? */
  readonly iif: NetDevice | undefined;
}

/** The answer of RTM_GETROUTE. */
export interface RouteAnswer {
  readonly type: RouteType | 'multicast';
  readonly route: Route;
  readonly dev: NetDevice;
  readonly gateway: number;
  /** Source the kernel would use, 0 when the question gave one. */
  readonly source: number;
  /** Table to name: 0 when it is main, as it is for own addresses while nobody has added a rule. */
  readonly table: number;
  readonly mtu: number;
  /** Seconds until a learned path MTU is forgotten, 0 for a configured one. */
  readonly expires: number;
}

/** inet_rtm_getroute: ENETUNREACH, EHOSTUNREACH, EINVAL, EACCES as the look-up refuses. */
export function getRoute(ns: NetworkNamespace, question: RouteQuestion): Result<RouteAnswer> {
  const found = question.iif === undefined ? lookupOutput(ns, question) : lookupInput(ns, question, question.iif);
  if (!found.ok) return found;
  const route = found.value;
  const { dst } = question;
  const learned = ns.pathMtus.get(dst);
  const fresh =
    learned !== undefined && learned.expires > ns.kernel.now && question.iif === undefined ? learned : undefined;
  return ok({
    type: isMulticast(dst) ? 'multicast' : route.type,
    route,
    dev:
      question.iif !== undefined && route.type === 'local' ? (ns.devices.get(1) as NetDevice) : outputDevice(ns, route),
    gateway: route.gateway,
    source: question.src !== 0 ? 0 : sourceFor(ns, route, dst),
    table: hasCustomRules(ns) ? route.table : route.table === 255 || route.table === 0 ? RT_TABLE_MAIN : route.table,
    mtu: fresh?.mtu ?? route.mtu,
    expires: fresh === undefined ? 0 : Math.floor((fresh.expires - ns.kernel.now) / 1_000_000),
  });
}

function lookupOutput(ns: NetworkNamespace, question: RouteQuestion): Result<Route> {
  const { dst, src, mark, tos, oif } = question;
  if (src !== 0 && !ns.localAddresses.has(src)) return refuse('EINVAL');
  return ipRouteOutput(ns, dst, { src, mark, tos, ...(oif === undefined ? {} : { oif: oif.ifindex }) });
}

/** ip_route_input_slow, as far as it answers a question: source checks, forwarding, refusing routes. */
function lookupInput(ns: NetworkNamespace, question: RouteQuestion, iif: NetDevice): Result<Route> {
  const { dst, src, mark, tos } = question;
  if (isMulticast(src) || src === LIMITED_BROADCAST) return refuse('EINVAL');
  const localnet = iif.conf.route_localnet !== 0 || ns.confAll.route_localnet !== 0;
  if (!localnet && iif.kind !== 'loopback' && (inPrefix(src, 0x7f000000, 8) || inPrefix(dst, 0x7f000000, 8)))
    return refuse('EINVAL');
  const route = fibLookup(ns, dst, src, mark, 0, iif.ifindex, tos);
  const forwards = iif.conf.forwarding !== 0;
  const leads = route !== null && (route.type === 'local' || route.type === 'broadcast' || (route.type === 'unicast' && forwards));
  if (leads && iif.kind !== 'loopback') {
    const verdict = judgeSource(ns, iif, src, dst, mark, tos, route.type === 'unicast' ? route.dev : null);
    if (verdict < 0) return refuse(verdict === SOURCE_FILTERED ? 'EXDEV' : 'EINVAL');
  }
  if (route === null) return refuse(forwards ? 'ENETUNREACH' : 'EHOSTUNREACH');
  switch (route.type) {
    case 'local':
    case 'broadcast':
      return ok(route);
    case 'unicast':
      return forwards ? ok(route) : refuse('EHOSTUNREACH');
    case 'blackhole':
      return refuse('EINVAL');
    case 'prohibit':
      return refuse('EACCES');
    default:
      return refuse('EHOSTUNREACH');
  }
}

/** net->ipv4.fib_has_custom_rules: then look-ups go through the rules, and the local table is a table of its own. */
function hasCustomRules(ns: NetworkNamespace): boolean {
  const rules = ns.fib.rules;
  return rules.length !== 3 || rules.some((rule) => rule.priority !== 0 && rule.priority < 32766);
}
