/** Draws a laid-out map as SVG: sheets, cards, pills and wires. What moves on it is drawn in packet.ts. */
import { kindOfNamespace, phrases } from '../../explain/index.ts';
import type { Card, MapLayout, Pill, Sheet, Wire } from './layout.ts';

const NS = 'http://www.w3.org/2000/svg';

/** Makes an SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>>,
  ...children: (Node | string)[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** The whole drawing; `chosen` is called with a card that was clicked. */
export function drawMap(layout: MapLayout, chosen: (card: Card) => void): SVGElement[] {
  return [
    ...layout.sheets.map((sheet) => drawSheet(sheet, chosen)),
    s('g', { class: 'wires', 'aria-hidden': 'true' }, ...layout.wires.map(drawWire)),
  ];
}

function drawWire({ from: [x1, y1], to: [x2, y2], kind }: Wire): SVGElement {
  if (kind === 'bus') return s('line', { class: 'bus', x1, y1, x2, y2 });
  if (kind === 'drop') return s('path', { class: 'drop', d: `M${x1} ${y1}H${x2}V${y2}` });
  // A veth pair hangs a little, as a cable does; two pills in one column are joined round their side.
  const bend = x1 === x2 ? -26 : 0;
  const middle = (x1 + x2) / 2 + bend;
  return s('path', { class: 'veth', d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}` });
}

function drawSheet(sheet: Sheet, chosen: (card: Card) => void): SVGElement {
  const { x, y, width, height, host } = sheet;
  return s(
    'g',
    { class: 'sheet', role: 'group', 'aria-label': host },
    s('rect', { x, y, width, height, rx: 7 }),
    s('text', { class: 'name', x: x + 14, y: y + 21 }, host),
    ...sheet.cards.map((card) => drawCard(card, chosen)),
  );
}

function drawCard(card: Card, chosen: (card: Card) => void): SVGElement {
  const { x, y, width, height, netns, host } = card;
  const kind = kindOfNamespace(netns);
  const shown = netns === 'host' ? kind.label : netns;
  const label = `${host} ${shown}, ${kind.label}: ${card.pills.map((pill) => pill.label).join('; ')}`;
  const group = s(
    'g',
    {
      class: 'card',
      role: 'button',
      tabindex: -1,
      'data-kind': kind.kind,
      'data-place': `${host} ${netns}`,
      'aria-label': label,
    },
    s('rect', { class: 'paper', x, y, width, height, rx: 5 }),
    s('rect', { class: 'edge', x, y, width: 4, height, rx: 2 }),
    s('text', { class: 'name', x: x + 12, y: y + 16 }, shown),
    s('text', { class: 'kind', x: x + width - 8, y: y + 16 }, netns === 'host' ? '' : kind.label),
    ...card.pills.map(drawPill),
  );
  group.addEventListener('click', () => chosen(card));
  group.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    chosen(card);
  });
  return group;
}

function drawPill({ x, y, width, height, label, kind, down, key }: Pill): SVGElement {
  const round = kind === 'chain' || kind === 'ipvs' || kind === 'bridge' ? 3 : height / 2;
  const children: Node[] = [
    s('rect', { x, y, width, height, rx: round }),
    s('text', { x: x + (kind === 'vxlan' ? 22 : 9), y: y + height / 2 + 4 }, label),
    s('title', {}, label),
  ];
  // A tunnel's mouth.
  if (kind === 'vxlan') children.splice(1, 0, s('circle', { cx: x + 11, cy: y + height / 2, r: 5 }));
  return s('g', { class: `pill ${kind}${down ? ' down' : ''}`, 'data-key': key }, ...children);
}

/** The name of the drawing for those who cannot see it. */
export function nameOfMap(): string {
  return phrases().ui.mapLabel;
}
