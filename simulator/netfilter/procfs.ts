/** What netfilter shows in /proc: net.netfilter.* and /proc/net/nf_conntrack. Mirrors nf_conntrack_standalone.c. */
import { done, refuse, type Result } from '../base/result.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { Sysctl } from '../kernel/sysctl.ts';
import { formatEntry } from './conntrack/format.ts';
import { ConntrackKnobs } from './conntrack/table.ts';
import { netfilterOf } from './state.ts';

const KNOB_NAMES = Object.keys(new ConntrackKnobs()) as (keyof ConntrackKnobs)[];

/** Knobs that the kernel has and that have no effect here: shown as they always are, refused when written. */
const FIXED: readonly (readonly [string, number])[] = [
  ['nf_conntrack_acct', 0],
  ['nf_conntrack_checksum', 1],
  ['nf_conntrack_events', 2],
  ['nf_conntrack_expect_max', 1024],
  ['nf_conntrack_log_invalid', 0],
  ['nf_conntrack_timestamp', 0],
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
  { path: 'net/netfilter/nf_conntrack_count', read: (ns) => String(netfilterOf(ns).conntrack.count) },
];

/** /proc/net/nf_conntrack */
function procNfConntrack(ns: NetworkNamespace): string {
  const { now } = ns.kernel;
  const entries = netfilterOf(ns).conntrack.list(now);
  return entries
    .map((entry) => `${formatEntry(entry, now, { extended: true, use: 2 }).replace(/ use=/, ' zone=0 use=')}\n`)
    .join('');
}

/** Below /proc/net. */
export const NETFILTER_PROC_FILES: Readonly<Record<string, (ns: NetworkNamespace) => string>> = {
  nf_conntrack: procNfConntrack,
};
