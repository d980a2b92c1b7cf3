/** Weighted least connections, the default. Mirrors net/netfilter/ipvs/ip_vs_wlc.c. */
import type { IpvsScheduler } from '../scheduler.ts';
import type { IpvsService, RealServer } from '../service.ts';
import { connectionOverhead } from './lc.ts';

/** The open server with the least overhead per weight; of equal ones the first in the list. */
export function leastByWeight(service: IpvsService, overheadOf: (server: RealServer) => number): RealServer | null {
  let least: RealServer | null = null;
  let overhead = 0;
  for (const server of service.destinations) {
    if (!server.open) continue;
    const own = overheadOf(server);
    if (least !== null && overhead * server.weight <= own * least.weight) continue;
    least = server;
    overhead = own;
  }
  return least;
}

export const wlc: IpvsScheduler = {
  name: 'wlc',
  schedule: (service) => leastByWeight(service, connectionOverhead),
};
