/** namespace, link: what a machine is built of. */
import { z } from 'zod/mini';
import { type Finding, kind } from '../finding.ts';
import { json, missing, run } from '../look.ts';
import { hostOf, place } from '../place.ts';

export const namespace = kind<{ at: string; never?: boolean | undefined }>({
  name: 'namespace',
  about: 'A network namespace exists; `never: true` when it must not.',
  params: () => z.strictObject({ at: place, never: z.optional(z.boolean()) }),
  *run({ at, never = false }, scope) {
    const world = yield* scope.world(false);
    const gone = yield* missing(world, [at]);
    const { stdout } = yield* run(world, hostOf(at), 'ip netns list');
    const there = gone === undefined;
    return {
      level: there === never ? 'fail' : 'pass',
      code: there
        ? never
          ? 'namespace.unwanted'
          : 'namespace.there'
        : never
          ? 'namespace.absent'
          : 'namespace.missing',
      expected: at,
      found: stdout
        .replace(/ \(id: \d+\)/g, '')
        .trim()
        .split('\n')
        .join(' '),
      values: { place: at, host: hostOf(at) },
      look: { on: hostOf(at), command: 'ip netns list' },
    } satisfies Finding;
  },
});

interface LinkParams {
  at: string;
  name: string;
  kind?: string | undefined;
  up?: boolean | undefined;
  master?: string | undefined;
  mtu?: number | undefined;
  mac?: string | undefined;
  addresses?: string[] | undefined;
  vni?: number | undefined;
  never?: boolean | undefined;
}

interface ShownLink {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly master?: string;
  readonly address?: string;
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: { readonly id?: number } };
}
interface ShownAddresses {
  readonly addr_info: readonly { readonly family: string; readonly local: string; readonly prefixlen: number }[];
}

export const link = kind<LinkParams>({
  name: 'link',
  about: 'A device exists, and is as described; `never: true` when it must not be there.',
  params: () =>
    z.strictObject({
      at: place,
      name: z.string(),
      kind: z.optional(z.enum(['veth', 'bridge', 'vxlan', 'dummy'])),
      up: z.optional(z.boolean()),
      master: z.optional(z.string()),
      mtu: z.optional(z.number()),
      mac: z.optional(z.string()),
      /** All its IPv4 addresses, as 10.0.0.1/24. */
      addresses: z.optional(z.array(z.string())),
      vni: z.optional(z.number()),
      never: z.optional(z.boolean()),
    }),
  *run({ at, name, never = false, ...wanted }, scope) {
    const world = yield* scope.world(false);
    const gone = yield* missing(world, [at]);
    if (gone !== undefined) return gone;
    const command = `ip -d addr show ${name}`;
    const [shown] = yield* json<ShownLink>(world, at, `ip -j -d link show ${name}`);
    const common = { values: { place: at, name, what: '' }, look: { on: at, command } };
    if (never) {
      const there = shown !== undefined;
      return {
        ...common,
        level: there ? 'fail' : 'pass',
        code: there ? 'link.unwanted' : 'link.absent',
        expected: '',
        found: there ? name : '',
      };
    }
    if (shown === undefined) return { ...common, level: 'fail', code: 'link.missing', expected: name, found: '' };
    const [{ addr_info } = { addr_info: [] }] = yield* json<ShownAddresses>(world, at, `ip -j addr show ${name}`);
    const found: Readonly<Record<string, unknown>> = {
      kind: shown.linkinfo?.info_kind ?? '',
      up: shown.flags.includes('UP'),
      master: shown.master ?? '',
      mtu: shown.mtu,
      mac: shown.address ?? '',
      addresses: addr_info.filter((one) => one.family === 'inet').map((one) => `${one.local}/${one.prefixlen}`),
      vni: shown.linkinfo?.info_data?.id ?? '',
    };
    for (const [what, value] of Object.entries(wanted)) {
      if (value === undefined || textOf(value) === textOf(found[what])) continue;
      return {
        ...common,
        level: 'fail',
        code: 'link.other',
        expected: textOf(value),
        found: textOf(found[what]),
        values: { place: at, name, what },
      };
    }
    return { ...common, level: 'pass', code: 'link.right', expected: name, found: name };
  },
});

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.map(String).sort().join(' ') : String(value);
}
