/** The cable of a machine is pulled: its eth0 has no carrier, as `ip link` says at once. */
import { z } from 'zod/mini';
import { faultKind, machine } from './fault.ts';

export const linkDown = faultKind<{ on: string }>({
  name: 'link-down',
  about: 'The cable of a machine is pulled: eth0 has no carrier.',
  params: z.strictObject({ on: machine }),
  lasts: () => true,
  machines: ({ on }) => [[['on'], on]],
  says: ({ on }) => `link-down ${on}`,
  begin({ on }, { underlay, origin }) {
    underlay.unplug(on, origin);
    return () => underlay.plug(on, origin);
  },
});
