/** The hook seam: where netfilter and IPVS meet packets. Mirrors net/netfilter/core.c. */
import type { Packet } from '../wire/packet.ts';
import type { NetDevice } from './device.ts';
import { drop, hookName } from './kernel.ts';
import type { NetworkNamespace } from './netns.ts';
import { NF_ACCEPT, NF_DROP, type HookEntry } from './seams.ts';

/** Adds `entry` at its place by priority; registering the same entry twice has no effect. */
export function registerHook(ns: NetworkNamespace, entry: HookEntry): void {
  const list = ns.hooks[entry.hook] as HookEntry[];
  if (list.includes(entry)) return;
  let at = list.length;
  while (at > 0 && (list[at - 1] as HookEntry).priority > entry.priority) at--;
  list.splice(at, 0, entry);
}

/** Takes `entry` out again. */
export function unregisterHook(ns: NetworkNamespace, entry: HookEntry): void {
  const list = ns.hooks[entry.hook] as HookEntry[];
  const at = list.indexOf(entry);
  if (at >= 0) list.splice(at, 1);
}

/** Runs the functions of one hook in order and gives the verdict that ended it. */
export function nfHookVerdict(ns: NetworkNamespace, hook: number, packet: Packet, input: NetDevice | null, output: NetDevice | null): number {
  const list = ns.hooks[hook] as HookEntry[];
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
