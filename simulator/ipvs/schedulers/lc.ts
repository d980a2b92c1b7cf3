/** Least connections. Mirrors net/netfilter/ipvs/ip_vs_lc.c. */
import type { IpvsScheduler } from '../scheduler.ts';
import type { RealServer } from '../service.ts';

/** ip_vs_dest_conn_overhead: an active connection weighs as much as 256 inactive ones. */
export function connectionOverhead(server: RealServer): number {
  return server.activeConnections * 256 + server.inactiveConnections;
}

export const lc: IpvsScheduler = {
  name: 'lc',
  schedule(service) {
    let least: RealServer | null = null;
    let overhead = 0;
    for (const server of service.destinations) {
      if (!server.open) continue;
      const own = connectionOverhead(server);
      if (least !== null && own >= overhead) continue;
      least = server;
      overhead = own;
    }
    return least;
  },
};
