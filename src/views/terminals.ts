/** The terminals panel: keeps the arrangement, opens shells when their tab is first seen, and runs commands. */
import type { LabConnection } from '../lab/connection.ts';
import { TerminalView } from '../terminal/terminal.ts';
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
  /** Called when the arrangement changed, so that it is kept. */
  changed(layout: Layout): void;
  cyclePane(step: 1 | -1): void;
}

export class TerminalsPanel {
  readonly #options: TerminalsOptions;
  readonly #views = new Map<number, TerminalView>();
  readonly #groups: GroupView[] = [];
  /** Tabs whose shell is open or being opened. */
  readonly #joined = new Set<number>();
  #layout: Layout;

  constructor(options: TerminalsOptions) {
    this.#options = options;
    this.#layout = options.layout;
    this.#options.element.replaceChildren();
    this.#show(options.layout);
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

  focus(): void {
    this.#focusedView().focus();
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
    for (const tab of frontTabs(layout)) this.#openShell(tab);
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
    const view = new TerminalView(`Terminal on ${tab.host}`, { cyclePane: (step) => this.#options.cyclePane(step) });
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
    const join = async (): Promise<void> => {
      const { terminals } = await connection.started;
      const restored = terminals.find((terminal) => terminal.id === tab.terminal)?.id;
      const terminal = restored ?? (await connection.calls.openTerminal(tab.host, view.size));
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
    'data-label': 'Width of the terminals before',
  });
}
