/** The terminals panel: keeps the arrangement, opens shells when their tab is first seen, and runs commands. */
import type { LabConnection } from '../lab/connection.ts';
import type { OpenTerminal } from '../lab/protocol.ts';
import { TerminalView } from '../terminal/terminal.ts';
import { dockWord } from './dock-words.ts';
import { h } from './dom.ts';
import { GroupView } from './group.ts';
import * as layouts from './layout.ts';
import { frontTabs, type Layout, type Tab } from './layout.ts';

/** What the panel needs of the page around it. */
export interface TerminalsOptions {
  readonly element: HTMLElement;
  readonly connection: LabConnection;
  readonly hosts: readonly string[];
  readonly layout: Layout;
  /** What shells showed when the page was left, by terminal; drawn until their world has been brought back. */
  readonly screens: Readonly<Record<string, string>>;
  /** Called when the arrangement changed, so that it is kept. */
  changed(layout: Layout): void;
  cyclePane(step: 1 | -1): void;
  timeKey(action: 'pause' | 'step'): void;
}

export class TerminalsPanel {
  readonly #options: TerminalsOptions;
  readonly #views = new Map<number, TerminalView>();
  readonly #groups: GroupView[] = [];
  /** Tabs whose shell is open or being opened. */
  readonly #joined = new Set<number>();
  /** Tabs that showed what was kept, which is done once. */
  readonly #previewed = new Set<number>();
  #layout: Layout;
  /** An earlier instant is on show: shells open only when asked for, because that begins a new branch. */
  #past = false;

  constructor(options: TerminalsOptions) {
    this.#options = options;
    const guests = layouts.allTabs(options.layout).filter(({ guest }) => guest);
    this.#layout = guests.reduce((layout, { key }) => layouts.closeTab(layout, key), options.layout);
    this.#options.element.replaceChildren();
    this.#show(this.#layout);
  }

