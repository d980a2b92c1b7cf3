/** A machine is switched off and on again: no process says goodbye, the disk stays, the kernel begins anew. */
import { z } from 'zod/mini';
import { SECOND } from '../../base/scheduler.ts';
import { faultKind, machine } from './fault.ts';

export const reboot = faultKind<{ on: string; seconds: number }>({
  name: 'reboot',
  about: 'A machine loses its power, and boots again after so many seconds.',
  params: z.strictObject({ on: machine, seconds: z._default(z.number().check(z.minimum(1), z.maximum(86_400)), 20) }),
  lasts: () => false,
  machines: ({ on }) => [[['on'], on]],
  says: ({ on }) => `reboot ${on}`,
  begin({ on, seconds }, { reboot: restart }) {
    restart(on, Math.round(seconds * SECOND));
    return () => undefined;
  },
});
