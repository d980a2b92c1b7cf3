/** Addresses with masks as iptables takes and prints them (xtables_ipparse_any, xtables_ipmask_to_numeric). */
import { formatIpv4, maskOf, parseIpv4 } from '../base/address.ts';
import { parameterProblem, type Complaint } from './extension.ts';
import { parseUnsigned } from './names.ts';

export interface AddressMask {
  readonly address: number;
  readonly mask: number;
}

/** `a.b.c.d[/prefix|/m.m.m.m]`, or a name of /etc/hosts that is known everywhere. */
export function parseAddressMask(text: string): AddressMask | Complaint {
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  let mask = 0xffffffff;
  if (slash >= 0) {
    const written = text.slice(slash + 1);
    const dotted = parseIpv4(written);
    const prefix = parseUnsigned(written, 32);
    if (dotted !== undefined) mask = dotted;
    else if (prefix !== undefined) mask = maskOf(prefix);
    else return parameterProblem(`invalid mask \`${written}' specified`);
  }
  const address = host === 'localhost' ? 0x7f000001 : shortIpv4(host);
  if (address === undefined) return parameterProblem(`host/network \`${host}' not found`);
  return { address, mask };
}

/** Dotted quad, or a network with the trailing zeros left out (`10/8`), as inet_aton-like parsing of iptables allows. */
function shortIpv4(text: string): number | undefined {
  const whole = parseIpv4(text);
  if (whole !== undefined) return whole;
  if (!/^\d{1,3}(\.\d{1,3}){0,3}$/.test(text)) return undefined;
  const parts = text.split('.');
  while (parts.length < 4) parts.push('0');
  return parseIpv4(parts.join('.'));
}

/** `/24`, `/255.0.255.0`; of a full mask `/32` when `always`, else ''. */
export function saveMask(mask: number, always: boolean): string {
  if (mask === 0xffffffff && !always) return '';
  for (let prefix = 32; prefix >= 0; prefix--) if (maskOf(prefix) === mask) return `/${prefix}`;
  return `/${formatIpv4(mask)}`;
}
