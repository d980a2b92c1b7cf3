/** mark, nat, passes-through, never-on-wire: what becomes of a probe's packets on their way, by the trace. */
import { z } from 'zod/mini';
import { formatIpv4 } from '../../base/address.ts';
import { type Endpoints, HOOK_NAMES, type TraceEvent } from '../../trace/event.ts';
import { ETH_IPV4 } from '../../wire/packet.ts';
import { type Finding, kind } from '../finding.ts';
import { missing, traced } from '../look.ts';
import { conversations, matches, type PacketFilter, packetFilter, packetText } from '../packets.ts';
import { happenedAt, place } from '../place.ts';
import { probe, type Probe, probeCommand, probeText } from '../probe.ts';

export const mark = kind<{ probe: Probe; at: string; is: number; about?: PacketFilter | undefined }>({
  name: 'mark',
  about: "A probe's packets carry this mark at a place (0: none of them carries one there).",
  params: () =>
    z.strictObject({
      probe,
      at: place,
      is: z.number().check(z.int(), z.nonnegative()),
      /** Only these packets; all of the probe when not given. */
      about: z.optional(packetFilter),
    }),
  *run({ probe: sent, at, is, about = {} }, scope) {
    const world = yield* scope.world(true);
    const gone = yield* missing(world, [sent.from, at]);
    if (gone !== undefined) return gone;
    const { events } = yield* traced(world, sent.from, probeCommand(sent));
    const here = events.filter(
      (event) => happenedAt(at, event) && event.packet.etherType === ETH_IPV4 && matches(about, event.packet),
    );
    const marks = [...new Set(here.map(({ packet }) => packet.mark))];
    const common = {
      expected: `0x${is.toString(16)}`,
      found: marks.map((one) => `0x${one.toString(16)}`).join(' '),
      values: { place: at, probe: probeText(sent) },
      look: { on: at, command: 'iptables -t mangle -L -v -n' },
    };
    if (here.length === 0) return { ...common, level: 'fail', code: 'mark.unseen' };
    const good = is === 0 ? marks.every((one) => one === 0) : marks.includes(is);
    return { ...common, level: good ? 'pass' : 'fail', code: good ? 'mark.seen' : 'mark.other' };
  },
});

/** An end of a packet, as far as `expected` names it: an address, or ADDRESS:PORT. */
function endText(expected: string, after: Endpoints, manip: 'source' | 'destination'): string {
  const [address, port] = manip === 'source' ? [after.src, after.sport] : [after.dst, after.dport];
  return expected.includes(':') ? `${formatIpv4(address)}:${port}` : formatIpv4(address);
}

export const nat = kind<{
  probe: Probe;
  at: string;
  changes: 'source' | 'destination';
  to?: string | undefined;
  by: 'rule' | 'ipvs';
  never?: boolean | undefined;
}>({
  name: 'nat',
  about: "A probe's packet gets this source or destination at a place; `never: true` when it must not.",
  params: () =>
    z.strictObject({
      probe,
      at: place,
      changes: z.enum(['source', 'destination']),
      /** ADDRESS, or ADDRESS:PORT; anything else than it was when not given. */
      to: z.optional(z.string()),
      /** What changes it: a rule of the nat table, or IPVS. */
      by: z._default(z.enum(['rule', 'ipvs']), 'rule'),
      never: z.optional(z.boolean()),
    }),
  *run({ probe: sent, at, changes, to, by, never = false }, scope) {
    const world = yield* scope.world(true);
    const gone = yield* missing(world, [sent.from, at]);
    if (gone !== undefined) return gone;
    const { events } = yield* traced(world, sent.from, probeCommand(sent));
    const done = events.flatMap((event) =>
      event.kind === 'nat' && event.manip === changes && event.by === by && happenedAt(at, event)
        ? [endText(to ?? '', event.after, changes)]
        : [],
    );
    const hit = to === undefined ? done.length > 0 : done.includes(to);
    const common = {
      expected: to ?? '',
      found: [...new Set(done)].join(' '),
      values: { place: at, changes, probe: probeText(sent) },
      look: { on: at, command: by === 'rule' ? 'iptables -t nat -L -v -n' : 'ipvsadm -Ln --stats' },
    };
    if (never) return { ...common, level: hit ? 'fail' : 'pass', code: hit ? 'nat.unwanted' : 'nat.untouched' };
    if (hit) return { ...common, level: 'pass', code: 'nat.changed' };
    return { ...common, level: 'fail', code: done.length === 0 ? 'nat.never' : 'nat.other' };
  },
});

