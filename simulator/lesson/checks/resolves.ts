/** resolves: a name has addresses, as a container (or a machine) sees it. */
import { z } from 'zod/mini';
import { kind } from '../finding.ts';
import { missing, run } from '../look.ts';
import { hostOf, place } from '../place.ts';

export const resolves = kind<{ from: string; name: string; to?: string[] | undefined; never?: boolean | undefined }>({
  name: 'resolves',
  about: 'A name resolves where a container stands; `never: true` when it must not.',
  params: () =>
    z.strictObject({
      from: place,
      name: z.string(),
      /** All its addresses; any address when not given. */
      to: z.optional(z.array(z.string())),
      never: z.optional(z.boolean()),
    }),
  *run({ from, name, to, never = false }, scope) {
    const world = yield* scope.world(true);
    const gone = yield* missing(world, [from]);
    if (gone !== undefined) return gone;
    const [, kindOfPlace, container] = from.split('/');
    const [on, command] =
      kindOfPlace === 'container'
        ? [hostOf(from), `docker exec $(docker ps -q -f name=${container} | head -1) nslookup ${name}`]
        : [from, `getent ahostsv4 ${name}`];
    const execution = yield* run(world, on, command);
    const addresses = addressesOf(execution.stdout, kindOfPlace === 'container');
    const found = addresses.join(' ');
    const common = { expected: to?.join(' ') ?? '', found, values: { from, name }, look: { on, command } };
    if (never) {
      const resolved = addresses.length > 0;
      return {
        ...common,
        level: resolved ? 'fail' : 'pass',
        code: resolved ? 'resolves.unwanted' : 'resolves.nothing',
      };
    }
    if (addresses.length === 0) return { ...common, level: 'fail', code: 'resolves.unknown' };
    const right = to === undefined || [...to].sort().join(' ') === [...addresses].sort().join(' ');
    return { ...common, level: right ? 'pass' : 'fail', code: right ? 'resolves.found' : 'resolves.other' };
  },
});

/** IPv4 addresses of an answer: of nslookup those after the server's own. */
function addressesOf(text: string, nslookup: boolean): string[] {
  const answer = nslookup ? text.slice(text.indexOf('\n\n')) : text;
  return [...new Set([...answer.matchAll(/\b\d+\.\d+\.\d+\.\d+\b/g)].map(([address]) => address))];
}
