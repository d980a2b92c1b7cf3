/**
 * How `ip route` and `ip rule` word what the FIB holds: iproute2 6.15, ip/iproute.c (print_route) and ip/iprule.c (print_rule).
 * Shared by the tool, the trace and the views, so that a route is always called the same.
 */
import { formatCidr, formatIpv4 } from '../../base/address.ts';
import { RT_TABLE_DEFAULT, RT_TABLE_LOCAL, RT_TABLE_MAIN, type FibRule, type Route } from '../fib.ts';
import type { NetworkNamespace } from '../netns.ts';

/** What a selection has made redundant, or what is asked for in addition. */
export interface RouteStyle {
  /** `dev X` was asked for: not repeated. */
  readonly hideDev?: boolean;
  /** `via X` was asked for. */
  readonly hideVia?: boolean;
  /** `proto X` was asked for. */
  readonly hideProtocol?: boolean;
  /** `scope X` was asked for. */
  readonly hideScope?: boolean;
  /** Name the table unless it is main (`table all`). */
  readonly showTable?: boolean;
  /** `-d`: say also what is the default. */
  readonly details?: boolean;
  /** Colours addresses and device names. */
  readonly paint?: (kind: 'inet' | 'ifname', text: string) => string;
}

const TABLE_NAMES = new Map([
  [RT_TABLE_DEFAULT, 'default'],
  [RT_TABLE_MAIN, 'main'],
  [RT_TABLE_LOCAL, 'local'],
]);

/** The name of a table in /etc/iproute2/rt_tables, else its number. */
export function formatTable(id: number): string {
  return TABLE_NAMES.get(id) ?? String(id);
}

/** A scope as `ip` prints it. */
export function formatScope(scope: Route['scope']): string {
  return scope === 'universe' ? 'global' : scope;
}

/** A prefix as `ip route` prints it: `default`, a bare address for /32. */
export function formatDestination(address: number, prefix: number): string {
  if (prefix === 0) return 'default';
  return prefix === 32 ? formatIpv4(address) : formatCidr(address, prefix);
}

/** True when a route's device has no carrier (RTNH_F_LINKDOWN); routes to own addresses never carry the flag. */
export function isLinkDown(route: Route): boolean {
  return route.dev !== null && route.dev.up && !route.dev.carrier && route.scope !== 'host';
}

/** One route as a line of `ip route`, with the trailing space and without a newline. */
export function formatRoute(ns: NetworkNamespace, route: Route, style: RouteStyle = {}): string {
  const paint = style.paint ?? plain;
  let line = route.type === 'unicast' && style.details !== true ? '' : `${route.type} `;
  line += paint('inet', `${formatDestination(route.destination, route.prefix)} `);
  if (route.tos !== 0) line += `tos 0x${route.tos.toString(16).padStart(2, '0')} `;
  if (route.gateway !== 0 && style.hideVia !== true) line += `via ${paint('inet', `${formatIpv4(route.gateway)} `)}`;
  if (route.dev !== null && style.hideDev !== true)
    line += `dev ${paint('ifname', `${route.dev.ns === ns ? route.dev.name : `if${route.dev.ifindex}`} `)}`;
  if (style.details === true ? style.showTable !== false : style.showTable === true && route.table !== RT_TABLE_MAIN) {
    line += `table ${formatTable(route.table)} `;
  }
  if ((route.protocol !== 'boot' || style.details === true) && style.hideProtocol !== true)
    line += `proto ${route.protocol} `;
  if ((route.scope !== 'universe' || style.details === true) && style.hideScope !== true)
    line += `scope ${formatScope(route.scope)} `;
  if (route.source !== 0) line += `src ${paint('inet', `${formatIpv4(route.source)} `)}`;
  if (route.metric !== 0) line += `metric ${route.metric} `;
  if (route.onlink) line += 'onlink ';
  if (isLinkDown(route)) line += 'linkdown ';
  if (route.mtu !== 0) line += `mtu ${route.mtu} `;
  return line;
}

function plain(_kind: 'inet' | 'ifname', text: string): string {
  return text;
}

/** One rule as a line of `ip rule`, without a newline. */
export function formatRule(rule: FibRule): string {
  let line = `${rule.priority}:\t${rule.invert ? 'not ' : ''}from ${selector(rule.src, rule.srcPrefix)}`;
  if (rule.dstPrefix !== 0) line += ` to ${selector(rule.dst, rule.dstPrefix)}`;
  if (rule.tos !== 0) line += ` tos 0x${rule.tos.toString(16)}`;
  if (rule.markMask !== 0) line += ` fwmark ${formatMark(rule.mark, rule.markMask)}`;
  if (rule.iif !== '') line += ` iif ${rule.iif}`;
  if (rule.oif !== '') line += ` oif ${rule.oif}`;
  return `${line} ${rule.action === 'lookup' ? `lookup ${formatTable(rule.table)}` : rule.action}`;
}

/** A mark and its mask as rules print them; a full mask is left out. */
function formatMark(mark: number, mask: number): string {
  const text = `0x${(mark >>> 0).toString(16)}`;
  return mask >>> 0 === 0xffffffff ? text : `${text}/0x${(mask >>> 0).toString(16)}`;
}

function selector(address: number, prefix: number): string {
  return prefix === 0 ? 'all' : prefix === 32 ? formatIpv4(address) : formatCidr(address, prefix);
}
