/** `-m physdev`: the bridge ports of a bridged packet. Mirrors libxt_physdev.c and net/netfilter/xt_physdev.c. */
import { INVERTIBLE, INVERTIBLE_FLAG, parameterProblem, type MatchExtension } from '../extension.ts';

interface PhysdevMatch {
  input: string;
  notInput: boolean;
  output: string;
  notOutput: boolean;
  /** undefined when not asked; otherwise the wanted answer. */
  isIn: boolean | undefined;
  isOut: boolean | undefined;
  isBridged: boolean | undefined;
}

export const physdevMatch: MatchExtension<PhysdevMatch> = {
  name: 'physdev',
  options: {
    'physdev-in': INVERTIBLE,
    'physdev-out': INVERTIBLE,
    'physdev-is-in': INVERTIBLE_FLAG,
    'physdev-is-out': INVERTIBLE_FLAG,
    'physdev-is-bridged': INVERTIBLE_FLAG,
  },
  init: () => ({
    input: '',
    notInput: false,
    output: '',
    notOutput: false,
    isIn: undefined,
    isOut: undefined,
    isBridged: undefined,
  }),
  parse(data, option, value, invert) {
    switch (option) {
      case 'physdev-in':
        data.input = value;
        data.notInput = invert;
        break;
      case 'physdev-out':
        data.output = value;
        data.notOutput = invert;
        break;
      case 'physdev-is-in':
        data.isIn = !invert;
        break;
      case 'physdev-is-out':
        data.isOut = !invert;
        break;
      default:
        data.isBridged = !invert;
    }
    return undefined;
  },
  check(data) {
    const given =
      data.input !== '' ||
      data.output !== '' ||
      data.isIn !== undefined ||
      data.isOut !== undefined ||
      data.isBridged !== undefined;
    return given ? undefined : parameterProblem('PHYSDEV: no physdev option specified');
  },
  save: (data) => words(data),
  list: (data) => ` PHYSDEV match${words(data)}`,
  matches(data, ns, packet) {
    const input = packet.physIif === 0 ? undefined : ns.devices.get(packet.physIif)?.name;
    const output = packet.physOif === 0 ? undefined : ns.devices.get(packet.physOif)?.name;
    if (data.isBridged !== undefined && (output !== undefined) !== data.isBridged) return false;
    if (data.isIn !== undefined && (input !== undefined) !== data.isIn) return false;
    if (data.isOut !== undefined && (output !== undefined) !== data.isOut) return false;
    if (data.input !== '' && (input !== undefined && named(input, data.input)) === data.notInput) return false;
    return data.output === '' || (output !== undefined && named(output, data.output)) !== data.notOutput;
  },
};

function named(name: string, pattern: string): boolean {
  return pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function words(data: PhysdevMatch): string {
  const flag = (wanted: boolean | undefined, name: string): string =>
    wanted === undefined ? '' : `${wanted ? '' : ' !'} --${name}`;
  let text = flag(data.isIn, 'physdev-is-in');
  if (data.input !== '') text += `${data.notInput ? ' !' : ''} --physdev-in ${data.input}`;
  text += flag(data.isOut, 'physdev-is-out');
  if (data.output !== '') text += `${data.notOutput ? ' !' : ''} --physdev-out ${data.output}`;
  return text + flag(data.isBridged, 'physdev-is-bridged');
}
