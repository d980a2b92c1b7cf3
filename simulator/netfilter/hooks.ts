/**
 * The functions that netfilter has at the hooks, one per (table, direction); stack.ts names them in its table of
 * priorities. Each costs one look when the namespace has nothing there.
 * Mirrors the hook functions of nf_conntrack, nf_nat and nf_tables.
 */
import type { NetDevice } from '../kernel/device.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { drop } from '../kernel/kernel.ts';
import { NF_ACCEPT, NF_DROP, NF_DROPPED, NF_POST_ROUTING, type HookFunction } from '../kernel/seams.ts';
import { CT_NEW, CT_RELATED, CT_RELATED_REPLY, PROTO_ICMP, type Packet } from '../wire/packet.ts';
import { conntrackConfirm as confirm, conntrackIn as track, entryOf } from './conntrack/core.ts';
import { ORIGINAL } from './conntrack/entry.ts';
import { directionOf } from './conntrack/protocols.ts';
import { manipOf, natDecided, natIcmpError, natPacket, natSetup } from './nat.ts';
import { type Netfilter, type TableName } from './state.ts';
import { runBaseChain } from './traverse.ts';

function tableHook(name: TableName): HookFunction {
  return (ns, packet, hook, input, output) => {
    const netfilter = ns.rooms.netfilter as Netfilter | null;
    if (netfilter === null) return NF_ACCEPT;
    const chain = netfilter[name].base[hook] ?? null;
    const verdict = chain === null ? NF_ACCEPT : runBaseChain(ns, chain, packet, hook, input, output);
    if (netfilter.legacy === null || verdict !== NF_ACCEPT) return verdict;
    const older = netfilter.legacy.get(name)?.base[hook] ?? null;
    return older === null ? NF_ACCEPT : runBaseChain(ns, older, packet, hook, input, output);
  };
}

/** raw, priority -300, at PREROUTING and OUTPUT. */
export const rawHook: HookFunction = tableHook('raw');
/** mangle, priority -150, at all five hooks. */
export const mangleHook: HookFunction = tableHook('mangle');
/** filter, priority 0, at INPUT, FORWARD and OUTPUT. */
export const filterHook: HookFunction = tableHook('filter');
/** security, priority 50, at INPUT, FORWARD and OUTPUT. */
export const securityHook: HookFunction = tableHook('security');

/** Connection tracking, priority -200, at PREROUTING and OUTPUT. */
export const conntrackIn: HookFunction = (ns, packet, hook) => {
  const netfilter = ns.rooms.netfilter as Netfilter | null;
  if (netfilter === null || netfilter.conntrackUsers === 0) return NF_ACCEPT;
  const verdict = track(ns, netfilter.conntrack, packet, hook);
  if (verdict !== NF_DROP) return verdict;
  drop(ns, packet, 'CONNTRACK_TABLE_FULL', 'nf_conntrack_in');
  return NF_DROPPED;
};

/** Its end, last of all at INPUT and POSTROUTING. */
export const conntrackConfirm: HookFunction = (ns, packet, hook) => {
  if (packet.ct === null) return NF_ACCEPT;
  const netfilter = ns.rooms.netfilter as Netfilter | null;
  if (netfilter === null || netfilter.conntrackUsers === 0) return NF_ACCEPT;
  const verdict = confirm(ns, netfilter.conntrack, packet, hook);
  if (verdict !== NF_DROP) return verdict;
  drop(ns, packet, 'CONNTRACK_CLASH', 'nf_conntrack_confirm');
  return NF_DROPPED;
};

/** nat towards the destination, priority -100, at PREROUTING and OUTPUT. */
export const natDstHook: HookFunction = (ns, packet, hook, input, output) => natInet(ns, packet, hook, input, output);
/** nat of the source, priority 100, at INPUT and POSTROUTING. */
export const natSrcHook: HookFunction = (ns, packet, hook, input, output) => natInet(ns, packet, hook, input, output);

/** nf_nat_inet_fn: the first packet of a connection walks the chain; what that decides is done to all of its packets. */
function natInet(
  ns: NetworkNamespace,
  packet: Packet,
  hook: number,
  input: NetDevice | null,
  output: NetDevice | null,
): number {
  if (packet.ct === null) return NF_ACCEPT;
  const netfilter = ns.rooms.netfilter as Netfilter | null;
  if (netfilter === null || netfilter.natUsers === 0) return NF_ACCEPT;
  const entry = entryOf(packet);
  if (entry === null) return NF_ACCEPT;
  const info = packet.ctInfo;
  if ((info === CT_RELATED || info === CT_RELATED_REPLY) && packet.protocol === PROTO_ICMP) {
    if (natIcmpError(ns, entry, packet, hook)) return NF_ACCEPT;
    drop(ns, packet, 'CONNTRACK_INVALID_NAT', 'nf_nat_icmp_reply_translation');
    return NF_DROPPED;
  }
  const manip = manipOf(hook);
  let decided = false;
  if (info === CT_NEW || info === CT_RELATED || info === CT_RELATED_REPLY) {
    if (!natDecided(entry, manip)) {
      const chain = netfilter.nat.base[hook] ?? null;
      if (chain !== null) {
        const verdict = runBaseChain(ns, chain, packet, hook, input, output);
        if (verdict !== NF_ACCEPT) return verdict;
      }
      const older = netfilter.legacy?.get('nat')?.base[hook] ?? null;
      if (older !== null && !natDecided(entry, manip)) {
        const verdict = runBaseChain(ns, older, packet, hook, input, output);
        if (verdict !== NF_ACCEPT) return verdict;
      }
      if (!natDecided(entry, manip)) natSetup(ns, entry, null, manip);
      decided = true;
    }
  }
  // A masqueraded connection does not survive a change of its device (nf_nat_oif_changed).
  if (
    !decided &&
    hook === NF_POST_ROUTING &&
    entry.masqueradeIfindex !== 0 &&
    output !== null &&
    entry.masqueradeIfindex !== output.ifindex &&
    directionOf(info) === ORIGINAL
  ) {
    netfilter.conntrack.remove(entry);
    drop(ns, packet, 'CONNTRACK_INVALID_NAT', 'nf_nat_oif_changed');
    return NF_DROPPED;
  }
  natPacket(ns, entry, packet, hook, decided);
  return NF_ACCEPT;
}
