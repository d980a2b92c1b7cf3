/** The matches, by name. Adding one is one file beside this one and one line here. */
import type { MatchExtension } from '../extension.ts';
import { addrtypeMatch } from './addrtype.ts';
import { bpfMatch } from './bpf.ts';
import { commentMatch } from './comment.ts';
import { connmarkMatch } from './connmark.ts';
import { conntrackMatch } from './conntrack.ts';
import { icmpMatch } from './icmp.ts';
import { hashlimitMatch } from './hashlimit.ts';
import { iprangeMatch } from './iprange.ts';
import { ipvsMatch } from './ipvs.ts';
import { lengthMatch } from './length.ts';
import { limitMatch } from './limit.ts';
import { macMatch } from './mac.ts';
import { markMatch } from './mark.ts';
import { multiportMatch } from './multiport.ts';
import { ownerMatch } from './owner.ts';
import { physdevMatch } from './physdev.ts';
import { pkttypeMatch } from './pkttype.ts';
import { policyMatch } from './policy.ts';
import { recentMatch } from './recent.ts';
import { sctpMatch } from './sctp.ts';
import { stateMatch } from './state.ts';
import { statisticMatch } from './statistic.ts';
import { stringMatch } from './string.ts';
import { tcpMatch } from './tcp.ts';
import { dscpMatch, tosMatch } from './tos.ts';
import { ttlMatch } from './ttl.ts';
import { u32Match } from './u32.ts';
import { udpMatch } from './udp.ts';

const LIST: readonly MatchExtension[] = [
  addrtypeMatch,
  bpfMatch,
  commentMatch,
  connmarkMatch,
  conntrackMatch,
  dscpMatch,
  hashlimitMatch,
  icmpMatch,
  iprangeMatch,
  ipvsMatch,
  lengthMatch,
  limitMatch,
  macMatch,
  markMatch,
  multiportMatch,
  ownerMatch,
  physdevMatch,
  pkttypeMatch,
  policyMatch,
  recentMatch,
  sctpMatch,
  stateMatch,
  statisticMatch,
  stringMatch,
  tcpMatch,
  tosMatch,
  ttlMatch,
  u32Match,
  udpMatch,
];

export const MATCHES: ReadonlyMap<string, MatchExtension> = new Map(LIST.map((match) => [match.name, match]));

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
