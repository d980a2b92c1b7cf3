/** Never queue: the first idle server, else as sed. Mirrors net/netfilter/ipvs/ip_vs_nq.c. */
import type { IpvsScheduler } from '../scheduler.ts';
import { expectedDelay } from './sed.ts';
import { leastByWeight } from './wlc.ts';

export const nq: IpvsScheduler = {
  name: 'nq',
  schedule(service) {
    for (const server of service.destinations) if (server.open && server.activeConnections === 0) return server;
    return leastByWeight(service, expectedDelay);
  },
};
