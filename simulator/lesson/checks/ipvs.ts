/** ipvs: a virtual service with these real servers, as `ipvsadm -Sn` prints it. */
import { z } from 'zod/mini';
import { kind } from '../finding.ts';
import { missing, run } from '../look.ts';
import { place } from '../place.ts';

const METHODS = { m: 'masquerade', g: 'route', i: 'tunnel' } as const;

const server = z.strictObject({
  /** ADDRESS:PORT; port 0 for services by mark. */
  server: z.string(),
  weight: z.optional(z.number().check(z.int(), z.nonnegative())),
  method: z.optional(z.enum(['masquerade', 'route', 'tunnel'])),
});
type Server = z.infer<typeof server>;

interface IpvsParams {
  at: string;
  service: string;
  scheduler?: string | undefined;
  servers?: Server[] | undefined;
}

export const ipvs = kind<IpvsParams>({
  name: 'ipvs',
  about: 'IPVS has a service (`tcp 10.0.0.1:80`, `udp …`, `fwmark 256`) with exactly these servers.',
  params: () =>
    z.strictObject({
      at: place,
      service: z
        .string()
        .check(
          z.regex(/^(tcp|udp) \S+:\d+$|^fwmark \d+$/, '`tcp ADDRESS:PORT`, `udp ADDRESS:PORT` or `fwmark NUMBER`'),
        ),
      scheduler: z.optional(z.string()),
      servers: z.optional(z.array(server)),
    }),
  *run({ at, service, scheduler, servers }, scope) {
    const world = yield* scope.world(false);
    const gone = yield* missing(world, [at]);
    if (gone !== undefined) return gone;
    const { stdout } = yield* run(world, at, 'ipvsadm -Sn');
    const flag = service.replace(/^(.)\w+ /, '-$1 ');
    const lines = stdout.split('\n');
    const head = lines.find((line) => line.startsWith(`-A ${flag} `));
    const common = { values: { place: at, service, server: '' }, look: { on: at, command: 'ipvsadm -Ln' } };
    if (head === undefined)
      return {
        ...common,
        level: 'fail',
        code: 'ipvs.no-service',
        expected: service,
        found: lines.filter((line) => line.startsWith('-A')).join('; '),
      };
    const [, has = ''] = / -s (\S+)/.exec(head) ?? [];
    if (scheduler !== undefined && has !== scheduler)
      return { ...common, level: 'fail', code: 'ipvs.scheduler', expected: scheduler, found: has };
    const there = lines.filter((line) => line.startsWith(`-a ${flag} `)).map(serverOf);
    const found = there.map((one) => `${one.server} ${one.weight}`).join(', ');
    const expected = (servers ?? [])
      .map((one) => `${one.server}${one.weight === undefined ? '' : ` ${one.weight}`}`)
      .join(', ');
    for (const wanted of servers ?? []) {
      const own = there.find((one) => one.server === wanted.server);
      const values = { place: at, service, server: wanted.server };
      if (own === undefined) return { ...common, level: 'fail', code: 'ipvs.no-server', expected, found, values };
      if (wanted.weight !== undefined && own.weight !== wanted.weight)
        return {
          ...common,
          level: 'fail',
          code: 'ipvs.weight',
          expected: `${wanted.weight}`,
          found: `${own.weight}`,
          values,
        };
      if (wanted.method !== undefined && own.method !== wanted.method)
        return {
          ...common,
          level: 'fail',
          code: 'ipvs.method',
          expected: wanted.method,
          found: own.method ?? '',
          values,
        };
    }
    const extra = servers && there.find((one) => !servers.some((wanted) => wanted.server === one.server));
    if (extra !== undefined)
      return {
        ...common,
        level: 'fail',
        code: 'ipvs.extra',
        expected,
        found,
        values: { place: at, service, server: extra.server },
      };
    return { ...common, level: 'pass', code: 'ipvs.right', expected, found };
  },
});

function serverOf(line: string): Server {
  const [, name = ''] = / -r (\S+)/.exec(line) ?? [];
  const [, method = 'm'] = / -([mgi])\b/.exec(line) ?? [];
  const [, weight = '1'] = / -w (\d+)/.exec(line) ?? [];
  return { server: name, weight: Number(weight), method: METHODS[method as keyof typeof METHODS] };
}
