/**
 * A rule as data ({@link RuleSpec}) and as the kernel runs it ({@link Rule}): the common comparisons flattened into
 * numbers when the rule is written, so that a packet that does not match costs a few compares and no call.
 */
import type { Origin } from '../base/origin.ts';
import type { NetDevice } from '../kernel/device.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { PROTO_TCP, PROTO_UDP, type Packet } from '../wire/packet.ts';
import type { MatchUse, TargetUse } from './extension.ts';
import type { MarkMatch } from './matches/mark.ts';
import type { TcpMatch } from './matches/tcp.ts';
import type { Chain } from './state.ts';

/** A rule as somebody wrote it. Neutral values match everything. */
export interface RuleSpec {
  readonly source: number;
  readonly sourceMask: number;
  readonly notSource: boolean;
  readonly destination: number;
  readonly destinationMask: number;
  readonly notDestination: boolean;
  /** Interface name, `eth+` for a prefix, '' for any. */
  readonly input: string;
  readonly notInput: boolean;
  readonly output: string;
  readonly notOutput: boolean;
  /** 0 for any. */
  readonly protocol: number;
  readonly notProtocol: boolean;
  /** `-f`: second and further fragments. */
  readonly fragment: boolean;
  readonly notFragment: boolean;
  readonly matches: readonly MatchUse[];
  /** '' (only counts), ACCEPT, DROP, RETURN, a user chain, or `target`'s name. */
  readonly jump: string;
  readonly goto: boolean;
  readonly target: TargetUse | null;
}

/** Matches everything and only counts. */
export const EMPTY_RULE: RuleSpec = {
  source: 0,
  sourceMask: 0,
  notSource: false,
  destination: 0,
  destinationMask: 0,
  notDestination: false,
  input: '',
  notInput: false,
  output: '',
  notOutput: false,
  protocol: 0,
  notProtocol: false,
  fragment: false,
  notFragment: false,
  matches: [],
  jump: '',
  goto: false,
  target: null,
};

export const ACTION_CONTINUE = 0;
export const ACTION_ACCEPT = 1;
export const ACTION_DROP = 2;
export const ACTION_RETURN = 3;
export const ACTION_JUMP = 4;
export const ACTION_GOTO = 5;
export const ACTION_TARGET = 6;

/** A rule in a chain: its spec, its counters, and what it compares. */
export class Rule {
  /** Replaced only when the chain it jumps to is renamed. */
  spec: RuleSpec;
  /** The spec as text, kept by print.ts; '' until somebody asks. */
  text = '';
  readonly origin: Origin;
  /** Number in the table. */
  handle = 0;
  packets = 0;
  bytes = 0;
  action = ACTION_CONTINUE;
  /** Where JUMP and GOTO lead. */
  chain: Chain | null = null;
  readonly target: TargetUse | null;

  private readonly source: number;
  private readonly sourceMask: number;
  private readonly notSource: boolean;
  private readonly destination: number;
  private readonly destinationMask: number;
  private readonly notDestination: boolean;
  private readonly protocol: number;
  private readonly notProtocol: boolean;
  private readonly input: string;
  private readonly inputPrefix: boolean;
  private readonly notInput: boolean;
  private readonly output: string;
  private readonly outputPrefix: boolean;
  private readonly notOutput: boolean;
  private readonly fragment: number;
  private ports = false;
  private sportMin = 0;
  private sportMax = 65535;
  private dportMin = 0;
  private dportMax = 65535;
  private flagsMask = 0;
  private flagsValue = 0;
  private markMask = 0;
  private markValue = 0;
  private readonly rest: readonly MatchUse[];

