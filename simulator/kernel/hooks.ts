/** The hook seam: where netfilter and IPVS meet packets. Mirrors net/netfilter/core.c. */
import type { Packet } from '../wire/packet.ts';
import type { NetDevice } from './device.ts';
import { drop, hookName } from './kernel.ts';
import type { NetworkNamespace } from './netns.ts';
import { NF_ACCEPT, NF_DROP, type HookEntry } from './seams.ts';

/** The five lists of hook functions out of one literal table: by hook, then priority, then place in the table. */
export function hookLists(entries: readonly HookEntry[]): HookEntry[][] {
  return [0, 1, 2, 3, 4].map((hook) => entries.filter((entry) => entry.hook === hook).sort((a, b) => a.priority - b.priority));
}

/** Adds `entry` in one namespace only. */
export function registerHook(ns: NetworkNamespace, entry: HookEntry): void {
  ns.hooks = hookLists([...ns.hooks.flat().filter((one) => one !== entry), entry]);
}

/** Takes `entry` out again. */
export function unregisterHook(ns: NetworkNamespace, entry: HookEntry): void {
  ns.hooks = hookLists(ns.hooks.flat().filter((one) => one !== entry));
}

/** Runs the functions of one hook in order and gives the verdict that ended it. */
export function nfHookVerdict(ns: NetworkNamespace, hook: number, packet: Packet, input: NetDevice | null, output: NetDevice | null): number {
  const list = ns.hooks[hook] as readonly HookEntry[];
  for (let i = 0; i < list.length; i++) {
    const entry = list[i] as HookEntry;
    const verdict = entry.run(ns, packet, hook, input, output);
    if (verdict === NF_ACCEPT) continue;
    if (verdict === NF_DROP) drop(ns, packet, 'NETFILTER_DROP', `${entry.name} ${hookName(hook)}`);
    return verdict;
  }
  return NF_ACCEPT;
}

/** True when the packet goes on; false when it was dropped or taken. */
export function nfHook(ns: NetworkNamespace, hook: number, packet: Packet, input: NetDevice | null, output: NetDevice | null): boolean {
  return nfHookVerdict(ns, hook, packet, input, output) === NF_ACCEPT;
}
