/** `-m length`: of the IP packet. Mirrors libxt_length.c and net/netfilter/xt_length.c. */
import { ipLength } from '../../wire/packet.ts';
import { INVERTIBLE, parameterProblem, type MatchExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';

export const lengthMatch: MatchExtension<{ min: number; max: number; invert: boolean }> = {
  name: 'length',
  options: { length: INVERTIBLE },
  init: () => ({ min: -1, max: -1, invert: false }),
  parse(data, _option, value, invert) {
    const [first = '', last] = value.split(':');
    const min = parseUnsigned(first === '' && last !== undefined ? '0' : first, 65535);
    const max = last === undefined ? min : last === '' ? 65535 : parseUnsigned(last, 65535);
    if (min === undefined || max === undefined) {
      return parameterProblem('length: bad value for option "--length", or out of range (0-65535).\n');
    }
    data.min = min;
    data.max = max;
    data.invert = invert;
    return undefined;
  },
  check: (data) => (data.min < 0 ? parameterProblem('length: option "--length" must be specified\n') : undefined),
  save: (data) => `${data.invert ? ' !' : ''} --length ${range(data)}`,
  list: (data) => ` length ${data.invert ? '!' : ''}${range(data)}`,
  matches(data, _ns, packet) {
    const length = ipLength(packet);
    return (length >= data.min && length <= data.max) !== data.invert;
  },
};

function range({ min, max }: { readonly min: number; readonly max: number }): string {
  return min === max ? String(min) : `${min}:${max}`;
}
