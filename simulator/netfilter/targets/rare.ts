/** Targets that no rule of Docker's has; a page fetches them after its first prompt. */
import type { TargetExtension } from '../extension.ts';
import { checksumTarget } from './checksum.ts';
import { connmarkTarget } from './connmark.ts';
import { ctTarget, notrackTarget } from './ct.ts';
import { logTarget } from './log.ts';
import { netmapTarget } from './netmap.ts';
import { nflogTarget } from './nflog.ts';
import { rejectTarget } from './reject.ts';
import { tcpmssTarget } from './tcpmss.ts';
import { dscpTarget, tosTarget } from './tos.ts';
import { traceTarget } from './trace.ts';
import { ttlTarget } from './ttl.ts';

/** In the order of the alphabet. */
export function rareTargets(): readonly TargetExtension[] {
  return [
    checksumTarget,
    connmarkTarget,
    ctTarget,
    dscpTarget,
    logTarget,
    netmapTarget,
    nflogTarget,
    notrackTarget,
    rejectTarget,
    tcpmssTarget,
    tosTarget,
    traceTarget,
    ttlTarget,
  ];
}
