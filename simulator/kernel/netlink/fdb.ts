/**
 * RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH of family AF_BRIDGE: forwarding databases. `master` speaks to the bridge that a
 * device is a port of, `self` to the device. Mirrors net/core/rtnetlink.c (rtnl_fdb_*), net/bridge/br_fdb.c and
 * drivers/net/vxlan/vxlan_core.c. Deviation: VLANs are not emulated; the copy that a vlan-unaware bridge keeps of its
 * written entries for its default VLAN is made up when entries are listed.
 */
import { isGroupMac } from '../../base/address.ts';
import type { Origin } from '../../base/origin.ts';
import { done, refuse, type Result } from '../../base/result.ts';
import type { FdbEntry, FdbRemote, NetDevice } from '../device.ts';
import { fdbEntries, makeFdbEntry } from '../fdb.ts';
import type { NetworkNamespace } from '../netns.ts';
import { notify } from '../notify.ts';
import { multicastMacs } from './inet6.ts';
import { allocateNamespaceId } from './nsid.ts';

export interface FdbRequest {
  readonly mac: number;
  readonly target: 'self' | 'master';
  readonly state: 'permanent' | 'static' | 'dynamic';
  /** vxlan: the tunnel end point; 0 when none was given. */
  readonly dst: number;
  /** vxlan: 0 for the device's own. */
  readonly port: number;
  readonly vni: number;
  readonly via: number;
  readonly origin: Origin;
}

export type FdbVerb = 'add' | 'append' | 'replace';

/** Writes an entry. EEXIST, EINVAL (vxlan without `dst`), EOPNOTSUPP (device without a database). */
export function newFdbEntry(dev: NetDevice, request: FdbRequest, verb: FdbVerb): Result<undefined> {
  if (request.target === 'master') return newBridgeEntry(dev, request, verb);
  if (dev.vxlan !== null) return newVxlanEntry(dev, request, verb);
  if (dev.bridge !== null) return newBridgeEntry(dev, request, verb);
  return refuse('EOPNOTSUPP');
}

function bridgeOf(dev: NetDevice, target: 'self' | 'master'): NetDevice | null {
  return target === 'master' ? dev.master : dev.bridge !== null ? dev : null;
}

function newBridgeEntry(dev: NetDevice, request: FdbRequest, verb: FdbVerb): Result<undefined> {
  const bridge = bridgeOf(dev, request.target);
  if (bridge === null || bridge.bridge === null) return refuse('EOPNOTSUPP');
  if (request.mac === 0) return refuse('EINVAL');
  const { fdb } = bridge.bridge;
  const { now } = dev.ns.kernel;
  if (fdb.has(request.mac) && verb === 'add') return refuse('EEXIST');
  const port = dev === bridge ? null : dev;
  const state = request.state === 'dynamic' ? 'reachable' : request.state;
  fdb.delete(request.mac);
  const fresh = makeFdbEntry(request.mac, port, state, request.state === 'dynamic', now, request.origin);
  fdb.set(request.mac, fresh);
  notify(dev.ns, { kind: 'fdb', dev, entry: fresh, master: bridge, deleted: false });
  return done;
}

function newVxlanEntry(dev: NetDevice, request: FdbRequest, verb: FdbVerb): Result<undefined> {
  const vxlan = dev.vxlan;
  if (vxlan === null || request.dst === 0) return refuse('EINVAL');
  const remote: FdbRemote = {
    address: request.dst,
    port: request.port || vxlan.dstPort,
    vni: request.vni || vxlan.vni,
    ifindex: request.via,
  };
  const entry = vxlan.fdb.get(request.mac);
  const state = request.state === 'dynamic' ? 'reachable' : request.state;
  if (entry === undefined) {
    const fresh = makeFdbEntry(
      request.mac,
      null,
      state,
      request.state === 'dynamic',
      dev.ns.kernel.now,
      request.origin,
    );
    fresh.remotes.push(remote);
    vxlan.fdb.set(request.mac, fresh);
    notify(dev.ns, { kind: 'fdb', dev, entry: fresh, master: null, deleted: false });
    return done;
  }
  if (verb === 'add') return refuse('EEXIST');
  entry.state = state;
  entry.dynamic = request.state === 'dynamic';
  entry.updated = dev.ns.kernel.now;
  const manyAllowed = request.mac === 0 || isGroupMac(request.mac);
  if (verb === 'replace') {
    if (manyAllowed) return refuse('EOPNOTSUPP');
    entry.remotes = [remote];
  } else if (manyAllowed && !entry.remotes.some((other) => sameRemote(other, remote))) {
    // Only group addresses may have several end points; for others an append changes nothing.
    entry.remotes.push(remote);
  }
  return done;
}

function sameRemote(a: FdbRemote, b: FdbRemote): boolean {
  return a.address === b.address && a.port === b.port && a.vni === b.vni && a.ifindex === b.ifindex;
}

/** Deletes an entry, or one end point of it. ENOENT when the MAC is not there; an unknown end point is no error. */
export function deleteFdbEntry(dev: NetDevice, request: FdbRequest): Result<undefined> {
  if (request.target === 'self' && dev.vxlan !== null) return deleteVxlanEntry(dev, request);
  const bridge = bridgeOf(dev, request.target)?.bridge;
  if (bridge === undefined || bridge === null) return refuse('EOPNOTSUPP');
  const entry = bridge.fdb.get(request.mac);
  if (entry === undefined || (request.target === 'master' && entry.port !== dev)) return refuse('ENOENT');
  bridge.fdb.delete(request.mac);
  notify(dev.ns, { kind: 'fdb', dev, entry, master: bridgeOf(dev, request.target), deleted: true });
  return done;
}

