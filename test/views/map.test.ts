// The map: the same world gives the same drawing, nothing overlaps or sticks out, and every step has its box.
import { describe, expect, test } from 'vitest';
import { createWorld, SECOND } from '../../simulator/index.ts';
import { boxOf, layoutMap, type Rect, spotOf, wayBetween } from '../../src/views/map/layout.ts';
import { journeyOf } from '../../src/views/story/journey.ts';
import { SCENARIOS, scenarioOf, worldOf } from '../trace/worlds.ts';

const inside = (inner: Rect, outer: Rect): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;
const apart = (a: Rect, b: Rect): boolean =>
  a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
const pairs = <T>(list: readonly T[]): [T, T][] =>
  list.flatMap((a, at) => list.slice(at + 1).map((b): [T, T] => [a, b]));

describe.each(SCENARIOS)('%s', (name) => {
  const layout = layoutMap(worldOf(name).world.topology());

  test('boxes lie in their boxes and beside each other', () => {
    for (const sheet of layout.sheets) {
      expect(inside(sheet, { x: 0, y: 0, width: layout.width, height: layout.height })).toBe(true);
      for (const card of sheet.cards) {
        expect(inside(card, sheet)).toBe(true);
        for (const pill of card.pills) expect(inside(pill, card)).toBe(true);
        for (const [a, b] of pairs(card.pills))
          expect({ a: a.key, b: b.key, apart: apart(a, b) }).toMatchObject({ apart: true });
      }
      for (const [a, b] of pairs(sheet.cards)) expect(apart(a, b)).toBe(true);
    }
    for (const [a, b] of pairs(layout.sheets)) expect(apart(a, b)).toBe(true);
  });

  test('keys are unique, and the same world gives the same drawing', () => {
    const keys = layout.sheets.flatMap(({ cards }) => cards.flatMap(({ pills }) => pills.map(({ key }) => key)));
    expect(new Set(keys).size).toBe(keys.length);
    expect(layoutMap(worldOf(name).world.topology())).toEqual(layout);
  });
});

describe('the routing mesh on the map', () => {
  const world = createWorld(scenarioOf('routing-mesh'));
  world.exec('client', 'curl -s 192.168.56.11:8000');
  world.run(world.now + 3 * SECOND);
  const topology = world.topology();
  const layout = layoutMap(topology);
  const story = world.trace.story(world.trace.stories().find(({ title }) => title.startsWith('GET'))!.id);
  const { steps } = journeyOf(
    story,
    story.packets.find(({ label }) => label === 'SYN')!,
    true,
  );

  test('has hosts, namespaces and veth pairs of the real thing', () => {
    expect(topology.map(({ name }) => name)).toEqual(['node1', 'node2', 'node3', 'client']);
    const names = topology[0]!.namespaces.map(({ name }) => name.replace(/^1-\w+/, 'overlay').replace(/\.\d/, ''));
    expect(names).toEqual(['host', 'ingress_sbox', 'overlay', 'task whoami']);
    expect(layout.wires.filter(({ kind }) => kind === 'veth')).toHaveLength(12);
    expect(layout.wires.filter(({ kind }) => kind === 'drop')).toHaveLength(4);
  });

  test('every step stands in a box of its own namespace', () => {
    for (const { hop } of steps) {
      const card = layout.sheets.find(({ host }) => host === hop.host)!.cards.find(({ netns }) => netns === hop.netns)!;
      const box = boxOf(layout, hop);
      expect({ hop: `${hop.kind} ${hop.where}`, inside: box !== undefined && inside(box, card) }).toMatchObject({
        inside: true,
      });
    }
  });

  test('rules stand in their chain, devices in their pill, IPVS in its own', () => {
    const key = (wanted: (hop: (typeof steps)[number]['hop']) => boolean): string => {
      const box = boxOf(layout, steps.find(({ hop }) => wanted(hop))!.hop)!;
      return 'key' in box ? String(box.key) : '';
    };
    expect(key((hop) => hop.table === 'mangle' && hop.netns === 'ingress_sbox')).toBe(
      'node1/ingress_sbox/PREROUTING/mangle',
    );
    expect(key((hop) => hop.chain === 'DOCKER-INGRESS' && hop.table === 'nat')).toBe('node1/host/PREROUTING/nat');
    expect(key((hop) => hop.kind === 'ipvs')).toBe('node1/ingress_sbox/ipvs');
    expect(key((hop) => hop.kind === 'device' && hop.netns === 'ingress_sbox')).toBe('node1/ingress_sbox/device/eth1');
  });

  test('between machines the packet goes down to the wire, along it, and up', () => {
    const at = steps.findIndex(({ hop }, index) => index > 0 && hop.host !== steps[index - 1]!.hop.host);
    const way = wayBetween(layout, steps[at - 1]!.hop, steps[at]!.hop);
    expect(way.at(-1)).toEqual(spotOf(layout, steps[at]!.hop));
    const bus = layout.sheets.find(({ host }) => host === steps[at]!.hop.host)!.bus;
    expect(way.some(([, y]) => y === bus)).toBe(true);
    for (const [a, b] of pairs(way).filter(([a, b]) => way.indexOf(b) === way.indexOf(a) + 1))
      expect(a[0] === b[0] || a[1] === b[1]).toBe(true);
  });

  test('a namespace that is gone has no place', () => {
    expect(boxOf(layout, { host: 'node1', netns: 'task gone.1', kind: 'device', where: 'eth0' })).toBeUndefined();
  });
});
