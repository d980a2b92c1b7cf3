/** Round robin: the next after the last one used. Mirrors net/netfilter/ipvs/ip_vs_rr.c. */
import type { IpvsScheduler } from '../scheduler.ts';
import type { RealServer } from '../service.ts';

/** `service.schedulerData` is the last server used; null is the list's head. */
export const rr: IpvsScheduler = {
  name: 'rr',
  init(service) {
    service.schedulerData = null;
  },
  removed(service, server, at) {
    if (service.schedulerData === server) service.schedulerData = at > 0 ? service.destinations[at - 1] : null;
  },
  schedule(service) {
    const { destinations } = service;
    const last = service.schedulerData as RealServer | null;
    const start = last === null ? -1 : destinations.indexOf(last);
    for (let step = 1; step <= destinations.length; step++) {
      const server = destinations[(start + step) % destinations.length];
      if (!server.open) continue;
      service.schedulerData = server;
      return server;
    }
    return null;
  },
};
