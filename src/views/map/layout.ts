/**
 * Where everything stands on the map: hosts as sheets, namespaces as cards in them, devices and chains as pills in these.
 * Pure and deterministic: the same world gives the same drawing, whatever was looked at before. Units are those of the SVG.
 */
import type { Hop, MapDevice, MapHost, MapNamespace } from '../../../simulator/index.ts';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Pill extends Rect {
  /** See {@link deviceKey} and {@link chainKey}. */
  readonly key: string;
  readonly label: string;
  readonly kind: 'device' | 'bridge' | 'vxlan' | 'chain' | 'ipvs';
  readonly down: boolean;
}

export interface Card extends Rect {
  readonly host: string;
  readonly netns: string;
  readonly pills: readonly Pill[];
}

export interface Sheet extends Rect {
  readonly host: string;
  readonly cards: readonly Card[];
  /** Height of the wire below its row. */
  readonly bus: number;
}

/** A veth pair, or the way from a machine's eth0 down to the wire between the machines. */
export interface Wire {
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
  readonly kind: 'veth' | 'drop' | 'bus';
}

export interface MapLayout {
  readonly width: number;
  readonly height: number;
  readonly sheets: readonly Sheet[];
  readonly wires: readonly Wire[];
}

const PILL = { width: 150, height: 20, gap: 6 } as const;
const CARD = { padding: 9, head: 22, gap: 14 } as const;
const SHEET = { padding: 14, head: 30, gap: 34 } as const;
/** How far left of its sheet a machine's cable goes down to the wire. */
const DROP = 12;
/** Columns of pills in a card. */
const COLUMNS = 2;
const CARD_WIDTH = 2 * CARD.padding + COLUMNS * PILL.width + (COLUMNS - 1) * PILL.gap;
/** How wide the map should be for its height: as a dock's panel is. */
const ASPECT = 1.7;

function deviceKey(host: string, netns: string, device: string): string {
  return `${host}/${netns}/device/${device}`;
}

function chainKey(host: string, netns: string, hook: string, table: string): string {
  return `${host}/${netns}/${hook}/${table}`;
}

function ipvsKey(host: string, netns: string): string {
  return `${host}/${netns}/ipvs`;
}

/** Lays out a world; the arrangement of the sheets is the one that comes nearest to a panel's shape. */
export function layoutMap(hosts: readonly MapHost[]): MapLayout {
  const loose = hosts.map(looseSheet);
  let best: MapLayout | undefined;
  for (let columns = 1; columns <= Math.max(1, Math.min(hosts.length, 8)); columns++) {
    const layout = arrange(loose, columns);
    if (best === undefined || misfit(layout) < misfit(best)) best = layout;
  }
  return best ?? { width: 1, height: 1, sheets: [], wires: [] };
}

function misfit({ width, height }: MapLayout): number {
  return Math.abs(Math.log(width / height / ASPECT));
}

/** A sheet at 0,0 with everything in it. */
function looseSheet({ name, namespaces }: MapHost): { sheet: Sheet; peers: readonly Peering[] } {
  const count = namespaces.length > 3 ? 2 : 1;
  const heights = new Array<number>(count).fill(SHEET.head);
  const cards: Card[] = [];
  for (const ns of namespaces) {
    // The shortest column takes the next card; of equal ones the first.
    const column = heights.indexOf(Math.min(...heights));
    const x = SHEET.padding + column * (CARD_WIDTH + CARD.gap);
    const card = cardAt(name, ns, x, heights[column]!);
    cards.push(card);
    heights[column] = card.y + card.height + CARD.gap;
  }
  const width = 2 * SHEET.padding + count * CARD_WIDTH + (count - 1) * CARD.gap;
  const height = Math.max(...heights, SHEET.head + 20) - CARD.gap + SHEET.padding;
  return { sheet: { host: name, x: 0, y: 0, width, height, cards, bus: 0 }, peers: peeringsOf(name, namespaces) };
}

interface Peering {
  readonly one: string;
  readonly other: string;
}

/** Each veth pair of a machine once. */
function peeringsOf(host: string, namespaces: readonly MapNamespace[]): Peering[] {
  const found: Peering[] = [];
  for (const ns of namespaces) {
    for (const { name, peer } of ns.devices) {
      if (peer === undefined) continue;
      const one = deviceKey(host, ns.name, name);
      const other = deviceKey(host, peer.netns, peer.device);
      if (one < other) found.push({ one, other });
    }
  }
  return found;
}

