/**
 * Why a packet did not match the rules above the one that decided: each rule is asked again, with the packet as the trace
 * kept it and the chain as it was, and names its first condition that does not hold. Nothing of this costs a packet anything:
 * it is computed when somebody asks.
 *
 * Deviations: conditions that ask the namespace (addrtype, owner) are asked of the namespace as it is now. Those that
 * depend on what passed before (limit, recent …) cannot be asked twice: they answer that they do not know.
 */
import { formatIpv4 } from '../base/address.ts';
import type { NetDevice } from '../kernel/device.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { HOOK_NAMES, type TraceEvent } from '../trace/event.ts';
import { copyFields, CT_NEW, CT_RELATED_REPLY, Packet, PROTO_TCP, PROTO_UDP } from '../wire/packet.ts';
import { saveMask } from './address.ts';
import type { MatchUse } from './extension.ts';
import { stateBit, stateNames } from './matches/conntrack.ts';
import { addressTypeName } from './matches/addrtype.ts';
import type { TcpMatch } from './matches/tcp.ts';
import { protocolName } from './names.ts';
import { textOfRule } from './print.ts';
import type { Rule, RuleSpec } from './rule.ts';

/** A rule that a packet met, and what became of it. */
export interface RuleVerdict {
  readonly number: number;
  /** As `iptables -S` prints it. */
  readonly text: string;
  /** `matched`: it did its part, and the packet went on. `unknown`: it cannot be asked again. */
  readonly outcome: 'failed' | 'matched' | 'unknown';
  /** The first condition that does not hold (or cannot be asked), as the rule has it: `-p udp`, `-m conntrack --ctstate …`. */
  readonly condition: string;
  /** What the packet has in its place: `tcp`, `NEW`, `192.168.56.1`; '' where that cannot be said in a word. */
  readonly found: string;
}

type Walk = Extract<TraceEvent, { kind: 'rule' | 'policy' }>;

/** Conditions that change when they are asked, or that remember earlier packets. */
const STATEFUL = new Set(['limit', 'hashlimit', 'recent', 'statistic', 'connmark']);

/**
 * The rules that stand above what decided at `way[index]` (a rule or a policy), in their order. `way` holds the events of this
 * packet; `ns` is the namespace as it is now, undefined when it is gone.
 */
export function whyNot(way: readonly TraceEvent[], index: number, ns: NetworkNamespace | undefined): RuleVerdict[] {
  const decided = way[index];
  if (decided === undefined || !isWalk(decided)) return [];
  const last = decided.kind === 'rule' ? decided.number - 1 : decided.rules.length;
  const met = metBefore(way, index);
  const verdicts: RuleVerdict[] = [];
  for (let at = 0; at < last; at++) {
    const rule = decided.rules[at] as Rule;
    const known = { number: at + 1, text: `-A ${decided.chain}${textOfRule(rule)}` };
    if (met.some(({ event }) => event.kind === 'rule' && event.number === at + 1))
      verdicts.push({ ...known, outcome: 'matched', condition: '', found: '' });
    else {
      // What a rule saw is what the packet was like when the next rule that matched was met.
      const next = met.find(({ event }) => event.kind === 'rule' && event.number > at + 1) ?? { event: decided, index };
      verdicts.push({ ...known, ...firstFailure(rule, decided, packetAt(way, next.index), ns) });
    }
  }
  return verdicts;
}

function isWalk(event: TraceEvent): event is Walk {
  return event.kind === 'rule' || event.kind === 'policy';
}

/** The events of the same walk through the same chain, oldest first. */
function metBefore(way: readonly TraceEvent[], index: number): { event: Walk; index: number }[] {
  const decided = way[index] as Walk;
  const found: { event: Walk; index: number }[] = [];
  let number = decided.kind === 'rule' ? decided.number : Infinity;
  for (let at = index - 1; at >= 0; at--) {
    const event = way[at] as TraceEvent;
    if (event.host !== decided.host || event.netns !== decided.netns) break;
    if (!isWalk(event)) continue;
    if (event.table !== decided.table || event.hook !== decided.hook || event.kind === 'policy') break;
    if (event.chain === decided.chain) {
      if (event.number >= number) break;
      number = event.number;
      found.unshift({ event, index: at });
    } else if (event.to === decided.chain) break;
  }
  return found;
}

/** The packet as the rule of event `index` saw it, before its target changed it. */
function packetAt(way: readonly TraceEvent[], index: number): Packet {
  const event = way[index] as TraceEvent;
  const before = way[index - 1];
  const packet = new Packet();
  copyFields(packet, event.packet);
  if (before !== undefined && event.kind === 'rule' && event.verdict === 'CONTINUE') packet.mark = before.packet.mark;
  // The trace keeps no references: a stand-in says that there is an entry.
  packet.ct = packet.ctInfo >= CT_NEW && packet.ctInfo <= CT_RELATED_REPLY ? { id: 0 } : null;
  return packet;
}

