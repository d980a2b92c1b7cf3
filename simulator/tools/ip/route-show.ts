/** `ip route show` and `flush`: which routes are selected, and how they are listed (iproute2 6.15, ip/iproute.c). */
import { formatIpv4, inPrefix } from '../../base/address.ts';
import { refuse } from '../../base/result.ts';
import type { NetDevice } from '../../kernel/device.ts';
import { RT_TABLE_DEFAULT, RT_TABLE_LOCAL, RT_TABLE_MAIN, type Route, type RouteType } from '../../kernel/fib.ts';
import {
  formatDestination,
  formatRoute,
  formatScope,
  formatTable,
  isLinkDown,
  type RouteStyle,
} from '../../kernel/netlink/format.ts';
import { routes6, type Route6 } from '../../kernel/netlink/inet6.ts';
import { deleteExactRoute, dumpAllRoutes, dumpRoutes } from '../../kernel/netlink/route.ts';
import { address, Args, device, Exit, matches, notEmulated, paint, prefix, refusalText, type Call } from './command.ts';
import { Printer } from './printer.ts';
import { protocolOf, scopeOf, tableId, typeOf } from './route-words.ts';

interface Selection {
  table: number;
  dev?: NetDevice;
  via?: number;
  protocol?: Route['protocol'];
  scope?: Route['scope'];
  type?: RouteType;
  src?: number;
  /** Exactly this prefix, within it (root), or covering it (match). */
  exact?: { address: number; prefix: number };
  root?: { address: number; prefix: number };
  match?: { address: number; prefix: number };
}

function selection(call: Call, args: Args): Selection {
  const chosen: Selection = { table: RT_TABLE_MAIN };
  while (!args.done) {
    const word = args.take();
    if (matches(word, 'table') && word.length > 1) {
      const name = args.next();
      if (name === 'cache') chosen.table = -1;
      else chosen.table = tableId(name);
    } else if (matches(word, 'cached') || matches(word, 'cloned')) chosen.table = -1;
    else if (word === 'proto' || (matches(word, 'protocol') && word.length > 3)) {
      const name = args.next();
      if (name !== 'all') chosen.protocol = protocolOf(name);
    } else if (matches(word, 'scope') && word.length > 1) {
      const name = args.next();
      if (name !== 'all') chosen.scope = scopeOf(name);
    } else if (matches(word, 'type') && word.length > 1) chosen.type = typeOf(args.next());
    else if (word === 'dev' || word === 'oif') chosen.dev = device(call, args.next());
    else if (word === 'via') chosen.via = address(args.next());
    else if (word === 'src') chosen.src = address(args.next());
    else if (
      word === 'iif' ||
      word === 'metric' ||
      word === 'tos' ||
      word === 'dsfield' ||
      word === 'vrf' ||
      word === 'mark' ||
      word === 'realms'
    ) {
      throw notEmulated('ip', `route selector ${word}`);
    } else if (word === 'root') chosen.root = prefix(args.next());
    else if (word === 'match') chosen.match = prefix(args.next());
    else chosen.exact = prefix(word === 'exact' || word === 'to' ? args.next() : word);
  }
  return chosen;
}

function selected(chosen: Selection, route: Route): boolean {
  const within = (outer: { address: number; prefix: number }, inner: Route): boolean =>
    inner.prefix >= outer.prefix && inPrefix(inner.destination, outer.address, outer.prefix);
  return (
    (chosen.dev === undefined || route.dev === chosen.dev) &&
    (chosen.via === undefined || route.gateway === chosen.via) &&
    (chosen.protocol === undefined || route.protocol === chosen.protocol) &&
    (chosen.scope === undefined || route.scope === chosen.scope) &&
    (chosen.type === undefined || route.type === chosen.type) &&
    (chosen.src === undefined || route.source === chosen.src) &&
    (chosen.exact === undefined ||
      (route.destination === chosen.exact.address && route.prefix === chosen.exact.prefix)) &&
    (chosen.root === undefined || within(chosen.root, route)) &&
    (chosen.match === undefined ||
      (route.prefix <= chosen.match.prefix && inPrefix(chosen.match.address, route.destination, route.prefix)))
  );
}

/** The IPv4 routes that are asked for; the end of the command for a table that is not there. */
function selectRoutes(call: Call, chosen: Selection): Route[] {
  if (chosen.table === -1) return [];
  if (chosen.table === 0) return dumpAllRoutes(call.ns).filter((route) => selected(chosen, route));
  const dumped = dumpRoutes(call.ns, chosen.table);
  const missing = chosen.table === RT_TABLE_DEFAULT && dumped.ok && dumped.value.length === 0;
  if (!dumped.ok || missing) {
    const refused = dumped.ok ? refuse('ENOENT', 'ipv4: FIB table does not exist') : dumped;
    throw new Exit(2, `${refusalText(refused)}Dump terminated`);
  }
  return dumped.value.filter((route) => selected(chosen, route));
}

