/** Weighted failover: only the server with the highest weight. Mirrors net/netfilter/ipvs/ip_vs_fo.c. */
import type { IpvsScheduler } from '../scheduler.ts';
import type { RealServer } from '../service.ts';

export const fo: IpvsScheduler = {
  name: 'fo',
  schedule(service) {
    let highest: RealServer | null = null;
    for (const server of service.destinations) {
      if (server.open && (highest === null || server.weight > highest.weight)) highest = server;
    }
    return highest;
  },
};
