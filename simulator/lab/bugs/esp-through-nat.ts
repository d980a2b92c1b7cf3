/**
 * A NAT between a machine and the others gives its ESP packets another source. The UDP checksum inside was made over the old one,
 * and no NAT can mend what it cannot read: the receiver drops it. Of what is not ESP both ends see what they would see without:
 * a NAT mends those checksums, and the nodes call each other by public addresses.
 */
import { z } from 'zod/mini';
import { parseIpv4 } from '../../base/address.ts';
import { PROTO_ESP } from '../../wire/packet.ts';
import { hang, machine } from '../faults/fault.ts';
import { bugKind } from './bug.ts';

export const espThroughNat = bugKind<{ on: string; as: string }>({
  name: 'esp-through-nat',
  issues: ['moby/moby#37115'],
  about: 'A NAT in front of a machine changes the source of its ESP: encrypted overlays are silent, plain ones work.',
  params: z.strictObject({
    on: machine,
    as: z._default(
      z.string().check(z.refine((text) => parseIpv4(text) !== undefined, 'an IPv4 address')),
      '203.0.113.7',
    ),
  }),
  machines: ({ on }) => [on],
  when: 'first',
  begin({ on, as }, field) {
    const outside = parseIpv4(as) ?? 0;
    hang(field, {
      meet(packet, from) {
        if (packet.protocol === PROTO_ESP && from.ns.kernel.host === on) packet.src = outside;
      },
    });
  },
});
