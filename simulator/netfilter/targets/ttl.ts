/** `-j TTL`. Mirrors libipt_TTL.c and net/netfilter/xt_HL.c. */
import { CONTINUE, parameterProblem, VALUE, type TargetExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';

interface TtlData {
  mode: '' | 'set' | 'dec' | 'inc';
  value: number;
}

export const ttlTarget: TargetExtension<TtlData> = {
  name: 'TTL',
  tables: ['mangle'],
  options: { 'ttl-set': VALUE, 'ttl-dec': VALUE, 'ttl-inc': VALUE },
  init: () => ({ mode: '', value: 0 }),
  parse(data, option, value) {
    const number = parseUnsigned(value, 255);
    if (number === undefined)
      return parameterProblem(`TTL: bad value for option "--${option}", or out of range (0-255).\n`);
    if (data.mode !== '') return parameterProblem('TTL: only one of --ttl-set, --ttl-dec and --ttl-inc can be used');
    const mode = option.slice('ttl-'.length) as 'set' | 'dec' | 'inc';
    if (number === 0 && mode !== 'set')
      return parameterProblem(`TTL: ${mode === 'dec' ? 'decreasing' : 'increasing'} by 0?`);
    data.mode = mode;
    data.value = number;
    return undefined;
  },
  check: (data) => (data.mode === '' ? parameterProblem('TTL: You must specify an action') : undefined),
  save: (data) => ` --ttl-${data.mode} ${data.value}`,
  list(data) {
    if (data.mode === 'set') return ` TTL set to ${data.value}`;
    return ` TTL ${data.mode === 'dec' ? 'decrement' : 'increment'} by ${data.value}`;
  },
  act(data, _ns, packet) {
    const { mode, value } = data;
    if (mode === 'set') packet.ttl = value;
    else packet.ttl = mode === 'inc' ? Math.min(255, packet.ttl + value) : Math.max(0, packet.ttl - value);
    return CONTINUE;
  },
};
