/** route, neighbour, fdb, conntrack: what stands in the kernel's tables, as `ip`, `bridge` and `conntrack` print it. */
import { z } from 'zod/mini';
import { type Finding, kind } from '../finding.ts';
import { json, missing, run } from '../look.ts';
import { place } from '../place.ts';

interface RouteParams {
  at: string;
  to: string;
  from?: string | undefined;
  iif?: string | undefined;
  mark?: number | undefined;
  via?: string | undefined;
  dev?: string | undefined;
  table?: string | undefined;
}

export const route = kind<RouteParams>({
  name: 'route',
  about: 'The kernel would send a packet for this address by this next hop and device (`ip route get`).',
  params: () =>
    z.strictObject({
      at: place,
      to: z.string(),
      from: z.optional(z.string()),
      iif: z.optional(z.string()),
      mark: z.optional(z.number()),
      via: z.optional(z.string()),
      dev: z.optional(z.string()),
      table: z.optional(z.string()),
    }),
  *run({ at, to, from, iif, mark, via, dev, table }, scope) {
    const world = yield* scope.world(false);
    const gone = yield* missing(world, [at]);
    if (gone !== undefined) return gone;
    const words = [to, from && `from ${from}`, iif && `iif ${iif}`, mark !== undefined && `mark ${mark}`];
    const command = `ip route get ${words.filter((word) => typeof word === 'string').join(' ')}`;
    const { stderr, stdout, exit } = yield* run(world, at, command);
    const [got] = yield* json<{ gateway?: string; dev?: string; table?: string }>(
      world,
      at,
      command.replace('ip ', 'ip -j -d '),
    );
    const expected = [via && `via ${via}`, dev && `dev ${dev}`, table && `table ${table}`]
      .filter((part) => part !== undefined)
      .join(' ');
    const common = { expected, values: { place: at, to }, look: { on: at, command } };
    if (exit !== 0 || got === undefined) return { ...common, level: 'fail', code: 'route.none', found: stderr.trim() };
    const found = (stdout.split('\n')[0] ?? '').trim();
    const good =
      (via === undefined || got.gateway === via) &&
      (dev === undefined || got.dev === dev) &&
      (table === undefined || (got.table ?? 'main') === table);
    return { ...common, level: good ? 'pass' : 'fail', code: good ? 'route.right' : 'route.other', found };
  },
});

interface NeighbourParams {
  at: string;
  address: string;
  dev?: string | undefined;
  lladdr?: string | undefined;
  permanent?: boolean | undefined;
  never?: boolean | undefined;
}

export const neighbour = kind<NeighbourParams>({
  name: 'neighbour',
  about: 'The neighbour table has an address with this link-layer address; `never: true` when it must not.',
  params: () =>
    z.strictObject({
      at: place,
      address: z.string(),
      dev: z.optional(z.string()),
      lladdr: z.optional(z.string()),
      permanent: z.optional(z.boolean()),
      never: z.optional(z.boolean()),
    }),
  *run({ at, address, dev, lladdr, permanent, never = false }, scope) {
    const world = yield* scope.world(false);
    const gone = yield* missing(world, [at]);
    if (gone !== undefined) return gone;
    const entries = yield* json<{ dst: string; dev: string; lladdr?: string; state?: string[] }>(
      world,
      at,
      'ip -4 -j neigh',
    );
    const entry = entries.find((one) => one.dst === address && (dev === undefined || one.dev === dev));
    const command = dev === undefined ? 'ip neigh' : `ip neigh show dev ${dev}`;
    const common = {
      expected: `${address} lladdr ${lladdr ?? ''}${permanent === true ? ' PERMANENT' : ''}`,
      found:
        entry === undefined
          ? ''
          : `${entry.dst} dev ${entry.dev} lladdr ${entry.lladdr ?? ''} ${entry.state?.join(' ') ?? ''}`,
      values: { place: at, address },
      look: { on: at, command },
    };
    if (never)
      return { ...common, level: entry ? 'fail' : 'pass', code: entry ? 'neighbour.unwanted' : 'neighbour.absent' };
    if (entry?.lladdr === undefined) return { ...common, level: 'fail', code: 'neighbour.missing' };
    if (lladdr !== undefined && entry.lladdr !== lladdr) return { ...common, level: 'fail', code: 'neighbour.other' };
    if (permanent === true && entry.state?.includes('PERMANENT') !== true)
      return { ...common, level: 'fail', code: 'neighbour.temporary' };
    return { ...common, level: 'pass', code: 'neighbour.there' };
  },
});