function deleteVxlanEntry(dev: NetDevice, request: FdbRequest): Result<undefined> {
  const vxlan = dev.vxlan;
  const entry = vxlan?.fdb.get(request.mac);
  if (vxlan === null || entry === undefined) return refuse('ENOENT');
  if (request.dst !== 0) {
    const gone: FdbRemote = {
      address: request.dst,
      port: request.port || vxlan.dstPort,
      vni: request.vni || vxlan.vni,
      ifindex: request.via,
    };
    if (!entry.remotes.some((remote) => sameRemote(remote, gone))) return done;
    if (entry.remotes.length > 1) {
      entry.remotes = entry.remotes.filter((remote) => !sameRemote(remote, gone));
      return done;
    }
  }
  vxlan.fdb.delete(request.mac);
  notify(dev.ns, { kind: 'fdb', dev, entry, master: null, deleted: true });
  return done;
}

/** Empties a database: a vxlan device's own, a bridge's (all of it, or what is behind one port with `master`). */
export function flushFdb(dev: NetDevice, target: 'self' | 'master'): Result<undefined> {
  if (target === 'self' && dev.vxlan !== null) {
    dev.vxlan.fdb.clear();
    return done;
  }
  const bridge = bridgeOf(dev, target)?.bridge;
  if (bridge === undefined || bridge === null) return refuse('EOPNOTSUPP', 'fdb flush not supported');
  for (const entry of [...bridge.fdb.values()])
    if (target === 'self' || entry.port === dev) bridge.fdb.delete(entry.mac);
  return done;
}

/** One line of a dump. */
export interface FdbListing {
  readonly mac: number;
  readonly dev: NetDevice;
  /** The bridge that answered, or null when the device did (`self`). */
  readonly master: NetDevice | null;
  /** 0 when there is none. */
  readonly vlan: number;
  readonly remote: FdbRemote | null;
  readonly netnsid: number | undefined;
  readonly state: FdbEntry['state'];
  /** Seconds since last use and last refresh; null for addresses in a device's filter. */
  readonly age: { readonly used: number; readonly updated: number } | null;
}

/** Everything a dump of one namespace gives, devices by index: bridge entries of a port, then the device's own. */
export function dumpFdb(ns: NetworkNamespace): FdbListing[] {
  const listings: FdbListing[] = [];
  for (const dev of [...ns.devices.values()].sort((a, b) => a.ifindex - b.ifindex)) {
    if (dev.master !== null) bridgeListings(listings, dev.master, dev, dev);
    if (dev.vxlan !== null) vxlanListings(listings, dev);
    else
      for (const mac of multicastMacs(dev))
        listings.push({
          mac,
          dev,
          master: null,
          vlan: 0,
          remote: null,
          netnsid: undefined,
          state: 'permanent',
          age: null,
        });
    if (dev.bridge !== null) bridgeListings(listings, dev, null, dev);
  }
  return listings;
}

function bridgeListings(listings: FdbListing[], bridge: NetDevice, port: NetDevice | null, dev: NetDevice): void {
  const state = bridge.bridge;
  if (state === null) return;
  const { now } = bridge.ns.kernel;
  const entries = fdbEntries(state.fdb, now, state.ageing).filter((entry) => entry.port === port);
  // The kernel keeps the newest at the head of the list.
  for (const entry of entries.reverse()) {
    const line = {
      mac: entry.mac,
      dev,
      master: bridge,
      remote: null,
      netnsid: undefined,
      state: entry.state,
      age: ageOf(entry, now),
    };
    if (!entry.dynamic && entry.vlan === 0 && state.defaultPvid !== 0)
      listings.push({ ...line, vlan: state.defaultPvid });
    listings.push({ ...line, vlan: entry.vlan });
  }
}

function vxlanListings(listings: FdbListing[], dev: NetDevice): void {
  const { vxlan, ns } = dev;
  if (vxlan === null) return;
  const { now } = ns.kernel;
  const netnsid = vxlan.underlay === ns ? undefined : allocateNamespaceId(ns, vxlan.underlay);
  // Buckets in order, in each the newest first (hlist_add_head).
  const entries = fdbEntries(vxlan.fdb, now, vxlan.ageing * 1_000_000).reverse();
  const buckets = new Map(entries.map((entry) => [entry, vxlanBucket(entry.mac)]));
  entries.sort((a, b) => (buckets.get(a) as number) - (buckets.get(b) as number));
  for (const entry of entries) {
    for (const remote of entry.remotes) {
      listings.push({
        mac: entry.mac,
        dev,
        master: null,
        vlan: 0,
        remote,
        netnsid,
        state: entry.state,
        age: ageOf(entry, now),
      });
    }
  }
}

const GOLDEN_RATIO_64 = 0x61c8864680b583ebn;

/** eth_hash() of a little-endian machine: the bucket, of 256, that a MAC address is in. */
function vxlanBucket(mac: number): number {
  let value = 0n;
  for (let i = 0; i < 6; i++) value |= BigInt(Math.floor(mac / 256 ** (5 - i)) & 255) << BigInt(16 + 8 * i);
  return Number(BigInt.asUintN(64, value * GOLDEN_RATIO_64) >> 56n);
}

function ageOf(entry: FdbEntry, now: number): { used: number; updated: number } {
  return { used: Math.floor((now - entry.used) / 1_000_000), updated: Math.floor((now - entry.updated) / 1_000_000) };
}
