/**
 * A packet's way through the chains of one table at one hook. Mirrors nft_do_chain (net/netfilter/nf_tables_core.c):
 * a rule counts when it matches, before its verdict; a base chain counts what meets its policy.
 */
import type { Origin } from '../base/origin.ts';
import type { NetDevice } from '../kernel/device.ts';
import { emit, hookName } from '../kernel/kernel.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { NF_ACCEPT, NF_DROP, NF_DROPPED, NF_POST_ROUTING, NF_STOLEN } from '../kernel/seams.ts';
import { ipLength, type Packet } from '../wire/packet.ts';
import { CONTINUE, RETURN, type TargetUse } from './extension.ts';
import {
  ACTION_ACCEPT,
  ACTION_CONTINUE,
  ACTION_DROP,
  ACTION_GOTO,
  ACTION_JUMP,
  ACTION_RETURN,
  ACTION_TARGET,
  type Rule,
} from './rule.ts';
import { textOfRule } from './print.ts';
import { printk } from './klog.ts';
import { LOG_EVERYTHING, logLine } from './logline.ts';
import { netfilterOf, type Chain } from './state.ts';

/** Whether a step of the present walk was told already. */
let announced = false;
/** The rule whose target took a packet last. */
let lastTaken: Rule | null = null;

/** Who wrote the rule whose target (DNAT, SNAT …) took a packet last: asked right after a walk through the nat table. */
export function lastTakenBy(): Origin | null {
  return lastTaken?.origin ?? null;
}

/** Tells one step of a packet that TRACE marked: to those who listen, or, of ip_tables, to the log. */
function traced(
  ns: NetworkNamespace,
  packet: Packet,
  hook: number,
  input: NetDevice | null,
  output: NetDevice | null,
  chain: Chain,
  rule: Rule | null,
  verdict: string,
): void {
  if (chain.table.backend === 'legacy') {
    if (rule === null && chain.hook >= 0 && verdict === 'CONTINUE') return; // its policy follows
    const last = rule === null ? (chain.hook < 0 ? 'return' : 'policy') : 'rule';
    const number = rule === null ? chain.rules.length + 1 : chain.rules.indexOf(rule) + 1;
    const place = `TRACE: ${chain.table.name}:${chain.name}:${last}:${number} `;
    printk(ns.kernel, place + logLine(LOG_EVERYTHING, ns, packet, input, output));
    return;
  }
  const { tracers } = netfilterOf(ns);
  if (tracers === null || (chain.hook < 0 && rule === null && !ns.kernel.platform.tracesReturns)) return;
  const step = { packet, hook, input, output, chain, rule, verdict, first: !announced };
  announced = true;
  for (const tracer of tracers) tracer(step);
}

/** Runs a base chain to its verdict, an NF_* number. */
export function runBaseChain(
  ns: NetworkNamespace,
  chain: Chain,
  packet: Packet,
  hook: number,
  input: NetDevice | null,
  output: NetDevice | null,
): number {
  // ip_output hands on what the buffer names: where a forwarded packet came in, or one that IPVS or a tunnel sends.
  if (hook === NF_POST_ROUTING && input === null) input = ns.devices.get(packet.iif !== 0 ? packet.iif : packet.dev) ?? null;
  const length = ipLength(packet);
  const before = announced;
  announced = false;
  const verdict = runChain(ns, chain, packet, length, hook, input, output);
  if (verdict === RETURN && packet.nfTrace) traced(ns, packet, hook, input, output, chain, null, chain.policy);
  announced = before;
  if (verdict !== RETURN) return verdict;
  if (chain.counts || ns.kernel.platform.iptables.policiesCount === 'always') {
    chain.packets++;
    chain.bytes += length;
  }
  if (ns.kernel.universe.trace !== null) {
    emit(ns, packet, {
      kind: 'policy',
      hook: hookName(hook),
      table: chain.table.name,
      chain: chain.name,
      verdict: chain.policy,
      origin: chain.origin,
      input: input?.name ?? '',
      output: output?.name ?? '',
      rules: chain.rules,
    });
  }
  return chain.policy === 'ACCEPT' ? NF_ACCEPT : NF_DROP;
}

