/** The targets, by name. Adding one is one file beside this one and one line here. ACCEPT, DROP and RETURN are verdicts. */
import type { TargetExtension } from '../extension.ts';
import { checksumTarget } from './checksum.ts';
import { connmarkTarget } from './connmark.ts';
import { ctTarget, notrackTarget } from './ct.ts';
import { logTarget } from './log.ts';
import { markTarget } from './mark.ts';
import { dnatTarget, masqueradeTarget, redirectTarget, snatTarget } from './nat.ts';
import { netmapTarget } from './netmap.ts';
import { nflogTarget } from './nflog.ts';
import { rejectTarget } from './reject.ts';
import { tcpmssTarget } from './tcpmss.ts';
import { dscpTarget, tosTarget } from './tos.ts';
import { traceTarget } from './trace.ts';
import { ttlTarget } from './ttl.ts';

const LIST: readonly TargetExtension[] = [
  checksumTarget,
  connmarkTarget,
  ctTarget,
  dnatTarget,
  dscpTarget,
  logTarget,
  markTarget,
  masqueradeTarget,
  netmapTarget,
  nflogTarget,
  notrackTarget,
  redirectTarget,
  rejectTarget,
  snatTarget,
  tcpmssTarget,
  tosTarget,
  traceTarget,
  ttlTarget,
];

export const TARGETS: ReadonlyMap<string, TargetExtension> = new Map(LIST.map((target) => [target.name, target]));

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
