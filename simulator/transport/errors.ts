/** What an ICMP error means to a socket. Mirrors icmp_err_convert[] of net/ipv4/icmp.c. */
import type { Errno } from '../base/errno.ts';
import { ICMP_PARAMETER_PROBLEM, ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE } from '../wire/packet.ts';

export interface IcmpMeaning {
  readonly errno: Errno;
  /** Fatal errors reach a connected socket even without IP_RECVERR. */
  readonly fatal: boolean;
}

/** By code of Destination Unreachable. Code 5's ESRs are refused. */
const UNREACHABLE: readonly IcmpMeaning[] = [
  { errno: 'ENETUNREACH', fatal: false },
  { errno: 'EHOSTUNREACH', fatal: false },
  { errno: 'ENOPROTOOPT', fatal: true },
  { errno: 'ECONNREFUSED', fatal: true },
  { errno: 'EMSGSIZE', fatal: false },
  { errno: 'EOPNOTSUPP', fatal: false },
  { errno: 'ENETUNREACH', fatal: true },
  { errno: 'EHOSTDOWN', fatal: true },
  { errno: 'ENETUNREACH', fatal: true },
  { errno: 'ENETUNREACH', fatal: true },
  { errno: 'EHOSTUNREACH', fatal: true },
  { errno: 'ENETUNREACH', fatal: false },
  { errno: 'EHOSTUNREACH', fatal: false },
  { errno: 'EHOSTUNREACH', fatal: true },
  { errno: 'EHOSTUNREACH', fatal: true },
  { errno: 'EHOSTUNREACH', fatal: true },
];

const TIME_EXCEEDED: IcmpMeaning = { errno: 'EHOSTUNREACH', fatal: false };
const PARAMETER_PROBLEM: IcmpMeaning = { errno: 'EPROTO', fatal: true };

/** The errno of an ICMP error, or undefined when it is none. */
export function icmpMeaning(type: number, code: number): IcmpMeaning | undefined {
  if (type === ICMP_UNREACHABLE) return UNREACHABLE[code];
  if (type === ICMP_TIME_EXCEEDED) return TIME_EXCEEDED;
  if (type === ICMP_PARAMETER_PROBLEM) return PARAMETER_PROBLEM;
  return undefined;
}
