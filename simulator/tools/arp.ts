/**
 * arp(8) of net-tools 2.10 and of busybox 1.37: show, add (-s) and delete (-d) entries. Options: -a -e -n -i -v -s -d -D is refused.
 */
import { formatIpv4, formatMac, parseMac } from '../base/address.ts';
import { strerror } from '../base/errno.ts';
import type { NetDevice } from '../kernel/device.ts';
import { deleteNeighbour, newNeighbour } from '../kernel/netlink/neighbour.ts';
import type { Neighbour } from '../kernel/neighbour.ts';
import { ipRouteOutput } from '../kernel/route.ts';
import { fail, type Blocking, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import { getopt } from './net/getopt.ts';
import { resolve, reverse } from './net/resolve.ts';

const USAGE = `Usage:
  arp [-vn]  [<HW>] [-i <if>] [-a] [<hostname>]             <-Display ARP cache
  arp [-v]          [-i <if>] -d  <host> [pub]               <-Delete ARP entry
  arp [-vnD] [<HW>] [-i <if>] -f  [<filename>]            <-Add entry from file
  arp [-v]   [<HW>] [-i <if>] -s  <host> <hwaddr> [temp]            <-Add entry
`;

/** The entries /proc/net/arp shows, newest first as they stand in its hash chains. */
function entries(ctx: ProgramContext, dev: NetDevice | undefined, address: number | undefined): Neighbour[] {
  const shown = ctx.netns.neighbours
    .list(dev)
    .filter((one) => one.state !== 'NOARP' && one.state !== 'NONE' && !one.proxy);
  return shown.filter((one) => address === undefined || one.address === address).reverse();
}

function complete(neighbour: Neighbour): boolean {
  return neighbour.mac !== 0 && neighbour.state !== 'INCOMPLETE' && neighbour.state !== 'FAILED';
}

function program(busybox: boolean): (ctx: ProgramContext) => Program {
  return function* main(ctx) {
    const parsed = getopt(ctx.argv.slice(1), { short: 'aevnH:t:i:sdDAp:f' });
    if (parsed.error !== undefined) return yield* fail(ctx, `arp: ${parsed.error}\n${USAGE}`, busybox ? 1 : 4);
    const given = new Map(parsed.options.map(({ name, value }) => [name, value]));
    for (const name of ['D', 'f', 'p', 'A', 'H', 't'])
      if (given.has(name)) return yield* fail(ctx, `arp: option -${name} is not emulated here`);
    const name = given.get('i');
    const dev = name === undefined ? undefined : ctx.netns.device(name);
    if (name !== undefined && dev === undefined)
      return yield* fail(ctx, `arp: device '${name}' has HW address '' 'unspec'.`, 255);
    const [host, hardware] = parsed.operands;
    const address = host === undefined ? undefined : (yield* resolve(ctx, host, 4)).addresses[0]?.address;
    if (host !== undefined && address === undefined) return yield* fail(ctx, `${host}: Unknown host`, 255);
    if (given.has('s') || given.has('d')) {
      if (address === undefined) return yield* fail(ctx, 'arp: need host name', 255);
      return yield* change(ctx, given.has('s'), host as string, address, hardware, dev);
    }
    const style = busybox || given.has('a') ? 'bsd' : 'linux';
    const status = yield* show(ctx, entries(ctx, dev, address), {
      style,
      numeric: given.has('n'),
      busybox,
      asked: host,
    });
    if (given.has('v')) {
      const [all, shown] = [entries(ctx, undefined, undefined).length, entries(ctx, dev, address).length];
      yield* ctx.out(`Entries: ${all}\tSkipped: ${all - shown}\tFound: ${shown}\n`);
    }
    return status;
  };
}

interface Show {
  readonly style: 'bsd' | 'linux';
  readonly numeric: boolean;
  readonly busybox: boolean;
  readonly asked: string | undefined;
}

function* show(
  ctx: ProgramContext,
  list: readonly Neighbour[],
  { style, numeric, busybox, asked }: Show,
): Blocking<number> {
  if (list.length === 0) {
    if (asked !== undefined)
      yield* ctx.out(
        style === 'bsd' && !busybox ? `arp: in 0 entries no match found.\n` : `${asked} (${asked}) -- no entry\n`,
      );
    return 0;
  }
  let text =
    style === 'bsd' ? '' : 'Address                  HWtype  HWaddress           Flags Mask            Iface\n';
  for (const neighbour of list) {
    const literal = formatIpv4(neighbour.address);
    const known = numeric ? undefined : yield* reverse(ctx, neighbour.address);
    const permanent = neighbour.state === 'PERMANENT';
    if (style === 'bsd') {
      const hardware = complete(neighbour) ? `${formatMac(neighbour.mac)} [ether]` : '<incomplete>';
      // busybox leaves a blank where a flag could stand.
      const flags = permanent ? 'PERM ' : busybox ? ' ' : '';
      text += `${known ?? '?'} (${literal}) at ${hardware} ${flags}on ${neighbour.dev.name}\n`;
      continue;
    }
    const columns = complete(neighbour)
      ? `${'ether'.padEnd(8)}${formatMac(neighbour.mac).padEnd(20)}`
      : `${''.padEnd(8)}${'(incomplete)'.padEnd(20)}`;
    const flags = complete(neighbour) ? (permanent ? 'CM' : 'C') : '';
    text += `${(known ?? literal).slice(0, 23).padEnd(23)}  ${columns}${flags.padEnd(6)}${''.padEnd(15)} ${neighbour.dev.name}\n`;
  }
  yield* ctx.out(text);
  return 0;
}

function* change(
  ctx: ProgramContext,
  add: boolean,
  host: string,
  address: number,
  hardware: string | undefined,
  given: NetDevice | undefined,
): Blocking<number> {
  if (!add) {
    const found = ctx.netns.neighbours.list(given).find((one) => one.address === address && !one.proxy);
    if (found === undefined) return yield* fail(ctx, `No ARP entry for ${host}`, 255);
    deleteNeighbour(found.dev, address);
    return 0;
  }
  const mac = hardware === undefined ? undefined : parseMac(hardware);
  if (hardware === undefined) return yield* fail(ctx, 'arp: need hardware address', 255);
  if (mac === undefined) return yield* fail(ctx, 'arp: invalid hardware address', 255);
  const route = ipRouteOutput(ctx.netns, address);
  const dev = given ?? (route.ok && route.value.gateway === 0 ? route.value.dev : null);
  if (dev === null || dev === undefined) return yield* fail(ctx, 'SIOCSARP: Network is unreachable', 255);
  const set = newNeighbour(dev, { address, mac, state: 'PERMANENT', proxy: false, origin: ctx.origin }, 'replace');
  return set.ok ? 0 : yield* fail(ctx, `SIOCSARP: ${strerror(set.errno)}`, 255);
}

export const arpTool: Tool = {
  name: 'arp',
  directory: '/usr/sbin',
  summary: 'show and change the ARP cache',
  main: program(false),
};
export const busyboxArpTool: Tool = {
  name: 'arp',
  directory: '/sbin',
  summary: 'show and change the ARP cache',
  main: program(true),
};
