/** `-m ttl`. Mirrors libipt_ttl.c and net/netfilter/xt_hl.c. */
import { INVERTIBLE, parameterProblem, VALUE, type MatchExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';

interface TtlMatch {
  mode: '' | 'eq' | 'ne' | 'lt' | 'gt';
  ttl: number;
}

const SIGNS = { eq: '==', ne: '!=', lt: '<', gt: '>' } as const;

export const ttlMatch: MatchExtension<TtlMatch> = {
  name: 'ttl',
  options: { 'ttl-eq': INVERTIBLE, ttl: INVERTIBLE, 'ttl-lt': VALUE, 'ttl-gt': VALUE },
  init: () => ({ mode: '', ttl: 0 }),
  parse(data, option, value, invert) {
    const ttl = parseUnsigned(value, 255);
    if (ttl === undefined)
      return parameterProblem(`ttl: bad value for option "--${option}", or out of range (0-255).\n`);
    data.ttl = ttl;
    data.mode = option === 'ttl-lt' ? 'lt' : option === 'ttl-gt' ? 'gt' : invert ? 'ne' : 'eq';
    return undefined;
  },
  check: (data) =>
    data.mode === ''
      ? parameterProblem("TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt")
      : undefined,
  save: (data) => (data.mode === 'ne' ? ` ! --ttl-eq ${data.ttl}` : ` --ttl-${data.mode} ${data.ttl}`),
  list: (data) => (data.mode === '' ? '' : ` TTL match TTL ${SIGNS[data.mode]} ${data.ttl}`),
  matches(data, _ns, { ttl }) {
    switch (data.mode) {
      case 'eq':
        return ttl === data.ttl;
      case 'ne':
        return ttl !== data.ttl;
      case 'lt':
        return ttl < data.ttl;
      default:
        return ttl > data.ttl;
    }
  },
};
