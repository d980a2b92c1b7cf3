/** `-m iprange`. Mirrors libxt_iprange.c and net/netfilter/xt_iprange.c. */
import { formatIpv4, parseIpv4 } from '../../base/address.ts';
import { INVERTIBLE, parameterProblem, type MatchExtension } from '../extension.ts';

interface Range {
  readonly min: number;
  readonly max: number;
  readonly invert: boolean;
}

interface IprangeMatch {
  source: Range | null;
  destination: Range | null;
}

export const iprangeMatch: MatchExtension<IprangeMatch> = {
  name: 'iprange',
  options: { 'src-range': INVERTIBLE, 'dst-range': INVERTIBLE },
  init: () => ({ source: null, destination: null }),
  parse(data, option, value, invert) {
    const [first = '', last = first] = value.split('-');
    const min = parseIpv4(first);
    const max = parseIpv4(last);
    if (min === undefined || max === undefined) {
      return parameterProblem(`iprange match: Bad IP address \`${value}'\n`);
    }
    const range = { min, max, invert };
    if (option === 'src-range') data.source = range;
    else data.destination = range;
    return undefined;
  },
  check: (data) =>
    data.source === null && data.destination === null
      ? parameterProblem("iprange match: You must specify `--src-range' or `--dst-range'")
      : undefined,
  save: (data) => save('src-range', data.source) + save('dst-range', data.destination),
  list: (data) => list('source', data.source) + list('destination', data.destination),
  matches: (data, _ns, packet) => within(data.source, packet.src) && within(data.destination, packet.dst),
};

function within(range: Range | null, address: number): boolean {
  return range === null || (address >= range.min && address <= range.max) !== range.invert;
}

function text(range: Range): string {
  return `${formatIpv4(range.min)}-${formatIpv4(range.max)}`;
}

function save(option: string, range: Range | null): string {
  return range === null ? '' : `${range.invert ? ' !' : ''} --${option} ${text(range)}`;
}

function list(name: string, range: Range | null): string {
  return range === null ? '' : ` ${name} IP range ${range.invert ? '!' : ''}${text(range)}`;
}
