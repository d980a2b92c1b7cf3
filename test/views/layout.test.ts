// The arrangement of terminals: whatever is done to it, it stays sound.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as layouts from '../../src/views/layout';
import type { Layout } from '../../src/views/layout';

const hosts = ['client', 'node1', 'node2'];
const first = layouts.firstLayout(hosts);

describe('tabs and groups', () => {
  test('begins with one group, a tab for each host, the first in front', () => {
    expect(layouts.frontTabs(first).map((tab) => tab.host)).toEqual(['client']);
    expect(layouts.allTabs(first).map((tab) => tab.host)).toEqual(hosts);
  });

  test('a split shows the same host again beside it', () => {
    const split = layouts.split(layouts.activate(first, 2), 0);
    expect(layouts.frontTabs(split).map((tab) => tab.host)).toEqual(['node1', 'node1']);
    expect(split.focused).toBe(1);
    expect(layouts.ordinalOf(split, layouts.frontTabs(split)[1]!)).toBe(2);
  });

  test('closing the tab in front shows its neighbour; closing a group’s last tab closes the group', () => {
    expect(layouts.frontTabs(layouts.closeTab(first, 1)).map((tab) => tab.host)).toEqual(['node1']);
    const split = layouts.split(first, 0);
    const closed = layouts.closeTab(split, split.groups[1]!.active);
    expect(closed.groups).toEqual(first.groups);
  });

  test('the last tab of all cannot be closed', () => {
    const one = layouts.firstLayout(['client']);
    expect(layouts.closeTab(one, 1)).toBe(one);
  });

  test('running on a host uses its tab in front, else brings one to the front, else makes one', () => {
    const split = layouts.activate(layouts.split(first, 0), 2);
    expect(layouts.tabForHost(split, 'client').key).toBe(split.groups[1]!.active);
    expect(layouts.tabForHost(first, 'node2').key).toBe(3);
    const made = layouts.tabForHost(first, 'node3');
    expect(layouts.tabOf(made.layout, made.key)?.host).toBe('node3');
    expect(layouts.frontTabs(made.layout).map((tab) => tab.key)).toContain(made.key);
  });

  test('a shell stays with its tab', () => {
    const joined = layouts.joinTerminal(first, 2, 'node1/0');
    expect(layouts.tabOf(layouts.split(joined, 0), 2)?.terminal).toBe('node1/0');
  });
});

type Step = (layout: Layout) => Layout;
const some = (layout: Layout, pick: number) => layouts.allTabs(layout)[pick % layouts.allTabs(layout).length]!.key;
const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(4), fc.nat(20)).map(([kind, pick]): Step => {
  if (kind === 0) return (layout) => layouts.activate(layout, some(layout, pick));
  if (kind === 1) return (layout) => layouts.closeTab(layout, some(layout, pick));
  if (kind === 2) return (layout) => layouts.split(layout, pick % layout.groups.length);
  if (kind === 3) return (layout) => layouts.addTab(layout, pick % layout.groups.length, hosts[pick % 3]!);
  return (layout) => layouts.tabForHost(layout, hosts[pick % 3]!).layout;
});

test('any sequence of steps leaves groups with tabs, one in front each, and no key twice', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const layout = steps.reduce((before, apply) => apply(before), first);
      const keys = layouts.allTabs(layout).map((tab) => tab.key);
      expect(new Set(keys).size).toBe(keys.length);
      expect(layouts.frontTabs(layout)).toHaveLength(layout.groups.length);
      expect(layout.groups.length).toBeGreaterThanOrEqual(1);
      expect(layout.groups.length).toBeLessThanOrEqual(layouts.MOST_GROUPS);
      expect(layout.focused).toBeLessThan(layout.groups.length);
      expect(Math.max(...keys)).toBeLessThan(layout.nextKey);
    }),
  );
});
