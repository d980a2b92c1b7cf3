/** Matches that no rule of Docker's has, but for encrypted networks; a page fetches them after its first prompt. */
import type { MatchExtension } from '../extension.ts';
import { bpfMatch } from './bpf.ts';
import { connmarkMatch } from './connmark.ts';
import { hashlimitMatch } from './hashlimit.ts';
import { iprangeMatch } from './iprange.ts';
import { lengthMatch } from './length.ts';
import { limitMatch } from './limit.ts';
import { macMatch } from './mac.ts';
import { ownerMatch } from './owner.ts';
import { physdevMatch } from './physdev.ts';
import { pkttypeMatch } from './pkttype.ts';
import { policyMatch } from './policy.ts';
import { recentMatch } from './recent.ts';
import { statisticMatch } from './statistic.ts';
import { stringMatch } from './string.ts';
import { dscpMatch, tosMatch } from './tos.ts';
import { ttlMatch } from './ttl.ts';
import { u32Match } from './u32.ts';

/** In the order of the alphabet. */
export function rareMatches(): readonly MatchExtension[] {
  return [
    bpfMatch,
    connmarkMatch,
    dscpMatch,
    hashlimitMatch,
    iprangeMatch,
    lengthMatch,
    limitMatch,
    macMatch,
    ownerMatch,
    physdevMatch,
    pkttypeMatch,
    policyMatch,
    recentMatch,
    statisticMatch,
    stringMatch,
    tosMatch,
    ttlMatch,
    u32Match,
  ];
}
