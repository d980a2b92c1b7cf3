/**
 * The stack on one screen: which rooms plug into the kernel, and in which order packets meet them. Nothing here decides;
 * everything that depends on order is in one of the literal lists below.
 */
import type { Origin } from './base/origin.ts';
import type { Result } from './base/result.ts';
import { icmpRcv } from './kernel/icmp.ts';
import { hookLists } from './kernel/hooks.ts';
import type { Kernel } from './kernel/kernel.ts';
import { initNamespace } from './kernel/namespaces.ts';
import type { NetworkNamespace } from './kernel/netns.ts';
import { type HookEntry, type HookFunction, NF_FORWARD, NF_LOCAL_IN, NF_LOCAL_OUT, NF_POST_ROUTING, NF_PRE_ROUTING, type TransportProtocol } from './kernel/seams.ts';
import { listSysctls, readSysctl, registerSysctls, sysctlName, sysctlPath, writeSysctl } from './kernel/sysctl.ts';
import { procXfrmStat } from './kernel/xfrm.ts';
import { alterReply, dropConntrack } from './netfilter/forIpvs.ts';
import { confirmHook, conntrackHook, filterHook, mangleHook, natDestinationHook, natSourceHook, NETFILTER_PROC_FILES, NETFILTER_SYSCTLS, rawHook, securityHook, securityLegacyHook } from './netfilter/index.ts';
import { ipvsForwardIcmp, ipvsReply, ipvsRequest, ipvsSeam, IPVS_SYSCTL_NAMES, procIpVs, procIpVsConn, procIpVsStats, readIpvsSysctl, setupIpvs, teardownIpvs, writeIpvsSysctl } from './ipvs/index.ts';
import { forgetNamespace, icmpProtocol, tcpProtocol, udpProtocol } from './transport/index.ts';

/** Every function at every hook (include/uapi/linux/netfilter_ipv4.h, net/netfilter/ipvs/ip_vs_core.c). The lower priority is first. */
const HOOKS: readonly (readonly [hook: number, priority: number, name: string, run: HookFunction])[] = [
  [NF_PRE_ROUTING, -300, 'raw', rawHook],
  [NF_PRE_ROUTING, -200, 'conntrack', conntrackHook],
  [NF_PRE_ROUTING, -150, 'mangle', mangleHook],
  [NF_PRE_ROUTING, -100, 'nat', natDestinationHook],

  [NF_LOCAL_IN, -150, 'mangle', mangleHook],
  [NF_LOCAL_IN, 0, 'filter', filterHook],
  [NF_LOCAL_IN, 50, 'security', securityLegacyHook],
  [NF_LOCAL_IN, 98, 'ipvs', ipvsReply],
  [NF_LOCAL_IN, 99, 'ipvs', ipvsRequest],
  [NF_LOCAL_IN, 100, 'nat', natSourceHook],
  [NF_LOCAL_IN, 150, 'security', securityHook],
  [NF_LOCAL_IN, 0x7fffffff, 'conntrack', confirmHook],

  [NF_FORWARD, -150, 'mangle', mangleHook],
  [NF_FORWARD, 0, 'filter', filterHook],
  [NF_FORWARD, 50, 'security', securityLegacyHook],
  [NF_FORWARD, 99, 'ipvs', ipvsForwardIcmp],
  [NF_FORWARD, 100, 'ipvs', ipvsReply],
  [NF_FORWARD, 150, 'security', securityHook],

  [NF_LOCAL_OUT, -300, 'raw', rawHook],
  [NF_LOCAL_OUT, -200, 'conntrack', conntrackHook],
  [NF_LOCAL_OUT, -150, 'mangle', mangleHook],
  [NF_LOCAL_OUT, -100, 'nat', natDestinationHook],
  [NF_LOCAL_OUT, -99, 'ipvs', ipvsReply],
  [NF_LOCAL_OUT, -98, 'ipvs', ipvsRequest],
  [NF_LOCAL_OUT, 0, 'filter', filterHook],
  [NF_LOCAL_OUT, 50, 'security', securityLegacyHook],
  [NF_LOCAL_OUT, 150, 'security', securityHook],

  [NF_POST_ROUTING, -150, 'mangle', mangleHook],
  [NF_POST_ROUTING, 100, 'nat', natSourceHook],
  [NF_POST_ROUTING, 0x7fffffff, 'conntrack', confirmHook],
];

const HOOK_LISTS = hookLists(HOOKS.map(([hook, priority, name, run]): HookEntry => ({ hook, priority, name, run })));

/** ICMP is the kernel's first (echo, path MTU), then the sockets'. */
const icmp: TransportProtocol = {
  protocol: 1,
  receive(ns, packet) {
    icmpRcv(ns, packet);
    icmpProtocol.receive(ns, packet);
  },
  error: (ns, packet) => icmpProtocol.error(ns, packet),
};

/** Who takes packets for this machine, by protocol number. */
const PROTOCOLS: readonly TransportProtocol[] = [icmp, tcpProtocol, udpProtocol];

ipvsSeam.alterReply = alterReply;
ipvsSeam.dropConntrack = dropConntrack;

registerSysctls([
  ...NETFILTER_SYSCTLS,
  ...IPVS_SYSCTL_NAMES.map((name) => ({
    path: `net/ipv4/vs/${name}`,
    read: (ns: NetworkNamespace) => readIpvsSysctl(ns, name),
    write: (ns: NetworkNamespace, text: string) => writeIpvsSysctl(ns, name, text),
  })),
]);

/** Plugs everything into a kernel and brings up its first namespace. */
export function bootKernel(kernel: Kernel): void {
  for (const protocol of PROTOCOLS) kernel.protocols[protocol.protocol] = protocol;
  kernel.setups.push((ns) => (ns.hooks = HOOK_LISTS), setupIpvs);
  kernel.teardowns.push(teardownIpvs, forgetNamespace);
  initNamespace(kernel.initNs);
}

/** Files below /proc/net that the rooms show. */
export const PROC_NET_FILES: Readonly<Record<string, (ns: NetworkNamespace) => string>> = {
  ...NETFILTER_PROC_FILES,
  xfrm_stat: procXfrmStat,
  ip_vs: procIpVs,
  ip_vs_conn: procIpVsConn,
  ip_vs_stats: procIpVsStats,
};

/** /proc/sys as the process room wants it: names with dots. */
export const sysctlRegistry = {
  read: (ns: NetworkNamespace, name: string): Result<string> => readSysctl(ns, sysctlPath(name)),
  write: (ns: NetworkNamespace, name: string, value: string, origin?: Origin): Result<undefined> => writeSysctl(ns, sysctlPath(name), value, origin),
  list: (ns: NetworkNamespace): readonly string[] => listSysctls(ns).map(sysctlName),
};