function cardAt(host: string, ns: MapNamespace, x: number, y: number): Card {
  const pills: Pill[] = [];
  let top = y + CARD.head;
  const left = x + CARD.padding;
  /** Fills rows from left to right. */
  const rows = (items: readonly Omit<Pill, keyof Rect>[]): void => {
    items.forEach((item, at) => {
      const column = at % COLUMNS;
      pills.push({
        ...item,
        x: left + column * (PILL.width + PILL.gap),
        y: top + Math.floor(at / COLUMNS) * (PILL.height + PILL.gap),
        width: PILL.width,
        height: PILL.height,
      });
    });
    top += Math.ceil(items.length / COLUMNS) * (PILL.height + PILL.gap);
  };
  rows(slotsOf(host, ns));
  rows(
    inOrder(ns.devices)
      .filter((dev) => dev.kind !== 'bridge' && dev.master === undefined)
      .map((dev) => pillOf(host, ns, dev)),
  );
  for (const bridge of ns.devices.filter((dev) => dev.kind === 'bridge')) {
    pills.push({
      ...pillOf(host, ns, bridge),
      x: left,
      y: top,
      width: COLUMNS * PILL.width + (COLUMNS - 1) * PILL.gap,
      height: PILL.height,
    });
    top += PILL.height + 2; // ports hang on their bridge
    rows(ns.devices.filter((dev) => dev.master === bridge.name).map((dev) => pillOf(host, ns, dev)));
  }
  return { host, netns: ns.name, x, y, width: CARD_WIDTH, height: top - y + CARD.padding - PILL.gap, pills };
}

/** What leads to the wire first, lo last. */
function inOrder(devices: readonly MapDevice[]): MapDevice[] {
  const rank = ({ kind }: MapDevice): number => (kind === 'ethernet' ? 0 : kind === 'loopback' ? 2 : 1);
  return [...devices].sort((a, b) => rank(a) - rank(b));
}

/** Chains in the order in which a packet meets them, with IPVS where it takes packets: behind INPUT. */
function slotsOf(host: string, ns: MapNamespace): Omit<Pill, keyof Rect>[] {
  const slots: Omit<Pill, keyof Rect>[] = ns.chains.map(({ hook, table, rules }) => ({
    key: chainKey(host, ns.name, hook, table),
    label: `${hook} ${table} ${rules}`,
    kind: 'chain',
    down: false,
  }));
  if (ns.services === 0) return slots;
  const behind = slots.findLastIndex(({ label }) => /^(PREROUTING|INPUT) /.test(label)) + 1;
  slots.splice(behind, 0, { key: ipvsKey(host, ns.name), label: `IPVS ${ns.services}`, kind: 'ipvs', down: false });
  return slots;
}

function pillOf(host: string, ns: MapNamespace, dev: MapDevice): Omit<Pill, keyof Rect> {
  const [address] = dev.addresses;
  const more = dev.addresses.length > 1 ? ' …' : '';
  return {
    key: deviceKey(host, ns.name, dev.name),
    label: `${dev.name}${dev.vni === undefined ? '' : ` ${dev.vni}`}${address === undefined ? '' : ` ${address.split('/')[0]!}${more}`}`,
    kind: dev.kind === 'bridge' ? 'bridge' : dev.kind === 'vxlan' ? 'vxlan' : 'device',
    down: !dev.up,
  };
}

/** Puts the sheets into rows of `columns`, with the wire below each row. */
function arrange(loose: readonly { sheet: Sheet; peers: readonly Peering[] }[], columns: number): MapLayout {
  const sheets: Sheet[] = [];
  const wires: Wire[] = [];
  let y = SHEET.gap;
  let width = 0;
  const buses: number[] = [];
  for (let first = 0; first < loose.length; first += columns) {
    const row = loose.slice(first, first + columns);
    let x = 2 * SHEET.gap;
    const height = Math.max(...row.map(({ sheet }) => sheet.height));
    const bus = y + height + SHEET.gap / 2;
    for (const { sheet, peers } of row) {
      const moved = { ...moveSheet(sheet, x, y), bus };
      sheets.push(moved);
      wires.push(...wiresOf(moved, peers));
      x += sheet.width + SHEET.gap;
    }
    wires.push({ from: [SHEET.gap, bus], to: [x - SHEET.gap / 2, bus], kind: 'bus' });
    buses.push(bus);
    width = Math.max(width, x);
    y = bus + SHEET.gap / 2 + SHEET.gap / 2;
  }
  if (buses.length > 1) wires.push({ from: [SHEET.gap, buses[0]!], to: [SHEET.gap, buses.at(-1)!], kind: 'bus' });
  return { width, height: y, sheets, wires };
}

