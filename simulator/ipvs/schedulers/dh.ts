/** Destination hashing: what goes to one virtual address comes to one server. Mirrors net/netfilter/ipvs/ip_vs_dh.c. */
import { hash32, type IpvsScheduler } from '../scheduler.ts';
import type { IpvsService, RealServer } from '../service.ts';

const BITS = 8;
const BUCKETS = 1 << BITS;

/** Buckets are dealt out one by one in list order, whatever the weight. */
function assign(service: IpvsService): void {
  const { destinations } = service;
  const buckets: (RealServer | null)[] = [];
  for (let i = 0; i < BUCKETS; i++)
    buckets.push(destinations.length > 0 ? destinations[i % destinations.length] : null);
  service.schedulerData = buckets;
}

export const dh: IpvsScheduler = {
  name: 'dh',
  init: assign,
  changed: assign,
  removed: assign,
  schedule(service, packet) {
    const server = (service.schedulerData as (RealServer | null)[])[hash32(packet.dst | 0, BITS)];
    return server?.open ? server : null;
  },
};
