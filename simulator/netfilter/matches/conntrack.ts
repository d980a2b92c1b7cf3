/** `-m conntrack`. Mirrors libxt_conntrack.c (revision 3) and net/netfilter/xt_conntrack.c. */
import { formatIpv4 } from '../../base/address.ts';
import { SECOND } from '../../base/scheduler.ts';
import { CT_UNTRACKED, type Packet } from '../../wire/packet.ts';
import { entryOf } from '../conntrack/core.ts';
import {
  IPS_ASSURED,
  IPS_CONFIRMED,
  IPS_DST_NAT,
  IPS_EXPECTED,
  IPS_SEEN_REPLY,
  IPS_SRC_NAT,
  ORIGINAL,
  type ConntrackEntry,
} from '../conntrack/entry.ts';
import { directionOf } from '../conntrack/protocols.ts';
import { INVERTIBLE, parameterProblem, VALUE, type Complaint, type MatchExtension } from '../extension.ts';
import { parseAddressMask, saveMask } from '../address.ts';
import { parseUnsigned, portNumber, protocolNumber } from '../names.ts';

/** State bits in the order in which they are printed. */
const STATES = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT'] as const;
const [S_INVALID, S_NEW, S_RELATED, S_ESTABLISHED, S_UNTRACKED, S_SNAT, S_DNAT] = [1, 2, 4, 8, 16, 32, 64];

const STATUSES = ['EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED'] as const;
const STATUS_BITS = [IPS_EXPECTED, IPS_SEEN_REPLY, IPS_ASSURED, IPS_CONFIRMED] as const;

type Where = 'ctorigsrc' | 'ctorigdst' | 'ctreplsrc' | 'ctrepldst';
type Port = 'ctorigsrcport' | 'ctorigdstport' | 'ctreplsrcport' | 'ctrepldstport';

interface ConntrackMatch {
  states: number;
  notStates: boolean;
  protocol: number;
  notProtocol: boolean;
  addresses: { readonly where: Where; readonly address: number; readonly mask: number; readonly invert: boolean }[];
  ports: { readonly where: Port; readonly min: number; readonly max: number; readonly invert: boolean }[];
  status: number;
  notStatus: boolean;
  expireMin: number;
  expireMax: number;
  notExpire: boolean;
  direction: '' | 'ORIGINAL' | 'REPLY';
  given: boolean;
}

/** The state bit of a packet (XT_CONNTRACK_STATE_BIT). */
export function stateBit(packet: Packet): number {
  if (packet.ct === null) return packet.ctInfo === CT_UNTRACKED ? S_UNTRACKED : S_INVALID;
  switch (packet.ctInfo) {
    case 1:
      return S_NEW;
    case 2:
    case 4:
      return S_ESTABLISHED;
    case 3:
    case 5:
      return S_RELATED;
    default:
      return packet.ctInfo === CT_UNTRACKED ? S_UNTRACKED : S_INVALID;
  }
}

/** Bits of a comma-separated list of states; `what` is the word in the complaint. */
export function parseStates(text: string, what: string, allowed: readonly string[]): number | Complaint {
  let bits = 0;
  for (const word of text.split(',')) {
    const at = (STATES as readonly string[]).indexOf(word.toUpperCase());
    if (at < 0 || !allowed.includes(STATES[at] as string)) return parameterProblem(`Bad ${what} "${text}"`);
    bits |= 1 << at;
  }
  return bits;
}

/** Names of state bits, in libxt_conntrack's order. */
export function stateNames(bits: number): string {
  return STATES.filter((_, at) => bits & (1 << at)).join(',');
}

export const conntrackMatch: MatchExtension<ConntrackMatch> = {
  name: 'conntrack',
  conntrack: true,
  options: {
    ctstate: INVERTIBLE,
    ctproto: INVERTIBLE,
    ctorigsrc: INVERTIBLE,
    ctorigdst: INVERTIBLE,
    ctreplsrc: INVERTIBLE,
    ctrepldst: INVERTIBLE,
    ctorigsrcport: INVERTIBLE,
    ctorigdstport: INVERTIBLE,
    ctreplsrcport: INVERTIBLE,
    ctrepldstport: INVERTIBLE,
    ctstatus: INVERTIBLE,
    ctexpire: INVERTIBLE,
    ctdir: VALUE,
  },
  init: () => ({
    states: 0,
    notStates: false,
    protocol: -1,
    notProtocol: false,
    addresses: [],
    ports: [],
    status: -1,
    notStatus: false,
    expireMin: -1,
    expireMax: -1,
    notExpire: false,
    direction: '',
    given: false,
  }),
  parse(data, option, value, invert) {
    data.given = true;
    switch (option) {
      case 'ctstate': {
        const bits = parseStates(value, 'ctstate', STATES);
        if (typeof bits !== 'number') return bits;
        data.states |= bits;
        data.notStates = invert;
        return undefined;
      }
      case 'ctproto': {
        const protocol = protocolNumber(value);
        if (protocol === undefined) return parameterProblem(`unknown protocol "${value}" specified`);
        data.protocol = protocol;
        data.notProtocol = invert;
        return undefined;
      }
      case 'ctdir':
        if (value.toUpperCase() !== 'ORIGINAL' && value.toUpperCase() !== 'REPLY') {
          return parameterProblem(`conntrack: Bad value for "--ctdir" option: "${value}"`);
        }
        data.direction = value.toUpperCase() as 'ORIGINAL' | 'REPLY';
        return undefined;
      case 'ctstatus': {
        let bits = 0;
        for (const word of value.split(',')) {
          const at = (STATUSES as readonly string[]).indexOf(word.toUpperCase());
          if (at < 0 && word.toUpperCase() !== 'NONE') return parameterProblem(`Bad ctstatus "${value}"`);
          if (at >= 0) bits |= STATUS_BITS[at] as number;
        }
        data.status = bits;
        data.notStatus = invert;
        return undefined;
      }
      case 'ctexpire': {
        const [first = '', last] = value.split(':');
        const min = parseUnsigned(first === '' ? '0' : first);
        const max = last === undefined ? min : parseUnsigned(last === '' ? '4294967295' : last);
        if (min === undefined || max === undefined)
          return parameterProblem(`conntrack: Bad value for "--ctexpire" option: "${value}"`);
        data.expireMin = min;
        data.expireMax = max;
        data.notExpire = invert;
        return undefined;
      }
      default:
        return option.endsWith('port')
          ? parsePort(data, option as Port, value, invert)
          : parseAddress(data, option as Where, value, invert);
    }
  },
  check: (data) => (data.given ? undefined : parameterProblem('conntrack: At least one option is required')),
  save: (data) => describe(data, ' --', ' !'),
  list: (data) => describe(data, ' ', ' !'),
  matches(data, ns, packet) {
    const entry = entryOf(packet);
    if (data.states !== 0) {
      let bits = stateBit(packet);
      if (entry !== null) {
        if (entry.status & IPS_SRC_NAT) bits |= S_SNAT;
        if (entry.status & IPS_DST_NAT) bits |= S_DNAT;
      }
      if (((bits & data.states) !== 0) === data.notStates) return false;
    }
    // Without an entry only the state can match.
    if (entry === null) return data.states !== 0 && onlyStates(data);
    return entryMatches(data, entry, packet, ns.kernel.now);
  },
};

