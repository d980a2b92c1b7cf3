/**
 * The functions that netfilter has at the hooks, one per (table, direction); stack.ts names them in its table of
 * priorities. Each costs one look when the namespace has nothing there.
 * Mirrors the hook functions of nf_conntrack, nf_nat and nf_tables.
 */
import type { NetDevice } from '../kernel/device.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { drop } from '../kernel/kernel.ts';
import { routeMeHarder } from '../kernel/ip-output.ts';
import { NF_ACCEPT, NF_DROP, NF_DROPPED, NF_LOCAL_OUT, NF_POST_ROUTING, type HookFunction } from '../kernel/seams.ts';
import { CT_NEW, CT_RELATED, CT_RELATED_REPLY, PROTO_ICMP, type Packet } from '../wire/packet.ts';
import { conntrackConfirm as confirm, conntrackIn as track, entryOf } from './conntrack/core.ts';
import { type ConntrackEntry, ORIGINAL } from './conntrack/entry.ts';
import { directionOf } from './conntrack/protocols.ts';
import { MANIP_SRC, manipOf, natDecided, natIcmpError, natPacket, natSetup } from './nat.ts';
import { type Netfilter, type TableName } from './state.ts';
import { lastTakenBy, runBaseChain } from './traverse.ts';

/** A table of nf_tables, and of ip_tables behind it. */
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
const mangle = tableHook('mangle');
/** mangle, priority -150, at all five hooks. */
export const mangleHook: HookFunction = (ns, packet, hook, input, output) => {
  if (hook !== NF_LOCAL_OUT) return mangle(ns, packet, hook, input, output);
  // nf_route_table_hook4, ipt_mangle_out: what was changed here is routed anew.
  const { src, dst, mark, tos } = packet;
  const verdict = mangle(ns, packet, hook, input, output);
  if (verdict !== NF_ACCEPT || (packet.src === src && packet.dst === dst && packet.mark === mark && packet.tos === tos)) return verdict;
  return routeMeHarder(ns, packet) ? NF_ACCEPT : NF_DROPPED;
};
/** filter, priority 0, at INPUT, FORWARD and OUTPUT. */
export const filterHook: HookFunction = tableHook('filter');
/** security of ip_tables, priority 50, at INPUT, FORWARD and OUTPUT. */
export const securityLegacyHook: HookFunction = (ns, packet, hook, input, output) => {
  const chain = (ns.rooms.netfilter as Netfilter | null)?.legacy?.get('security')?.base[hook] ?? null;
  return chain === null ? NF_ACCEPT : runBaseChain(ns, chain, packet, hook, input, output);
};
/** security of nf_tables, which iptables makes with priority 150: after the nat of INPUT. */
export const securityHook: HookFunction = (ns, packet, hook, input, output) => {
  const chain = (ns.rooms.netfilter as Netfilter | null)?.security.base[hook] ?? null;
  return chain === null ? NF_ACCEPT : runBaseChain(ns, chain, packet, hook, input, output);
};

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
export const natDstHook: HookFunction = (ns, packet, hook, input, output) => {
  const verdict = natInet(ns, packet, hook, input, output);
  const netfilter = ns.rooms.netfilter as Netfilter | null;
  if (verdict !== NF_ACCEPT || hook !== NF_LOCAL_OUT || netfilter === null || netfilter.natUsers === 0) return verdict;
  // nf_nat_ipv4_local_fn
  const entry = entryOf(packet);
  if (entry === null) return NF_ACCEPT;
  const direction = directionOf(packet.ctInfo);
  if (entry.tuple(direction).dst === entry.tuple(1 - direction).src) return NF_ACCEPT;
  return routeMeHarder(ns, packet) ? NF_ACCEPT : NF_DROPPED;
};
/** nat of the source, priority 100, at INPUT and POSTROUTING. */
export const natSrcHook: HookFunction = (ns, packet, hook, input, output) => natInet(ns, packet, hook, input, output);

/** Remembers who wrote the rule that has just decided a translation. */
function keepOrigin(entry: ConntrackEntry, manip: number): void {
  if (manip === MANIP_SRC) entry.sourceOrigin = lastTakenBy();
  else entry.destinationOrigin = lastTakenBy();
}

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
        if (natDecided(entry, manip)) keepOrigin(entry, manip);
      }
      const older = netfilter.legacy?.get('nat')?.base[hook] ?? null;
      if (older !== null && !natDecided(entry, manip)) {
        const verdict = runBaseChain(ns, older, packet, hook, input, output);
        if (verdict !== NF_ACCEPT) return verdict;
        if (natDecided(entry, manip)) keepOrigin(entry, manip);
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
