/**
 * The map of the world, and the packet on its way over it. It follows the chosen step: the camera shows as much around it
 * as the zoom says, from the whole cluster to one hook. Who wants no motion gets jumps.
 */
import type { MapHost } from '../../../simulator/index.ts';
import { explainHop, phrases } from '../../explain/index.ts';
import { h } from '../dom.ts';
import type { Journey, Step } from '../story/journey.ts';
import '../../styles/map.css';
import { drawMap, nameOfMap, s } from './draw.ts';
import { boxOf, type Card, layoutMap, type MapLayout, type Point, type Rect, spotOf, wayBetween } from './layout.ts';

const ZOOMS = ['cluster', 'host', 'namespace', 'hook'] as const;
type Zoom = (typeof ZOOMS)[number];

/** Time of one move over the map, in milliseconds. */
const MOVE_MS = 420;
const CAMERA_MS = 180;
/** Panels narrower than this begin with one host. */
const SMALL = 560;

interface Actions {
  /** A namespace was chosen. */
  namespace(host: string, netns: string): void;
}

export class WorldMap {
  readonly element: HTMLElement;
  readonly #actions: Actions;
  readonly #svg = s('svg', { class: 'map', role: 'group', preserveAspectRatio: 'xMidYMin meet' });
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)');
  readonly #zooms: readonly HTMLButtonElement[];
  #layout: MapLayout = { width: 1, height: 1, sheets: [], wires: [] };
  #drawn = '';
  #zoom: Zoom = 'cluster';
  #journey: Journey | undefined;
  #step: Step | undefined;
  /** A card chosen by hand counts until the next step. */
  #focus: Card | undefined;
  #view: Rect = { x: 0, y: 0, width: 1, height: 1 };
  #frame = 0;
  #moving = 0;
  readonly #trail = s('polyline', { class: 'trail' });
  readonly #packet = s('g', { class: 'packet-dot', 'aria-hidden': 'true' });

  constructor(actions: Actions) {
    this.#actions = actions;
    const { ui } = phrases();
    this.#svg.setAttribute('aria-label', nameOfMap());
    this.#zooms = ZOOMS.map((zoom, at) =>
      h(
        'button',
        { type: 'button', 'aria-pressed': zoom === this.#zoom, onclick: () => this.#setZoom(zoom) },
        ui.zoomLevels[at],
      ),
    );
    const zoom = h('div', { className: 'map-zoom', role: 'group', 'aria-label': ui.zoom }, ...this.#zooms);
    this.element = h('div', { className: 'story-map', hidden: true }, zoom, this.#svg as unknown as HTMLElement);
    this.#svg.addEventListener('keydown', (event) => this.#walk(event));
  }

  /** Takes the world as it is; draws anew only what changed its shape. */
  update(hosts: readonly MapHost[]): void {
    // A small panel shows one host: the whole cluster would be too small to read.
    if (this.#drawn === '' && this.element.clientWidth < SMALL) this.#setZoom('host');
    const shape = JSON.stringify(hosts);
    if (shape === this.#drawn) return;
    this.#drawn = shape;
    this.#layout = layoutMap(hosts);
    const focused = this.#svg.querySelector<SVGElement>('.card:focus')?.dataset['place'];
    this.#svg.replaceChildren(...drawMap(this.#layout, (card) => this.#choose(card)), this.#trail, this.#packet);
    const cards = [...this.#svg.querySelectorAll<SVGElement>('.card')];
    (cards.find((card) => card.dataset['place'] === focused) ?? cards[0])?.setAttribute('tabindex', '0');
    if (focused !== undefined) cards.find((card) => card.dataset['place'] === focused)?.focus();
    this.#aim(true);
    this.#place(true);
  }

  /** Shows a step of a journey. */
  show(journey: Journey | undefined, index: number): void {
    const step = journey?.steps[index];
    const jumps = journey !== this.#journey || step === undefined || Math.abs(index - (this.#step?.index ?? -9)) !== 1;
    this.#journey = journey;
    this.#step = step;
    this.#focus = undefined;
    this.#mark();
    this.#aim(false);
    this.#place(jumps || this.#still.matches);
  }

  /** Highlights the box of the step. */
  #mark(): void {
    for (const each of this.#svg.querySelectorAll('.here')) each.classList.remove('here');
    if (this.#step === undefined) return;
    const { hop } = this.#step;
    const box = boxOf(this.#layout, hop);
    const key = box !== undefined && 'key' in box ? String(box.key) : undefined;
    if (key !== undefined) this.#svg.querySelector(`[data-key="${CSS.escape(key)}"]`)?.classList.add('here');
    this.#svg.querySelector(`[data-place="${CSS.escape(`${hop.host} ${hop.netns}`)}"]`)?.classList.add('here');
  }

  #setZoom(zoom: Zoom): void {
    this.#zoom = zoom;
    this.#zooms.forEach((each, at) => each.setAttribute('aria-pressed', String(ZOOMS[at] === zoom)));
    this.#svg.dataset['zoom'] = zoom;
    this.#aim(false);
  }

  #choose(card: Card): void {
    this.#focus = card;
    if (this.#zoom === 'cluster' || this.#zoom === 'host') this.#setZoom('namespace');
    else this.#aim(false);
    this.#actions.namespace(card.host, card.netns);
  }

  /** Arrow keys walk the namespaces; Escape goes back to the whole. */
  #walk(event: KeyboardEvent): void {
    const cards = [...this.#svg.querySelectorAll<SVGElement>('.card')];
    const at = cards.findIndex((card) => card === document.activeElement);
    if (event.key === 'Escape') this.#setZoom('cluster');
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const next = step === undefined || at < 0 ? undefined : cards[at + step];
    if (next === undefined) return;
    event.preventDefault();
    cards[at]!.setAttribute('tabindex', '-1');
    next.setAttribute('tabindex', '0');
    next.focus();
  }

  /** What the camera should show. */
  #wanted(): Rect {
    const whole = { x: 0, y: 0, width: this.#layout.width, height: this.#layout.height };
    const at = this.#focus ?? this.#step?.hop;
    if (this.#zoom === 'cluster' || at === undefined) return whole;
    const sheet = this.#layout.sheets.find(({ host }) => host === at.host);
    const card = sheet?.cards.find(({ netns }) => netns === at.netns);
    const box = this.#focus === undefined && this.#step !== undefined ? boxOf(this.#layout, this.#step.hop) : undefined;
    const target = { host: sheet, namespace: card, hook: box ?? card }[this.#zoom];
    return target === undefined ? whole : grow(target, this.#zoom === 'hook' && target !== card ? 70 : 16);
  }

  #aim(jumps: boolean): void {
    const from = this.#view;
    const to = this.#wanted();
    cancelAnimationFrame(this.#frame);
    if (jumps || this.#still.matches || document.hidden) return this.#look(to);
    const began = performance.now();
    const move = (now: number): void => {
      const part = Math.min(1, (now - began) / CAMERA_MS);
      this.#look(between(from, to, part));
      if (part < 1) this.#frame = requestAnimationFrame(move);
    };
    this.#frame = requestAnimationFrame(move);
  }

  #look(view: Rect): void {
    this.#view = view;
    this.#svg.setAttribute('viewBox', `${view.x} ${view.y} ${view.width} ${view.height}`);
  }

  /** Moves the dot along the wires, and draws the way so far behind it. */
  #place(jumps: boolean): void {
    const { steps } = this.#journey ?? { steps: [] };
    const index = this.#step?.index ?? -1;
    const points: Point[] = [];
    let last: Point[] = [];
    for (let at = 0; at <= index; at++) {
      const { hop } = steps[at]!;
      const spot = spotOf(this.#layout, hop);
      last = at === 0 ? (spot === undefined ? [] : [spot]) : wayBetween(this.#layout, steps[at - 1]!.hop, hop);
      points.push(...last);
    }
    this.#trail.setAttribute('points', points.map(([x, y]) => `${x},${y}`).join(' '));
    this.#packet.replaceChildren(...(this.#step === undefined || points.length === 0 ? [] : dotOf(this.#step)));
    const from = points.at(-1 - last.length);
    cancelAnimationFrame(this.#moving);
    if (jumps || from === undefined || document.hidden) this.#put(points.at(-1));
    else this.#move([from, ...last]);
  }

  #move(way: readonly Point[]): void {
    const began = performance.now();
    const move = (now: number): void => {
      const part = Math.min(1, (now - began) / MOVE_MS);
      this.#put(along(way, part));
      if (part < 1) this.#moving = requestAnimationFrame(move);
    };
    this.#moving = requestAnimationFrame(move);
  }

  #put(point: Point | undefined): void {
    if (point !== undefined) this.#packet.setAttribute('transform', `translate(${point[0]} ${point[1]})`);
  }
}

/** The point after a part of a way, by length. */
function along(way: readonly Point[], part: number): Point {
  const lengths = way.slice(1).map(([x, y], at) => Math.hypot(x - way[at]![0], y - way[at]![1]));
  let left = lengths.reduce((sum, length) => sum + length, 0) * part;
  for (const [at, length] of lengths.entries()) {
    if (left > length) left -= length;
    else {
      const share = length === 0 ? 1 : left / length;
      const [a, b] = [way[at]!, way[at + 1]!];
      return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
    }
  }
  return way.at(-1)!;
}

/** A dot; in a ring when it is carried by another packet; hollow for a reply; open, with its reason, when it ends here. */
function dotOf({ packet, hop }: Step): SVGElement[] {
  const parts: SVGElement[] = [s('circle', { class: `dot ${packet.direction}`, r: 6 })];
  if (hop.after.inner !== undefined) parts.unshift(s('circle', { class: 'ring', r: 10 }));
  if (hop.kind === 'drop') {
    parts.push(
      s('path', { class: 'cross', d: 'M-5 -5 5 5M5 -5-5 5' }),
      s('text', { class: 'flag', x: 13, y: 4 }, explainHop(hop)),
    );
    return parts;
  }
  const flags = [
    ...(hop.after.mark === 0 ? [] : [`0x${hop.after.mark.toString(16)}`]),
    ...(hop.changed.includes('dst') && hop.kind !== 'encap' && hop.kind !== 'decap' ? [`→ ${hop.after.dst}`] : []),
    ...(hop.changed.includes('src') && hop.kind !== 'encap' && hop.kind !== 'decap' ? [`${hop.after.src} →`] : []),
  ];
  if (flags.length > 0) parts.push(...flag(flags.join('  ')));
  return parts;
}

/** A flag on its pole, above the dot. */
function flag(text: string): SVGElement[] {
  const width = 7.4 * text.length + 10;
  return [
    s('path', { class: 'pole', d: 'M0 -6V-24' }),
    s('rect', { class: 'cloth', x: -1, y: -25, width, height: 16, rx: 2 }),
    s('text', { class: 'on-cloth', x: 4, y: -13 }, text),
  ];
}

function grow({ x, y, width, height }: Rect, by: number): Rect {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}

function between(a: Rect, b: Rect, part: number): Rect {
  const at = (from: number, to: number): number => from + (to - from) * part;
  return { x: at(a.x, b.x), y: at(a.y, b.y), width: at(a.width, b.width), height: at(a.height, b.height) };
}