/** An NF_* verdict, or RETURN when the chain lets the packet go back to where it came from. */
function runChain(
  ns: NetworkNamespace,
  chain: Chain,
  packet: Packet,
  length: number,
  hook: number,
  input: NetDevice | null,
  output: NetDevice | null,
): number {
  // A rule may send a packet that walks these same chains (REJECT), but none rewrites them: the list is stable.
  const rules = chain.rules;
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i] as Rule;
    if (!rule.matches(ns, packet, hook, input, output)) continue;
    rule.packets++;
    rule.bytes += length;
    if (packet.nfTrace && rule.action !== ACTION_TARGET) {
      const told = rule.action === ACTION_RETURN && ns.kernel.platform.tracesReturns ? null : rule;
      traced(ns, packet, hook, input, output, chain, told, actionName(rule));
    }
    switch (rule.action) {
      case ACTION_CONTINUE:
        if (ns.kernel.universe.trace !== null) report(ns, packet, hook, input, output, chain, i, 'CONTINUE');
        continue;
      case ACTION_ACCEPT:
        if (ns.kernel.universe.trace !== null) report(ns, packet, hook, input, output, chain, i, 'ACCEPT');
        return NF_ACCEPT;
      case ACTION_DROP:
        if (ns.kernel.universe.trace !== null) report(ns, packet, hook, input, output, chain, i, 'DROP');
        return NF_DROP;
      case ACTION_RETURN:
        if (ns.kernel.universe.trace !== null) report(ns, packet, hook, input, output, chain, i, 'RETURN');
        return RETURN;
      case ACTION_JUMP: {
        if (ns.kernel.universe.trace !== null) report(ns, packet, hook, input, output, chain, i, 'JUMP');
        const verdict = runChain(ns, rule.chain as Chain, packet, length, hook, input, output);
        if (verdict !== RETURN) return verdict;
        continue;
      }
      case ACTION_GOTO:
        if (ns.kernel.universe.trace !== null) report(ns, packet, hook, input, output, chain, i, 'GOTO');
        return runChain(ns, rule.chain as Chain, packet, length, hook, input, output);
      default: {
        const use = rule.target as TargetUse;
        const verdict = use.extension.act(use.data, ns, packet, hook, input, output);
        if (verdict === NF_ACCEPT) lastTaken = rule;
        if (packet.nfTrace) traced(ns, packet, hook, input, output, chain, rule, targetVerdict(verdict));
        if (ns.kernel.universe.trace !== null) report(ns, packet, hook, input, output, chain, i, verdictName(verdict, use));
        if (verdict !== CONTINUE) return verdict;
      }
    }
  }
  if (packet.nfTrace && (chain.hook < 0 || ns.kernel.platform.tracesReturns))
    traced(ns, packet, hook, input, output, chain, null, 'CONTINUE');
  return RETURN;
}

function actionName(rule: Rule): string {
  switch (rule.action) {
    case ACTION_ACCEPT:
      return 'ACCEPT';
    case ACTION_DROP:
      return 'DROP';
    case ACTION_RETURN:
      return 'RETURN';
    case ACTION_JUMP:
      return `JUMP:${rule.chain?.name ?? ''}`;
    case ACTION_GOTO:
      return `GOTO:${rule.chain?.name ?? ''}`;
    default:
      return 'CONTINUE';
  }
}

/** What a traced target decided; ip_tables tells before it acts, which shows the same. */
function targetVerdict(verdict: number): string {
  return verdict === CONTINUE ? 'CONTINUE' : verdict === NF_ACCEPT ? 'ACCEPT' : 'DROP';
}

type VerdictName = 'ACCEPT' | 'DROP' | 'CONTINUE' | 'JUMP' | 'GOTO' | 'RETURN' | 'REJECT' | 'STOLEN';

function verdictName(verdict: number, use: TargetUse): VerdictName {
  switch (verdict) {
    case CONTINUE:
      return 'CONTINUE';
    case NF_ACCEPT:
      return 'ACCEPT';
    case NF_STOLEN:
      return 'STOLEN';
    case NF_DROPPED:
      return use.extension.name === 'REJECT' ? 'REJECT' : 'DROP';
    default:
      return 'DROP';
  }
}

function report(
  ns: NetworkNamespace,
  packet: Packet,
  hook: number,
  input: NetDevice | null,
  output: NetDevice | null,
  chain: Chain,
  at: number,
  verdict: VerdictName,
): void {
  const rule = chain.rules[at] as Rule;
  const detail = {
    kind: 'rule' as const,
    hook: hookName(hook),
    table: chain.table.name,
    chain: chain.name,
    number: at + 1,
    text: `-A ${chain.name}${textOfRule(rule)}`,
    verdict,
    origin: rule.origin,
    input: input?.name ?? '',
    output: output?.name ?? '',
    rules: chain.rules,
  };
  emit(ns, packet, rule.chain === null ? detail : { ...detail, to: rule.chain.name });
}
