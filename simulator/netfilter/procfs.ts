/** What netfilter shows in /proc: net.netfilter.* and /proc/net/nf_conntrack. Mirrors nf_conntrack_standalone.c. */
import { done, refuse, type Result } from '../base/result.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { Sysctl } from '../kernel/sysctl.ts';
import { conntrackReferences } from './conntrack/control.ts';
import { formatEntry } from './conntrack/format.ts';
import { ConntrackKnobs } from './conntrack/table.ts';
import { netfilterOf } from './state.ts';

const KNOB_NAMES = Object.keys(new ConntrackKnobs()) as (keyof ConntrackKnobs)[];

/** Knobs that the kernel has and that have no effect here: shown as they always are, refused when written. */
const FIXED: readonly (readonly [string, number])[] = [
  ['nf_conntrack_acct', 0],
  ['nf_conntrack_dccp_loose', 1],
  ['nf_conntrack_dccp_timeout_closereq', 64],
  ['nf_conntrack_dccp_timeout_closing', 64],
  ['nf_conntrack_dccp_timeout_open', 43200],
  ['nf_conntrack_dccp_timeout_partopen', 480],
  ['nf_conntrack_dccp_timeout_request', 240],
  ['nf_conntrack_dccp_timeout_respond', 480],
  ['nf_conntrack_dccp_timeout_timewait', 240],
  ['nf_conntrack_frag6_high_thresh', 4194304],
  ['nf_conntrack_frag6_low_thresh', 3145728],
  ['nf_conntrack_frag6_timeout', 60],
  ['nf_conntrack_gre_timeout', 30],
  ['nf_conntrack_gre_timeout_stream', 180],
  ['nf_conntrack_icmpv6_timeout', 30],
  ['nf_conntrack_sctp_timeout_closed', 10],
  ['nf_conntrack_sctp_timeout_cookie_echoed', 3],
  ['nf_conntrack_sctp_timeout_cookie_wait', 3],
  ['nf_conntrack_sctp_timeout_established', 210],
  ['nf_conntrack_sctp_timeout_heartbeat_sent', 30],
  ['nf_conntrack_sctp_timeout_shutdown_ack_sent', 3],
  ['nf_conntrack_sctp_timeout_shutdown_recd', 3],
  ['nf_conntrack_sctp_timeout_shutdown_sent', 3],
  ['nf_flowtable_tcp_timeout', 30],
  ['nf_flowtable_udp_timeout', 30],
  ['nf_hooks_lwtunnel', 0],
  ['nf_conntrack_checksum', 1],
  ['nf_conntrack_events', 2],
  ['nf_conntrack_expect_max', 1024],
  ['nf_conntrack_log_invalid', 0],
  ['nf_conntrack_timestamp', 0],
];

/** Loggers by address family (net.netfilter.nf_log.N): those that the loaded modules registered. */
const LOGGERS: readonly string[] = [
  'NONE',
  'NONE',
  'nf_log_ipv4',
  'nf_log_arp',
  'NONE',
  'nf_log_netdev',
  'NONE',
  'nf_log_bridge',
  'NONE',
  'NONE',
  'nf_log_ipv6',
];

function knob(name: keyof ConntrackKnobs): Sysctl {
  return {
    path: `net/netfilter/${name}`,
    read: (ns) => String(netfilterOf(ns).conntrack.knobs[name]),
    write(ns, text): Result<undefined> {
      if (!/^\d+$/.test(text.trim())) return refuse('EINVAL');
      netfilterOf(ns).conntrack.knobs[name] = Number(text);
      return done;
    },
  };
}

/** Below /proc/sys. */
export const NETFILTER_SYSCTLS: readonly Sysctl[] = [
  ...KNOB_NAMES.map(knob),
  ...FIXED.map(([name, value]) => ({ path: `net/netfilter/${name}`, read: () => String(value) })),
  ...LOGGERS.map((name, family) => ({ path: `net/netfilter/nf_log/${family}`, read: () => name })),
  { path: 'net/netfilter/nf_conntrack_count', read: (ns) => String(netfilterOf(ns).conntrack.count) },
];

/** /proc/net/nf_conntrack */
function procNfConntrack(ns: NetworkNamespace): string {
  const { now } = ns.kernel;
  const entries = netfilterOf(ns).conntrack.list(now);
  const references = conntrackReferences(ns);
  return entries
    .map(
      (entry) =>
        `${formatEntry(entry, now, { extended: true, use: 1 + (references.get(entry) ?? 1) }).replace(/ use=/, ' zone=0 use=')}\n`,
    )
    .join('');
}

/** Below /proc/net. */
export const NETFILTER_PROC_FILES: Readonly<Record<string, (ns: NetworkNamespace) => string>> = {
  nf_conntrack: procNfConntrack,
};