function onlyStates(data: ConntrackMatch): boolean {
  return (
    data.protocol < 0 &&
    data.addresses.length === 0 &&
    data.ports.length === 0 &&
    data.status < 0 &&
    data.expireMin < 0 &&
    data.direction === ''
  );
}

function entryMatches(data: ConntrackMatch, entry: ConntrackEntry, packet: Packet, now: number): boolean {
  const { original, reply } = entry;
  if (data.direction !== '' && (directionOf(packet.ctInfo) === ORIGINAL) !== (data.direction === 'ORIGINAL'))
    return false;
  if (data.protocol >= 0 && (original.protocol === data.protocol) === data.notProtocol) return false;
  for (const { where, address, mask, invert } of data.addresses) {
    const actual =
      where === 'ctorigsrc'
        ? original.src
        : where === 'ctorigdst'
          ? original.dst
          : where === 'ctreplsrc'
            ? reply.src
            : reply.dst;
    if ((((actual ^ address) & mask) === 0) === invert) return false;
  }
  for (const { where, min, max, invert } of data.ports) {
    const actual =
      where === 'ctorigsrcport'
        ? original.sport
        : where === 'ctorigdstport'
          ? original.dport
          : where === 'ctreplsrcport'
            ? reply.sport
            : reply.dport;
    if ((actual >= min && actual <= max) === invert) return false;
  }
  if (data.status >= 0) {
    // NONE is no bit, so no entry has it.
    const hit = (entry.status & data.status) !== 0;
    if (hit === data.notStatus) return false;
  }
  return data.expireMin < 0 || inExpire(data, entry, now) !== data.notExpire;
}

function inExpire(data: ConntrackMatch, entry: ConntrackEntry, now: number): boolean {
  // Before it is confirmed an entry has no end yet, and what nf_ct_expires makes of that is long over.
  if (!(entry.status & IPS_CONFIRMED)) return data.expireMin === 0;
  const seconds = Math.max(0, Math.floor((entry.expires - now) / SECOND));
  return seconds >= data.expireMin && seconds <= data.expireMax;
}

function parseAddress(data: ConntrackMatch, where: Where, value: string, invert: boolean): Complaint | undefined {
  const parsed = parseAddressMask(value);
  if ('status' in parsed) return parsed;
  data.addresses.push({ where, address: parsed.address, mask: parsed.mask, invert });
  return undefined;
}

function parsePort(data: ConntrackMatch, where: Port, value: string, invert: boolean): Complaint | undefined {
  const [first = '', last] = value.split(':');
  const min = portNumber(first);
  const max = last === undefined ? min : portNumber(last);
  if (min === undefined || max === undefined) {
    return parameterProblem(`conntrack: bad value for option "--${where}", or out of range (0-65535).\n`);
  }
  data.ports.push({ where, min, max, invert });
  return undefined;
}

function describe(data: ConntrackMatch, dash: string, not: string): string {
  const word = (invert: boolean, name: string, value: string): string => `${invert ? not : ''}${dash}${name} ${value}`;
  let text = '';
  if (data.states !== 0) text += word(data.notStates, 'ctstate', stateNames(data.states));
  if (data.protocol >= 0) text += word(data.notProtocol, 'ctproto', String(data.protocol));
  for (const { where, address, mask, invert } of data.addresses)
    text += word(invert, where, formatIpv4(address) + saveMask(mask, false));
  for (const { where, min, max, invert } of data.ports)
    text += word(invert, where, min === max ? String(min) : `${min}:${max}`);
  if (data.status >= 0) text += word(data.notStatus, 'ctstatus', statusNames(data.status));
  if (data.expireMin >= 0)
    text += word(
      data.notExpire,
      'ctexpire',
      data.expireMin === data.expireMax ? String(data.expireMin) : `${data.expireMin}:${data.expireMax}`,
    );
  if (data.direction !== '') text += word(false, 'ctdir', data.direction);
  return text;
}

function statusNames(bits: number): string {
  return bits === 0 ? 'NONE' : STATUSES.filter((_, at) => bits & (STATUS_BITS[at] as number)).join(',');
}
