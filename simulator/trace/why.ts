/**
 * Why something happened to a packet: who is behind what decided it. Most events carry the origin of the rule, route, entry,
 * device or socket that they tell of; of the others it follows from the events around them.
 */
import { kernelHabit, type Origin } from '../base/origin.ts';
import type { DropReason, TraceEvent } from './event.ts';

/** The whole way of the packet that an event tells of, oldest event first; empty when the event is forgotten. */
export function wayOf(events: readonly TraceEvent[], sequence: number): TraceEvent[] {
  const first = events[0]?.sequence ?? 0;
  const asked = events[sequence - first];
  if (asked === undefined) return [];
  const id = keyOf(asked);
  return events.filter((event) => event.packet.flow === asked.packet.flow && keyOf(event) === id);
}

/** What carries a packet belongs to its way. */
function keyOf({ packet }: TraceEvent): number {
  return packet.inner?.id ?? packet.id;
}

/** The origin behind the event at `index` of a packet's way. */
export function originOf(way: readonly TraceEvent[], index: number): Origin {
  const event = way[index] as TraceEvent;
  if (event.kind === 'conntrack') return kernelHabit('conntrack');
  if (event.kind !== 'drop') return event.origin;
  return event.origin ?? culprit(way, index, event.reason) ?? dropsBecause(event.reason);
}

/** What decided that a packet is dropped: the rule or policy that says so, the route that leads nowhere, the service without servers. */
function culprit(way: readonly TraceEvent[], index: number, reason: DropReason): Origin | undefined {
  switch (reason) {
    case 'NETFILTER_DROP':
    case 'CONNTRACK_INVALID_NAT':
      return before(
        way,
        index,
        (event) =>
          (event.kind === 'rule' || event.kind === 'policy') &&
          (reason !== 'NETFILTER_DROP' || event.verdict === 'DROP'),
      );
    case 'NETFILTER_REJECT': {
      // A target speaks before the walk tells of its rule.
      const next = way[index + 1];
      return next?.kind === 'rule' && next.verdict === 'REJECT' ? next.origin : undefined;
    }
    case 'IP_BLACKHOLE':
    case 'IP_NO_ROUTE':
      return before(way, index, (event) => event.kind === 'route') ?? kernelHabit('no-route');
    case 'IPVS_NO_DESTINATION':
    case 'IPVS_DESTINATION_GONE':
      return before(way, index, (event) => event.kind === 'ipvs');
    case 'FAULT':
      return FAULT;
    default:
      return undefined;
  }
}

const FAULT: Origin = { by: 'scenario', text: 'faults' };

/** The origin of the nearest event before that is of the wanted kind and happened in the same namespace. */
function before(way: readonly TraceEvent[], index: number, wanted: (event: TraceEvent) => boolean): Origin | undefined {
  const { host, netns } = way[index] as TraceEvent;
  for (let at = index - 1; at >= 0; at--) {
    const event = way[at] as TraceEvent;
    if (event.host !== host || event.netns !== netns) return undefined;
    if (wanted(event)) return event.kind === 'conntrack' ? undefined : event.origin;
  }
  return undefined;
}

const drops = new Map<DropReason, Origin>();

/** The kernel itself, for this reason. */
function dropsBecause(reason: DropReason): Origin {
  let origin = drops.get(reason);
  if (origin === undefined) {
    origin = { by: 'kernel', text: reason, habit: 'drop' };
    drops.set(reason, origin);
  }
  return origin;
}