type Failure = Pick<RuleVerdict, 'outcome' | 'condition' | 'found'>;

function firstFailure(rule: Rule, walk: Walk, packet: Packet, ns: NetworkNamespace | undefined): Failure {
  for (const [condition, holds, found] of commonConditions(rule.spec, walk, packet))
    if (!holds) return { outcome: 'failed', condition, found };
  const hook = HOOK_NAMES.indexOf(walk.hook);
  const input = deviceOf(ns, walk.input);
  const output = deviceOf(ns, walk.output);
  for (const use of rule.spec.matches) {
    const condition = `-m ${use.extension.name}${use.extension.save(use.data)}`;
    if (STATEFUL.has(use.extension.name) || ns === undefined || asksEntry(use))
      return { outcome: 'unknown', condition, found: '' };
    if (!use.extension.matches(use.data, ns, packet, hook, input, output))
      return { outcome: 'failed', condition, found: foundBy(use, ns, packet) };
  }
  // The namespace has changed since: asked now, it would match.
  return { outcome: 'unknown', condition: '', found: '' };
}

function deviceOf(ns: NetworkNamespace | undefined, name: string): NetDevice | null {
  return name === '' ? null : (ns?.device(name) ?? null);
}

/** Conditions that every rule can have, in the order in which they are printed. */
function* commonConditions(
  spec: RuleSpec,
  walk: Walk,
  packet: Packet,
): Generator<readonly [condition: string, holds: boolean, found: string]> {
  const not = (invert: boolean): string => (invert ? '! ' : '');
  if (spec.sourceMask !== 0) {
    const holds = (((packet.src ^ spec.source) & spec.sourceMask) === 0) !== spec.notSource;
    yield [
      `${not(spec.notSource)}-s ${formatIpv4(spec.source)}${saveMask(spec.sourceMask, true)}`,
      holds,
      formatIpv4(packet.src),
    ];
  }
  if (spec.destinationMask !== 0) {
    const holds = (((packet.dst ^ spec.destination) & spec.destinationMask) === 0) !== spec.notDestination;
    yield [
      `${not(spec.notDestination)}-d ${formatIpv4(spec.destination)}${saveMask(spec.destinationMask, true)}`,
      holds,
      formatIpv4(packet.dst),
    ];
  }
  if (spec.input !== '')
    yield [`${not(spec.notInput)}-i ${spec.input}`, named(walk.input, spec.input) !== spec.notInput, walk.input];
  if (spec.output !== '')
    yield [`${not(spec.notOutput)}-o ${spec.output}`, named(walk.output, spec.output) !== spec.notOutput, walk.output];
  if (spec.protocol !== 0) {
    yield [
      `${not(spec.notProtocol)}-p ${protocolName(spec.protocol)}`,
      (packet.protocol === spec.protocol) !== spec.notProtocol,
      protocolName(packet.protocol),
    ];
  }
  if (spec.fragment)
    yield [
      `${not(spec.notFragment)}-f`,
      (packet.fragmentOffset !== 0) !== spec.notFragment,
      String(packet.fragmentOffset),
    ];
}

function named(device: string, wanted: string): boolean {
  return wanted.endsWith('+') ? device.startsWith(wanted.slice(0, -1)) : device === wanted;
}

/** Whether a condition looks into the conntrack entry, beyond the packet's relation to it. */
function asksEntry({ extension, data }: MatchUse): boolean {
  return extension.name === 'conntrack' && !/^(?: !)? --ctstate (?!.*[SD]NAT)\S+$/.test(extension.save(data));
}

/** What the packet has where a condition asks for something else. */
function foundBy({ extension, data }: MatchUse, ns: NetworkNamespace, packet: Packet): string {
  switch (extension.name) {
    case 'tcp':
    case 'udp':
      return foundPorts(data as TcpMatch, packet);
    case 'multiport':
      return packet.protocol === PROTO_TCP || packet.protocol === PROTO_UDP
        ? `--sport ${packet.sport} --dport ${packet.dport}`
        : protocolName(packet.protocol);
    case 'mark':
      return `0x${packet.mark.toString(16)}`;
    case 'conntrack':
    case 'state':
      return stateNames(stateBit(packet));
    case 'addrtype':
      return extension.save(data).includes('--dst-type')
        ? addressTypeName(ns, packet.dst)
        : addressTypeName(ns, packet.src);
    case 'ttl':
      return String(packet.ttl);
    default:
      return '';
  }
}

function foundPorts({ sportMin, sportMax, notSport, dportMin, dportMax, notDport }: TcpMatch, packet: Packet): string {
  if ((packet.sport >= sportMin && packet.sport <= sportMax) === notSport) return String(packet.sport);
  if ((packet.dport >= dportMin && packet.dport <= dportMax) === notDport) return String(packet.dport);
  const names = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];
  return names.filter((_, bit) => packet.flags & (1 << bit)).join(',');
}