  /** Types a command into a terminal of `host` and presses Enter. */
  run(host: string, command: string): void {
    const { layout, key } = layouts.tabForHost(this.#layout, host);
    this.#show(layout);
    this.#views.get(key)!.type(command.replaceAll('\n', '\r') + '\r');
  }

  /** Types text, such as a control character, into the terminal that was used last. */
  type(text: string): void {
    this.#focusedView().type(text);
  }

  /** The shell of a terminal has ended: its tab says so and gets a new one. */
  ended(terminal: string): void {
    const tab = layouts.allTabs(this.#layout).find((other) => other.terminal === terminal);
    if (tab === undefined) return;
    this.#views.get(tab.key)?.say('[the shell has ended; here is a new one]');
    this.#joined.delete(tab.key);
    this.#show(layouts.leaveTerminal(this.#layout, tab.key));
  }

  /** Another instant or branch is on show: shells that are open then have a tab, and the others say so or are replaced. */
  shown(open: readonly OpenTerminal[], past: boolean): void {
    this.#past = past;
    const isOpen = (tab: Tab): boolean => open.some(({ id }) => id === tab.terminal);
    let layout = this.#layout;
    for (const tab of layouts.allTabs(layout)) {
      if (isOpen(tab)) continue;
      if (tab.guest) layout = this.#without(layout, tab);
      else if (!past) {
        this.#views.get(tab.key)?.detach();
        this.#joined.delete(tab.key);
        layout = layouts.leaveTerminal(layout, tab.key);
      }
    }
    const known = new Set(layouts.allTabs(layout).map(({ terminal }) => terminal));
    for (const { id, host } of open) if (!known.has(id)) layout = layouts.addGuest(layout, host, id);
    this.#show(layout);
  }

  #without(layout: Layout, tab: Tab): Layout {
    this.#views.get(tab.key)?.dispose();
    this.#views.delete(tab.key);
    this.#joined.delete(tab.key);
    return layouts.closeTab(layout, tab.key);
  }

  /** A new worker has brought the world back: every shell is joined again. */
  rejoin(): void {
    for (const { key } of layouts.allTabs(this.#layout)) this.#views.get(key)?.detach();
    this.#joined.clear();
    this.#show(this.#layout);
  }

  focus(): void {
    this.#focusedView().focus();
  }

  /** What the shells in front show. */
  get screens(): Record<string, string> {
    const shown = frontTabs(this.#layout).filter(({ terminal }) => terminal !== undefined);
    return Object.fromEntries(shown.map(({ key, terminal }) => [terminal!, this.#views.get(key)?.tail ?? '']));
  }

  /** Takes the new size after the panel became visible or was resized as a whole. */
  fit(): void {
    for (const tab of frontTabs(this.#layout)) this.#views.get(tab.key)?.fit();
  }

  #focusedView(): TerminalView {
    return this.#views.get(this.#layout.groups[this.#layout.focused]!.active)!;
  }

  #show(layout: Layout): void {
    this.#layout = layout;
    this.#matchGroups(layout.groups.length);
    for (const tab of frontTabs(layout)) this.#viewOf(tab);
    this.#groups.forEach((group, index) => group.update(layout, index, this.#views));
    for (const tab of frontTabs(layout)) {
      if (!this.#past || tab.terminal !== undefined) this.#openShell(tab);
      else this.#views.get(tab.key)?.showAbsent();
    }
    this.fit();
    this.#options.changed(this.#layout);
  }

  /** Makes or removes group elements, with a separator before each but the first. */
  #matchGroups(count: number): void {
    const { element, hosts } = this.#options;
    if (this.#groups.length === count) return;
    while (this.#groups.length < count) this.#groups.push(this.#newGroup(hosts));
    this.#groups.length = count;
    const parts = this.#groups.flatMap((group, index) => {
      group.element.style.setProperty('--basis', index === count - 1 ? 'auto' : `var(--group-${index})`);
      return index === 0 ? [group.element] : [groupBar(index - 1, count), group.element];
    });
    element.replaceChildren(...parts);
  }

  #newGroup(hosts: readonly string[]): GroupView {
    return new GroupView(hosts, {
      activate: (key) => this.#show(layouts.activate(this.#layout, key)),
      add: (group, host) => this.#showAndFocus(layouts.addTab(this.#layout, group, host)),
      split: (group) => this.#showAndFocus(layouts.split(this.#layout, group)),
      close: (key) => this.#close(key),
      used: (focused) => (this.#layout = { ...this.#layout, focused }),
    });
  }

  #showAndFocus(layout: Layout): void {
    this.#show(layout);
    for (const tab of frontTabs(layout)) this.#openShell(tab);
    this.focus();
  }

  #close(key: number): void {
    const layout = layouts.closeTab(this.#layout, key);
    if (layout === this.#layout) return;
    const tab = layouts.tabOf(this.#layout, key);
    this.#views.get(key)?.dispose();
    this.#views.delete(key);
    if (tab?.terminal !== undefined) void this.#options.connection.calls.closeTerminal(tab.terminal);
    this.#showAndFocus(layout);
  }

  #viewOf(tab: Tab): TerminalView {
    const known = this.#views.get(tab.key);
    if (known !== undefined) return known;
    const view = new TerminalView(dockWord('terminal', tab.host), {
      cyclePane: (step) => this.#options.cyclePane(step),
      timeKey: (action) => this.#options.timeKey(action),
    });
    this.#views.set(tab.key, view);
    return view;
  }

  /** Joins the shell of a tab that is seen for the first time: the one a restored world brought along, or a new one. */
  #openShell(tab: Tab): void {
    if (this.#joined.has(tab.key)) return;
    this.#joined.add(tab.key);
    const { connection } = this.#options;
    const view = this.#viewOf(tab);
    view.fit();
    const before = this.#options.screens[tab.terminal ?? ''];
    if (before !== undefined && !this.#previewed.has(tab.key)) view.preview(before);
    this.#previewed.add(tab.key);
    const join = async (): Promise<void> => {
      const { terminals } = await connection.started;
      const known = tab.guest ? tab.terminal : terminals.find((terminal) => terminal.id === tab.terminal)?.id;
      const terminal = known ?? (await connection.calls.openTerminal(tab.host, view.size));
      if (!this.#views.has(tab.key)) return connection.calls.closeTerminal(terminal); // closed before it was open
      this.#layout = layouts.joinTerminal(this.#layout, tab.key, terminal);
      this.#options.changed(this.#layout);
      view.attach(connection.attach(terminal));
    };
    join().catch((error: unknown) => connection.failed(String(error)));
  }
}

/** The separator between a group and the next. */
function groupBar(before: number, count: number): HTMLElement {
  return h('split-bar' as 'div', {
    'data-axis': 'x',
    'data-from': 'previous',
    'data-property': `--group-${before}`,
    'data-initial': Math.round(100 / count),
    'data-min': 15,
    'data-max': 70,
    'data-label': dockWord('width'),
  });
}
