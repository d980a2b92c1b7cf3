/**
 * A new connection: the service's scheduler chooses, a connection is made. Mirrors ip_vs_schedule and
 * ip_vs_sched_persist (net/netfilter/ipvs/ip_vs_core.c).
 *
 * Deviation: no helpers (FTP) and no persistence engines.
 */
import { PROTO_UDP, type Packet } from '../wire/packet.ts';
import { IpvsConnection, PROTO_TEMPLATE } from './connection.ts';
import type { IpvsService, RealServer } from './service.ts';
import type { IpvsState } from './state.ts';

/** The connection for the first packet of a conversation; null when no server is open. */
export function schedule(state: IpvsState, service: IpvsService, packet: Packet): IpvsConnection | null {
  if (service.persistence > 0) return schedulePersistent(state, service, packet);
  // Port 0 needs persistence, or nobody would know which ports belong together.
  if (service.fwmark === 0 && packet.dport !== service.port) return null;
  const server = service.scheduler.schedule(service, packet, state.ns.kernel);
  if (server === null) return null;
  return connect(state, service, server, packet, server.port === 0 ? packet.dport : server.port, null);
}

function schedulePersistent(state: IpvsState, service: IpvsService, packet: Packet): IpvsConnection | null {
  const network = (packet.src & service.netmask) >>> 0;
  const exact = service.fwmark === 0 && packet.dport === service.port;
  const protocol = service.fwmark !== 0 ? PROTO_TEMPLATE : packet.protocol;
  const address = service.fwmark !== 0 ? service.fwmark : packet.dst;
  const port = exact ? packet.dport : 0;
  let template = state.connections.findTemplate(protocol, network, address, port);
  if (template !== null && !templateHolds(state, template)) {
    state.removeConnection(template);
    template = null;
  }
  if (template === null) {
    const server = service.scheduler.schedule(service, packet, state.ns.kernel);
    if (server === null) return null;
    template = new IpvsConnection({
      protocol,
      clientAddress: network,
      clientPort: 0,
      virtualAddress: address,
      virtualPort: port,
      realPort: exact ? server.port : 0,
      server,
      template: true,
      onePacket: false,
      conntrack: false,
      timeout: service.persistence * 1_000_000,
    });
    state.addConnection(template);
  }
  const { server } = template;
  const realPort = packet.dport === service.port && server.port !== 0 ? server.port : packet.dport;
  const connection = connect(state, service, server, packet, realPort, template);
  state.touch(template);
  return connection;
}

/** ip_vs_check_template: false when its server is gone, or quiet and such templates are not kept. */
function templateHolds(state: IpvsState, template: IpvsConnection): boolean {
  const { server } = template;
  return server.available && !(state.knobs.expire_quiescent_template !== 0 && server.weight === 0);
}

function connect(
  state: IpvsState,
  service: IpvsService,
  server: RealServer,
  packet: Packet,
  realPort: number,
  template: IpvsConnection | null,
): IpvsConnection {
  const connection = new IpvsConnection({
    protocol: packet.protocol,
    clientAddress: packet.src,
    clientPort: packet.sport,
    virtualAddress: packet.dst,
    virtualPort: packet.dport,
    realPort,
    server,
    template: false,
    onePacket: service.onePacket && packet.protocol === PROTO_UDP,
    conntrack: state.knobs.conntrack !== 0,
    timeout: 0,
  });
  if (template !== null) {
    connection.control = template;
    template.controlled++;
  }
  state.addConnection(connection);
  const now = state.ns.kernel.now;
  server.stats.countConnection(now);
  service.stats.countConnection(now);
  state.stats.countConnection(now);
  return connection;
}
