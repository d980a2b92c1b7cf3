/** Shortest expected delay: (active + 1) / weight. Mirrors net/netfilter/ipvs/ip_vs_sed.c. */
import type { IpvsScheduler } from '../scheduler.ts';
import type { RealServer } from '../service.ts';
import { leastByWeight } from './wlc.ts';

/** What one connection more would cost. */
export function expectedDelay(server: RealServer): number {
  return server.activeConnections + 1;
}

export const sed: IpvsScheduler = {
  name: 'sed',
  schedule: (service) => leastByWeight(service, expectedDelay),
};
