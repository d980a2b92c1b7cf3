/**
 * Ids that one namespace has for others (net/core/net_namespace.c, peernet2id_alloc): what `link-netnsid` prints and
 * `ip netns` shows as `(id: N)`. An id is given when a link message first has to name the other namespace.
 */
import { done, refuse, type Result } from '../../base/result.ts';
import type { NetDevice } from '../device.ts';
import type { NetworkNamespace } from '../netns.ts';

/** The id of `peer` as seen from `ns`, or undefined when none was given yet (peernet2id). */
export function namespaceId(ns: NetworkNamespace, peer: NetworkNamespace): number | undefined {
  return ns.nsids.get(peer);
}

/** The id of `peer` as seen from `ns`; the lowest free one is given at the first need. */
export function allocateNamespaceId(ns: NetworkNamespace, peer: NetworkNamespace): number {
  const known = ns.nsids.get(peer);
  if (known !== undefined) return known;
  const id = lowestFreeId(ns);
  giveId(ns, peer, id);
  return id;
}

/** Without gaps, which is nearly always, the lowest free id is the next one. */
function lowestFreeId(ns: NetworkNamespace): number {
  if (ns.nsids.size === ns.highestNsid + 1) return ns.nsids.size;
  const taken = new Set(ns.nsids.values());
  let id = 0;
  while (taken.has(id)) id++;
  return id;
}

function giveId(ns: NetworkNamespace, peer: NetworkNamespace, id: number): void {
  ns.nsids.set(peer, id);
  if (id > ns.highestNsid) ns.highestNsid = id;
}

/** `ip netns set`: gives `peer` the id of the caller's choice; EEXIST when it has one or the id is taken. */
export function setNamespaceId(ns: NetworkNamespace, peer: NetworkNamespace, id: number): Result<undefined> {
  if (ns.nsids.has(peer)) return refuse('EEXIST', 'Peer netns already has a nsid assigned');
  if ([...ns.nsids.values()].includes(id)) return refuse('EEXIST', 'The specified nsid is already used');
  giveId(ns, peer, id);
  return done;
}

/** The namespace that `dev`'s link (veth peer, vxlan underlay) lives in, or null when it has none. */
function linkNamespace(dev: NetDevice): NetworkNamespace | null {
  if (dev.peer !== null) return dev.peer.ns;
  if (dev.vxlan !== null) return dev.vxlan.underlay;
  return null;
}

/** What a link message says about the other side: its index and, when it is elsewhere, the id of its namespace. */
export interface LinkReference {
  /** 0: the message names none. */
  readonly ifindex: number;
  readonly netnsid: number | undefined;
}

/** rtnl_fill_link_netnsid and nla_put_iflink: gives the other namespace an id when it needs one. */
export function linkReference(dev: NetDevice): LinkReference {
  const other = linkNamespace(dev);
  const iflink = linkIndexOf(dev);
  if (other !== null && other !== dev.ns && !other.dead) {
    return { ifindex: iflink, netnsid: allocateNamespaceId(dev.ns, other) };
  }
  return { ifindex: iflink === dev.ifindex ? 0 : iflink, netnsid: undefined };
}

/** dev_get_iflink: the index of a veth's peer; any other device, also a vxlan, points at itself. */
function linkIndexOf(dev: NetDevice): number {
  return dev.peer !== null ? dev.peer.ifindex : dev.ifindex;
}
