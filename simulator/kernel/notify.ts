/**
 * Messages to the netlink groups that `ip monitor` joins (RTNLGRP_LINK, _NEIGH, _IPV4_IFADDR, _IPV4_ROUTE, _NSID …), after
 * rtnetlink's rtmsg_* functions. A listener is told at the moment of the change and reads the state as it is then; without
 * listeners a notice costs one comparison.
 */
import type { FdbEntry, InterfaceAddress, NetDevice } from './device.ts';
import type { FibRule, Route } from './fib.ts';
import type { Neighbour } from './neighbour.ts';
import type { NetworkNamespace } from './netns.ts';

export type Notice =
  | { readonly kind: 'link'; readonly dev: NetDevice; readonly deleted: boolean }
  | { readonly kind: 'address'; readonly dev: NetDevice; readonly address: InterfaceAddress; readonly deleted: boolean }
  | { readonly kind: 'route'; readonly route: Route; readonly deleted: boolean }
  | { readonly kind: 'rule'; readonly rule: FibRule; readonly deleted: boolean }
  | { readonly kind: 'neighbour'; readonly neighbour: Neighbour; readonly deleted: boolean }
  /** Of family AF_BRIDGE: an entry of a bridge (`dev` is the port) or of a vxlan device. */
  | {
      readonly kind: 'fdb';
      readonly dev: NetDevice;
      readonly entry: FdbEntry;
      readonly master: NetDevice | null;
      readonly deleted: boolean;
    }
  /** A vxlan device asks who has an address (l3miss) or where a MAC is (l2miss); the other of the two is 0. */
  | { readonly kind: 'miss'; readonly dev: NetDevice; readonly address: number; readonly mac: number }
  | { readonly kind: 'nsid'; readonly id: number; readonly name: string; readonly deleted: boolean };

export type Listener = (notice: Notice) => void;

/** Tells whoever listens in `ns`. On hot paths compare `ns.listeners.length` first. */
export function notify(ns: NetworkNamespace, notice: Notice): void {
  for (const listener of ns.listeners) listener(notice);
}

/** Joins; the answer leaves again. */
export function listen(ns: NetworkNamespace, listener: Listener): () => void {
  ns.listeners = [...ns.listeners, listener];
  ns.fib.changed = (route, deleted) => notify(ns, { kind: 'route', route, deleted });
  return () => {
    ns.listeners = ns.listeners.filter((one) => one !== listener);
    if (ns.listeners.length === 0) ns.fib.changed = null;
  };
}

/** rtmsg_ifinfo: a device appeared, changed, or is gone. */
export function tellLink(dev: NetDevice, deleted = false): void {
  if (dev.ns.listeners.length > 0) notify(dev.ns, { kind: 'link', dev, deleted });
}

/** rtmsg_ifa: an address came or went. */
export function tellAddress(dev: NetDevice, address: InterfaceAddress, deleted: boolean): void {
  if (dev.ns.listeners.length > 0) notify(dev.ns, { kind: 'address', dev, address, deleted });
}
