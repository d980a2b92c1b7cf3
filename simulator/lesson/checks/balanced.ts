/** balanced: requests are shared among so many servers, each of which answers with its own name. */
import { z } from 'zod/mini';
import { kind } from '../finding.ts';
import { missing, run } from '../look.ts';
import { place } from '../place.ts';
import { outcome } from '../probe.ts';

export const balanced = kind<{ from: string; url: string; over: number; requests?: number | undefined }>({
  name: 'balanced',
  about: 'Requests are shared evenly among a number of servers that answer with their names.',
  params: () =>
    z.strictObject({
      from: place,
      url: z.string(),
      /** How many servers. */
      over: z.number().check(z.int(), z.minimum(1)),
      /** How many requests; two for each server when not given. */
      requests: z.optional(z.number().check(z.int(), z.minimum(1), z.maximum(100))),
    }),
  *run({ from, url, over, requests = 2 * over }, scope) {
    const world = yield* scope.world(true);
    const gone = yield* missing(world, [from]);
    if (gone !== undefined) return gone;
    const tally = new Map<string, number>();
    const common = { expected: `${over}`, values: { from, url, requests }, look: { on: from, command: `curl ${url}` } };
    for (let i = 0; i < requests; i++) {
      const execution = yield* run(world, from, `curl -sS --max-time 3 ${url}`);
      if (execution.exit !== 0) return { ...common, level: 'fail', code: 'balanced.silent', found: outcome(execution) };
      const name = execution.stdout.trim();
      tally.set(name, (tally.get(name) ?? 0) + 1);
    }
    const shares = [...tally.values()];
    const found = `${tally.size}: ${shares.join('/')}`;
    if (tally.size !== over) return { ...common, level: 'fail', code: 'balanced.servers', found };
    const even = Math.max(...shares) - Math.min(...shares) <= 1;
    return { ...common, level: even ? 'pass' : 'fail', code: even ? 'balanced.even' : 'balanced.uneven', found };
  },
});