function moveSheet(sheet: Sheet, dx: number, dy: number): Sheet {
  const move = <T extends Rect>(rect: T): T => ({ ...rect, x: rect.x + dx, y: rect.y + dy });
  return { ...move(sheet), cards: sheet.cards.map((card) => ({ ...move(card), pills: card.pills.map(move) })) };
}

function wiresOf(sheet: Sheet, peers: readonly Peering[]): Wire[] {
  const pills = new Map(sheet.cards.flatMap((card) => card.pills.map((pill) => [pill.key, pill] as const)));
  const wires: Wire[] = [];
  for (const { one, other } of peers) {
    const a = pills.get(one);
    const b = pills.get(other);
    if (a !== undefined && b !== undefined) wires.push({ ...nearest(a, b), kind: 'veth' });
  }
  const eth0 = pills.get(deviceKey(sheet.host, 'host', 'eth0'));
  if (eth0 !== undefined)
    wires.push({ from: [eth0.x, eth0.y + eth0.height / 2], to: [sheet.x - DROP, sheet.bus], kind: 'drop' });
  return wires;
}

/** From the side of one pill to the nearer side of the other. */
function nearest(a: Rect, b: Rect): Pick<Wire, 'from' | 'to'> {
  const middle = (rect: Rect): number => rect.x + rect.width / 2;
  const right = middle(b) > middle(a) + a.width / 2;
  const left = middle(b) < middle(a) - a.width / 2;
  const from = right ? a.x + a.width : a.x;
  const to = right ? b.x : left ? b.x + b.width : b.x;
  return { from: [from, a.y + a.height / 2], to: [to, b.y + b.height / 2] };
}

/** The box in which a step happened: a device, a chain, or the card itself; undefined when the namespace is gone. */
export function boxOf(
  { sheets }: MapLayout,
  hop: Pick<Hop, 'host' | 'netns' | 'kind' | 'where' | 'table'>,
): Rect | undefined {
  const { host, netns, kind, where, table } = hop;
  const card = sheets.find((sheet) => sheet.host === host)?.cards.find((each) => each.netns === netns);
  if (card === undefined) return undefined;
  const pill = (key: string): Rect | undefined => card.pills.find((each) => each.key === key);
  const device = pill(deviceKey(host, netns, where));
  if (device !== undefined) return device;
  if (kind === 'ipvs') return pill(ipvsKey(host, netns)) ?? head(card);
  const wanted = kind === 'nat' ? 'nat' : (table ?? '');
  return (
    pill(chainKey(host, netns, where, wanted)) ??
    card.pills.find(({ key }) => key.startsWith(`${host}/${netns}/${where}/`)) ??
    head(card)
  );
}

/** Where a card's name stands: what a program or the kernel does without a device or a chain. */
function head({ x, y, width }: Card): Rect {
  return { x: x + width / 2 - 8, y: y + 3, width: 16, height: 16 };
}

/** The middle of where a packet is drawn at a step: at the right end of its box, so that the box's name stays readable. */
export function spotOf(layout: MapLayout, hop: Parameters<typeof boxOf>[1]): Point | undefined {
  const box = boxOf(layout, hop);
  return box === undefined ? undefined : [box.x + box.width - 9, box.y + box.height / 2];
}

export type Point = readonly [x: number, y: number];

/** The way between two steps, without its first point: straight within a machine, along the wire between two. */
export function wayBetween(layout: MapLayout, from: MapStep, to: MapStep): Point[] {
  const end = spotOf(layout, to);
  if (end === undefined) return [];
  const a = layout.sheets.find(({ host }) => host === from.host);
  const b = layout.sheets.find(({ host }) => host === to.host);
  if (from.host === to.host || a === undefined || b === undefined) return [end];
  const start = spotOf(layout, from);
  const down: Point[] = start === undefined ? [] : [[a.x - DROP, start[1]]];
  const along: Point[] = [
    [a.x - DROP, a.bus],
    ...(a.bus === b.bus
      ? []
      : ([
          [SHEET.gap, a.bus],
          [SHEET.gap, b.bus],
        ] as Point[])),
    [b.x - DROP, b.bus],
  ];
  return [...down, ...along, [b.x - DROP, end[1]], end];
}

type MapStep = Parameters<typeof boxOf>[1];
