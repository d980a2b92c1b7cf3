/** `-j TOS` and `-j DSCP`: the type-of-service octet. Mirrors libxt_TOS.c, libxt_DSCP.c and net/netfilter/xt_DSCP.c. */
import { CONTINUE, parameterProblem, VALUE, type TargetExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';
import { dscpClass, hexOctet, parseTos, tosName, tosText } from '../tosnames.ts';

/** tos = (tos & ~mask) ^ value */
interface TosData {
  value: number;
  mask: number;
  given: boolean;
}

export const tosTarget: TargetExtension<TosData> = {
  name: 'TOS',
  tables: ['mangle'],
  options: { 'set-tos': VALUE, 'and-tos': VALUE, 'or-tos': VALUE, 'xor-tos': VALUE },
  init: () => ({ value: 0, mask: 255, given: false }),
  parse(data, option, value) {
    if (data.given) return parameterProblem('TOS: An action is already specified');
    data.given = true;
    const parsed = option === 'set-tos' ? parseTos(value) : undefined;
    const bits = option === 'set-tos' ? 0 : parseUnsigned(value, 255);
    if (bits === undefined || (option === 'set-tos' && parsed === undefined))
      return parameterProblem(`TOS: bad value for option "--${option}", or out of range (0-255).\n`);
    if (parsed !== undefined) Object.assign(data, parsed);
    else {
      data.value = option === 'and-tos' ? 0 : bits;
      data.mask = option === 'and-tos' ? ~bits & 255 : option === 'or-tos' ? bits : 0;
    }
    return undefined;
  },
  check: (data) => (data.given ? undefined : parameterProblem('TOS: An action is required')),
  save: (data) => ` --set-tos ${tosText(data)}`,
  list(data, numeric) {
    if (numeric) return ` TOS set ${tosText(data)}`;
    const name = tosName(data);
    if (name !== undefined) return ` TOS set ${name}`;
    if (data.value === data.mask) return ` TOS or ${hexOctet(data.value)}`;
    return data.mask === 0 ? ` TOS xor ${hexOctet(data.value)}` : ` TOS set ${tosText(data)}`;
  },
  act(data, _ns, packet) {
    packet.tos = (packet.tos & ~data.mask & 255) ^ data.value;
    return CONTINUE;
  },
};

export const dscpTarget: TargetExtension<{ dscp: number }> = {
  name: 'DSCP',
  tables: ['mangle'],
  options: { 'set-dscp': VALUE, 'set-dscp-class': VALUE },
  init: () => ({ dscp: -1 }),
  parse(data, option, value) {
    const dscp = option === 'set-dscp' ? parseUnsigned(value, 63) : dscpClass(value);
    if (dscp === undefined)
      return parameterProblem(
        option === 'set-dscp'
          ? 'DSCP: bad value for option "--set-dscp", or out of range (0-63).\n'
          : `Invalid DSCP value '${value}'\n`,
      );
    data.dscp = dscp;
    return undefined;
  },
  check: (data) => (data.dscp < 0 ? parameterProblem('DSCP target: Parameter --set-dscp is required') : undefined),
  save: (data) => ` --set-dscp ${hexOctet(data.dscp)}`,
  list: (data) => ` DSCP set ${hexOctet(data.dscp)}`,
  act(data, _ns, packet) {
    packet.tos = (packet.tos & 3) | (data.dscp << 2);
    return CONTINUE;
  },
};
