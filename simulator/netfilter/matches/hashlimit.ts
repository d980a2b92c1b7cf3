/**
 * `-m hashlimit`: a token bucket for each combination of addresses and ports. Mirrors libxt_hashlimit.c (revision 3)
 * and net/netfilter/xt_hashlimit.c. Rules that give the same name share their buckets. Rates in bytes are refused.
 */
import { maskOf } from '../../base/address.ts';
import { notEmulated, parameterProblem, VALUE, type Complaint, type MatchExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';
import { netfilterOf } from '../state.ts';

interface HashlimitMatch {
  /** Virtual microseconds between two tokens; 0 while none is given. */
  average: number;
  above: boolean;
  burst: number;
  modes: readonly string[];
  list: string;
  sourcePrefix: number;
  destinationPrefix: number;
  /** htable-size, -max, -expire, -gcinterval as given. */
  table: Readonly<Record<string, number>>;
}

export interface Bucket {
  credit: number;
  last: number;
}

const PERIODS: readonly (readonly [string, number])[] = [
  ['day', 86_400_000_000],
  ['hour', 3_600_000_000],
  ['min', 60_000_000],
  ['sec', 1_000_000],
];
/** Words in which a period may be abbreviated. */
const LONG: Readonly<Record<string, string>> = { min: 'minute', sec: 'second' };
const MODES = ['dstip', 'dstport', 'srcip', 'srcport'] as const;
/** In the order in which they are printed. */
const SHOWN_MODES = ['srcip', 'srcport', 'dstip', 'dstport'] as const;
const DEFAULTS: Readonly<Record<string, number>> = { 'htable-expire': 10000, 'htable-gcinterval': 1000 };

export const hashlimitMatch: MatchExtension<HashlimitMatch> = {
  name: 'hashlimit',
  options: Object.fromEntries(
    [
      '',
      '-upto',
      '-above',
      '-burst',
      '-mode',
      '-name',
      '-srcmask',
      '-dstmask',
      '-htable-size',
      '-htable-max',
      '-htable-expire',
      '-htable-gcinterval',
      '-rate-match',
      '-rate-interval',
    ].map((suffix) => [
      `hashlimit${suffix}`,
      suffix === '-upto' || suffix === '-above' ? ({ takes: 'value', invertible: true } as const) : VALUE,
    ]),
  ),
  init: () => ({
    average: 0,
    above: false,
    burst: 5,
    modes: [],
    list: '',
    sourcePrefix: 32,
    destinationPrefix: 32,
    table: {},
  }),
  parse(data, option, value, invert) {
    const what = option.slice('hashlimit-'.length);
    switch (what) {
      case '':
      case 'upto':
      case 'above': {
        const average = parseRate(value);
        if (typeof average !== 'number') return average;
        data.average = average;
        data.above = (what === 'above') !== invert;
        return undefined;
      }
      case 'mode': {
        const modes = value.split(',');
        const wrong = modes.find((mode) => !(MODES as readonly string[]).includes(mode));
        if (wrong !== undefined)
          return parameterProblem(`hashlimit: bad value for option "--hashlimit-mode", or out of range.\n`);
        data.modes = modes;
        return undefined;
      }
      case 'name':
        if (value.length > 254) return parameterProblem('hashlimit: name too long');
        data.list = value;
        return undefined;
      case 'rate-match':
      case 'rate-interval':
        return notEmulated(`--${option}`);
      default: {
        const number = parseUnsigned(value, what.endsWith('mask') ? 32 : 0xffffffff);
        if (number === undefined)
          return parameterProblem(`hashlimit: bad value for option "--${option}", or out of range.\n`);
        if (what === 'burst') data.burst = number;
        else if (what === 'srcmask') data.sourcePrefix = number;
        else if (what === 'dstmask') data.destinationPrefix = number;
        else data.table = { ...data.table, [what]: number };
        return undefined;
      }
    }
  },
  check(data) {
    if (data.list === '') return parameterProblem('hashlimit: option "--hashlimit-name" must be specified\n');
    return data.average === 0 ? parameterProblem('You have to specify --hashlimit') : undefined;
  },
  save(data) {
    let text = ` --hashlimit-${data.above ? 'above' : 'upto'} ${rateText(data.average)} --hashlimit-burst ${data.burst}`;
    if (data.modes.length > 0) text += ` --hashlimit-mode ${shownModes(data)}`;
    text += ` --hashlimit-name ${data.list}`;
    for (const [name, number] of Object.entries(data.table))
      if (number !== DEFAULTS[name]) text += ` --hashlimit-${name} ${number}`;
    if (data.sourcePrefix !== 32) text += ` --hashlimit-srcmask ${data.sourcePrefix}`;
    return data.destinationPrefix === 32 ? text : `${text} --hashlimit-dstmask ${data.destinationPrefix}`;
  },
  list(data) {
    let text = ` limit: ${data.above ? 'above' : 'up to'} ${rateText(data.average)} burst ${data.burst}`;
    if (data.modes.length > 0) text += ` mode ${shownModes(data).replaceAll(',', '-')}`;
    for (const [name, number] of Object.entries(data.table))
      if (number !== DEFAULTS[name]) text += ` ${name} ${number}`;
    if (data.sourcePrefix !== 32) text += ` srcmask ${data.sourcePrefix}`;
    return data.destinationPrefix === 32 ? text : `${text} dstmask ${data.destinationPrefix}`;
  },
  matches(data, ns, packet) {
    const hashlimits = (netfilterOf(ns).hashlimits ??= new Map<string, Map<string, Bucket>>());
    let buckets = hashlimits.get(data.list);
    if (buckets === undefined) hashlimits.set(data.list, (buckets = new Map()));
    const part = (mode: string, value: number): string => (data.modes.includes(mode) ? String(value) : '');
    const key = `${part('srcip', (packet.src & maskOf(data.sourcePrefix)) >>> 0)} ${part('srcport', packet.sport)} ${part('dstip', (packet.dst & maskOf(data.destinationPrefix)) >>> 0)} ${part('dstport', packet.dport)}`;
    const full = data.average * data.burst;
    const now = ns.kernel.now;
    let bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, (bucket = { credit: full, last: now }));
    bucket.credit = Math.min(full, bucket.credit + now - bucket.last);
    bucket.last = now;
    if (bucket.credit < data.average) return data.above;
    bucket.credit -= data.average;
    return !data.above;
  },
};

function shownModes(data: HashlimitMatch): string {
  return SHOWN_MODES.filter((mode) => data.modes.includes(mode)).join(',');
}

function parseRate(text: string): number | Complaint {
  if (/b(?:\/|$)/.test(text.toLowerCase().split('/')[0] ?? '')) return notEmulated('--hashlimit with bytes');
  const [amount = '', period = 'second'] = text.split('/');
  const unit = PERIODS.find(
    ([name]) => period !== '' && (name.startsWith(period) || (LONG[name] ?? name).startsWith(period)),
  );
  const count = parseUnsigned(amount);
  if (unit === undefined || count === undefined || count === 0) return parameterProblem(`bad rate "${text}"'`);
  if (unit[1] / count < 1) return parameterProblem(`Rate too fast "${text}"'`);
  return Math.floor(unit[1] / count);
}

/** The largest unit in which the rate is a whole enough number. */
function rateText(average: number): string {
  let at = 1;
  for (; at < PERIODS.length; at++) {
    const unit = (PERIODS[at] as readonly [string, number])[1];
    if (average > unit || Math.floor(unit / average) < unit % average) break;
  }
  const [name, unit] = PERIODS[at - 1] as readonly [string, number];
  return `${Math.floor(unit / average)}/${name}`;
}
