/**
 * What IPv6 holds without routing anything: routes that follow from addresses, multicast groups, and the MAC filters that
 * `bridge fdb` and `ip maddr` show. Derived from device state each time, as IPv6 is shown and not emulated.
 * Mirrors net/ipv6/addrconf.c, mcast.c and net/ipv4/igmp.c (ip_mc_up).
 */
import { parseMac } from '../../base/address.ts';
import type { NetDevice } from '../device.ts';
import type { NetworkNamespace } from '../netns.ts';

/** A route of the IPv6 tables as it is listed. */
export interface Route6 {
  readonly type: 'unicast' | 'local' | 'multicast';
  /** Text with prefix length, without it for hosts. */
  readonly destination: string;
  readonly dev: NetDevice;
  readonly table: 'main' | 'local';
  readonly metric: number;
  readonly linkDown: boolean;
}

/** The routes of all IPv6 tables, main before local, in the order of a dump. */
export function routes6(ns: NetworkNamespace): Route6[] {
  const main: Route6[] = [];
  const local: Route6[] = [];
  const multicast: Route6[] = [];
  const devices = [...ns.devices.values()].sort((a, b) => a.readySequence - b.readySequence);
  for (const dev of devices) {
    if (!dev.up) continue;
    const linkDown = !dev.carrier;
    for (const { address, prefix, scope } of dev.addresses6) {
      local.push({ type: 'local', destination: address, dev, table: 'local', metric: 0, linkDown: false });
      if (scope === 'host' || prefix === 128) continue;
      main.push({
        type: 'unicast',
        destination: `${networkOf6(address, prefix)}/${prefix}`,
        dev,
        table: 'main',
        metric: 256,
        linkDown,
      });
    }
    if (dev.kind !== 'loopback' && dev.addresses6.length > 0) {
      multicast.push({ type: 'multicast', destination: 'ff00::/8', dev, table: 'local', metric: 256, linkDown });
    }
  }
  const byAddress = (a: Route6, b: Route6): number => compare6(a.destination, b.destination);
  return [...main.sort(byAddress), ...local.sort(byAddress), ...multicast];
}

/** The eight 16-bit words of an IPv6 address in text form (with or without a prefix length). */
export function words6(text: string): number[] {
  const [head = '', tail] = (text.split('/')[0] as string).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...new Array<string>(Math.max(zeros, 0)).fill('0'), ...right].map((word) => parseInt(word, 16));
}

/** The shortest text of an address: the longest run of zero words becomes `::` (RFC 5952). */
export function formatWords6(words: readonly number[]): string {
  let best = 0;
  let bestAt = -1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && words[i + run] === 0) run++;
    if (run > best && run > 1) [best, bestAt] = [run, i];
  }
  const text = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(':');
  return bestAt < 0 ? text(words) : `${text(words.slice(0, bestAt))}::${text(words.slice(bestAt + best))}`;
}

function networkOf6(address: string, prefix: number): string {
  return formatWords6(
    words6(address).map((word, i) => {
      const bits = Math.min(16, Math.max(0, prefix - i * 16));
      return word & (0xffff << (16 - bits)) & 0xffff;
    }),
  );
}

function compare6(a: string, b: string): number {
  const left = words6(a);
  const right = words6(b);
  for (let i = 0; i < 8; i++) if (left[i] !== right[i]) return (left[i] as number) - (right[i] as number);
  return 0;
}

const ALL_NODES_MAC = parseMac('33:33:00:00:00:01') as number;
const ALL_HOSTS_MAC = parseMac('01:00:5e:00:00:01') as number;
const ALL_SNOOPERS6_MAC = parseMac('33:33:00:00:00:6a') as number;
const ALL_SNOOPERS_MAC = parseMac('01:00:5e:00:00:6a') as number;

/** The solicited-node group of an address (RFC 4291, 2.7.1). */
/** The solicited-node group of an address. */
export function solicitedNode(address: string): string {
  const words = words6(address);
  return formatWords6([0xff02, 0, 0, 0, 0, 1, 0xff00 | ((words[6] as number) & 0xff), words[7] as number]);
}

/** The multicast MAC addresses in a device's receive filter (dev->mc), in the order they were joined. */
export function multicastMacs(dev: NetDevice): number[] {
  if (dev.kind === 'loopback') return [];
  const macs = [ALL_NODES_MAC];
  if (!dev.up) return macs;
  if (dev.bridge?.multicastSnooping === true) macs.push(ALL_SNOOPERS_MAC, ALL_SNOOPERS6_MAC);
  macs.push(ALL_HOSTS_MAC);
  for (const { address } of dev.addresses6) {
    const words = words6(solicitedNode(address));
    const mac = 0x333300000000 + (words[6] as number) * 0x10000 + (words[7] as number);
    if (!macs.includes(mac)) macs.push(mac);
  }
  return macs;
}

/** IPv6 groups a device has joined, newest first, as `ip maddr` lists them. */
export function groups6(dev: NetDevice): string[] {
  const groups = ['ff01::1', 'ff02::1'];
  if (dev.up && dev.bridge?.multicastSnooping === true) groups.push('ff02::6a');
  for (const { address, scope } of dev.addresses6) if (scope !== 'host') groups.push(solicitedNode(address));
  return groups.reverse();
}
