/** `-m statistic`: every n-th, or some at random. Mirrors libxt_statistic.c and net/netfilter/xt_statistic.c. */
import { INVERTIBLE, parameterProblem, VALUE, type MatchExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';

interface StatisticMatch {
  mode: '' | 'random' | 'nth';
  probability: number;
  every: number;
  packet: number;
  invert: boolean;
  /** Packets seen since the last hit, of nth; set up by the first. */
  counter: { value: number } | null;
}

export const statisticMatch: MatchExtension<StatisticMatch> = {
  name: 'statistic',
  options: { mode: VALUE, probability: INVERTIBLE, every: INVERTIBLE, packet: VALUE },
  init: () => ({ mode: '', probability: 0, every: 0, packet: 0, invert: false, counter: null }),
  parse(data, option, value, invert) {
    switch (option) {
      case 'mode':
        if (value !== 'random' && value !== 'nth') return parameterProblem(`Bad mode "${value}"`);
        data.mode = value;
        return undefined;
      case 'probability': {
        const probability = Number(value);
        if (!(probability >= 0 && probability <= 1)) {
          return parameterProblem('statistic: bad value for option "--probability", or out of range (0-1).\n');
        }
        data.probability = probability;
        data.invert = invert;
        return undefined;
      }
      case 'every': {
        const every = parseUnsigned(value);
        if (every === undefined || every === 0)
          return parameterProblem('statistic: bad value for option "--every", or out of range.\n');
        data.every = every;
        data.invert = invert;
        return undefined;
      }
      default: {
        const packet = parseUnsigned(value);
        if (packet === undefined)
          return parameterProblem('statistic: bad value for option "--packet", or out of range.\n');
        data.packet = packet;
        return undefined;
      }
    }
  },
  check(data) {
    if (data.mode === '') return parameterProblem('statistic: option "--mode" must be specified\n');
    if (data.mode === 'random' && data.probability === 0)
      return parameterProblem('--probability must be specified when using random mode');
    if (data.mode === 'nth' && data.every === 0)
      return parameterProblem('--every must be specified when using nth mode');
    if (data.mode === 'nth' && data.packet >= data.every) {
      return parameterProblem(`the --packet p must be 0 <= p <= n-1`);
    }
    return undefined;
  },
  save(data) {
    const not = data.invert ? ' !' : '';
    if (data.mode === 'random') return ` --mode random${not} --probability ${data.probability.toFixed(11)}`;
    return ` --mode nth${not} --every ${data.every} --packet ${data.packet}`;
  },
  list(data) {
    const not = data.invert ? ' !' : '';
    if (data.mode === 'random') return ` statistic mode random${not} probability ${data.probability.toFixed(11)}`;
    return ` statistic mode nth${not} every ${data.every}${data.packet === 0 ? '' : ` packet ${data.packet}`}`;
  },
  matches(data, ns) {
    if (data.mode === 'random') {
      const draw = ns.kernel.universe.random.stream('netfilter-statistic').uint32() / 4294967296;
      return draw < data.probability !== data.invert;
    }
    const counter = (data.counter ??= { value: data.every - 1 - data.packet });
    counter.value++;
    if (counter.value < data.every) return data.invert;
    counter.value = 0;
    return !data.invert;
  },
};
