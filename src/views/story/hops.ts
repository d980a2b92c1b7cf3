/** Draws the steps of a journey: grouped by the namespace in which they happened, the answer below the request. */
import type { Hop, RuleVerdict, StoryPacket } from '../../../simulator/index.ts';
import { explainEnd, explainHop, kindOfNamespace, packetLabel, phrases } from '../../explain/index.ts';
import { button, h, icon } from '../dom.ts';
import type { Journey, Step } from './journey.ts';
import { endpoint, hex, whyRegion } from './why.ts';

/** What the list asks of its panel. */
export interface HopActions {
  /** A step was chosen. */
  select(index: number): void;
  /** Why the rules above an event did not match. */
  whyNot(sequence: number): Promise<readonly RuleVerdict[]>;
  /** Shows the step's table. */
  showTable(index: number): void;
  /** Saves what passed a device. */
  save(hop: Hop): void;
}

/** A run of steps in one namespace. */
interface Place {
  readonly host: string;
  readonly netns: string;
  readonly steps: Step[];
}

/** The whole journey: a card per namespace, a line per step, and how it ended. */
export function hopList(journey: Journey, every: boolean, actions: HopActions): HTMLElement[] {
  const { packet, answer, steps } = journey;
  const own = steps.filter((step) => step.packet === packet);
  const elements = part(packet, own, every, actions);
  if (answer !== undefined) {
    elements.push(h('h3', { className: 'story-answer' }, phrases().ui.answer(packetLabel(answer))));
    elements.push(...part(answer, steps.slice(own.length), every, actions));
  }
  return elements;
}

function part(packet: StoryPacket, steps: readonly Step[], every: boolean, actions: HopActions): HTMLElement[] {
  const cards = places(steps).map((place) => card(place, every, actions));
  return [...cards, h('p', { className: 'story-end', 'data-end': packet.end }, explainEnd(packet))];
}

function places(steps: readonly Step[]): Place[] {
  const found: Place[] = [];
  for (const step of steps) {
    const { host, netns } = step.hop;
    const last = found.at(-1);
    if (last !== undefined && last.host === host && last.netns === netns) last.steps.push(step);
    else found.push({ host, netns, steps: [step] });
  }
  return found;
}

function card(place: Place, every: boolean, actions: HopActions): HTMLElement {
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
    h(
      'ol',
      { start: place.steps[0]!.index + 1 },
      ...place.steps.map((step, at) => hopItem(step, every || at === 0, actions)),
    ),
  );
}

/** One line. Addresses are shown where they changed, where a card begins, and when every step is wanted. */
function hopItem({ hop, index }: Step, addresses: boolean, actions: HopActions): HTMLElement {
  const item = h(
    'li',
    { className: 'hop', 'data-kind': hop.kind, 'data-step': index },
    h('p', { className: 'said' }, explainHop(hop), ' ', askButton(hop, index, actions)),
    hop.rule !== undefined && h('code', { className: 'rule' }, hop.rule.text),
    (addresses || isChanged(hop)) && addressLine(hop),
  );
  item.onclick = () => actions.select(index);
  return item;
}

/** Opens and closes the answers below its line. Of all these buttons one is in the order of Tab: the chosen step's. */
function askButton(hop: Hop, index: number, actions: HopActions): HTMLElement {
  const ask = h(
    'button',
    { type: 'button', className: 'ask', tabIndex: index === 0 ? 0 : -1, 'aria-expanded': false },
    phrases().ui.why,
  );
  ask.onfocus = () => actions.select(index);
  ask.onclick = () => {
    const open = ask.getAttribute('aria-expanded') === 'true';
    ask.setAttribute('aria-expanded', String(!open));
    const item = ask.closest('li')!;
    if (open) item.querySelector('.answers')?.remove();
    else item.append(answers(hop, index, actions));
  };
  return ask;
}

function answers(hop: Hop, index: number, actions: HopActions): HTMLElement {
  const { ui } = phrases();
  const tools = h('p', { className: 'hop-tools' });
  if (hop.kind !== 'sent' && hop.kind !== 'local')
    tools.append(h('button', { type: 'button', onclick: () => actions.showTable(index) }, ui.showInTables));
  if (hop.kind === 'device') {
    const place = `${hop.where} (${hop.host} ${hop.netns})`;
    tools.append(button(ui.saveInterface(place), icon('download'), () => actions.save(hop)));
  }
  return h('div', { className: 'answers' }, whyRegion(hop, actions.whyNot), tools);
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
          h('span', { className: 'sr-only' }, `${phrases().ui.mark} `),
          changed(hex(before.mark), hex(after.mark)),
        )
      : '',
    h('span', { className: 'ttl' }, 'ttl ', changed(String(before.ttl), String(after.ttl))),
    after.inner !== undefined &&
      h(
        'span',
        { className: 'inner' },
        h('span', { className: 'sr-only' }, `${phrases().ui.inner}: `),
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
