/** `-m sctp`: ports. Mirrors libxt_sctp.c and net/netfilter/xt_sctp.c; chunks are not looked into. */
import { PROTO_SCTP } from '../../wire/packet.ts';
import { INVERTIBLE, notEmulated, type MatchExtension } from '../extension.ts';
import { listPorts, parsePortRange, savePorts, type PortsMatch } from './ports.ts';
import { portsMatch } from './tcp.ts';

export const sctpMatch: MatchExtension<PortsMatch> = {
  name: 'sctp',
  options: {
    'source-port': INVERTIBLE,
    sport: INVERTIBLE,
    'destination-port': INVERTIBLE,
    dport: INVERTIBLE,
    'chunk-types': INVERTIBLE,
  },
  init: () => ({ sportMin: 0, sportMax: 65535, notSport: false, dportMin: 0, dportMax: 65535, notDport: false }),
  parse: (data, option, value, invert) =>
    option === 'chunk-types' ? notEmulated('--chunk-types') : parsePortRange(data, option, value, invert),
  save: savePorts,
  list: (data, numeric) => ` sctp${listPorts(data, numeric)}`,
  matches: (data, _ns, packet) =>
    packet.protocol === PROTO_SCTP && packet.fragmentOffset === 0 && portsMatch(data, packet),
};
