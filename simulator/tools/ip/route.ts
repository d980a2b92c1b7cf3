/**
 * `ip route`: show, get, add, replace, change, append, delete, flush (ip-route(8), iproute2 6.15, ip/iproute.c).
 * IPv6 routes are listed, not changed. Not emulated: multipath, next-hop objects, encapsulation, metrics other than mtu.
 */
import type { NetDevice } from '../../kernel/device.ts';
import { RT_TABLE_LOCAL, RT_TABLE_MAIN, type Route, type RouteType } from '../../kernel/fib.ts';
import { deleteRoute, newRoute, type RouteVerb } from '../../kernel/netlink/route.ts';
import {
  address,
  Args,
  demand,
  device,
  Exit,
  isIpv6,
  matches,
  notEmulated,
  number,
  pick,
  prefix,
  type Call,
} from './command.ts';
import { routeGet } from './route-get.ts';
import { flushRoutes, showRoutes } from './route-show.ts';
import { protocolOf, ROUTE_TYPES, scopeOf, tableId } from './route-words.ts';
import { ROUTE_USAGE } from './usage.ts';

const COMMANDS = [
  'add',
  'change',
  'chg',
  'replace',
  'prepend',
  'append',
  'test',
  'delete',
  'get',
  'list',
  'show',
  'lst',
  'flush',
  'save',
  'restore',
  'showdump',
  'help',
] as const;

/** `ip route …` */
export function ipRoute(call: Call, words: readonly string[]): number {
  const [first, ...rest] = words;
  const command = first === undefined ? 'list' : pick(first, COMMANDS);
  switch (command) {
    case 'list':
    case 'show':
    case 'lst':
      return showRoutes(call, new Args(rest));
    case 'get':
      return routeGet(call, new Args(rest));
    case 'flush':
      return flushRoutes(call, rest);
    case 'add':
    case 'change':
    case 'chg':
    case 'replace':
    case 'prepend':
    case 'append':
      return add(call, new Args(rest), command === 'chg' ? 'change' : command);
    case 'delete':
      return remove(call, new Args(rest));
    case 'help':
      throw new Exit(255, ROUTE_USAGE);
    case undefined:
      throw new Exit(255, `Command "${first}" is unknown, try "ip route help".`);
    default:
      throw notEmulated('ip', `route ${command}`);
  }
}

/** What a route is described by on the command line. */
interface RouteWords {
  type?: RouteType;
  destination?: { address: number; prefix: number };
  table?: number;
  gateway?: number;
  dev?: NetDevice;
  source?: number;
  scope?: Route['scope'];
  protocol?: Route['protocol'];
  metric?: number;
  mtu?: number;
  tos?: number;
  onlink?: boolean;
}

const REFUSED = [
  'as',
  'from',
  'expires',
  'hoplimit',
  'advmss',
  'reordering',
  'rtt',
  'rttvar',
  'rto_min',
  'window',
  'cwnd',
  'initcwnd',
  'initrwnd',
  'features',
  'quickack',
  'congctl',
  'ssthresh',
  'realms',
  'nhid',
  'encap',
  'ttl-propagate',
  'fastopen_no_cookie',
  'pref',
  'weight',
  'vrf',
  'equalize',
  'lock',
  'pervasive',
];

/** iproute_modify: the description of one route. */
function parseRoute(call: Call, args: Args): RouteWords {
  const words: RouteWords = {};
  while (!args.done) {
    const word = args.take();
    if (word === 'src') words.source = address(args.next());
    else if (word === 'via') {
      const next = args.next();
      words.gateway = address(next === 'inet' ? args.next() : next);
    } else if (word === 'tos' || matches(word, 'dsfield'))
      words.tos = number(args.next(), '"tos" value is invalid\n', 255);
    else if (matches(word, 'metric') || matches(word, 'priority') || word === 'preference')
      words.metric = number(args.next(), '"metric" value is invalid\n');
    else if (word === 'scope') words.scope = scopeOf(args.next());
    else if (word === 'mtu') words.mtu = number(args.next(), '"mtu" value is invalid\n');
    else if (word === 'onlink') words.onlink = true;
    else if (word === 'nexthop') {
      if (args.done) throw new Exit(255, 'Error: unexpected end of line after "nexthop"');
      throw notEmulated('ip', 'route option nexthop');
    } else if (word === 'proto' || (matches(word, 'protocol') && word.length > 3))
      words.protocol = protocolOf(args.next());
    else if (matches(word, 'table') && word.length > 1) words.table = tableId(args.next());
    else if (word === 'dev' || word === 'oif') words.dev = device(call, args.next());
    else if (REFUSED.includes(word)) throw notEmulated('ip', `route option ${word}`);
    else parseDestination(words, word === 'to' ? args.next() : word, args);
  }
  return words;
}

function parseDestination(words: RouteWords, first: string, args: Args): void {
  let word = first;
  const type = ROUTE_TYPES.find((name) => name === word);
  if (type !== undefined) {
    words.type = type;
    word = args.next();
  }
  if (words.destination !== undefined) throw new Exit(255, `Error: either "to" is duplicate, or "${word}" is garbage.`);
  if (isIpv6(word)) throw notEmulated('ip', 'changing IPv6 routes');
  words.destination = prefix(word);
}

function isRefusing(type: RouteType): boolean {
  return type === 'blackhole' || type === 'unreachable' || type === 'prohibit' || type === 'throw';
}

function add(call: Call, args: Args, verb: RouteVerb | 'test'): number {
  if (verb === 'test') throw notEmulated('ip', 'route test');
  if (call.options.family === 'inet6') throw notEmulated('ip', 'changing IPv6 routes');
  const words = parseRoute(call, args);
  if (words.destination === undefined) throw new Exit(255, ROUTE_USAGE);
  const type = words.type ?? 'unicast';
  const gateway = words.gateway ?? 0;
  const onLinkScope =
    type === 'local'
      ? 'host'
      : type === 'broadcast'
        ? 'link'
        : type === 'unicast' && gateway === 0
          ? 'link'
          : 'universe';
  const request = {
    type,
    destination: words.destination.address,
    prefix: words.destination.prefix,
    table:
      words.table === undefined || words.table === 0
        ? type === 'local' || type === 'broadcast'
          ? RT_TABLE_LOCAL
          : RT_TABLE_MAIN
        : words.table,
    gateway,
    dev: words.dev ?? null,
    source: words.source ?? 0,
    scope: words.scope ?? (isRefusing(type) ? ('universe' as const) : onLinkScope),
    protocol: words.protocol ?? ('boot' as const),
    metric: words.metric ?? 0,
    mtu: words.mtu ?? 0,
    tos: words.tos ?? 0,
    onlink: words.onlink ?? false,
    origin: call.ctx.origin,
  };
  demand(call, newRoute(call.ns, request, verb));
  return 0;
}

function remove(call: Call, args: Args): number {
  if (call.options.family === 'inet6') throw notEmulated('ip', 'changing IPv6 routes');
  const words = parseRoute(call, args);
  if (words.destination === undefined) throw new Exit(255, ROUTE_USAGE);
  if (words.mtu !== undefined) throw notEmulated('ip', 'route delete with mtu');
  const { type, destination, table, gateway, dev, source, scope, protocol, metric, tos = 0 } = words;
  demand(
    call,
    deleteRoute(call.ns, {
      destination: destination.address,
      prefix: destination.prefix,
      table: table || RT_TABLE_MAIN,
      tos,
      type,
      gateway,
      dev,
      source,
      scope,
      protocol,
      metric,
    }),
  );
  return 0;
}
