/** `-p icmp --icmp-type`. Mirrors libipt_icmp.c and the icmp match of net/ipv4/netfilter/ip_tables.c. */
import { PROTO_ICMP } from '../../wire/packet.ts';
import { INVERTIBLE, parameterProblem, type MatchExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';

interface IcmpMatch {
  /** 255 for any. */
  type: number;
  codeMin: number;
  codeMax: number;
  invert: boolean;
}

/** name, type, code (255 for any), as libipt_icmp knows them. */
const TYPES: readonly (readonly [string, number, number])[] = [
  ['any', 255, 255],
  ['echo-reply', 0, 255],
  ['pong', 0, 255],
  ['destination-unreachable', 3, 255],
  ['network-unreachable', 3, 0],
  ['host-unreachable', 3, 1],
  ['protocol-unreachable', 3, 2],
  ['port-unreachable', 3, 3],
  ['fragmentation-needed', 3, 4],
  ['source-route-failed', 3, 5],
  ['network-unknown', 3, 6],
  ['host-unknown', 3, 7],
  ['network-prohibited', 3, 9],
  ['host-prohibited', 3, 10],
  ['TOS-network-unreachable', 3, 11],
  ['TOS-host-unreachable', 3, 12],
  ['communication-prohibited', 3, 13],
  ['host-precedence-violation', 3, 14],
  ['precedence-cutoff', 3, 15],
  ['source-quench', 4, 255],
  ['redirect', 5, 255],
  ['network-redirect', 5, 0],
  ['host-redirect', 5, 1],
  ['TOS-network-redirect', 5, 2],
  ['TOS-host-redirect', 5, 3],
  ['echo-request', 8, 255],
  ['ping', 8, 255],
  ['router-advertisement', 9, 255],
  ['router-solicitation', 10, 255],
  ['time-exceeded', 11, 255],
  ['ttl-exceeded', 11, 255],
  ['ttl-zero-during-transit', 11, 0],
  ['ttl-zero-during-reassembly', 11, 1],
  ['parameter-problem', 12, 255],
  ['ip-header-bad', 12, 0],
  ['required-option-missing', 12, 1],
  ['timestamp-request', 13, 255],
  ['timestamp-reply', 14, 255],
  ['address-mask-request', 17, 255],
  ['address-mask-reply', 18, 255],
];

export const icmpMatch: MatchExtension<IcmpMatch> = {
  name: 'icmp',
  options: { 'icmp-type': INVERTIBLE },
  init: () => ({ type: 255, codeMin: 0, codeMax: 255, invert: false }),
  parse(data, _option, value, invert) {
    data.invert = invert;
    const candidates = TYPES.filter(([name]) => name.toLowerCase().startsWith(value.toLowerCase()));
    const named =
      candidates.find(([name]) => name.toLowerCase() === value.toLowerCase()) ??
      (candidates.length === 1 ? candidates[0] : undefined);
    if (named !== undefined) {
      data.type = named[1];
      data.codeMin = named[2] === 255 ? 0 : named[2];
      data.codeMax = named[2];
      return undefined;
    }
    const [type = '', code] = value.split('/');
    const typeNumber = parseUnsigned(type, 255);
    if (typeNumber === undefined) return parameterProblem(`Invalid ICMP type \`${type}'\n`);
    data.type = typeNumber;
    if (code === undefined) return undefined;
    const codeNumber = parseUnsigned(code, 255);
    if (codeNumber === undefined) return parameterProblem(`Invalid ICMP code \`${code}'\n`);
    data.codeMin = data.codeMax = codeNumber;
    return undefined;
  },
  save(data) {
    const not = data.invert ? ' !' : '';
    if (data.type === 255) return `${not} --icmp-type any`;
    return `${not} --icmp-type ${data.type}${data.codeMin === 0 && data.codeMax === 255 ? '' : `/${data.codeMin}`}`;
  },
  list(data, numeric) {
    const not = data.invert ? '!' : '';
    const all = data.codeMin === 0 && data.codeMax === 255;
    if (!numeric) {
      const known = TYPES.find(
        ([, type, code]) => type === data.type && (all ? code === 255 : code === data.codeMin && code === data.codeMax),
      );
      if (known !== undefined) return ` icmp ${not}${known[0]}`;
    }
    if (data.type === 255) return ` ${not}icmptype 255`;
    const codes = all
      ? ''
      : data.codeMin === data.codeMax
        ? ` code ${data.codeMin}`
        : ` codes ${data.codeMin}-${data.codeMax}`;
    return ` ${not}icmptype ${data.type}${codes}`;
  },
  matches(data, _ns, packet) {
    if (packet.protocol !== PROTO_ICMP || packet.fragmentOffset !== 0) return false;
    const { icmpType, icmpCode } = packet;
    const hit = data.type === 255 || (icmpType === data.type && icmpCode >= data.codeMin && icmpCode <= data.codeMax);
    return hit !== data.invert;
  },
};
