/**
 * IPv4 addresses of devices, and the routes that come and go with them: net/ipv4/devinet.c and fib_frontend.c.
 */
import { broadcastOf, networkOf } from '../base/address.ts';
import type { Origin } from '../base/origin.ts';
import { done, refuse, type Result } from '../base/result.ts';
import type { AddressLifetime, InterfaceAddress, NetDevice } from './device.ts';
import { insertRoute, removeRoute, RT_TABLE_LOCAL, RT_TABLE_MAIN, type Route } from './fib.ts';
import { tellAddress } from './notify.ts';

export interface AddressOptions {
  readonly address: number;
  readonly prefix: number;
  readonly peer?: number;
  readonly broadcast?: number;
  readonly scope?: InterfaceAddress['scope'];
  readonly label?: string;
  readonly lifetime?: AddressLifetime;
  readonly origin: Origin;
}

/** inet_insert_ifa and the routes that come with it. EEXIST when the device has exactly this address and prefix. */
export function addAddress(dev: NetDevice, options: AddressOptions): Result<undefined> {
  const { address, prefix } = options;
  if (dev.addresses.some((entry) => entry.address === address && entry.prefix === prefix)) return refuse('EEXIST', 'Address already assigned');
  const peer = options.peer ?? address;
  const secondary = dev.addresses.some((entry) => !entry.secondary && entry.prefix === prefix && networkOf(entry.peer, prefix) === networkOf(peer, prefix));
  const entry: InterfaceAddress = {
    address,
    prefix,
    peer,
    broadcast: options.broadcast ?? 0,
    scope: options.scope ?? 'global',
    secondary,
    ...(options.lifetime === undefined ? {} : { lifetime: options.lifetime }),
    label: options.label ?? dev.name,
    origin: options.origin,
  };
  dev.addresses = dev.addresses.concat(entry); // exactly as long as needed: push would make room for seventeen
  const { ns } = dev;
  ns.localAddresses.set(address, (ns.localAddresses.get(address) ?? 0) + 1);
  insertUnique(dev, { type: 'local', destination: address, prefix: 32, table: RT_TABLE_LOCAL, scope: 'host' }, entry);
  tellAddress(dev, entry, false);
  if (dev.up) addRoutesOf(dev, entry);
  return done;
}

type NewRoute = Pick<Route, 'type' | 'destination' | 'prefix' | 'table' | 'scope'>;

function insertUnique(dev: NetDevice, route: NewRoute, entry: InterfaceAddress): void {
  const { fib } = dev.ns;
  const exists = fib.table(route.table).routesTo(route.destination, route.prefix).some((one) => one.dev === dev && one.type === route.type);
  if (exists) return;
  const source = primaryOf(dev, entry);
  const { type, destination, prefix, table, scope } = route;
  insertRoute(fib, { type, destination, prefix, table, gateway: 0, dev, source, scope, protocol: 'kernel', metric: 0, mtu: 0, tos: 0, onlink: false, origin: entry.origin });
}

/** Routes of a secondary address name the primary one as source. */
function primaryOf(dev: NetDevice, entry: InterfaceAddress): number {
  if (!entry.secondary) return entry.address;
  return dev.addresses.find((one) => !one.secondary && one.prefix === entry.prefix && networkOf(one.peer, one.prefix) === networkOf(entry.peer, entry.prefix))?.address ?? entry.address;
}

/** fib_add_ifaddr: the routes an address brings while its device is UP. */
export function addRoutesOf(dev: NetDevice, entry: InterfaceAddress): void {
  const { prefix } = entry;
  const network = networkOf(entry.peer, prefix);
  const lowest = networkOf(entry.address, entry.prefix);
  if (entry.prefix < 31 && dev.ns.kernel.platform.lowestIsBroadcast) insertUnique(dev, { type: 'broadcast', destination: lowest, prefix: 32, table: RT_TABLE_LOCAL, scope: 'link' }, entry);
  if (entry.broadcast !== 0 && entry.broadcast !== 0xffffffff) insertUnique(dev, { type: 'broadcast', destination: entry.broadcast, prefix: 32, table: RT_TABLE_LOCAL, scope: 'link' }, entry);
  if (network !== 0 && prefix < 32 && !entry.secondary) {
    if (dev.kind === 'loopback') insertUnique(dev, { type: 'local', destination: network, prefix, table: RT_TABLE_LOCAL, scope: 'host' }, entry);
    else insertUnique(dev, { type: 'unicast', destination: network, prefix, table: RT_TABLE_MAIN, scope: 'link' }, entry);
    if (prefix < 31) insertUnique(dev, { type: 'broadcast', destination: broadcastOf(entry.peer, prefix), prefix: 32, table: RT_TABLE_LOCAL, scope: 'link' }, entry);
  }
}

/** EADDRNOTAVAIL when the device has no such address. Deleting a primary address takes its secondaries along (promote_secondaries 0). */
export function deleteAddress(dev: NetDevice, address: number, prefix: number): Result<undefined> {
  const entry = dev.addresses.find((one) => one.address === address && one.prefix === prefix);
  if (entry === undefined) return refuse('EADDRNOTAVAIL', 'Address not found');
  if (!entry.secondary) {
    for (const other of [...dev.addresses]) if (other.secondary && other.prefix === prefix && networkOf(other.peer, prefix) === networkOf(entry.peer, prefix)) removeAddress(dev, other);
  }
  removeAddress(dev, entry);
  return done;
}

/** inet_del_ifa, and fib_del_ifaddr: the address goes with the routes that it brought. */
export function removeAddress(dev: NetDevice, entry: InterfaceAddress): void {
  const { ns } = dev;
  dev.addresses.splice(dev.addresses.indexOf(entry), 1);
  const left = (ns.localAddresses.get(entry.address) ?? 1) - 1;
  tellAddress(dev, entry, true);
  if (left <= 0) ns.localAddresses.delete(entry.address);
  else ns.localAddresses.set(entry.address, left);
  const network = networkOf(entry.peer, entry.prefix);
  const stillOn = dev.addresses.some((one) => networkOf(one.peer, one.prefix) === network && one.prefix === entry.prefix);
  for (const table of ns.fib.tables.values()) {
    for (const route of [...table.routes]) {
      if (route.dev !== dev) continue;
      const ownLocal = route.type === 'local' && route.destination === entry.address && route.prefix === 32;
      const ownNetwork = !stillOn && route.protocol === 'kernel' && ((route.destination === network && route.prefix === entry.prefix) || (route.type === 'broadcast' && networkOf(route.destination, entry.prefix) === network));
      // fib_sync_down_addr: routes that prefer a source that is gone.
      const lostSource = left <= 0 && route.source === entry.address;
      if (ownLocal || ownNetwork || lostSource) removeRoute(ns.fib, route);
    }
  }
}
