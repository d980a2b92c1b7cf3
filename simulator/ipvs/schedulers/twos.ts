/** Power of two choices: of two servers drawn by weight, the less loaded. Mirrors net/netfilter/ipvs/ip_vs_twos.c. */
import { formatIpv4 } from '../../base/address.ts';
import type { IpvsScheduler } from '../scheduler.ts';
import type { RealServer } from '../service.ts';
import { connectionOverhead } from './lc.ts';

export const twos: IpvsScheduler = {
  name: 'twos',
  schedule(service, _packet, kernel) {
    const open = service.destinations.filter((server) => server.open);
    const [last] = open.slice(-1);
    if (last === undefined) return null;
    const total = open.reduce((sum, server) => sum + server.weight, 0);
    const random = kernel.universe.random.stream('ipvs twos');
    // Inclusive of the total, so that the first server is a little more likely.
    const draw = (): RealServer => {
      let rest = random.below(total + 1);
      return open.find((server) => (rest -= server.weight) <= 0) ?? last;
    };
    const [first, second] = [draw(), draw()];
    const usual =
      second.weight * connectionOverhead(first) > first.weight * connectionOverhead(second) ? second : first;
    const { chance } = kernel.universe;
    if (chance === undefined) return usual;
    // Whichever is drawn twice is taken: all that have a weight are possible.
    const names = open.map((server) => `${formatIpv4(server.address)}:${server.port}`);
    return open[chance.drawn(names, open.indexOf(usual))];
  },
};
