/** The matches, by name. Adding one is one file beside this one and one line here, or in rare.ts with its name here. */
import type { MatchExtension } from '../extension.ts';
import { addrtypeMatch } from './addrtype.ts';
import { commentMatch } from './comment.ts';
import { conntrackMatch } from './conntrack.ts';
import { icmpMatch } from './icmp.ts';
import { ipvsMatch } from './ipvs.ts';
import { markMatch } from './mark.ts';
import { multiportMatch } from './multiport.ts';
import { sctpMatch } from './sctp.ts';
import { stateMatch } from './state.ts';
import { tcpMatch } from './tcp.ts';
import { udpMatch } from './udp.ts';
import { rareMatches } from './rare.ts';

/** Those that Docker writes, and the simplest. */
const EVERYDAY: readonly MatchExtension[] = [
  addrtypeMatch,
  commentMatch,
  conntrackMatch,
  icmpMatch,
  ipvsMatch,
  markMatch,
  multiportMatch,
  sctpMatch,
  stateMatch,
  tcpMatch,
  udpMatch,
];

/** The names of those in rare.ts. */
export const RARE: readonly string[] =
  'bpf connmark dscp hashlimit iprange length limit mac owner physdev pkttype policy recent statistic string tos ttl u32'.split(
    ' ',
  );

const BY_NAME = new Map(EVERYDAY.map((match) => [match.name, match]));
let complete = false;

/** All matches, by name. The rare ones are there from the moment one of them is asked for. */
export function matches(): ReadonlyMap<string, MatchExtension> {
  if (!complete) for (const match of rareMatches()) BY_NAME.set(match.name, match);
  complete = true;
  return BY_NAME;
}

/** The match of a name; undefined when there is none. */
export function matchNamed(name: string): MatchExtension | undefined {
  return RARE.includes(name) ? matches().get(name) : BY_NAME.get(name);
}

/** Matches of the real tool that are known and refused. */
export const MATCHES_NOT_EMULATED: ReadonlySet<string> = new Set([
  'ah',
  'cgroup',
  'cluster',
  'connbytes',
  'connlabel',
  'connlimit',
  'cpu',
  'dccp',
  'devgroup',
  'ecn',
  'esp',
  'helper',
  'ipcomp',
  'nfacct',
  'osf',
  'quota',
  'rateest',
  'realm',
  'rpfilter',
  'set',
  'socket',
  'tcpmss',
  'time',
]);
