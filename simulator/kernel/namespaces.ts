/** Birth and death of network namespaces (net/core/net_namespace.c). */
import { kernelHabit } from '../base/origin.ts';
import { createDevice, deleteDevice } from './devices.ts';
import { type FibRule, RT_TABLE_DEFAULT, RT_TABLE_LOCAL, RT_TABLE_MAIN } from './fib.ts';
import type { Kernel } from './kernel.ts';
import { NetworkNamespace } from './netns.ts';

/** A new namespace: `lo` DOWN, the three standard rules, knobs of the first namespace (devconf_inherit_init_net). */
export function createNamespace(kernel: Kernel, name: string): NetworkNamespace {
  const ns = new NetworkNamespace(kernel, kernel.universe.nextInode++, name);
  // A sandbox of Docker forwards because its host does: IPv4 settings are copied from the first namespace.
  ns.knobs.ip_forward = kernel.initNs.knobs.ip_forward;
  Object.assign(ns.confAll, kernel.initNs.confAll);
  Object.assign(ns.confDefault, kernel.initNs.confDefault);
  initNamespace(ns);
  return ns;
}

/** Fills a namespace just made; also called for the first one at boot. */
export function initNamespace(ns: NetworkNamespace): void {
  const { kernel } = ns;
  kernel.namespaces.add(ns);
  ns.fib.rules = [...STANDARD_RULES];
  for (const id of [RT_TABLE_LOCAL, RT_TABLE_MAIN, RT_TABLE_DEFAULT]) ns.fib.table(id);
  createDevice(ns, { kind: 'loopback', name: 'lo', ifindex: 1, origin: kernelHabit('loopback') });
  for (const setup of kernel.setups) setup(ns);
}

function rule(priority: number, table: number): FibRule {
  return { priority, action: 'lookup', table, src: 0, srcPrefix: 0, dst: 0, dstPrefix: 0, mark: 0, markMask: 0, iif: '', oif: '', tos: 0, invert: false, origin: kernelHabit('rules') };
}

const STANDARD_RULES: readonly FibRule[] = [
  rule(0, RT_TABLE_LOCAL),
  rule(32766, RT_TABLE_MAIN),
  rule(32767, RT_TABLE_DEFAULT),
];

/** The last reference is gone: virtual devices die, timers stop, rooms let go. */
export function destroyNamespace(ns: NetworkNamespace): void {
  if (ns.dead) return;
  for (const teardown of ns.kernel.teardowns) teardown(ns);
  for (const dev of [...ns.devices.values()]) if (!dev.removed) deleteDevice(dev);
  for (const queue of ns.fragments.values()) queue.timer.cancel();
  ns.dead = true;
  ns.kernel.namespaces.delete(ns);
  for (const other of ns.kernel.namespaces) other.nsids.delete(ns);
}
