/** The hypervisor below a machine uses UDP port 4789 for itself, and swallows the machine's own. */
import { z } from 'zod/mini';
import { PROTO_UDP } from '../../wire/packet.ts';
import { hang, machine } from '../faults/fault.ts';
import { bugKind } from './bug.ts';

const VXLAN = 4789;

export const vxlanPortClash = bugKind<{ on: string }>({
  name: 'vxlan-port-clash',
  issues: ['moby/moby#44551', 'moby/moby#33416'],
  about:
    "The hypervisor below a machine takes UDP 4789 for itself: overlays end at the machine's door (`swarm init --data-path-port` helps).",
  params: z.strictObject({ on: machine }),
  machines: ({ on }) => [on],
  when: 'first',
  begin: ({ on }, field) =>
    void hang(field, {
      meet(packet, from, to, fate) {
        const own = from.ns.kernel.host === on || to.ns.kernel.host === on;
        if (own && packet.protocol === PROTO_UDP && packet.dport === VXLAN) fate.lost = true;
      },
    }),
});
