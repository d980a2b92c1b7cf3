/**
 * /proc/net of a namespace: dev, route, arp and if_inet6 are written here in the kernel's own formats (net/core/net-procfs.c,
 * net/ipv4/fib_trie.c, arp.c); files of the rooms above (ip_vs, nf_conntrack, tcp …) are plugged in by name.
 */
import { formatIpv4, formatMac } from '../base/address.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { ViewDirectory, ViewFile, type Directory, type Node, type Viewer } from './nodes.ts';
import type { Host } from './host.ts';

/** Texts of files below /proc/net, by name, computed when they are read. */
export type ProcNetFiles = Readonly<Record<string, (ns: NetworkNamespace) => string>>;

const OWN: ProcNetFiles = { arp, dev, unix: () => 'Num       RefCount Protocol Flags    Type St Inode Path\n' };

/** The directory; what it shows is of the viewer's namespace. */
export function procNet(host: Host, plugged: ProcNetFiles): Directory {
  const files: ProcNetFiles = { ...OWN, ...plugged };
  const names = Object.keys(files).sort();
  const node = (name: string, viewer: Viewer): Node | undefined => {
    const show = Object.hasOwn(files, name) ? files[name] : undefined;
    return show === undefined ? undefined : new ViewFile(host.now, () => show(viewer.netns));
  };
  return new ViewDirectory(host.now, () => names, node);
}

function dev(ns: NetworkNamespace): string {
  const lines = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
  ];
  for (const { name, stats: s } of ns.devices.values()) {
    const rx = `${pad(s.rxBytes, 8)} ${pad(s.rxPackets, 7)} ${pad(s.rxErrors, 4)} ${pad(s.rxDropped, 4)} ${pad(0, 4)} ${pad(0, 5)} ${pad(0, 10)} ${pad(s.multicast, 9)}`;
    const tx = `${pad(s.txBytes, 8)} ${pad(s.txPackets, 7)} ${pad(s.txErrors, 4)} ${pad(s.txDropped, 4)} ${pad(0, 4)} ${pad(s.collisions, 5)} ${pad(s.txCarrier, 7)} ${pad(0, 10)}`;
    lines.push(`${name.padStart(6)}: ${rx} ${tx}`);
  }
  return `${lines.join('\n')}\n`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width);
}

function arp(ns: NetworkNamespace): string {
  const lines = ['IP address       HW type     Flags       HW address            Mask     Device'];
  for (const entry of ns.neighbours.list()) {
    const complete = entry.mac !== 0;
    const flags = complete ? (entry.state === 'PERMANENT' ? '0x6' : '0x2') : '0x0';
    lines.push(
      `${formatIpv4(entry.address).padEnd(16)} 0x1         ${flags.padEnd(11)} ${formatMac(entry.mac)}     *        ${entry.dev.name}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
