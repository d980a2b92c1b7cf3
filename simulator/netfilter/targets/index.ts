/** The targets, by name. Adding one is one file beside this one and one line here. ACCEPT, DROP and RETURN are verdicts. */
import type { TargetExtension } from '../extension.ts';
import { connmarkTarget } from './connmark.ts';
import { ctTarget, notrackTarget } from './ct.ts';
import { logTarget } from './log.ts';
import { markTarget } from './mark.ts';
import { dnatTarget, masqueradeTarget, redirectTarget, snatTarget } from './nat.ts';
import { nflogTarget } from './nflog.ts';
import { rejectTarget } from './reject.ts';
import { tcpmssTarget } from './tcpmss.ts';
import { traceTarget } from './trace.ts';

const LIST: readonly TargetExtension[] = [
  connmarkTarget,
  ctTarget,
  dnatTarget,
  logTarget,
  markTarget,
  masqueradeTarget,
  nflogTarget,
  notrackTarget,
  redirectTarget,
  rejectTarget,
  snatTarget,
  tcpmssTarget,
  traceTarget,
];

export const TARGETS: ReadonlyMap<string, TargetExtension> = new Map(LIST.map((target) => [target.name, target]));

/** Verdicts of a rule without an extension. */
export const STANDARD_TARGETS: ReadonlySet<string> = new Set(['ACCEPT', 'DROP', 'RETURN']);

/** Targets of the real tool that are known and refused. */
export const TARGETS_NOT_EMULATED: ReadonlySet<string> = new Set([
  'AUDIT',
  'CHECKSUM',
  'CLASSIFY',
  'CLUSTERIP',
  'CONNSECMARK',
  'DSCP',
  'ECN',
  'HL',
  'HMARK',
  'IDLETIMER',
  'LED',
  'NETMAP',
  'NFQUEUE',
  'QUEUE',
  'RATEEST',
  'SECMARK',
  'SET',
  'SYNPROXY',
  'TCPOPTSTRIP',
  'TEE',
  'TOS',
  'TPROXY',
  'TTL',
  'ULOG',
]);
