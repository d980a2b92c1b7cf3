/**
 * Locality-based least connections: a virtual address stays with its server until that is overloaded while another is
 * half idle. Mirrors net/netfilter/ipvs/ip_vs_lblc.c.
 *
 * Deviation: entries are not limited in number, and are forgotten after lblc_expiration only when they are looked at.
 */
import type { IpvsScheduler } from '../scheduler.ts';
import type { IpvsService, RealServer } from '../service.ts';
import { connectionOverhead } from './lc.ts';
import { leastByWeight } from './wlc.ts';

/** net.ipv4.vs.lblc_expiration and lblcr_expiration: a day, microseconds. */
export const LOCALITY_EXPIRATION = 24 * 3600 * 1_000_000;

/** struct ip_vs_lblc_entry */
interface Entry {
  server: RealServer;
  used: number;
}

/** is_overloaded: more active connections than weight, while another server is less than half used. */
export function overloadedBesideIdle(server: RealServer, service: IpvsService): boolean {
  if (server.activeConnections <= server.weight) return false;
  return service.destinations.some((other) => other.activeConnections * 2 < other.weight);
}

export const lblc: IpvsScheduler = {
  name: 'lblc',
  init(service) {
    service.schedulerData = new Map<number, Entry>();
  },
  schedule(service, packet, kernel) {
    const entries = service.schedulerData as Map<number, Entry>;
    const entry = entries.get(packet.dst);
    if (entry !== undefined && kernel.now - entry.used < LOCALITY_EXPIRATION) {
      entry.used = kernel.now;
      const { server } = entry;
      if (server.available && server.weight > 0 && !overloadedBesideIdle(server, service)) return server;
    }
    const server = leastByWeight(service, connectionOverhead);
    if (server !== null) entries.set(packet.dst, { server, used: kernel.now });
    return server;
  },
};
