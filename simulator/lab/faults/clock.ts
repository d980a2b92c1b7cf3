/** The clock on a machine's wall jumps, as when NTP or a hypervisor sets it. Timers of the kernel run on. */
import { z } from 'zod/mini';
import { SECOND } from '../../base/scheduler.ts';
import { faultKind, machine } from './fault.ts';

export const clock = faultKind<{ on: string; seconds: number }>({
  name: 'clock',
  about: "A machine's clock jumps by so many seconds, forward or (below 0) back.",
  params: z.strictObject({ on: machine, seconds: z.number().check(z.minimum(-1e9), z.maximum(1e9)) }),
  lasts: () => true,
  machines: ({ on }) => [[['on'], on]],
  says: ({ on, seconds }) => `clock ${seconds > 0 ? '+' : ''}${seconds} s ${on}`,
  begin({ on, seconds }, { host }) {
    const jump = Math.round(seconds * SECOND);
    host(on).adjustClock(jump);
    return () => host(on).adjustClock(-jump);
  },
});
