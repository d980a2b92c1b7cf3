/**
 * The targets, by name. Adding one is one file beside this one and one line here, or in rare.ts with its name here. ACCEPT, DROP
 * and RETURN are verdicts.
 */
import type { TargetExtension } from '../extension.ts';
import { markTarget } from './mark.ts';
import { dnatTarget, masqueradeTarget, redirectTarget, snatTarget } from './nat.ts';
import { rareTargets } from './rare.ts';

/** Those that Docker writes. */
const EVERYDAY: readonly TargetExtension[] = [dnatTarget, markTarget, masqueradeTarget, redirectTarget, snatTarget];

/** The names of those in rare.ts. */
export const RARE: readonly string[] =
  'CHECKSUM CONNMARK CT DSCP LOG NETMAP NFLOG NOTRACK REJECT TCPMSS TOS TRACE TTL'.split(' ');

const BY_NAME = new Map(EVERYDAY.map((target) => [target.name, target]));
let complete = false;

/** All targets, by name. */
export function targets(): ReadonlyMap<string, TargetExtension> {
  if (!complete) for (const target of rareTargets()) BY_NAME.set(target.name, target);
  complete = true;
  return BY_NAME;
}

/** The target of a name; undefined when there is none, as for a chain. */
export function targetNamed(name: string): TargetExtension | undefined {
  return RARE.includes(name) ? targets().get(name) : BY_NAME.get(name);
}

/** Verdicts of a rule without an extension. */
export const STANDARD_TARGETS: ReadonlySet<string> = new Set(['ACCEPT', 'DROP', 'RETURN']);

/** Targets of the real tool that are known and refused. */
export const TARGETS_NOT_EMULATED: ReadonlySet<string> = new Set([
  'AUDIT',
  'CLASSIFY',
  'CLUSTERIP',
  'CONNSECMARK',
  'ECN',
  'HL',
  'HMARK',
  'IDLETIMER',
  'LED',
  'NFQUEUE',
  'QUEUE',
  'RATEEST',
  'SECMARK',
  'SET',
  'SYNPROXY',
  'TCPOPTSTRIP',
  'TEE',
  'TPROXY',
  'ULOG',
]);