/** `ip route show SELECTION` */
export function showRoutes(call: Call, args: Args): number {
  const { options } = call;
  const chosen = selection(call, args);
  const style: RouteStyle = {
    hideDev: chosen.dev !== undefined,
    hideVia: chosen.via !== undefined,
    hideProtocol: chosen.protocol !== undefined,
    hideScope: chosen.scope !== undefined,
    showTable: chosen.table === 0,
    details: options.details,
    paint: (kind, text) => paint(options, kind, text),
  };
  const out = new Printer(options.json, options.pretty);
  out.openArray();
  if (options.family !== 'inet6') {
    for (const route of selectRoutes(call, chosen)) {
      out.openObject();
      routeMembers(out, route, style);
      out.closeObject();
      out.text(`${formatRoute(call.ns, route, style)}\n`);
    }
  }
  if (options.family === 'inet6' || (options.family === 'any' && chosen.table === 0)) {
    for (const route of routes6(call.ns)) printRoute6(out, route, chosen, style);
  }
  out.closeArray();
  call.out += out.finish();
  return 0;
}

function routeMembers(out: Printer, route: Route, style: RouteStyle): void {
  if (!out.json) return;
  if (route.type !== 'unicast' || style.details === true) out.member('type', route.type);
  out.member('dst', formatDestination(route.destination, route.prefix));
  if (route.gateway !== 0 && style.hideVia !== true) out.member('gateway', formatIpv4(route.gateway));
  if (route.dev !== null && style.hideDev !== true) out.member('dev', route.dev.name);
  if (style.showTable === true && route.table !== RT_TABLE_MAIN) out.member('table', formatTable(route.table));
  if (route.protocol !== 'boot' && style.hideProtocol !== true) out.member('protocol', route.protocol);
  if (route.scope !== 'universe' && style.hideScope !== true) out.member('scope', formatScope(route.scope));
  if (route.source !== 0) out.member('prefsrc', formatIpv4(route.source));
  if (route.metric !== 0) out.member('metric', route.metric);
  out.openArray('flags');
  if (route.onlink) out.element('onlink');
  if (isLinkDown(route)) out.element('linkdown');
  out.closeArray();
  if (route.mtu === 0) return;
  out.openArray('metrics');
  out.openObject();
  out.member('mtu', route.mtu);
  out.closeObject();
  out.closeArray();
}

function printRoute6(out: Printer, route: Route6, chosen: Selection, style: RouteStyle): void {
  const table = route.table === 'main' ? RT_TABLE_MAIN : RT_TABLE_LOCAL;
  if (chosen.table !== 0 && chosen.table !== table) return;
  if (chosen.dev !== undefined && chosen.dev !== route.dev) return;
  if (
    chosen.exact !== undefined ||
    chosen.via !== undefined ||
    chosen.src !== undefined ||
    chosen.root !== undefined ||
    chosen.match !== undefined
  )
    return;
  if (chosen.protocol !== undefined && chosen.protocol !== 'kernel') return;
  if (chosen.scope !== undefined && chosen.scope !== 'universe') return;
  if (chosen.type !== undefined && chosen.type !== route.type) return;
  out.openObject();
  if (route.type !== 'unicast' || style.details === true) out.any('type', route.type);
  out.any('dst', route.destination);
  if (style.hideDev !== true) out.any('dev', route.dev.name, `dev ${route.dev.name} `);
  if (style.showTable === true && table !== RT_TABLE_MAIN) out.any('table', route.table, `table ${route.table} `);
  if (style.hideProtocol !== true) out.any('protocol', 'kernel', 'proto kernel ');
  if (style.details === true) out.any('scope', 'global', 'scope global ');
  out.any('metric', route.metric, `metric ${route.metric} `);
  out.openArray('flags');
  if (route.linkDown) out.element('linkdown');
  out.closeArray();
  if (route.linkDown) out.text('linkdown ');
  out.any('pref', 'medium', 'pref medium\n');
  out.closeObject();
}

/** `ip route flush SELECTION` */
export function flushRoutes(call: Call, words: readonly string[]): number {
  if (words.length === 0) throw new Exit(1, '"ip route flush" requires arguments.');
  if (call.options.family === 'inet6') throw notEmulated('ip', 'flushing IPv6 routes');
  const chosen = selection(call, new Args(words));
  if (chosen.table === -1) {
    call.ns.pathMtus.clear();
    return 0;
  }
  const routes = selectRoutes(call, chosen);
  for (const route of routes) deleteExactRoute(call.ns, route);
  if (call.options.stats > 0) {
    call.out +=
      routes.length === 0
        ? 'Nothing to flush.\n'
        : `\n*** Round 1, deleting ${routes.length} entries ***\n*** Flush is complete after 1 round ***\n`;
  }
  return 0;
}
