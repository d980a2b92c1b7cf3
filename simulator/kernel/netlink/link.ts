/**
 * RTM_NEWLINK, RTM_DELLINK, RTM_SETLINK as typed requests. Mirrors net/core/rtnetlink.c (rtnl_newlink, do_setlink) and the
 * checks of drivers/net/vxlan/vxlan_core.c (vxlan_dev_configure, vxlan_changelink) and net/bridge/br_netlink.c; the state is
 * changed by devices.ts.
 */
import type { Origin } from '../../base/origin.ts';
import { done, ok, refuse, type Result } from '../../base/result.ts';
import type { FdbEntry, NetDevice, VxlanState } from '../device.ts';
import {
  createDevice,
  createVethPair,
  deleteDevice,
  moveDevice,
  renameDevice,
  setMac,
  setMaster,
  setMtu,
  setUp,
  type VxlanOptions,
} from '../devices.ts';
import { makeFdbEntry } from '../fdb.ts';
import type { NetworkNamespace } from '../netns.ts';

/** What may be said of any device, new or old. */
export interface LinkSettings {
  readonly mac?: number | undefined;
  readonly mtu?: number | undefined;
  readonly txQueueLength?: number | undefined;
  readonly alias?: string | undefined;
  readonly up?: boolean | undefined;
  readonly promiscuous?: boolean | undefined;
  readonly multicast?: boolean | undefined;
  readonly noArp?: boolean | undefined;
  /** null: out of its bridge. */
  readonly master?: NetDevice | null | undefined;
  /** Who wants it. */
  readonly origin?: Origin | undefined;
}

/** Settings of a bridge, in the kernel's units as `ip link … type bridge` takes them (hundredths of a second). */
export interface BridgeSettings {
  readonly ageingTime?: number | undefined;
  readonly forwardDelay?: number | undefined;
  readonly helloTime?: number | undefined;
  readonly maxAge?: number | undefined;
  readonly priority?: number | undefined;
  readonly multicastSnooping?: boolean | undefined;
}

export type LinkKind =
  | { readonly kind: 'dummy' }
  | { readonly kind: 'bridge'; readonly bridge: BridgeSettings }
  | { readonly kind: 'vxlan'; readonly vxlan: Omit<VxlanOptions, 'vni'> & { readonly vni: number | undefined } }
  | {
      readonly kind: 'veth';
      readonly peer: LinkSettings & { readonly name: string | undefined; readonly ns: NetworkNamespace | undefined };
    };

export interface NewLinkRequest extends LinkSettings {
  /** Undefined: the kernel numbers the kind's name (`dummy0`). */
  readonly name: string | undefined;
  /** Where the device is to live; default the caller's namespace. */
  readonly ns?: NetworkNamespace | undefined;
  readonly ifindex?: number | undefined;
  readonly link: LinkKind;
  readonly origin: Origin;
}

/**
 * Makes a device. EEXIST: the name is taken in the caller's namespace (looked up there even when the device is made elsewhere)
 * or in the target; EINVAL with the kernel's message for what the kind refuses.
 */
export function newLink(ns: NetworkNamespace, request: NewLinkRequest): Result<NetDevice> {
  const target = request.ns ?? ns;
  const name = request.name ?? freeName(target, request.link.kind);
  if (name.length > 15) return refuse('ERANGE', 'Attribute failed policy validation');
  if (ns.byName.has(name)) return refuse('EEXIST');
  if (request.mtu !== undefined && request.link.kind !== 'veth') {
    const fits = checkMtu(request.mtu);
    if (!fits.ok) return fits;
  }
  const made = make(ns, target, name, request);
  if (!made.ok) return made;
  const { mtu, ...rest } = request;
  const set = setLink(made.value, request.link.kind === 'veth' ? { ...rest, mtu } : rest);
  if (!set.ok) {
    deleteDevice(made.value);
    return set;
  }
  return made;
}

function make(
  ns: NetworkNamespace,
  target: NetworkNamespace,
  name: string,
  request: NewLinkRequest,
): Result<NetDevice> {
  const { link, origin, mac, mtu, ifindex } = request;
  const common = {
    name,
    origin,
    ...(mac === undefined ? {} : { mac }),
    ...(mtu === undefined ? {} : { mtu }),
    ...(ifindex === undefined ? {} : { ifindex }),
  };
  switch (link.kind) {
    case 'dummy':
      return createDevice(target, { ...common, kind: 'dummy' });
    case 'bridge': {
      const made = createDevice(target, { ...common, kind: 'bridge' });
      if (made.ok) setBridge(made.value, link.bridge);
      return made;
    }
    case 'vxlan':
      return makeVxlan(ns, target, common, link.vxlan);
    case 'veth':
      return makeVeth(ns, target, name, request, link.peer);
  }
}

