/** Some machines are cut off from all others; among themselves they hear each other. */
import { z } from 'zod/mini';
import { faultKind, hang, machine } from './fault.ts';

export const partition = faultKind<{ machines: string[] }>({
  name: 'partition',
  about: 'These machines are cut off from all others, and hear each other.',
  params: z.strictObject({ machines: z.array(machine).check(z.minLength(1)) }),
  lasts: () => true,
  machines: ({ machines }) => machines.map((name, index) => [['machines', index], name] as const),
  says: ({ machines }) => `partition ${machines.join(', ')}`,
  begin({ machines }, field) {
    const side = new Set(machines);
    return hang(field, {
      meet(_packet, from, to, fate) {
        if (side.has(from.ns.kernel.host) !== side.has(to.ns.kernel.host)) fate.lost = true;
      },
    });
  },
});
