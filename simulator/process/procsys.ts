/**
 * /proc/sys as a view of the sysctl registry: `net.ipv4.ip_forward` is the file net/ipv4/ip_forward. A `.` in a device's
 * name is written as `/` in sysctl names, and the other way round here (sysctl(8)).
 */
import type { Origin } from '../base/origin.ts';
import { refuse, type Result } from '../base/result.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { ViewDirectory, ViewFile, type Directory, type Node, type Viewer } from './nodes.ts';
import type { Host } from './host.ts';

/** The registry of knobs (kernel/sysctl.ts); names have dots. */
export interface SysctlRegistry {
  read(ns: NetworkNamespace, name: string): Result<string>;
  write(ns: NetworkNamespace, name: string, value: string, origin?: Origin): Result<undefined>;
  list(ns: NetworkNamespace): readonly string[];
}

/** The directory sys/. */
export function procSys(host: Host, registry: SysctlRegistry): Directory {
  return level(host, registry, '');
}

function level(host: Host, registry: SysctlRegistry, prefix: string): Directory {
  const below = (viewer: Viewer): string[] => {
    const names = new Set<string>();
    for (const knob of registry.list(viewer.netns)) {
      const path = pathOf(knob);
      if (path.startsWith(prefix)) names.add(path.slice(prefix.length).split('/', 1)[0] ?? '');
    }
    return [...names].sort();
  };
  const find = (name: string, viewer: Viewer): Node | undefined => {
    const path = prefix + name;
    const knobs = registry.list(viewer.netns);
    const knob = knobs.find((candidate) => pathOf(candidate) === path);
    if (knob === undefined) {
      return knobs.some((candidate) => pathOf(candidate).startsWith(`${path}/`))
        ? level(host, registry, `${path}/`)
        : undefined;
    }
    const show = (who: Viewer): string => {
      const value = registry.read(who.netns, knob);
      return value.ok ? `${value.value}\n` : '';
    };
    const take = (text: string, who: Viewer): Result<undefined> =>
      text.trim() === '' ? refuse('EINVAL') : registry.write(who.netns, knob, text.trim(), who.origin);
    return new ViewFile(host.now, show, take);
  };
  return new ViewDirectory(host.now, below, find);
}

/** `net.ipv4.conf.eth0/1.rp_filter` → `net/ipv4/conf/eth0.1/rp_filter`. */
function pathOf(knob: string): string {
  return knob.replace(/[./]/g, (mark) => (mark === '.' ? '/' : '.'));
}