type Common = Pick<NewLinkRequest, 'origin'> & {
  readonly name: string;
  readonly mac?: number;
  readonly mtu?: number;
  readonly ifindex?: number;
};

function makeVxlan(
  ns: NetworkNamespace,
  target: NetworkNamespace,
  common: Common,
  options: Omit<VxlanOptions, 'vni'> & { vni: number | undefined },
): Result<NetDevice> {
  const { vni } = options;
  if (vni === undefined) return refuse('EINVAL', 'Required attributes not provided to perform the operation');
  if (vxlanInUse(ns, vni, options.dstPort))
    return refuse('EEXIST', 'A VXLAN device with the specified VNI already exists');
  if (target.byName.has(common.name)) return refuse('EEXIST');
  // The socket belongs to the caller's namespace, so the device is made there and moved.
  const made = createDevice(ns, { ...common, kind: 'vxlan', vxlan: { ...options, vni } });
  if (!made.ok || target === ns) return made;
  const moved = moveDevice(made.value, target);
  return moved.ok ? made : moved;
}

function vxlanInUse(underlay: NetworkNamespace, vni: number, dstPort: number): boolean {
  for (const ns of underlay.kernel.namespaces) {
    for (const { vxlan } of ns.devices.values()) {
      if (vxlan !== null && vxlan.underlay === underlay && vxlan.vni === vni && vxlan.dstPort === dstPort) return true;
    }
  }
  return false;
}

function makeVeth(
  ns: NetworkNamespace,
  target: NetworkNamespace,
  name: string,
  request: NewLinkRequest,
  peer: Extract<LinkKind, { kind: 'veth' }>['peer'],
): Result<NetDevice> {
  const { mac, origin } = request;
  const peerNs = peer.ns ?? ns;
  const peerName = peer.name ?? freeName(peerNs, 'veth', peerNs === target ? name : undefined);
  if (peerName.length > 15) return refuse('ERANGE', 'Attribute failed policy validation');
  if (peerNs.byName.has(peerName) || target.byName.has(name)) return refuse('EEXIST');
  const pair = createVethPair(target, {
    name,
    origin,
    ...(mac === undefined ? {} : { mac }),
    peer: { ns: peerNs, name: peerName, ...(peer.mac === undefined ? {} : { mac: peer.mac }) },
  });
  if (!pair.ok) return pair;
  const set = setLink(pair.value[1], { ...peer, mac: undefined });
  if (!set.ok) {
    deleteDevice(pair.value[0]);
    return set;
  }
  return ok(pair.value[0]);
}

function freeName(ns: NetworkNamespace, kind: string, taken?: string): string {
  let number = 0;
  while (ns.byName.has(`${kind}${number}`) || `${kind}${number}` === taken) number++;
  return `${kind}${number}`;
}

/** Changes what is given, in the kernel's order (do_setlink). */
export function setLink(dev: NetDevice, settings: LinkSettings): Result<undefined> {
  if (settings.mac !== undefined && settings.mac !== dev.mac) setMac(dev, settings.mac);
  if (settings.mtu !== undefined) {
    const sized = setMtu(dev, settings.mtu);
    if (!sized.ok) return sized;
  }
  if (settings.alias !== undefined) dev.alias = settings.alias;
  if (settings.master !== undefined) {
    const mastered = changeMaster(dev, settings.master);
    if (!mastered.ok) return mastered;
  }
  if (settings.noArp !== undefined) dev.noArp = settings.noArp;
  if (settings.multicast !== undefined) dev.multicast = settings.multicast;
  if (settings.promiscuous !== undefined && settings.promiscuous !== dev.promiscuousByHand) {
    dev.promiscuousByHand = settings.promiscuous;
    dev.promiscuous += settings.promiscuous ? 1 : -1;
  }
  if (settings.up !== undefined) {
    setUp(dev, settings.up);
    dev.stateOrigin = settings.origin ?? null;
  }
  if (settings.txQueueLength !== undefined) dev.txQueueLength = settings.txQueueLength;
  return done;
}

