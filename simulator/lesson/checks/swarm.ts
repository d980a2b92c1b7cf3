/** service-state: what a swarm says of a service. */
import { z } from 'zod/mini';
import { kind } from '../finding.ts';
import { run } from '../look.ts';
import { place } from '../place.ts';

interface ServiceParams {
  on: string;
  service: string;
  running?: number | undefined;
  image?: string | undefined;
  ports?: string | undefined;
  nodes?: string[] | undefined;
  never?: boolean | undefined;
}

export const serviceState = kind<ServiceParams>({
  name: 'service-state',
  about: 'A service of the swarm exists, with so many tasks running; `never: true` when it must not exist.',
  params: () =>
    z.strictObject({
      /** A manager. */
      on: place,
      service: z.string(),
      running: z.optional(z.number().check(z.int(), z.nonnegative())),
      image: z.optional(z.string()),
      /** As `docker service ls` prints it: `*:8080->80/tcp`. */
      ports: z.optional(z.string()),
      /** Where its tasks run. */
      nodes: z.optional(z.array(z.string())),
      never: z.optional(z.boolean()),
    }),
  *run({ on, service, running, image, ports, nodes, never = false }, scope) {
    const world = yield* scope.world(false);
    const format = '{{.Name}}\t{{.Replicas}}\t{{.Image}}\t{{.Ports}}';
    const { stdout } = yield* run(world, on, `docker service ls --format '${format}'`);
    const row = stdout
      .split('\n')
      .map((line) => line.split('\t'))
      .find(([name]) => name === service);
    const common = { values: { service, what: '' }, look: { on, command: 'docker service ls' } };
    if (never)
      return {
        ...common,
        level: row ? 'fail' : 'pass',
        code: row ? 'service-state.unwanted' : 'service-state.absent',
        expected: '',
        found: row?.join(' ') ?? '',
      };
    if (row === undefined)
      return { ...common, level: 'fail', code: 'service-state.missing', expected: service, found: '' };
    const [, replicas = '', has = '', published = ''] = row;
    const [now = 0, wanted = 0] = replicas.split(' ')[0]?.split('/').map(Number) ?? [];
    const ps = `docker service ps ${service}`;
    if (running !== undefined && now !== running) {
      const level = wanted === running ? 'wait' : 'fail';
      return {
        ...common,
        level,
        code: level === 'wait' ? 'service-state.starting' : 'service-state.replicas',
        expected: `${running}/${running}`,
        found: replicas,
        look: { on, command: ps },
      };
    }
    if (image !== undefined && has.replace(/:latest$/, '') !== image.replace(/:latest$/, ''))
      return {
        ...common,
        level: 'fail',
        code: 'service-state.other',
        expected: image,
        found: has,
        values: { service, what: 'image' },
      };
    if (ports !== undefined && published !== ports)
      return {
        ...common,
        level: 'fail',
        code: 'service-state.other',
        expected: ports,
        found: published,
        values: { service, what: 'ports' },
      };
    if (nodes !== undefined) {
      const tasks = yield* run(world, on, `${ps} -f desired-state=running --format '{{.Node}}'`);
      const found = tasks.stdout.trim().split('\n').sort().join(' ');
      if (found !== [...nodes].sort().join(' '))
        return {
          ...common,
          level: 'fail',
          code: 'service-state.other',
          expected: [...nodes].sort().join(' '),
          found,
          values: { service, what: 'nodes' },
          look: { on, command: ps },
        };
    }
    return { ...common, level: 'pass', code: 'service-state.right', expected: replicas, found: replicas };
  },
});
