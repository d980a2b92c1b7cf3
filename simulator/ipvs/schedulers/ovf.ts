/** Weighted overflow: the server with the highest weight that is not full. Mirrors net/netfilter/ipvs/ip_vs_ovf.c. */
import type { IpvsScheduler } from '../scheduler.ts';
import type { RealServer } from '../service.ts';

export const ovf: IpvsScheduler = {
  name: 'ovf',
  schedule(service) {
    let highest: RealServer | null = null;
    for (const server of service.destinations) {
      if (!server.open || server.activeConnections > server.weight) continue;
      if (highest === null || server.weight > highest.weight) highest = server;
    }
    return highest;
  },
};
