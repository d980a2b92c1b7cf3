/** One group of terminals: its tabs, its buttons, and the terminal in front. Draws a layout; decides nothing. */
import type { TerminalView } from '../terminal/terminal.ts';
import { dockWord } from './dock-words.ts';
import { button, h, icon } from './dom.ts';
import { allTabs, MOST_GROUPS, ordinalOf, type Layout, type Tab } from './layout.ts';

/** What a group asks the panel to do. */
export interface GroupActions {
  activate(key: number): void;
  close(key: number): void;
  split(group: number): void;
  add(group: number, host: string): void;
  /** A terminal of this group took the focus. */
  used(group: number): void;
}

export class GroupView {
  readonly element: HTMLElement;
  readonly #tabs = h('div', { className: 'tabs', role: 'tablist', 'aria-label': dockWord('terminals') });
  readonly #pane = h('div', { className: 'pane', role: 'tabpanel' });
  readonly #menu: HTMLElement;
  readonly #split: HTMLButtonElement;
  readonly #close: HTMLButtonElement;
  readonly #actions: GroupActions;
  #index = 0;
  #active = 0;

  constructor(hosts: readonly string[], actions: GroupActions) {
    this.#actions = actions;
    this.#menu = hostMenu(hosts, (host) => actions.add(this.#index, host));
    this.#split = button(dockWord('split'), icon('split'), () => actions.split(this.#index), 'split');
    this.#close = button(dockWord('close'), icon('close'), () => actions.close(this.#active));
    const tools = h('div', { className: 'tools' }, this.#menu, this.#split, this.#close);
    this.element = h('section', { className: 'group' }, h('div', { className: 'bar' }, this.#tabs, tools), this.#pane);
    this.element.addEventListener('focusin', () => actions.used(this.#index));
    this.#tabs.onkeydown = (event) => this.#onKey(event);
  }

  /** Shows the group with this index of a layout. */
  update(layout: Layout, index: number, views: ReadonlyMap<number, TerminalView>): void {
    const group = layout.groups[index]!;
    this.#index = index;
    this.#active = group.active;
    const focused = this.#tabs.contains(document.activeElement);
    this.#tabs.replaceChildren(...group.tabs.map((tab) => this.#tab(layout, tab)));
    if (focused) this.#tabs.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
    for (const tab of group.tabs) {
      const view = views.get(tab.key);
      if (view === undefined) continue;
      view.element.hidden = tab.key !== group.active;
      if (view.element.parentElement !== this.#pane) this.#pane.append(view.element);
    }
    this.#pane.setAttribute('aria-labelledby', tabId(group.active));
    this.#split.disabled = layout.groups.length >= MOST_GROUPS;
    this.#close.disabled = allTabs(layout).length === 1;
  }

  #tab(layout: Layout, tab: Tab): HTMLButtonElement {
    const front = tab.key === this.#active;
    const ordinal = ordinalOf(layout, tab);
    const title = ordinal === 1 ? tab.host : `${tab.host} ${ordinal}`;
    return h(
      'button',
      {
        type: 'button',
        id: tabId(tab.key),
        className: 'tab',
        role: 'tab',
        tabIndex: front ? 0 : -1,
        'aria-selected': front,
        'data-key': tab.key,
        onclick: () => this.#actions.activate(tab.key),
      },
      title,
    );
  }

  /** Arrow keys walk the tabs and bring them to the front; Delete closes. */
  #onKey(event: KeyboardEvent): void {
    const tabs = [...this.#tabs.querySelectorAll<HTMLElement>('[role=tab]')];
    const at = tabs.findIndex((tab) => tab === document.activeElement);
    const last = tabs.length - 1;
    const target = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === 'Delete') this.#actions.close(this.#active);
    else if (target !== undefined) this.#actions.activate(Number(tabs[target]!.dataset.key));
    else return;
    event.preventDefault();
  }
}

function tabId(key: number): string {
  return `terminal-tab-${key}`;
}

let menus = 0;

/** A button that opens a list of hosts. */
function hostMenu(hosts: readonly string[], choose: (host: string) => void): HTMLElement {
  const id = `host-menu-${++menus}`;
  const list = h('div', { id, className: 'menu', popover: 'auto' });
  list.append(
    ...hosts.map((host) =>
      h('button', { type: 'button', onclick: () => (list.hidePopover(), choose(host)) }, dockWord('openOn', host)),
    ),
  );
  const opener = button(dockWord('open'), icon('plus'), () => {});
  opener.setAttribute('popovertarget', id);
  list.addEventListener('toggle', () => place(list, opener));
  return h('span', { className: 'menu-holder' }, opener, list);
}

/** Puts an open menu below its button, inside the window. */
function place(menu: HTMLElement, opener: HTMLElement): void {
  const box = opener.getBoundingClientRect();
  const left = Math.min(box.left, innerWidth - menu.offsetWidth - 8);
  menu.style.left = `${Math.max(8, left)}px`;
  menu.style.top = `${Math.min(box.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
  menu.querySelector('button')?.focus();
}
