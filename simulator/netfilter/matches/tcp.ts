/** `-m tcp`: ports, flags, options. Mirrors libxt_tcp.c and net/netfilter/xt_tcpudp.c. */
import { PROTO_TCP, type Packet } from '../../wire/packet.ts';
import {
  INVERTIBLE,
  INVERTIBLE_FLAG,
  notEmulated,
  parameterProblem,
  type Complaint,
  type MatchExtension,
  type OptionShape,
} from '../extension.ts';
import { parsePortRange, listPorts, savePorts, type PortsMatch } from './ports.ts';

export interface TcpMatch extends PortsMatch {
  flagsMask: number;
  flagsValue: number;
  notFlags: boolean;
  /** TCP option number that must be there; 0 for none. */
  option: number;
}

const FLAG_NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'] as const;

export const tcpMatch: MatchExtension<TcpMatch> = {
  name: 'tcp',
  options: {
    'source-port': INVERTIBLE,
    sport: INVERTIBLE,
    'destination-port': INVERTIBLE,
    dport: INVERTIBLE,
    syn: INVERTIBLE_FLAG,
    // Takes two words; the parser joins them with a blank.
    'tcp-flags': INVERTIBLE,
    'tcp-option': INVERTIBLE,
  } satisfies Record<string, OptionShape>,
  init: () => ({
    sportMin: 0,
    sportMax: 65535,
    notSport: false,
    dportMin: 0,
    dportMax: 65535,
    notDport: false,
    flagsMask: 0,
    flagsValue: 0,
    notFlags: false,
    option: 0,
  }),
  parse(data, option, value, invert) {
    switch (option) {
      case 'syn':
        data.flagsMask = 0x17;
        data.flagsValue = 0x02;
        data.notFlags = invert;
        return undefined;
      case 'tcp-flags':
        return parseFlags(data, value, invert);
      case 'tcp-option':
        return notEmulated('--tcp-option');
      default:
        return parsePortRange(data, option, value, invert);
    }
  },
  save(data) {
    let text = savePorts(data);
    if (data.flagsMask !== 0 || data.notFlags) {
      text += `${data.notFlags ? ' !' : ''} --tcp-flags ${flagNames(data.flagsMask)} ${flagNames(data.flagsValue)}`;
    }
    return text;
  },
  list(data, numeric) {
    let text = ` tcp${listPorts(data, numeric)}`;
    if (data.flagsMask !== 0 || data.notFlags) {
      text += ` flags:${data.notFlags ? '!' : ''}`;
      text += numeric
        ? `${hexByte(data.flagsMask)}/${hexByte(data.flagsValue)}`
        : `${flagNames(data.flagsMask)}/${flagNames(data.flagsValue)}`;
    }
    return text;
  },
  matches(data, _ns, packet) {
    return (
      packet.protocol === PROTO_TCP &&
      packet.fragmentOffset === 0 &&
      portsMatch(data, packet) &&
      flagsMatch(data, packet)
    );
  },
};

export function portsMatch(data: PortsMatch, packet: Packet): boolean {
  const { sport, dport } = packet;
  return (
    (sport >= data.sportMin && sport <= data.sportMax) !== data.notSport &&
    (dport >= data.dportMin && dport <= data.dportMax) !== data.notDport
  );
}

function flagsMatch(data: TcpMatch, packet: Packet): boolean {
  return data.flagsMask === 0 || ((packet.flags & data.flagsMask) === data.flagsValue) !== data.notFlags;
}

function parseFlags(data: TcpMatch, value: string, invert: boolean): Complaint | undefined {
  const [mask = '', compare = ''] = value.split(' ');
  for (const [text, key] of [
    [mask, 'flagsMask'],
    [compare, 'flagsValue'],
  ] as const) {
    let bits = 0;
    for (const word of text.split(',')) {
      const at = FLAG_NAMES.indexOf(word.toUpperCase() as (typeof FLAG_NAMES)[number]);
      if (word.toUpperCase() === 'ALL') bits |= 0x3f;
      else if (word.toUpperCase() === 'NONE') bits |= 0;
      else if (at < 0) return parameterProblem(`Unknown TCP flag \`${word}'`);
      else bits |= 1 << at;
    }
    data[key] = bits;
  }
  data.notFlags = invert;
  return undefined;
}

function flagNames(bits: number): string {
  if (bits === 0) return 'NONE';
  return FLAG_NAMES.filter((_, at) => bits & (1 << at)).join(',');
}

function hexByte(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;
}