interface FdbParams {
  at: string;
  dev: string;
  mac?: string | undefined;
  dst?: string | undefined;
  permanent?: boolean | undefined;
  never?: boolean | undefined;
}

export const fdb = kind<FdbParams>({
  name: 'fdb',
  about: 'The forwarding database of a bridge port or a vxlan device has this MAC; `never: true` when it must not.',
  params: () =>
    z.strictObject({
      at: place,
      /** The port, or the vxlan device. */
      dev: z.string(),
      /** Any learned one when it is not given. */
      mac: z.optional(z.string()),
      /** The other end of the tunnel, of a vxlan device. */
      dst: z.optional(z.string()),
      /** true: a static entry; false: a learned one. */
      permanent: z.optional(z.boolean()),
      never: z.optional(z.boolean()),
    }),
  *run({ at, dev, mac, dst, permanent, never = false }, scope) {
    const world = yield* scope.world(false);
    const gone = yield* missing(world, [at]);
    if (gone !== undefined) return gone;
    const command = `bridge fdb show dev ${dev}`;
    const { stdout } = yield* run(world, at, command);
    const own = (line: string): boolean =>
      mac === undefined ? line !== '' && !/^(33:33|01:00:5e)| permanent\b/.test(line) : line.startsWith(`${mac} `);
    const lines = stdout.split('\n').filter(own);
    const good = (line: string): boolean =>
      (dst === undefined || line.includes(` dst ${dst} `) || line.endsWith(` dst ${dst}`)) &&
      (permanent === undefined || / permanent\b/.test(line) === permanent);
    const line = lines.find(good);
    const expected = [mac ?? 'a learned MAC', dst && `dst ${dst}`, permanent === true && 'permanent']
      .filter((part) => typeof part === 'string')
      .join(' ');
    const common = { expected, values: { place: at, dev, mac: mac ?? '' }, look: { on: at, command } };
    if (never)
      return {
        ...common,
        level: line ? 'fail' : 'pass',
        code: line ? 'fdb.unwanted' : 'fdb.absent',
        found: line?.trim() ?? '',
      };
    if (line !== undefined) return { ...common, level: 'pass', code: 'fdb.there', found: line.trim() };
    return {
      ...common,
      level: 'fail',
      code: lines.length === 0 ? 'fdb.missing' : 'fdb.other',
      found: lines.join('; ').trim(),
    };
  },
});

export const conntrack = kind<{ at: string; has: string[]; never?: boolean | undefined }>({
  name: 'conntrack',
  about:
    'Connection tracking has an entry with these words, as `conntrack -L` prints it; `never: true` when it must not.',
  params: () =>
    z.strictObject({ at: place, has: z.array(z.string()).check(z.minLength(1)), never: z.optional(z.boolean()) }),
  *run({ at, has, never = false }, scope) {
    const world = yield* scope.world(false);
    const gone = yield* missing(world, [at]);
    if (gone !== undefined) return gone;
    const command = 'conntrack -L';
    const { stdout } = yield* run(world, at, command);
    const entry = stdout.split('\n').find((line) => has.every((fragment) => ` ${line} `.includes(` ${fragment} `)));
    const there = entry !== undefined;
    return {
      level: there === never ? 'fail' : 'pass',
      code: there
        ? never
          ? 'conntrack.unwanted'
          : 'conntrack.there'
        : never
          ? 'conntrack.absent'
          : 'conntrack.missing',
      expected: has.join(' '),
      found: entry ?? '',
      values: { place: at },
      look: { on: at, command },
    } satisfies Finding;
  },
});
