/** The answers to "why?" at one step: fields before and after, who is behind it, and why no rule above decided. */
import type { Hop, Origin, RuleVerdict } from '../../../simulator/index.ts';
import { explainCause, explainWhyNot, phrases } from '../../explain/index.ts';
import { h } from '../dom.ts';

type Fields = Hop['before'];

/** What opens below a step. `ask` computes why the rules above did not match. */
export function whyRegion(hop: Hop, ask: (sequence: number) => Promise<readonly RuleVerdict[]>): HTMLElement {
  const { ui } = phrases();
  const region = h('div', { className: 'why' }, h('ol', { className: 'causes', 'aria-label': ui.why }, ...causes(hop)));
  // The entry that was made or used.
  if (hop.kind === 'conntrack' || hop.kind === 'ipvs') region.prepend(h('code', { className: 'rule' }, hop.what));
  const isWalk = hop.kind === 'rule' || hop.kind === 'hook';
  if (isWalk) {
    const list = h('ol', { className: 'why-not', 'aria-label': ui.whyNot });
    const said = h('p', { className: 'why-not-title' }, ui.whyNot);
    region.append(said, list);
    void ask(hop.sequence).then((verdicts) => {
      if (verdicts.length === 0) said.textContent = ui.firstRule;
      else list.append(...verdicts.map(verdictItem));
    });
  }
  region.append(packetBox(hop.before, hop.after, hop.after.inner === undefined ? '' : ui.outer));
  return region;
}

/** The chain from what decided to where a person can begin. */
function causes(hop: Hop): HTMLElement[] {
  const links: Origin[] = [];
  for (let link: Origin | undefined = hop.origin; link !== undefined; link = link.cause) links.push(link);
  return links.map((link) => h('li', { 'data-by': link.by }, explainCause(link)));
}

function verdictItem(verdict: RuleVerdict): HTMLElement {
  return h(
    'li',
    { value: verdict.number, 'data-outcome': verdict.outcome },
    h('code', {}, verdict.text),
    ' ',
    h('span', {}, explainWhyNot(verdict)),
  );
}

/** A packet's fields as a box; what it carries is a box inside. */
function packetBox(before: Fields, after: Fields, title: string): HTMLElement {
  const { ui } = phrases();
  const same = (before.inner === undefined) === (after.inner === undefined);
  const was = same ? before : after;
  const rows = fieldRows(was, after).map(([name, old, value]) =>
    h(
      'tr',
      old === value ? {} : { className: 'changed' },
      h('th', { scope: 'row' }, name),
      h('td', {}, old === value ? value : h('del', {}, old)),
      h('td', {}, old === value ? '' : h('ins', {}, value)),
    ),
  );
  const head = h(
    'tr',
    {},
    h('th', {}, h('span', { className: 'sr-only' }, ui.fields)),
    h('th', { scope: 'col' }, ui.before),
    h('th', { scope: 'col' }, ui.after),
  );
  return h(
    'div',
    { className: 'packet-box' },
    title !== '' && h('p', {}, title),
    h('table', {}, h('thead', {}, head), h('tbody', {}, ...rows)),
    after.inner !== undefined && packetBox(was.inner ?? after.inner, after.inner, ui.inner),
  );
}

/** Name, before, after. */
function fieldRows(before: Fields, after: Fields): (readonly [string, string, string])[] {
  const { ui } = phrases();
  const rows: (readonly [string, string, string])[] = [
    [ui.source, endpoint(before, 'src'), endpoint(after, 'src')],
    [ui.destination, endpoint(before, 'dst'), endpoint(after, 'dst')],
    [ui.sourceMac, before.srcMac, after.srcMac],
    [ui.destinationMac, before.dstMac, after.dstMac],
    ['TTL', String(before.ttl), String(after.ttl)],
    [ui.mark, hex(before.mark), hex(after.mark)],
  ];
  return rows;
}

/** Address and, where there is one, port. */
export function endpoint(state: Fields, side: 'src' | 'dst'): string {
  const port = side === 'src' ? state.sport : state.dport;
  return port === 0 ? state[side] : `${state[side]}:${port}`;
}

export function hex(mark: number): string {
  return mark === 0 ? phrases().ui.none : `0x${mark.toString(16)}`;
}
