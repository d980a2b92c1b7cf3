/** `-m state`: the short, old form of conntrack --ctstate. Mirrors libxt_conntrack.c's state alias. */
import { INVERTIBLE, parameterProblem, type MatchExtension } from '../extension.ts';
import { parseStates, stateBit, stateNames } from './conntrack.ts';

const ALLOWED = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED'] as const;

export const stateMatch: MatchExtension<{ states: number; invert: boolean }> = {
  name: 'state',
  conntrack: true,
  options: { state: INVERTIBLE },
  init: () => ({ states: 0, invert: false }),
  parse(data, _option, value, invert) {
    const bits = parseStates(value, 'state', ALLOWED);
    if (typeof bits !== 'number') return bits;
    data.states = bits;
    data.invert = invert;
    return undefined;
  },
  check: (data) => (data.states === 0 ? parameterProblem('state: option "--state" must be specified\n') : undefined),
  save: (data) => `${data.invert ? ' !' : ''} --state ${stateNames(data.states)}`,
  list: (data) => `${data.invert ? ' !' : ''} state ${stateNames(data.states)}`,
  matches: (data, _ns, packet) => ((stateBit(packet) & data.states) !== 0) !== data.invert,
};
