/**
 * How the terminals are arranged: groups side by side, each with tabs, one of them in front. Pure data and
 * pure functions; the dock draws it and the page keeps it.
 */

/** A tab; `terminal` is the id of its shell once that has been opened. */
export interface Tab {
  readonly key: number;
  readonly host: string;
  readonly terminal?: string;
  /** Only here because its shell is open at the instant on show; it goes when that is left. */
  readonly guest?: true;
}

interface Group {
  readonly tabs: readonly Tab[];
  /** The key of the tab in front. */
  readonly active: number;
}

export interface Layout {
  readonly groups: readonly Group[];
  /** The group that was used last. */
  readonly focused: number;
  readonly nextKey: number;
}

/** More groups than this leave no room to read. */
export const MOST_GROUPS = 3;

/** One group with a tab for each host, the first in front. */
export function firstLayout(hosts: readonly string[]): Layout {
  const tabs = hosts.map((host, index) => ({ key: index + 1, host }));
  return { groups: [{ tabs, active: 1 }], focused: 0, nextKey: hosts.length + 1 };
}

/** The tab with a key, wherever it is. */
export function tabOf(layout: Layout, key: number): Tab | undefined {
  return allTabs(layout).find((tab) => tab.key === key);
}

/** All tabs, group after group. */
export function allTabs(layout: Layout): Tab[] {
  return layout.groups.flatMap((group) => [...group.tabs]);
}

/** The tab in front of each group. */
export function frontTabs(layout: Layout): Tab[] {
  return layout.groups.flatMap((group) => group.tabs.filter((tab) => tab.key === group.active));
}

/** The number of a tab among those of its host, for its title: 1 for the first. */
export function ordinalOf(layout: Layout, tab: Tab): number {
  const keys = allTabs(layout)
    .filter((other) => other.host === tab.host)
    .map((other) => other.key);
  return keys.sort((a, b) => a - b).indexOf(tab.key) + 1;
}

/** Brings a tab to the front of its group. */
export function activate(layout: Layout, key: number): Layout {
  const at = groupOf(layout, key);
  if (at < 0) return layout;
  return { ...withGroup(layout, at, { ...layout.groups[at]!, active: key }), focused: at };
}

/** Adds a tab to a group and brings it to the front. */
export function addTab(layout: Layout, at: number, host: string): Layout {
  const group = layout.groups[at]!;
  const tab: Tab = { key: layout.nextKey, host };
  const grown = withGroup(layout, at, { tabs: [...group.tabs, tab], active: tab.key });
  return { ...grown, focused: at, nextKey: layout.nextKey + 1 };
}

/** Opens a new group beside one, with a new tab on the same host as the one in front there. */
export function split(layout: Layout, at: number): Layout {
  if (layout.groups.length >= MOST_GROUPS) return layout;
  const host = tabOf(layout, layout.groups[at]!.active)!.host;
  const group: Group = { tabs: [{ key: layout.nextKey, host }], active: layout.nextKey };
  const groups = [...layout.groups.slice(0, at + 1), group, ...layout.groups.slice(at + 1)];
  return { groups, focused: at + 1, nextKey: layout.nextKey + 1 };
}

/** Takes a tab away, and its group with it when that is empty. The last tab of all stays. */
export function closeTab(layout: Layout, key: number): Layout {
  const at = groupOf(layout, key);
  if (at < 0 || allTabs(layout).length === 1) return layout;
  const group = layout.groups[at]!;
  const index = group.tabs.findIndex((tab) => tab.key === key);
  const tabs = group.tabs.filter((tab) => tab.key !== key);
  if (tabs.length === 0) {
    const groups = layout.groups.filter((_, other) => other !== at);
    return { ...layout, groups, focused: Math.min(layout.focused, groups.length - 1) };
  }
  const active = group.active === key ? tabs[Math.min(index, tabs.length - 1)]!.key : group.active;
  return withGroup(layout, at, { tabs, active });
}

/** Adds a tab for a shell that is open at an earlier instant, behind the one in front. */
export function addGuest(layout: Layout, host: string, terminal: string): Layout {
  const group = layout.groups[layout.focused]!;
  const tab: Tab = { key: layout.nextKey, host, terminal, guest: true };
  const grown = withGroup(layout, layout.focused, { ...group, tabs: [...group.tabs, tab] });
  return { ...grown, nextKey: layout.nextKey + 1 };
}

/** Notes which shell a tab shows. */
export function joinTerminal(layout: Layout, key: number, terminal: string): Layout {
  return withTab(layout, key, ({ host }) => ({ key, host, terminal }));
}

/** Notes that the shell of a tab is gone. */
export function leaveTerminal(layout: Layout, key: number): Layout {
  return withTab(layout, key, ({ host }) => ({ key, host }));
}

/** The tab in which to run something on a host: one in front, else any, else a new one. */
export function tabForHost(layout: Layout, host: string): { layout: Layout; key: number } {
  const focusedFirst = [layout.groups[layout.focused]!, ...layout.groups];
  const front = focusedFirst.flatMap((group) => group.tabs.filter((tab) => tab.key === group.active));
  const tab = front.find((other) => other.host === host) ?? allTabs(layout).find((other) => other.host === host);
  if (tab !== undefined) return { layout: activate(layout, tab.key), key: tab.key };
  const grown = addTab(layout, layout.focused, host);
  return { layout: grown, key: layout.nextKey };
}

function groupOf(layout: Layout, key: number): number {
  return layout.groups.findIndex((group) => group.tabs.some((tab) => tab.key === key));
}

function withGroup(layout: Layout, at: number, group: Group): Layout {
  return { ...layout, groups: layout.groups.map((other, index) => (index === at ? group : other)) };
}

function withTab(layout: Layout, key: number, change: (tab: Tab) => Tab): Layout {
  const at = groupOf(layout, key);
  if (at < 0) return layout;
  const group = layout.groups[at]!;
  return withGroup(layout, at, { ...group, tabs: group.tabs.map((tab) => (tab.key === key ? change(tab) : tab)) });
}
