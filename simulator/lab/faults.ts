/** Faults that a scenario begins with: what the wire between the machines does wrong. */
import type { WireFilter } from '../kernel/switch.ts';
import { ETH_ARP, frameLength } from '../wire/packet.ts';
import type { Scenario } from './scenario.ts';

type Fault = NonNullable<Scenario['faults']>[number];

/** Octets of an Ethernet header. */
const ETHERNET = 14;

/** The filter to hang into the switch: frames that are too long between two machines vanish, and nobody is told. */
export function wireFilter({ wire: { between, mtu } }: Fault): WireFilter {
  const pair = new Set<string>(between);
  return (packet, from, to) =>
    packet.etherType === ETH_ARP ||
    !pair.has(from.ns.kernel.host) ||
    !pair.has(to.ns.kernel.host) ||
    frameLength(packet) - ETHERNET <= mtu;
}
