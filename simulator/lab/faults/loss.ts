/** Frames are lost on the way, each by chance, as `tc qdisc … netem loss`. */
import { z } from 'zod/mini';
import { faultKind, hang, hits, machinesOfWire, oneWire, percent, uses, wire, type Wire, wireSays } from './fault.ts';

export const loss = faultKind<Wire & { percent: number }>({
  name: 'loss',
  about: 'Frames are lost by chance, so many in a hundred.',
  params: z.strictObject({ ...wire, percent }).check(oneWire),
  lasts: () => true,
  machines: machinesOfWire,
  says: (where) => `loss ${where.percent} % ${wireSays(where)}`,
  begin: (where, field) =>
    hang(field, {
      meet(_packet, from, to, fate) {
        if (uses(where, from, to) && hits(field.random, where.percent)) fate.lost = true;
      },
    }),
});
