/** `-m udp`: ports. Mirrors libxt_udp.c and net/netfilter/xt_tcpudp.c. */
import { PROTO_UDP } from '../../wire/packet.ts';
import { INVERTIBLE, type MatchExtension } from '../extension.ts';
import { listPorts, parsePortRange, savePorts } from './ports.ts';
import { portsMatch, type TcpMatch } from './tcp.ts';

export const udpMatch: MatchExtension<TcpMatch> = {
  name: 'udp',
  options: { 'source-port': INVERTIBLE, sport: INVERTIBLE, 'destination-port': INVERTIBLE, dport: INVERTIBLE },
  // The flags stay neutral: one shape for both, as a rule compares both alike.
  init: () => ({
    sportMin: 0,
    sportMax: 65535,
    notSport: false,
    dportMin: 0,
    dportMax: 65535,
    notDport: false,
    flagsMask: 0,
    flagsValue: 0,
    notFlags: false,
    option: 0,
  }),
  parse: parsePortRange,
  save: savePorts,
  list: (data, numeric) => ` udp${listPorts(data, numeric)}`,
  matches: (data, _ns, packet) =>
    packet.protocol === PROTO_UDP && packet.fragmentOffset === 0 && portsMatch(data, packet),
};