/** do_set_master: out of the old one first; what is no bridge cannot be a master. */
function changeMaster(dev: NetDevice, master: NetDevice | null): Result<undefined> {
  if (master !== null && master.bridge === null) return refuse('EOPNOTSUPP');
  return setMaster(dev, master);
}

/** Moves to another namespace, under another name if wanted; the rest of the settings applies there. */
export function moveLink(dev: NetDevice, ns: NetworkNamespace, name: string | undefined): Result<undefined> {
  return moveDevice(dev, ns, name ?? dev.name);
}

/** Renames. EEXIST. */
export function renameLink(dev: NetDevice, name: string): Result<undefined> {
  if (name.length > 15) return refuse('ERANGE', 'Attribute failed policy validation');
  return renameDevice(dev, name);
}

/** Deletes a device; EOPNOTSUPP for those that no link kind made (lo, physical). */
export function deleteLink(dev: NetDevice): Result<undefined> {
  if (dev.kind === 'loopback' || dev.kind === 'ethernet') return refuse('EOPNOTSUPP');
  deleteDevice(dev);
  return done;
}

/** br_changelink, the settings with an effect or a place in `ip -d link`. */
export function setBridge(dev: NetDevice, settings: BridgeSettings): Result<undefined> {
  const state = dev.bridge;
  if (state === null) return refuse('EOPNOTSUPP');
  if (settings.ageingTime !== undefined) state.ageing = settings.ageingTime * 10_000;
  if (settings.forwardDelay !== undefined) state.forwardDelay = settings.forwardDelay;
  if (settings.helloTime !== undefined) state.helloTime = settings.helloTime;
  if (settings.maxAge !== undefined) state.maxAge = settings.maxAge;
  if (settings.priority !== undefined) state.priority = settings.priority;
  if (settings.multicastSnooping !== undefined) state.multicastSnooping = settings.multicastSnooping;
  return done;
}

/** What a tunnel is made with and keeps. */
const FIXED_FLAGS = [
  'proxy',
  'rsc',
  'l2miss',
  'l3miss',
  'udpChecksum',
  'udp6ZeroChecksumTx',
  'udp6ZeroChecksumRx',
] as const;

/** vxlan_changelink: VNI, port and the like stay as they are. */
export function changeVxlan(dev: NetDevice, changes: Partial<VxlanOptions>, origin: Origin): Result<undefined> {
  const old = dev.vxlan;
  if (old === null) return refuse('EOPNOTSUPP');
  if (changes.vni !== undefined && changes.vni !== old.vni) return refuse('EOPNOTSUPP', 'Cannot change VNI');
  if (changes.dstPort !== undefined && changes.dstPort !== old.dstPort)
    return refuse('EOPNOTSUPP', 'Cannot change UDP port');
  if (FIXED_FLAGS.some((flag) => changes[flag] !== undefined)) return refuse('EOPNOTSUPP');
  if (changes.srcPortMin !== undefined) return refuse('EOPNOTSUPP', 'Cannot change the port range');
  const remote = changes.remote ?? old.remote;
  const fresh: VxlanState = {
    ...old,
    remote,
    local: changes.local ?? old.local,
    link: changes.link ?? old.link,
    ttl: changes.ttl ?? old.ttl,
    tos: changes.tos ?? old.tos,
    ageing: changes.ageing ?? old.ageing,
    learning: changes.learning ?? old.learning,
  };
  if (remote !== old.remote) exchangeDefaultRemote(fresh, old, dev.ns.kernel.now, origin);
  dev.vxlan = fresh;
  return done;
}

/** The all-zeros entry follows the default remote. */
function exchangeDefaultRemote(fresh: VxlanState, old: VxlanState, now: number, origin: Origin): void {
  const entry: FdbEntry = fresh.fdb.get(0) ?? makeFdbEntry(0, null, 'permanent', false, now, origin);
  entry.remotes = entry.remotes.filter((remote) => remote.address !== old.remote);
  entry.remotes.unshift({ address: fresh.remote, port: fresh.dstPort, vni: fresh.vni, ifindex: fresh.link });
  fresh.fdb.set(0, entry);
}

function checkMtu(mtu: number): Result<undefined> {
  if (mtu < 68) return refuse('EINVAL', 'mtu less than device minimum');
  return mtu > 65535 ? refuse('EINVAL', 'mtu greater than device maximum') : done;
}
