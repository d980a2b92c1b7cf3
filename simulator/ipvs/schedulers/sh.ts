/** Source hashing: a client always comes to the same server. Mirrors net/netfilter/ipvs/ip_vs_sh.c. */
import type { Packet } from '../../wire/packet.ts';
import { hash32, type IpvsScheduler } from '../scheduler.ts';
import type { IpvsService, RealServer } from '../service.ts';

const BITS = 8;
const BUCKETS = 1 << BITS;

/** Buckets are dealt out in list order, to each server as many in a row as its weight. */
function assign(service: IpvsService): void {
  const { destinations } = service;
  const buckets = new Array<RealServer | null>(BUCKETS).fill(null);
  let at = 0;
  let dealt = 0;
  for (let i = 0; destinations.length > 0 && i < BUCKETS; i++) {
    const server = destinations[at % destinations.length];
    buckets[i] = server;
    if (++dealt >= server.weight) {
      at++;
      dealt = 0;
    }
  }
  service.schedulerData = buckets;
}

function bucketOf(service: IpvsService, packet: Packet, offset: number): number {
  const port = service.schedulerFlags.includes('sh-port') ? packet.sport : 0;
  return (offset + hash32((port + packet.src) | 0, BITS)) % BUCKETS;
}

export const sh: IpvsScheduler = {
  name: 'sh',
  flags: ['sh-fallback', 'sh-port'],
  init: assign,
  changed: assign,
  removed: assign,
  schedule(service, packet) {
    const buckets = service.schedulerData as (RealServer | null)[];
    const first = bucketOf(service, packet, 0);
    const server = buckets[first];
    if (server === null || server.open) return server;
    if (!service.schedulerFlags.includes('sh-fallback')) return null;
    for (let offset = 0; offset < BUCKETS; offset++) {
      const other = buckets[bucketOf(service, packet, (offset + first) % BUCKETS)];
      if (other?.open) return other;
    }
    return null;
  },
};
