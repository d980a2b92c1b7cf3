/** The main table as /proc/net/route tells it to route(8) and netstat(8) of net-tools and busybox. */
import { formatIpv4, maskOf } from '../../base/address.ts';
import { RT_TABLE_MAIN, type Route } from '../../kernel/fib.ts';
import { dumpRoutes } from '../../kernel/netlink/route.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';

export interface RouteLine {
  readonly destination: string;
  readonly gateway: string;
  readonly mask: string;
  /** `U`, `UG`, `UH`, `!` … */
  readonly flags: string;
  readonly metric: number;
  readonly mtu: number;
  readonly dev: string;
}

/** Routes of the main table in the order of the trie. `names`: 0.0.0.0/0 is called `default`. */
export function routeLines(ns: NetworkNamespace, names: boolean): RouteLine[] {
  const dumped = dumpRoutes(ns, RT_TABLE_MAIN);
  if (!dumped.ok) return [];
  return dumped.value.map((route) => ({
    destination: names && route.prefix === 0 ? 'default' : formatIpv4(route.destination),
    gateway: refuses(route) ? '-' : formatIpv4(route.gateway),
    mask: formatIpv4(maskOf(route.prefix)),
    flags: flagsOf(route),
    metric: route.metric,
    mtu: route.mtu,
    dev: route.dev?.name ?? (refuses(route) ? '-' : '*'),
  }));
}

function refuses(route: Route): boolean {
  return route.type === 'blackhole' || route.type === 'unreachable' || route.type === 'prohibit';
}

function flagsOf(route: Route): string {
  const host = route.prefix === 32 ? 'H' : '';
  if (refuses(route)) return `!${host}`;
  return `U${route.gateway !== 0 ? 'G' : ''}${host}`;
}

/** The table of `route`. */
export function routeTable(ns: NetworkNamespace, names: boolean): string {
  let text = 'Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n';
  for (const line of routeLines(ns, names))
    text += `${line.destination.padEnd(15)} ${line.gateway.padEnd(15)} ${line.mask.padEnd(15)} ${line.flags.padEnd(5)} ${String(line.metric).padEnd(6)} 0  ${'0'.padStart(7)} ${line.dev}\n`;
  return text;
}

/** The table of `netstat -r`. */
export function netstatTable(ns: NetworkNamespace, names: boolean): string {
  let text =
    'Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n';
  for (const line of routeLines(ns, names))
    text += `${line.destination.padEnd(15)} ${line.gateway.padEnd(15)} ${line.mask.padEnd(16)}${line.flags.padEnd(6)}${String(line.mtu).padStart(5)} 0     ${'0'.padStart(6)} ${line.dev}\n`;
  return text;
}
