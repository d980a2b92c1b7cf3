/**
 * `-m policy`: did the packet come, or is it to leave, by IPsec? Mirrors libxt_policy.c and net/netfilter/xt_policy.c.
 * Not emulated: `--strict` with its list of elements, and the ends of tunnels.
 */
import type { XfrmBundle, XfrmState } from '../../kernel/xfrm.ts';
import type { Packet } from '../../wire/packet.ts';
import { INVERTIBLE, notEmulated, parameterProblem, VALUE, type Complaint, type MatchExtension } from '../extension.ts';
import { parseUnsigned, protocolNumber } from '../names.ts';
import { PROTO_ESP } from '../../wire/packet.ts';

interface Wanted {
  readonly value: number;
  readonly invert: boolean;
}

interface PolicyMatch {
  direction: '' | 'in' | 'out';
  policy: '' | 'none' | 'ipsec';
  reqid: Wanted | null;
  spi: Wanted | null;
  /** True for `! --proto esp`, which no state here is. */
  proto: Wanted | null;
  mode: Wanted | null;
}

const MODES = ['transport', 'tunnel'];

/** The states that a packet came by, or is to leave by; null without IPsec. */
function statesOf(direction: PolicyMatch['direction'], packet: Packet): readonly XfrmState[] | null {
  if (direction === 'in') return packet.secPath as readonly XfrmState[] | null;
  return (packet.bundle as XfrmBundle | null)?.states ?? null;
}

function is(wanted: Wanted | null, value: number): boolean {
  return wanted === null || (wanted.value === value) !== wanted.invert;
}

function elements({ reqid, spi, proto, mode }: PolicyMatch, dashes: string): string {
  const word = (name: string, wanted: Wanted | null, text: (value: number) => string): string =>
    wanted === null ? '' : `${wanted.invert ? ' !' : ''} ${dashes}${name} ${text(wanted.value)}`;
  return (
    word('reqid', reqid, String) +
    word('spi', spi, (value) => `0x${value.toString(16)}`) +
    word('proto', proto, () => 'esp') +
    word('mode', mode, (value) => MODES[value] as string)
  );
}

export const policyMatch: MatchExtension<PolicyMatch> = {
  name: 'policy',
  options: {
    dir: VALUE,
    pol: VALUE,
    strict: VALUE,
    reqid: INVERTIBLE,
    spi: INVERTIBLE,
    proto: INVERTIBLE,
    mode: INVERTIBLE,
    'tunnel-src': INVERTIBLE,
    'tunnel-dst': INVERTIBLE,
  },
  init: () => ({ direction: '', policy: '', reqid: null, spi: null, proto: null, mode: null }),
  parse(data, option, value, invert) {
    switch (option) {
      case 'dir':
        if (value !== 'in' && value !== 'out') return parameterProblem(`policy_match: invalid dir \`${value}'`);
        data.direction = value;
        return undefined;
      case 'pol':
        if (value !== 'none' && value !== 'ipsec') return parameterProblem(`policy match: invalid policy \`${value}'`);
        data.policy = value;
        return undefined;
      case 'reqid':
      case 'spi':
        return parseNumber(data, option, value, invert);
      case 'proto':
        if (protocolNumber(value) !== PROTO_ESP) return notEmulated(`--proto ${value}`);
        data.proto = { value: PROTO_ESP, invert };
        return undefined;
      case 'mode':
        if (!MODES.includes(value)) return parameterProblem(`policy match: invalid mode \`${value}'`);
        data.mode = { value: MODES.indexOf(value), invert };
        return undefined;
      default:
        return notEmulated(`--${option}`);
    }
  },
  check(data) {
    if (data.direction === '') return parameterProblem('policy match: neither --dir in nor --dir out specified');
    if (data.policy === '') return parameterProblem('policy match: policy none used but policy given');
    const given = data.reqid ?? data.spi ?? data.proto ?? data.mode;
    return data.policy === 'none' && given !== null
      ? parameterProblem('policy match: policy none but policy given')
      : undefined;
  },
  save: (data) => ` --dir ${data.direction} --pol ${data.policy}${elements(data, '--')}`,
  list: (data) => ` policy match dir ${data.direction} pol ${data.policy}${elements(data, '')}`,
  matches(data, _ns, packet) {
    const states = statesOf(data.direction, packet);
    if (states === null) return data.policy === 'none';
    if (data.policy === 'none') return false;
    return states.some(
      ({ reqid, spi }) =>
        is(data.reqid, reqid) &&
        is(data.spi, spi) &&
        is(data.proto, PROTO_ESP) &&
        is(data.mode, MODES.indexOf('transport')),
    );
  },
};

function parseNumber(data: PolicyMatch, option: 'reqid' | 'spi', word: string, invert: boolean): Complaint | undefined {
  const value = parseUnsigned(word);
  if (value === undefined)
    return parameterProblem(`policy: bad value for option "--${option}", or out of range (0-4294967295).`);
  data[option] = { value, invert };
  return undefined;
}
