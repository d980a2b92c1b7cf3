/**
 * route(8) of net-tools 2.10 and of busybox 1.37: `route [-n]`, `route add|del [-net|-host] TARGET [netmask M] [gw G] [metric N] [dev D]`,
 * `reject`. -C, -F, -e and -A inet6 are refused.
 */
import { maskOf, parseIpv4 } from '../base/address.ts';
import { strerror } from '../base/errno.ts';
import type { NetDevice } from '../kernel/device.ts';
import { fibLookup, RT_TABLE_MAIN, type RouteType } from '../kernel/fib.ts';
import { deleteRoute, newRoute } from '../kernel/netlink/route.ts';
import { fail, type Blocking, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { resolve } from './net/resolve.ts';
import { routeTable } from './nettools/routes.ts';

const USAGE = `Usage: route [-nNvee] [-FC] [<AF>]           List kernel routing tables
       route [-v] [-FC] {add|del|flush} ...  Modify routing table for AF.

       route {-h|--help} [<AF>]              Detailed usage syntax for specified AF.
       route {-V|--version}                  Display version/author and exit.
`;

function* main(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  let numeric = false;
  while (words[0]?.startsWith('-') === true && words[0] !== '-net' && words[0] !== '-host') {
    const word = words.shift() as string;
    if (word === '-V' || word === '--version') {
      yield* ctx.out('net-tools 2.10\n');
      return 0;
    }
    if (!/^-[nv]+$/.test(word)) {
      if (/^-([46CFeA]|ee)$/.test(word)) return yield* fail(ctx, `route: option ${word} is not emulated here`);
      return yield* fail(
        ctx,
        word === '-h' || word === '--help'
          ? USAGE
          : `route: invalid option -- '${word.replace(/^-+/, '').slice(0, 1)}'\n${USAGE}`,
        word === '-h' ? 0 : 3,
      );
    }
    numeric ||= word.includes('n');
  }
  const verb = words.shift();
  if (verb === undefined) {
    yield* ctx.out(routeTable(ctx.netns, !numeric));
    return 0;
  }
  if (verb !== 'add' && verb !== 'del' && verb !== 'delete') return yield* fail(ctx, USAGE, 3);
  return yield* change(ctx, verb === 'add', words);
}

function* change(ctx: ProgramContext, add: boolean, words: string[]): Blocking<number> {
  let kind: '-net' | '-host' | undefined;
  if (words[0] === '-net' || words[0] === '-host') kind = words.shift() as '-net' | '-host';
  const target = words.shift();
  if (target === undefined) return yield* fail(ctx, USAGE, 3);
  const [name = '', bits] = target.split('/', 2);
  const address = target === 'default' ? 0 : (parseIpv4(name) ?? (yield* resolve(ctx, name, 4)).addresses[0]?.address);
  if (address === undefined) return yield* fail(ctx, `${name}: Unknown host`, 6);
  let prefix =
    target === 'default' ? 0 : bits !== undefined ? Number(bits) : kind === '-net' ? classPrefix(address) : 32;
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > 32)
    return yield* fail(ctx, `route: netmask doesn't match route address\n${USAGE}`, 4);
  let [gateway, metric] = [0, 0];
  let dev: NetDevice | null = null;
  let type: RouteType = 'unicast';
  while (words.length > 0) {
    const word = words.shift() as string;
    if (word === 'reject') type = 'unreachable';
    else {
      const value = word === 'gw' || word === 'netmask' || word === 'metric' || word === 'dev' ? words.shift() : word;
      if (value === undefined) return yield* fail(ctx, USAGE, 4);
      if (word === 'gw') {
        const via = parseIpv4(value) ?? (yield* resolve(ctx, value, 4)).addresses[0]?.address;
        if (via === undefined) return yield* fail(ctx, `${value}: Unknown host`, 6);
        gateway = via;
      } else if (word === 'netmask') {
        const mask = parseIpv4(value);
        const length = mask === undefined ? -1 : prefixOf(mask);
        if (length < 0) return yield* fail(ctx, `route: bogus netmask ${value}`, 4);
        prefix = length;
      } else if (word === 'metric') metric = Number(value);
      else if (['window', 'irtt', 'mss', 'mod', 'dyn', 'reinstate'].includes(word))
        return yield* fail(ctx, `route: option ${word} is not emulated here`);
      else {
        // A device, with `dev` or alone at the end.
        const found = ctx.netns.device(value);
        if (found === undefined) return yield* fail(ctx, `${add ? 'SIOCADDRT' : 'SIOCDELRT'}: No such device`, 7);
        dev = found;
      }
    }
  }
  if (!Number.isInteger(metric) || metric < 0) return yield* fail(ctx, USAGE, 4);
  if ((address & maskOf(prefix)) >>> 0 !== address)
    return yield* fail(ctx, `route: netmask ${prefix} doesn't match route address\n${USAGE}`, 4);
  const common = { destination: address, prefix, table: RT_TABLE_MAIN, tos: 0 };
  if (!add) {
    const gone = deleteRoute(ctx.netns, {
      ...common,
      ...(gateway === 0 ? {} : { gateway }),
      ...(dev === null ? {} : { dev }),
    });
    return gone.ok ? 0 : yield* fail(ctx, `SIOCDELRT: ${strerror(gone.errno)}`, 7);
  }
  if (dev === null && gateway !== 0) dev = fibLookup(ctx.netns, gateway, 0, 0, 0, 0)?.dev ?? null;
  const request = {
    ...common,
    type,
    gateway,
    dev,
    source: 0,
    metric,
    mtu: 0,
    onlink: false,
    protocol: 'boot' as const,
    origin: ctx.origin,
  };
  const set = newRoute(
    ctx.netns,
    { ...request, scope: gateway !== 0 || type !== 'unicast' ? 'universe' : 'link' },
    'add',
  );
  if (set.ok) return 0;
  return yield* fail(ctx, `SIOCADDRT: ${strerror(set.errno)}`, 7);
}

function prefixOf(mask: number): number {
  for (let prefix = 0; prefix <= 32; prefix++) if (maskOf(prefix) === mask) return prefix;
  return -1;
}

/** The prefix length that an address of class A, B or C had. */
function classPrefix(address: number): number {
  const first = address >>> 24;
  return address === 0 ? 0 : first < 128 ? 8 : first < 192 ? 16 : 24;
}

export const routeTool: Tool = {
  name: 'route',
  directory: '/usr/sbin',
  summary: 'show and change the routing table',
  main,
};
export const busyboxRouteTool: Tool = {
  name: 'route',
  directory: '/sbin',
  summary: 'show and change the routing table',
  main,
};
