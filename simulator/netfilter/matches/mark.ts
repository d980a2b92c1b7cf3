/** `-m mark`. Mirrors libxt_mark.c and net/netfilter/xt_mark.c. */
import { INVERTIBLE, parameterProblem, type MatchExtension } from '../extension.ts';
import { hex, parseMarkMask } from '../names.ts';

export interface MarkMatch {
  mark: number;
  mask: number;
  invert: boolean;
  given: boolean;
}

/** ` --mark 0x100` or with its mask. */
export function saveMark(data: MarkMatch): string {
  return `${data.invert ? ' !' : ''} --mark ${markText(data)}`;
}

export function markText(data: MarkMatch): string {
  return data.mask === 0xffffffff ? hex(data.mark) : `${hex(data.mark)}/${hex(data.mask)}`;
}

/** Parses `--mark VALUE[/MASK]` for the match called `name`. */
export function parseMark(
  name: string,
  data: MarkMatch,
  value: string,
  invert: boolean,
): ReturnType<MatchExtension['parse']> {
  const mark = parseMarkMask(value);
  if (mark === undefined) return parameterProblem(`${name}: bad integer value for option "--mark", or out of range.\n`);
  data.mark = mark.value;
  data.mask = mark.mask;
  data.invert = invert;
  data.given = true;
  return undefined;
}

export const markMatch: MatchExtension<MarkMatch> = {
  name: 'mark',
  options: { mark: INVERTIBLE },
  init: () => ({ mark: 0, mask: 0xffffffff, invert: false, given: false }),
  parse: (data, _option, value, invert) => parseMark('mark', data, value, invert),
  check: (data) => (data.given ? undefined : parameterProblem('mark: option "--mark" must be specified\n')),
  save: saveMark,
  list: (data) => ` mark match ${data.invert ? '! ' : ''}${markText(data)}`,
  matches: (data, _ns, packet) => ((packet.mark & data.mask) >>> 0 === data.mark) !== data.invert,
};
