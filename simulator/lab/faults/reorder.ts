/** Some frames are held back by chance and overtaken by those behind them. */
import { z } from 'zod/mini';
import { MILLISECOND } from '../../base/scheduler.ts';
import {
  faultKind,
  hang,
  hits,
  machinesOfWire,
  milliseconds,
  oneWire,
  percent,
  uses,
  wire,
  type Wire,
  wireSays,
} from './fault.ts';

export const reorder = faultKind<Wire & { percent: number; ms: number }>({
  name: 'reorder',
  about: 'So many frames in a hundred are held back for `ms`, and later ones overtake them.',
  params: z.strictObject({ ...wire, percent, ms: z._default(milliseconds, 1) }).check(oneWire),
  lasts: () => true,
  machines: machinesOfWire,
  says: (where) => `reorder ${where.percent} % ${wireSays(where)}`,
  begin: (where, field) =>
    hang(field, {
      meet(_packet, from, to, fate) {
        if (!uses(where, from, to) || !hits(field.random, where.percent)) return;
        fate.held += Math.round(where.ms * MILLISECOND);
      },
    }),
});
