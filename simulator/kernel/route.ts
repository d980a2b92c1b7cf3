/** Routing decisions for packets made here, source addresses, and path MTU. Mirrors net/ipv4/route.c, fib_semantics.c. */
import { isLoopback, isMulticast, LIMITED_BROADCAST } from '../base/address.ts';
import { kernelHabit } from '../base/origin.ts';
import { ok, refuse, type Result } from '../base/result.ts';
import type { Packet } from '../wire/packet.ts';
import type { NetDevice } from './device.ts';
import { fibLookup, type Route } from './fib.ts';
import { emit, onlyCounted } from './kernel.ts';
import { formatRoute } from './netlink/format.ts';
import type { NetworkNamespace } from './netns.ts';

const NO_ROUTE = kernelHabit('no-route');

export interface RouteQuery {
  readonly src?: number;
  /** ifindex the socket is bound to. */
  readonly oif?: number;
  readonly mark?: number;
  readonly tos?: number;
}

/** ip_route_output_key: ENETUNREACH without a route, EINVAL for blackhole, EHOSTUNREACH, EACCES for the refusing types. */
export function ipRouteOutput(ns: NetworkNamespace, dst: number, query: RouteQuery = {}): Result<Route> {
  const { src = 0, oif = 0, mark = 0, tos = 0 } = query;
  const toAll = dst === LIMITED_BROADCAST || isMulticast(dst);
  if (toAll && (oif !== 0 || src !== 0)) {
    const dev = oif !== 0 ? ns.devices.get(oif) : deviceOf(ns, src);
    if (dev === undefined) return refuse('ENETUNREACH');
    return ok(linkRoute(dev, dst, dst === LIMITED_BROADCAST));
  }
  const route = fibLookup(ns, dst, src, mark, oif, 0, tos);
  if (route === null) {
    // A socket bound to a device may send on-link without a route (oif given, no table entry).
    const dev = oif !== 0 ? ns.devices.get(oif) : undefined;
    return dev !== undefined && dev.up ? ok(linkRoute(dev, dst, false)) : refuse('ENETUNREACH');
  }
  switch (route.type) {
    case 'blackhole':
      return refuse('EINVAL');
    case 'unreachable':
      return refuse('EHOSTUNREACH');
    case 'prohibit':
      return refuse('EACCES');
    default:
      // __mkroute_output: loopback addresses do not leave by other devices.
      if (isLoopback(src) && route.type !== 'local' && route.dev !== null && route.dev.kind !== 'loopback' && !routesLocalnet(ns, route.dev)) return refuse('EINVAL');
      return ok(toAll && route.dev !== null ? linkRoute(route.dev, dst, dst === LIMITED_BROADCAST) : route);
  }
}

function routesLocalnet(ns: NetworkNamespace, dev: NetDevice): boolean {
  return dev.conf.route_localnet !== 0 || ns.confAll.route_localnet !== 0;
}

/** __ip_dev_find */
function deviceOf(ns: NetworkNamespace, address: number): NetDevice | undefined {
  for (const dev of ns.devices.values()) if (dev.addresses.some((entry) => entry.address === address)) return dev;
  return undefined;
}

function linkRoute(dev: NetDevice, dst: number, broadcast: boolean): Route {
  return {
    type: broadcast ? 'broadcast' : 'unicast',
    destination: dst,
    prefix: 32,
    table: 0,
    gateway: 0,
    dev,
    source: 0,
    scope: 'link',
    protocol: 'kernel',
    metric: 0,
    mtu: 0,
    tos: 0,
    onlink: true,
    origin: kernelHabit('link'),
  };
}

/** The device a route's packets leave by: what is local leaves, and comes back, by lo. */
export function outputDevice(ns: NetworkNamespace, route: Route): NetDevice {
  if (route.type === 'local') return ns.devices.get(1) as NetDevice;
  return route.dev as NetDevice;
}

/** The source address the kernel picks for a route (fib_result_prefsrc, inet_select_addr). */
export function sourceFor(ns: NetworkNamespace, route: Route, dst: number): number {
  if (route.source !== 0) return route.source;
  if (route.type === 'local') return isLoopback(dst) ? dst : dst;
  const dev = route.dev as NetDevice;
  return selectAddress(ns, dev, route.gateway !== 0 ? route.gateway : dst);
}

/** inet_select_addr: the device's primary address on the next hop's network, else its first, else any global one of the namespace. */
export function selectAddress(ns: NetworkNamespace, dev: NetDevice, near: number): number {
  for (const entry of dev.addresses) {
    if (!entry.secondary && entry.scope !== 'host' && (near === 0 || (entry.prefix !== 0 && (entry.peer ^ near) >>> (32 - entry.prefix) === 0))) return entry.address;
  }
  const first = dev.addresses.find((entry) => !entry.secondary && entry.scope !== 'host');
  if (first !== undefined) return first.address;
  for (const other of ns.devices.values()) {
    const any = other.up ? other.addresses.find((entry) => entry.scope === 'global' && !entry.secondary) : undefined;
    if (any !== undefined) return any.address;
  }
  return 0;
}

/** The MTU of a route in octets: the route's own, a learned path MTU, else the device's. */
export function routeMtu(ns: NetworkNamespace, route: Route, dst: number, forwarding = false): number {
  const device = outputDevice(ns, route).mtu;
  const own = route.mtu !== 0 ? Math.min(route.mtu, device) : device;
  if ((forwarding && ns.knobs.ip_forward_use_pmtu === 0) || ns.pathMtus.size === 0) return own;
  const learned = ns.pathMtus.get(dst);
  if (learned === undefined) return own;
  if (learned.expires <= ns.kernel.now) {
    ns.pathMtus.delete(dst);
    return own;
  }
  return Math.min(own, learned.mtu);
}

/** Reports a routing decision. Call only while somebody observes. */
export function traceRoute(ns: NetworkNamespace, packet: Packet, route: Route | null): void {
  if (onlyCounted(ns)) return;
  emit(ns, packet, {
    kind: 'route',
    type: route?.type ?? 'none',
    table: route?.table ?? 0,
    route: route === null ? '' : formatRoute(ns, route),
    dev: route?.dev?.name ?? '',
    via: route?.gateway ?? 0,
    origin: route?.origin ?? NO_ROUTE,
  });
}
