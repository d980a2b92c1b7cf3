/** In the middle of an upgrade: machines with another engine than the scenario's do not take what the others tell of the ingress network. */
import { z } from 'zod/mini';
import { bugKind } from './bug.ts';

export const mixedVersionIngress = bugKind<object>({
  name: 'mixed-version-ingress',
  issues: ['moby/moby#35941', 'moby/moby#28493'],
  about:
    'Machines with an `engine` of their own do not hear of published ports of tasks elsewhere: they refuse (upgrading all, or leaving and joining again, helps).',
  params: z.strictObject({}),
  machines: () => [],
  when: 'first',
  begin(_params, { switches, upgraded }) {
    for (const name of upgraded) switches.add(`mixed-version-ingress ${name}`);
  },
});
