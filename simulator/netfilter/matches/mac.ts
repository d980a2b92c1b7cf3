/** `-m mac`. Mirrors libxt_mac.c and net/netfilter/xt_mac.c. */
import { formatMac, parseMac } from '../../base/address.ts';
import { INVERTIBLE, parameterProblem, type MatchExtension } from '../extension.ts';

export const macMatch: MatchExtension<{ mac: number; invert: boolean }> = {
  name: 'mac',
  options: { 'mac-source': INVERTIBLE },
  init: () => ({ mac: -1, invert: false }),
  parse(data, _option, value, invert) {
    const mac = parseMac(value);
    if (mac === undefined) return parameterProblem(`mac: invalid MAC address for option "--mac-source"\n`);
    data.mac = mac;
    data.invert = invert;
    return undefined;
  },
  check: (data) => (data.mac < 0 ? parameterProblem('mac: option "--mac-source" must be specified\n') : undefined),
  save: (data) => `${data.invert ? ' !' : ''} --mac-source ${formatMac(data.mac)}`,
  list: (data) => ` MAC${data.invert ? ' !' : ''} ${formatMac(data.mac)}`,
  // Only what came in by Ethernet has such an address; a broadcast that its sender hears itself has none.
  matches: (data, _ns, packet, _hook, input) =>
    input !== null &&
    input.kind !== 'loopback' &&
    input.kind !== 'ipip' &&
    packet.srcMac !== 0 &&
    (packet.srcMac === data.mac) !== data.invert,
};
