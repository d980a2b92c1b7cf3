/**
 * Frames arrive later: so many milliseconds each way, and up to `jitter` more by chance. Their order stays, which `netem` with
 * jitter does not promise; `reorder` is a fault of its own.
 */
import { z } from 'zod/mini';
import { MILLISECOND } from '../../base/scheduler.ts';
import { faultKind, hang, machinesOfWire, milliseconds, oneWire, uses, wire, type Wire, wireSays } from './fault.ts';

export const delay = faultKind<Wire & { ms: number; jitter?: number | undefined }>({
  name: 'delay',
  about: 'Frames arrive later by `ms` each way, and by chance up to `jitter` more.',
  params: z.strictObject({ ...wire, ms: milliseconds, jitter: z.optional(milliseconds) }).check(oneWire),
  lasts: () => true,
  machines: machinesOfWire,
  says: (where) => `delay ${where.ms} ms ${wireSays(where)}`,
  begin: (where, field) =>
    hang(field, {
      meet(_packet, from, to, fate) {
        if (!uses(where, from, to)) return;
        const more = where.jitter === undefined ? 0 : field.random.below(Math.round(where.jitter * MILLISECOND) + 1);
        fate.wait += Math.round(where.ms * MILLISECOND) + more;
      },
    }),
});