/** One stop of a packet's way. */
const stop = z.strictObject({
  at: place,
  /** Seen going in or out of this device. */
  dev: z.optional(z.string()),
  hook: z.optional(z.enum(HOOK_NAMES)),
  table: z.optional(z.string()),
  chain: z.optional(z.string()),
  /** The event's kind, for what has no device and no hook. */
  event: z.optional(z.enum(['ipvs', 'nat', 'encap', 'decap', 'route', 'bridge', 'local', 'sent', 'drop'])),
  packet: z.optional(packetFilter),
});
type Stop = z.infer<typeof stop>;

function isStop({ at, dev, hook, table, chain, event: wanted, packet }: Stop, event: TraceEvent): boolean {
  return (
    happenedAt(at, event) &&
    (dev === undefined || ('dev' in event && event.dev === dev)) &&
    (hook === undefined || ('hook' in event && event.hook === hook)) &&
    (table === undefined || ('table' in event && event.table === table)) &&
    (chain === undefined || ('chain' in event && event.chain === chain)) &&
    (wanted === undefined || event.kind === wanted) &&
    (packet === undefined || matches(packet, event.packet))
  );
}

function stopText({ at, dev, hook, table, chain, event }: Stop): string {
  return [at, dev, table, hook, chain, event].filter((part) => part !== undefined).join(' ');
}

export const passesThrough = kind<{ probe: Probe; stops: Stop[] }>({
  name: 'passes-through',
  about: 'The packets of a probe come by these stops, in this order.',
  params: () => z.strictObject({ probe, stops: z.array(stop).check(z.minLength(1)) }),
  *run({ probe: sent, stops }, scope) {
    const world = yield* scope.world(true);
    const gone = yield* missing(world, [sent.from]);
    if (gone !== undefined) return gone;
    const { events } = yield* traced(world, sent.from, probeCommand(sent));
    let best = 0;
    for (const events_ of conversations(events)) {
      let next = 0;
      for (const event of events_) if (next < stops.length && isStop(stops[next] as Stop, event)) next++;
      best = Math.max(best, next);
    }
    const lost = stops[best];
    return {
      level: lost === undefined ? 'pass' : 'fail',
      code: lost === undefined ? 'passes-through.whole' : 'passes-through.lost',
      expected: stops.map(stopText).join(' → '),
      found: stops.slice(0, best).map(stopText).join(' → '),
      values: { probe: probeText(sent), stop: lost === undefined ? '' : stopText(lost) },
      look: { on: sent.from, command: probeCommand(sent) },
    } satisfies Finding;
  },
});

export const neverOnWire = kind<{
  probe: Probe;
  at?: string | undefined;
  dev?: string | undefined;
  packet: PacketFilter;
}>({
  name: 'never-on-wire',
  about: 'While a probe runs, no such packet goes over a device (eth0 of any machine when none is named).',
  params: () => z.strictObject({ probe, at: z.optional(place), dev: z.optional(z.string()), packet: packetFilter }),
  *run({ probe: sent, at, dev = 'eth0', packet }, scope) {
    const world = yield* scope.world(true);
    const gone = yield* missing(world, at === undefined ? [sent.from] : [sent.from, at]);
    if (gone !== undefined) return gone;
    const { events } = yield* traced(world, sent.from, probeCommand(sent));
    const seen = events.find(
      (event) =>
        (event.kind === 'tx' || event.kind === 'rx') &&
        event.dev === dev &&
        (at === undefined ? event.netns === 'host' : happenedAt(at, event)) &&
        matches(packet, event.packet),
    );
    const on = seen?.host ?? at ?? sent.from;
    return {
      level: seen === undefined ? 'pass' : 'fail',
      code: seen === undefined ? 'never-on-wire.unseen' : 'never-on-wire.seen',
      expected: '',
      found: seen === undefined ? '' : packetText(seen.packet),
      values: { probe: probeText(sent), dev, place: on },
      look: { on, command: `tcpdump -ni ${dev}` },
    } satisfies Finding;
  },
});
