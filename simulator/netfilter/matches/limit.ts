/** `-m limit`: a token bucket. Mirrors libxt_limit.c and net/netfilter/xt_limit.c; one bucket per rule. */
import { parameterProblem, VALUE, type MatchExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';

interface LimitMatch {
  /** XT_LIMIT_SCALE units: 1/10000 s between two tokens. */
  average: number;
  burst: number;
  state: { credit: number; last: number } | null;
}

const SCALE = 10000;
const PERIODS: readonly (readonly [string, number])[] = [
  ['day', SCALE * 24 * 60 * 60],
  ['hour', SCALE * 60 * 60],
  ['min', SCALE * 60],
  ['sec', SCALE],
];

export const limitMatch: MatchExtension<LimitMatch> = {
  name: 'limit',
  options: { limit: VALUE, 'limit-burst': VALUE },
  init: () => ({ average: (SCALE * 60 * 60) / 3, burst: 5, state: null }),
  parse(data, option, value) {
    if (option === 'limit-burst') {
      const burst = parseUnsigned(value, 10000);
      if (burst === undefined) {
        return parameterProblem('limit: bad value for option "--limit-burst", or out of range (0-10000).\n');
      }
      data.burst = burst;
      return undefined;
    }
    const [amount = '', period = 'second'] = value.split('/');
    const unit = PERIODS.find(
      ([name]) =>
        period !== '' &&
        (name.startsWith(period) || `${name}ute`.startsWith(period) || `${name}ond`.startsWith(period)),
    );
    const count = parseUnsigned(amount);
    if (unit === undefined || count === undefined || count === 0) return parameterProblem(`bad rate "${value}"'`);
    if (unit[1] / count < 1) return parameterProblem(`Rate too fast "${value}"'`);
    data.average = Math.floor(unit[1] / count);
    return undefined;
  },
  save: (data) => ` --limit ${rate(data.average)}${data.burst === 5 ? '' : ` --limit-burst ${data.burst}`}`,
  list: (data) => ` limit: avg ${rate(data.average)} burst ${data.burst}`,
  matches(data, ns) {
    const cost = data.average * 100; // virtual microseconds
    const full = cost * data.burst;
    const now = ns.kernel.now;
    const state = (data.state ??= { credit: full, last: now });
    state.credit = Math.min(full, state.credit + now - state.last);
    state.last = now;
    if (state.credit < cost) return false;
    state.credit -= cost;
    return true;
  },
};

/** The largest unit in which the rate is a whole enough number. */
function rate(average: number): string {
  let at = 1;
  for (; at < PERIODS.length; at++) {
    const unit = (PERIODS[at] as readonly [string, number])[1];
    if (average > unit || Math.floor(unit / average) < unit % average) break;
  }
  const [name, unit] = PERIODS[at - 1] as readonly [string, number];
  return `${Math.floor(unit / average)}/${name}`;
}
