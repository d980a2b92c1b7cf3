/** Round robin: the next after the last one used. Mirrors net/netfilter/ipvs/ip_vs_rr.c. */
import { formatIpv4 } from '../../base/address.ts';
import type { Chance } from '../../base/chance.ts';
import type { IpvsScheduler } from '../scheduler.ts';
import type { IpvsService, RealServer } from '../service.ts';

/** Servers that stood in a list when a connection came: their place is known. */
const met = new WeakSet<RealServer>();

const nameOf = ({ address, port }: RealServer): string => `${formatIpv4(address)}:${port}`;

/** Those that have come since the last connection may have come in another order in a real run. */
function arrange({ destinations, schedulerData }: IpvsService, chance: Chance): void {
  const places = destinations.flatMap((server, place) => (met.has(server) ? [] : [place]));
  for (const place of places) met.add(destinations[place] as RealServer);
  if (places.length < 2) return;
  const next = (destinations.indexOf(schedulerData as RealServer) + 1) % destinations.length;
  const order = chance.arrived(destinations.map(nameOf), places, next);
  const servers = order?.map((place) => destinations[place] as RealServer);
  servers?.forEach((server, i) => (destinations[places[i] as number] = server));
}

/** `service.schedulerData` is the last server used; null is the list's head. */
export const rr: IpvsScheduler = {
  name: 'rr',
  init(service) {
    service.schedulerData = null;
  },
  removed(service, server, at) {
    if (service.schedulerData === server) service.schedulerData = at > 0 ? service.destinations[at - 1] : null;
  },
  schedule(service, _packet, kernel) {
    const { destinations } = service;
    const { chance } = kernel.universe;
    if (chance !== undefined) arrange(service, chance);
    const last = service.schedulerData as RealServer | null;
    const start = last === null ? -1 : destinations.indexOf(last);
    for (let step = 1; step <= destinations.length; step++) {
      const server = destinations[(start + step) % destinations.length];
      if (!server.open) continue;
      service.schedulerData = server;
      chance?.turned(nameOf(server));
      return server;
    }
    return null;
  },
};
