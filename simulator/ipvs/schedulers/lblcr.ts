/**
 * Locality-based least connections with replication: a virtual address has a set of servers, which grows while they are
 * overloaded and loses its busiest when it has been quiet. Mirrors net/netfilter/ipvs/ip_vs_lblcr.c.
 *
 * Deviation: as of lblc.ts.
 */
import type { IpvsScheduler } from '../scheduler.ts';
import type { RealServer } from '../service.ts';
import { LOCALITY_EXPIRATION, overloadedBesideIdle } from './lblc.ts';
import { connectionOverhead } from './lc.ts';
import { leastByWeight } from './wlc.ts';

/** struct ip_vs_lblcr_entry with its ip_vs_dest_set; the newest server first. */
interface Entry {
  servers: RealServer[];
  used: number;
  /** When a server joined or left last. */
  modified: number;
}

/** ip_vs_dest_set_min */
function leastOf(servers: readonly RealServer[]): RealServer | null {
  let least: RealServer | null = null;
  for (const server of servers) {
    if (server.overloaded || !server.available) continue;
    if (least === null) {
      if (server.weight > 0) least = server;
    } else if (connectionOverhead(least) * server.weight > connectionOverhead(server) * least.weight) least = server;
  }
  return least;
}

/** ip_vs_dest_set_max */
function mostOf(servers: readonly RealServer[]): RealServer | null {
  let most: RealServer | null = null;
  for (const server of servers) {
    if (server.weight <= 0) continue;
    if (most === null || connectionOverhead(most) * server.weight < connectionOverhead(server) * most.weight)
      most = server;
  }
  return most;
}

export const lblcr: IpvsScheduler = {
  name: 'lblcr',
  init(service) {
    service.schedulerData = new Map<number, Entry>();
  },
  schedule(service, packet, kernel) {
    const entries = service.schedulerData as Map<number, Entry>;
    const { now } = kernel;
    const entry = entries.get(packet.dst);
    if (entry === undefined || now - entry.used >= LOCALITY_EXPIRATION) {
      const server = leastByWeight(service, connectionOverhead);
      if (server !== null) entries.set(packet.dst, { servers: [server], used: now, modified: now });
      return server;
    }
    entry.used = now;
    const own = leastOf(entry.servers);
    if (entry.servers.length > 1 && now - entry.modified > LOCALITY_EXPIRATION) {
      const busiest = mostOf(entry.servers);
      entry.servers = entry.servers.filter((server) => server !== busiest);
      entry.modified = now;
    }
    if (own !== null && !overloadedBesideIdle(own, service)) return own;
    const server = leastByWeight(service, connectionOverhead);
    if (server !== null && !entry.servers.includes(server)) {
      entry.servers.unshift(server);
      entry.modified = now;
    }
    return server;
  },
};
