/**
 * `-m ipvs`: has IPVS to do with this packet? Mirrors libxt_ipvs.c and net/netfilter/xt_ipvs.c.
 * Known here is the property of the packet (skb->ipvs_property), so the options about its connection are refused.
 */
import {
  INVERTIBLE,
  INVERTIBLE_FLAG,
  notEmulated,
  parameterProblem,
  VALUE,
  type MatchExtension,
} from '../extension.ts';

export const ipvsMatch: MatchExtension<{ given: boolean; invert: boolean }> = {
  name: 'ipvs',
  options: {
    ipvs: INVERTIBLE_FLAG,
    vproto: INVERTIBLE,
    vaddr: INVERTIBLE,
    vport: INVERTIBLE,
    vdir: VALUE,
    vmethod: INVERTIBLE,
    vportctl: INVERTIBLE,
  },
  init: () => ({ given: false, invert: false }),
  parse(data, option, _value, invert) {
    if (option !== 'ipvs') return notEmulated(`--${option}`);
    data.given = true;
    data.invert = invert;
    return undefined;
  },
  check: (data) => (data.given ? undefined : parameterProblem('IPVS: At least one option is required')),
  save: (data) => `${data.invert ? ' !' : ''} --ipvs`,
  // libxt_ipvs prints nothing more for the bare property when inverted either.
  list: (data) => `${data.invert ? ' !' : ''} ipvs`,
  matches: (data, _ns, packet) => packet.ipvs !== data.invert,
};
