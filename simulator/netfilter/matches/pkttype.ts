/** `-m pkttype`: unicast, broadcast or multicast on the link. Mirrors libxt_pkttype.c and net/netfilter/xt_pkttype.c. */
import { BROADCAST_MAC, isGroupMac, isMulticast } from '../../base/address.ts';
import { INVERTIBLE, parameterProblem, type MatchExtension } from '../extension.ts';

interface PkttypeMatch {
  type: '' | 'unicast' | 'broadcast' | 'multicast';
  invert: boolean;
}

export const pkttypeMatch: MatchExtension<PkttypeMatch> = {
  name: 'pkttype',
  options: { 'pkt-type': INVERTIBLE },
  init: () => ({ type: '', invert: false }),
  parse(data, _option, value, invert) {
    const type = value.toLowerCase();
    if (type !== 'unicast' && type !== 'broadcast' && type !== 'multicast')
      return parameterProblem(`Bad packet type '${value}'`);
    data.type = type;
    data.invert = invert;
    return undefined;
  },
  check: (data) =>
    data.type === '' ? parameterProblem('pkttype: option "--pkt-type" must be specified\n') : undefined,
  save: (data) => `${data.invert ? ' !' : ''} --pkt-type ${data.type}`,
  list: (data) => ` PKTTYPE ${data.invert ? '!= ' : '= '}${data.type}`,
  matches(data, _ns, packet, _hook, input) {
    const mac = packet.dstMac;
    let type = 'unicast';
    if (input === null || input.kind === 'loopback') {
      // Locally made: judged by the address (xt_pkttype looks at the IP header of PACKET_LOOPBACK).
      if (isMulticast(packet.dst)) type = 'multicast';
    } else if (mac === BROADCAST_MAC) type = 'broadcast';
    else if (isGroupMac(mac)) type = 'multicast';
    return (type === data.type) !== data.invert;
  },
};
