/** `-j MARK`. Mirrors libxt_MARK.c (revision 2) and net/netfilter/xt_mark.c. */
import { CONTINUE, parameterProblem, VALUE, type TargetExtension } from '../extension.ts';
import { hex, parseMarkMask, parseUnsigned } from '../names.ts';

/** mark = (mark & ~mask) ^ value */
interface MarkData {
  value: number;
  mask: number;
  given: boolean;
}

export const markTarget: TargetExtension<MarkData> = {
  name: 'MARK',
  options: { 'set-mark': VALUE, 'set-xmark': VALUE, 'and-mark': VALUE, 'or-mark': VALUE, 'xor-mark': VALUE },
  init: () => ({ value: 0, mask: 0xffffffff, given: false }),
  parse(data, option, value) {
    if (data.given) {
      return parameterProblem('MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required');
    }
    data.given = true;
    if (option === 'set-mark' || option === 'set-xmark') {
      const mark = parseMarkMask(value);
      if (mark === undefined)
        return parameterProblem(`MARK: bad integer value for option "--${option}", or out of range.\n`);
      data.value = mark.value;
      data.mask = option === 'set-mark' ? (mark.mask | mark.value) >>> 0 : mark.mask;
      return undefined;
    }
    const bits = parseUnsigned(value);
    if (bits === undefined)
      return parameterProblem(`MARK: bad integer value for option "--${option}", or out of range.\n`);
    data.value = option === 'and-mark' ? 0 : bits;
    data.mask = option === 'and-mark' ? ~bits >>> 0 : option === 'or-mark' ? bits : 0;
    return undefined;
  },
  check: (data) =>
    data.given
      ? undefined
      : parameterProblem('MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required'),
  save: (data) => ` --set-xmark ${hex(data.value)}/${hex(data.mask)}`,
  list(data) {
    const { value, mask } = data;
    if (value === 0) return ` MARK and ${hex(~mask)}`;
    if (value === mask) return mask === 0xffffffff ? ` MARK set ${hex(value)}` : ` MARK or ${hex(value)}`;
    if (mask === 0) return ` MARK xor ${hex(value)}`;
    return mask === 0xffffffff ? ` MARK set ${hex(value)}` : ` MARK xset ${hex(value)}/${hex(mask)}`;
  },
  act(data, _ns, packet) {
    packet.mark = ((packet.mark & ~data.mask) ^ data.value) >>> 0;
    return CONTINUE;
  },
};
