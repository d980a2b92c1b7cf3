/** FDB and neighbour entries of an overlay are neither taken away nor replaced: an address that moved is sought at its old node. */
import { z } from 'zod/mini';
import { bugKind } from './bug.ts';

export const stalePeer = bugKind<object>({
  name: 'stale-peer',
  issues: ['moby/moby#35401', 'moby/moby#33789', 'moby/moby#31588'],
  about:
    'Forwarding entries of overlays stay when an end point goes, and are not replaced when its address comes back elsewhere (`bridge fdb replace` helps).',
  params: z.strictObject({}),
  machines: () => [],
  when: 'first',
  begin: (_params, { switches }) => void switches.add('stale-peer'),
});
