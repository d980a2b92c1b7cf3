/**
 * What a match or target is: one file each in matches/ and targets/, one line in their lists.
 * An extension's data is plain and never changed once parsed; the kernel part (matches, act) reads it as it stands.
 */
import type { NetDevice } from '../kernel/device.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { Packet } from '../wire/packet.ts';
import type { TableName } from './state.ts';

/** Why a command line is refused, in the tool's words; `undefined` where all is well. */
export interface Complaint {
  /** exit status: 1 other, 2 parameter, 3 version, 4 resource. */
  readonly status: number;
  readonly text: string;
  /** Printed without the program's name in front. */
  readonly bare?: boolean;
}

/** xtables_error(PARAMETER_PROBLEM, …). */
export function parameterProblem(text: string): Complaint {
  return { status: 2, text };
}

/** A real option of the real tool that has no effect here, and is therefore refused. */
export function notEmulated(option: string): Complaint {
  return { status: 2, text: `option ${option} is not emulated here` };
}

/** How an option takes its argument. */
export interface OptionShape {
  readonly takes: 'none' | 'value' | 'optional';
  /** May stand after `!`. */
  readonly invertible?: boolean;
}

export const FLAG: OptionShape = { takes: 'none' };
export const INVERTIBLE_FLAG: OptionShape = { takes: 'none', invertible: true };
export const VALUE: OptionShape = { takes: 'value' };
export const INVERTIBLE: OptionShape = { takes: 'value', invertible: true };

/** What of the rest of the rule an extension may look at when it checks itself. */
export interface RuleContext {
  readonly protocol: number;
  readonly notProtocol: boolean;
}

interface Extension<D extends object> {
  readonly name: string;
  /** Long options without dashes. */
  readonly options: Readonly<Record<string, OptionShape>>;
  /** Data before any option; options are parsed into it. */
  init(): D;
  /** One option; `value` is '' for those that take none. */
  parse(data: D, option: string, value: string, invert: boolean, context: RuleContext): Complaint | undefined;
  /** After the last option. */
  check?(data: D, context: RuleContext): Complaint | undefined;
  /** As `iptables -S` prints it, each option with a space in front. */
  save(data: D): string;
  /** As `iptables -L` prints it, with a space in front; '' when nothing is printed. */
  list(data: D, numeric: boolean): string;
  /** Whether a rule with it turns connection tracking on. */
  readonly conntrack?: boolean;
}

export interface MatchExtension<D extends object = object> extends Extension<D> {
  /** False for what the kernel's checkentry refuses with EINVAL. */
  accepts?(data: D): boolean;
  matches(
    data: D,
    ns: NetworkNamespace,
    packet: Packet,
    hook: number,
    input: NetDevice | null,
    output: NetDevice | null,
  ): boolean;
}

/** Go on with the next rule. Other results of a target are NF_* verdicts. */
export const CONTINUE = -1;
/** Back to the calling chain. */
export const RETURN = -2;

export interface TargetExtension<D extends object = object> extends Extension<D> {
  /** What `iptables -L` calls it, where that is another name. */
  readonly listedAs?: string;
  /** Tables it may stand in; all when absent. */
  readonly tables?: readonly TableName[];
  /** Hooks it may be reached from; all when absent. */
  readonly hooks?: readonly number[];
  /** Protocols it may be used with; all when absent. */
  readonly protocols?: readonly number[];
  /** What the kernel's checkentry refuses with EINVAL beside tables, hooks and protocols. */
  accepts?(data: D, context: RuleContext): boolean;
  /** CONTINUE or an NF_* verdict. */
  act(
    data: D,
    ns: NetworkNamespace,
    packet: Packet,
    hook: number,
    input: NetDevice | null,
    output: NetDevice | null,
  ): number;
}

/** One use of a match in a rule. */
export interface MatchUse {
  readonly extension: MatchExtension;
  readonly data: object;
}

/** One use of a target in a rule. */
export interface TargetUse {
  readonly extension: TargetExtension;
  readonly data: object;
}