  constructor(spec: RuleSpec, origin: Origin) {
    this.spec = spec;
    this.origin = origin;
    this.target = spec.target;
    this.source = spec.source;
    this.sourceMask = spec.sourceMask;
    this.notSource = spec.notSource;
    this.destination = spec.destination;
    this.destinationMask = spec.destinationMask;
    this.notDestination = spec.notDestination;
    this.protocol = spec.protocol;
    this.notProtocol = spec.notProtocol;
    this.inputPrefix = spec.input.endsWith('+');
    this.input = this.inputPrefix ? spec.input.slice(0, -1) : spec.input;
    this.notInput = spec.notInput;
    this.outputPrefix = spec.output.endsWith('+');
    this.output = this.outputPrefix ? spec.output.slice(0, -1) : spec.output;
    this.notOutput = spec.notOutput;
    this.fragment = spec.fragment ? (spec.notFragment ? 2 : 1) : 0;
    // A copy is exactly as long as needed; what a filter answers has room for seventeen.
    this.rest = spec.matches.filter((use) => !this.flatten(use)).slice();
  }

  /** Events refer to rules; as text they name them. */
  toJSON(): string {
    return `rule ${this.handle}`;
  }

  /** Takes over what a plain tcp, udp or mark match compares; false when it must be called. */
  private flatten({ extension, data }: MatchUse): boolean {
    if (extension.name === 'mark') {
      const mark = data as MarkMatch;
      if (mark.invert || this.markMask !== 0) return false;
      this.markMask = mark.mask;
      this.markValue = mark.mark;
      return true;
    }
    if (extension.name === 'comment') return true;
    if (extension.name !== 'tcp' && extension.name !== 'udp') return false;
    const ports = data as TcpMatch;
    if (this.ports || this.notProtocol || ports.notSport || ports.notDport || ports.notFlags || ports.option !== 0)
      return false;
    if (this.protocol !== (extension.name === 'tcp' ? PROTO_TCP : PROTO_UDP)) return false;
    this.ports = true;
    this.sportMin = ports.sportMin;
    this.sportMax = ports.sportMax;
    this.dportMin = ports.dportMin;
    this.dportMax = ports.dportMax;
    this.flagsMask = ports.flagsMask;
    this.flagsValue = ports.flagsValue;
    return true;
  }

  matches(
    ns: NetworkNamespace,
    packet: Packet,
    hook: number,
    input: NetDevice | null,
    output: NetDevice | null,
  ): boolean {
    if (this.protocol !== 0 && (packet.protocol === this.protocol) === this.notProtocol) return false;
    if (this.ports) {
      if (
        packet.fragmentOffset !== 0 ||
        packet.dport < this.dportMin ||
        packet.dport > this.dportMax ||
        packet.sport < this.sportMin ||
        packet.sport > this.sportMax ||
        (packet.flags & this.flagsMask) !== this.flagsValue
      ) {
        return false;
      }
    }
    if (
      this.destinationMask !== 0 &&
      (((packet.dst ^ this.destination) & this.destinationMask) === 0) === this.notDestination
    )
      return false;
    if (this.sourceMask !== 0 && (((packet.src ^ this.source) & this.sourceMask) === 0) === this.notSource)
      return false;
    if (this.markMask !== 0 && (packet.mark & this.markMask) >>> 0 !== this.markValue) return false;
    if (this.input !== '' && named(input, this.input, this.inputPrefix) === this.notInput) return false;
    if (this.output !== '' && named(output, this.output, this.outputPrefix) === this.notOutput) return false;
    if (this.fragment !== 0 && (packet.fragmentOffset !== 0) === (this.fragment === 2)) return false;
    const rest = this.rest;
    for (let i = 0; i < rest.length; i++) {
      const use = rest[i] as MatchUse;
      if (!use.extension.matches(use.data, ns, packet, hook, input, output)) return false;
    }
    return true;
  }
}

function named(dev: NetDevice | null, name: string, prefix: boolean): boolean {
  if (dev === null) return false;
  return prefix ? dev.name.startsWith(name) : dev.name === name;
}

/** True when some extension of the rule needs connection tracking. */
export function needsConntrack(spec: RuleSpec): boolean {
  return spec.target?.extension.conntrack === true || spec.matches.some((use) => use.extension.conntrack === true);
}
