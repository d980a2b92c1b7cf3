/** What a step or a jump waits for among the events of the trace. */
import type { TraceEvent } from '../../simulator/index.ts';
import type { Standing, StepBy, Watch } from './time-protocol.ts';

/** Ports on which the machines of a swarm keep in touch. A learner who steps means other packets. */
const CHATTER: ReadonlySet<number> = new Set([2377, 7946]);

/** Whether an event belongs to the swarm's own upkeep. */
function isChatter({ packet }: TraceEvent): boolean {
  return CHATTER.has(packet.dport) || CHATTER.has(packet.sport);
}

type Predicate = (event: TraceEvent) => boolean;

/** What ends a step; `last` is the event at which the world stood before. */
export function stepPredicate(by: StepBy, last: TraceEvent | undefined): Predicate {
  if (by === 'event') return (event) => !isChatter(event);
  if (by === 'device') return (event) => (event.kind === 'rx' || event.kind === 'tx') && !isChatter(event);
  const place = last === undefined ? undefined : hookOf(last);
  return (event) => {
    const hook = hookOf(event);
    return hook !== undefined && hook !== place && !isChatter(event);
  };
}

/** A packet in a hook of a namespace; undefined for events that are in none. */
function hookOf(event: TraceEvent): string | undefined {
  if (!('hook' in event)) return undefined;
  return `${event.packet.id} ${event.host} ${event.netns} ${event.hook}`;
}

/** What ends a jump. A rule is named by its text or a part of it. */
export function watchPredicate(watch: Watch): Predicate {
  if (watch.for === 'drop') return (event) => event.kind === 'drop' && !isChatter(event);
  const { text } = watch;
  return (event) => event.kind === 'rule' && event.text.includes(text);
}

/** Where an event happened and what, as data: words are made on the page. */
export function standingAt(event: TraceEvent): Standing {
  const { sequence, host, netns, at, kind } = event;
  return { sequence, at, host, netns, flow: event.packet.flow, kind, about: namesOf(event) };
}

function namesOf(event: TraceEvent): string[] {
  switch (event.kind) {
    case 'rule':
      return [event.hook, event.table, event.chain, String(event.number), event.verdict];
    case 'policy':
      return [event.hook, event.table, event.chain, event.verdict];
    case 'conntrack':
      return [event.hook, event.state];
    case 'nat':
      return [event.hook, event.manip];
    case 'ipvs':
      return [event.hook, event.what, event.server];
    case 'route':
      return [event.route];
    case 'neighbour':
      return [event.dev, event.state];
    case 'bridge':
      return [event.bridge, event.decision];
    case 'local':
      return [event.socket];
    case 'sent':
      return [event.by];
    case 'drop':
      return [event.reason, event.where];
    default:
      return [event.dev];
  }
}

/** Texts of the rules that packets have met, the newest first, for choosing one to wait for. */
export function rulesMet(events: readonly TraceEvent[], most: number): string[] {
  const texts = new Set<string>();
  for (let index = events.length - 1; index >= 0 && texts.size < most; index--) {
    const event = events[index]!;
    if (event.kind === 'rule' && !isChatter(event)) texts.add(event.text);
  }
  return [...texts];
}
