/** Draws the hops of one packet, grouped by the namespace in which they happened. */
import type { Hop, Story } from '../../../simulator/index.ts';
import { explainEnd, explainHop, kindOfNamespace } from '../../explain/index.ts';
import { shorten } from '../../explain/shorten.ts';
import { h, icon } from '../dom.ts';

type Packet = Story['packets'][number];
type State = Hop['before'];

/** A run of hops in one namespace. */
interface Place {
  readonly host: string;
  readonly netns: string;
  readonly hops: Hop[];
}

/** The list for one packet: a card per namespace, a line per hop, and how it ended. */
export function hopList(packet: Packet, every: boolean): HTMLElement[] {
  const shown = every ? packet.hops : shorten(packet.hops);
  let number = 0;
  const cards = places(shown).map((place) => {
    const first = number + 1;
    number += place.hops.length;
    return card(place, first, every);
  });
  return [...cards, h('p', { className: 'story-end' }, explainEnd(packet))];
}

function places(hops: readonly Hop[]): Place[] {
  const found: Place[] = [];
  for (const hop of hops) {
    const last = found.at(-1);
    if (last !== undefined && last.host === hop.host && last.netns === hop.netns) last.hops.push(hop);
    else found.push({ host: hop.host, netns: hop.netns, hops: [hop] });
  }
  return found;
}

function card(place: Place, first: number, every: boolean): HTMLElement {
  const kind = kindOfNamespace(place.netns);
  return h(
    'section',
    { className: 'place', 'data-kind': kind.kind },
    h(
      'h3',
      {},
      h('span', { className: 'host' }, place.host),
      h('span', { className: 'netns' }, place.netns === 'host' ? '' : place.netns),
      h('span', { className: 'kind' }, kind.label),
    ),
    h('ol', { start: first }, ...place.hops.map((hop, index) => hopItem(hop, every || index === 0))),
  );
}

/** One line. Addresses are shown where they changed, where a card begins, and when every step is wanted. */
function hopItem(hop: Hop, addresses: boolean): HTMLElement {
  return h(
    'li',
    { className: 'hop', 'data-kind': hop.kind },
    h('p', { className: 'said' }, explainHop(hop)),
    hop.rule !== undefined && h('code', { className: 'rule' }, hop.rule.text),
    (addresses || isChanged(hop)) && addressLine(hop),
  );
}

const SHOWN = ['src', 'dst', 'sport', 'dport', 'mark', 'ttl'] as const;

function isChanged({ before, after }: Hop): boolean {
  if ((before.inner === undefined) !== (after.inner === undefined)) return true;
  return SHOWN.some((field) => before[field] !== after[field]);
}

/** Source and destination, mark and TTL after the hop; what changed is struck with the new value beside it. */
function addressLine(hop: Hop): HTMLElement {
  const { after } = hop;
  // A packet that has just been wrapped or unwrapped is another one than before: nothing of it "changed".
  const before = (hop.before.inner === undefined) === (after.inner === undefined) ? hop.before : after;
  return h(
    'p',
    { className: 'addresses' },
    changed(endpoint(before, 'src'), endpoint(after, 'src')),
    arrow(),
    changed(endpoint(before, 'dst'), endpoint(after, 'dst')),
    before.mark !== after.mark || after.mark !== 0
      ? h(
          'span',
          { className: 'mark' },
          icon('flag'),
          h('span', { className: 'sr-only' }, 'mark '),
          changed(hex(before.mark), hex(after.mark)),
        )
      : '',
    h('span', { className: 'ttl' }, 'ttl ', changed(String(before.ttl), String(after.ttl))),
    after.inner !== undefined &&
      h(
        'span',
        { className: 'inner' },
        'carries ',
        endpoint(after.inner, 'src'),
        arrow(),
        endpoint(after.inner, 'dst'),
      ),
  );
}

function arrow(): HTMLElement {
  return h('span', { className: 'arrow' }, ' → ');
}

function changed(before: string, after: string): HTMLElement {
  if (before === after) return h('span', {}, after);
  return h('span', { className: 'changed' }, h('del', {}, before), ' ', h('ins', {}, after));
}

function endpoint(state: State, side: 'src' | 'dst'): string {
  const port = side === 'src' ? state.sport : state.dport;
  return port === 0 ? state[side] : `${state[side]}:${port}`;
}

function hex(mark: number): string {
  return mark === 0 ? 'none' : `0x${mark.toString(16)}`;
}
