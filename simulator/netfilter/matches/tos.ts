/** `-m tos` and `-m dscp`: the type-of-service octet. Mirrors libxt_tos.c, libxt_dscp.c and net/netfilter/xt_dscp.c. */
import { INVERTIBLE, parameterProblem, type MatchExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';
import { dscpClass, hexOctet, parseTos, tosName, tosText } from '../tosnames.ts';

export const tosMatch: MatchExtension<{ value: number; mask: number; invert: boolean }> = {
  name: 'tos',
  options: { tos: INVERTIBLE },
  init: () => ({ value: -1, mask: 255, invert: false }),
  parse(data, _option, value, invert) {
    const parsed = parseTos(value);
    if (parsed === undefined) return parameterProblem(`tos: bad value for option "--tos", or out of range.\n`);
    data.value = parsed.value;
    data.mask = parsed.mask;
    data.invert = invert;
    return undefined;
  },
  check: (data) => (data.value < 0 ? parameterProblem('tos: option "--tos" must be specified\n') : undefined),
  save: (data) => `${data.invert ? ' !' : ''} --tos ${tosText(data)}`,
  list: (data, numeric) =>
    ` tos match${data.invert ? '!' : ''}${(numeric ? undefined : tosName(data)) ?? tosText(data)}`,
  matches: (data, _ns, packet) => ((packet.tos & data.mask) === data.value) !== data.invert,
};

export const dscpMatch: MatchExtension<{ dscp: number; invert: boolean }> = {
  name: 'dscp',
  options: { dscp: INVERTIBLE, 'dscp-class': INVERTIBLE },
  init: () => ({ dscp: -1, invert: false }),
  parse(data, option, value, invert) {
    const dscp = option === 'dscp' ? parseUnsigned(value, 63) : dscpClass(value);
    if (dscp === undefined) {
      return parameterProblem(
        option === 'dscp'
          ? 'dscp: bad value for option "--dscp", or out of range (0-63).\n'
          : `Invalid DSCP value '${value}'\n`,
      );
    }
    data.dscp = dscp;
    data.invert = invert;
    return undefined;
  },
  check: (data) => (data.dscp < 0 ? parameterProblem('DSCP match: Parameter --dscp is required') : undefined),
  save: (data) => `${data.invert ? ' !' : ''} --dscp ${hexOctet(data.dscp)}`,
  list: (data) => ` DSCP match ${data.invert ? '!' : ''}${hexOctet(data.dscp)}`,
  matches: (data, _ns, packet) => (packet.tos >> 2 === data.dscp) !== data.invert,
};
