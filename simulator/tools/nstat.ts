/**
 * nstat(8), iproute2 6.15: SNMP counters. Only those are kept here that count dropped packets; they must be named, and others are
 * refused. Options: -a (since boot), -z (also nought), -s and -n taken as the original does.
 */
import type { NetworkNamespace } from '../kernel/netns.ts';
import { fail, type Program, type ProgramContext, type Tool } from '../process/program.ts';
import type { DropReason } from '../trace/event.ts';
import { getopt } from './net/getopt.ts';

/** In the order of /proc/net/snmp and /proc/net/netstat: name, and the drops it counts. */
const COUNTERS: readonly (readonly [name: string, reasons: readonly (DropReason | `${DropReason} ${string}`)[]])[] = [
  ['IpInHdrErrors', ['IP_HEADER', 'IP_TTL_EXPIRED']],
  ['IpInAddrErrors', ['IP_FORWARDING_OFF']],
  ['IpInUnknownProtos', ['PROTOCOL_UNREACHABLE']],
  ['IpReasmFails', ['FRAGMENT_TIMEOUT']],
  ['IpFragFails', ['PACKET_TOO_BIG']],
  ['UdpNoPorts', ['NO_SOCKET udp']],
  ['UdpInErrors', ['SOCKET_BUFFER_FULL udp']],
  ['UdpRcvbufErrors', ['SOCKET_BUFFER_FULL udp']],
  ['TcpExtIPReversePathFilter', ['IP_RPFILTER']],
  ['TcpExtArpFilter', []],
  ['IpExtInNoRoutes', ['IP_NO_ROUTE']],
];

function value(ns: NetworkNamespace, reasons: readonly string[]): number {
  return reasons.reduce((sum, reason) => sum + (ns.drops.get(reason) ?? 0), 0);
}

function* main(ctx: ProgramContext): Program {
  const parsed = getopt(ctx.argv.slice(1), {
    short: 'h?vVzrnasd:t:jp',
    long: { zeros: { value: false, as: 'z' }, ignore: { value: false, as: 'a' } },
  });
  if (parsed.error !== undefined)
    return yield* fail(ctx, `nstat: ${parsed.error}\nUsage: nstat [OPTION] [ PATTERN [ PATTERN ] ]`, 255);
  const flags = new Set(parsed.options.map(({ name }) => name));
  if (flags.has('V') || flags.has('v')) {
    yield* ctx.out(`nstat utility, iproute2-${ctx.host.kernel.platform.iproute.version}\n`);
    return 0;
  }
  for (const name of 'hrdtjp?')
    if (flags.has(name)) return yield* fail(ctx, `nstat: option -${name} is not emulated here`);
  if (!flags.has('a')) return yield* fail(ctx, 'nstat: differences since the last call are not emulated here; use -a');
  const known = COUNTERS.map(([name]) => name).join(', ');
  if (parsed.operands.length === 0)
    return yield* fail(ctx, `nstat: showing all counters is not emulated here; name some of ${known}`);
  const chosen = COUNTERS.filter(([name]) => parsed.operands.some((pattern) => fits(pattern, name)));
  const strange = parsed.operands.find((pattern) => !chosen.some(([name]) => fits(pattern, name)));
  if (strange !== undefined)
    return yield* fail(ctx, `nstat: counter ${strange} is not emulated here; there are ${known}`);
  let text = '#kernel\n';
  for (const [name, reasons] of chosen) {
    const count = value(ctx.netns, reasons);
    if (count !== 0 || flags.has('z')) text += `${name.padEnd(32)}${String(count).padEnd(16)}${'0.0'.padStart(6)}\n`;
  }
  yield* ctx.out(text);
  return 0;
}

/** fnmatch(3) with `*` and `?`. */
function fits(pattern: string, name: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${expression}$`).test(name);
}

export const nstatTool: Tool = { name: 'nstat', directory: '/usr/sbin', summary: 'counters of dropped packets', main };
