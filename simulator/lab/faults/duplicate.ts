/** Frames arrive twice, each by chance, as `tc qdisc … netem duplicate`. */
import { z } from 'zod/mini';
import { faultKind, hang, hits, machinesOfWire, oneWire, percent, uses, wire, type Wire, wireSays } from './fault.ts';

export const duplicate = faultKind<Wire & { percent: number }>({
  name: 'duplicate',
  about: 'Frames arrive twice by chance, so many in a hundred.',
  params: z.strictObject({ ...wire, percent }).check(oneWire),
  lasts: () => true,
  machines: machinesOfWire,
  says: (where) => `duplicate ${where.percent} % ${wireSays(where)}`,
  begin: (where, field) =>
    hang(field, {
      meet(_packet, from, to, fate) {
        if (uses(where, from, to) && hits(field.random, where.percent)) fate.copies++;
      },
    }),
});
