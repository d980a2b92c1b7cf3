/** `-m multiport`. Mirrors libxt_multiport.c and net/netfilter/xt_multiport.c. */
import { PROTO_SCTP, PROTO_TCP, PROTO_UDP } from '../../wire/packet.ts';
import { INVERTIBLE, parameterProblem, type MatchExtension } from '../extension.ts';
import { portName, portNumber } from '../names.ts';

interface MultiportMatch {
  which: '' | 'sports' | 'dports' | 'ports';
  /** [first, last] pairs. */
  ranges: (readonly [number, number])[];
  invert: boolean;
}

const SLOTS = 15;

export const multiportMatch: MatchExtension<MultiportMatch> = {
  name: 'multiport',
  options: {
    'source-ports': INVERTIBLE,
    sports: INVERTIBLE,
    'destination-ports': INVERTIBLE,
    dports: INVERTIBLE,
    ports: INVERTIBLE,
  },
  init: () => ({ which: '', ranges: [], invert: false }),
  parse(data, option, value, invert, context) {
    const protocol = context.notProtocol ? 0 : context.protocol;
    if (
      protocol !== PROTO_TCP &&
      protocol !== PROTO_UDP &&
      protocol !== PROTO_SCTP &&
      protocol !== 136 &&
      protocol !== 33
    ) {
      return parameterProblem("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
    }
    if (data.which !== '') return parameterProblem('multiport can only have one option');
    let slots = 0;
    for (const word of value.split(',')) {
      const [first = '', last] = word.split(':');
      const min = portNumber(first);
      const max = last === undefined ? min : portNumber(last);
      if (min === undefined) return parameterProblem(`invalid port/service \`${first}' specified`);
      if (max === undefined) return parameterProblem(`invalid port/service \`${last}' specified`);
      if (last !== undefined && min >= max) return parameterProblem('invalid portrange specified');
      slots += last === undefined ? 1 : 2;
      if (slots > SLOTS) return parameterProblem('too many ports specified');
      data.ranges.push([min, max]);
    }
    data.which =
      option === 'source-ports'
        ? 'sports'
        : option === 'destination-ports'
          ? 'dports'
          : (option as MultiportMatch['which']);
    data.invert = invert;
    return undefined;
  },
  check: (data) => (data.which === '' ? parameterProblem('multiport expection an option') : undefined),
  save: (data) => `${data.invert ? ' !' : ''} --${data.which} ${ranges(data, true)}`,
  list: (data, numeric) => ` multiport ${data.which} ${data.invert ? ' !' : ''}${ranges(data, numeric)}`,
  matches(data, _ns, packet) {
    if (packet.fragmentOffset !== 0) return false;
    const { sport, dport } = packet;
    let hit = false;
    for (const [min, max] of data.ranges) {
      if (
        (data.which !== 'dports' && sport >= min && sport <= max) ||
        (data.which !== 'sports' && dport >= min && dport <= max)
      ) {
        hit = true;
        break;
      }
    }
    return hit !== data.invert;
  },
};

function ranges(data: MultiportMatch, numeric: boolean): string {
  return data.ranges
    .map(([min, max]) => (min === max ? portName(min, numeric) : `${portName(min, numeric)}:${portName(max, numeric)}`))
    .join(',');
}
