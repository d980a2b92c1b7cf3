/** `-m connmark`. Mirrors libxt_connmark.c and net/netfilter/xt_connmark.c. */
import { entryOf } from '../conntrack/core.ts';
import { INVERTIBLE, parameterProblem, type MatchExtension } from '../extension.ts';
import { markText, parseMark, saveMark, type MarkMatch } from './mark.ts';

export const connmarkMatch: MatchExtension<MarkMatch> = {
  name: 'connmark',
  options: { mark: INVERTIBLE },
  conntrack: true,
  init: () => ({ mark: 0, mask: 0xffffffff, invert: false, given: false }),
  parse: (data, _option, value, invert) => parseMark('connmark', data, value, invert),
  check: (data) => (data.given ? undefined : parameterProblem('connmark: option "--mark" must be specified\n')),
  save: saveMark,
  list: (data) => ` connmark match ${data.invert ? '!' : ''} ${markText(data)}`,
  matches(data, _ns, packet) {
    const entry = entryOf(packet);
    return entry !== null && ((entry.mark & data.mask) >>> 0 === data.mark) !== data.invert;
  },
};
