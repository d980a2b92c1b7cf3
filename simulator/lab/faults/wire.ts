/** The wire carries less than the NICs believe: longer packets vanish without an answer, as in a tunnel of a provider. */
import { z } from 'zod/mini';
import { ETH_ARP, frameLength } from '../../wire/packet.ts';
import { faultKind, hang, machinesOfWire, oneWire, uses, wire as where, type Wire, wireSays } from './fault.ts';

/** Octets of an Ethernet header. */
const ETHERNET = 14;

export const wire = faultKind<Wire & { mtu: number }>({
  name: 'wire',
  about: 'Frames with more octets of IP than `mtu` vanish, both ways, without an answer.',
  params: z.strictObject({ ...where, mtu: z.number().check(z.int(), z.minimum(68), z.maximum(9000)) }).check(oneWire),
  lasts: () => true,
  machines: machinesOfWire,
  says: (at) => `wire mtu ${at.mtu} ${wireSays(at)}`,
  begin: (at, field) =>
    hang(field, {
      meet(packet, from, to, fate) {
        if (packet.etherType !== ETH_ARP && uses(at, from, to) && frameLength(packet) - ETHERNET > at.mtu)
          fate.lost = true;
      },
    }),
});
