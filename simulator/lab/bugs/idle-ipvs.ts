/** A connection to a VIP that was idle for 900 s is reset at its next byte: IPVS has forgotten it. The emulator's IPVS does so too. */
import { z } from 'zod/mini';
import { bugKind } from './bug.ts';

export const idleIpvs = bugKind<object>({
  name: 'idle-ipvs',
  issues: ['moby/moby#31208', 'moby/moby#37822', 'docker/docs#5519'],
  about: 'An idle connection by a VIP or the mesh is reset after 900 s (by itself; keepalive below 900 s helps).',
  params: z.strictObject({}),
  machines: () => [],
  when: 'first',
  begin: () => undefined,
});
