/**
 * The lab beside the prose: the packet story above, the terminals below. Joins the panels to the worker,
 * keeps the world over page moves, and answers the Run buttons.
 */
import type { LabConnection } from '../lab/connection.ts';
import type { Kept } from '../lab/keep.ts';
import { LogCopy } from '../lab/log-copy.ts';
import type { SavedWorld } from '../lab/protocol.ts';
import { onRunRequest } from '../lab/run-event.ts';
import { TERMINAL_FONT } from '../terminal/terminal.ts';
import { firstLayout, type Layout } from './layout.ts';
import './split-bar.ts';
import { PacketStory } from './story/panel.ts';
import { TerminalsPanel } from './terminals.ts';

/** What the page's first script has prepared while this one was loading. */
export interface DockStart {
  readonly root: HTMLElement;
  readonly connection: LabConnection;
  readonly kept: Kept<Layout> | undefined;
  /** Keeps the world for the next page. */
  keep(layout: Layout, world: SavedWorld): void;
  /** Drops what was kept. */
  forget(): void;
}

/** Longest wait for the terminal's typeface; without it the measures of a letter would be wrong. */
const FONT_WAIT_MS = 1500;

/** Brings the lab of a page to life. */
export async function startDock(start: DockStart): Promise<void> {
  const { root, connection, kept } = start;
  const font = document.fonts.load(`13px ${TERMINAL_FONT}`);
  await Promise.race([font, new Promise((resolve) => setTimeout(resolve, FONT_WAIT_MS))]);

  const log = new LogCopy(kept);
  connection.onLogged = (events, now) => log.add(events, now);
  let layout = kept?.layout ?? firstLayout((root.dataset.terminals ?? 'node1').split(' '));
  const panes = new PaneFocus(root);
  const terminals = new TerminalsPanel({
    element: root.querySelector<HTMLElement>('.groups')!,
    connection,
    hosts: (root.dataset.hosts ?? 'node1 node2 node3 client').split(' '),
    layout,
    changed: (next) => (layout = next),
    cyclePane: (step) => panes.cycle(step),
  });
  panes.focusTerminal = () => terminals.focus();

  connection.onEnded = (terminal) => terminals.ended(terminal);

  const story = new PacketStory(root.querySelector<HTMLElement>('.story')!, connection.calls);
  connection.onStories = (stories) => story.update(stories);

  const views = new Views(root, () => terminals.fit());
  listenToRun(root, terminals, views);
  listenToKeyRow(root, terminals);
  keepOverPageMoves(start, () => start.keep(layout, log));
  showFailures(root, connection);
  document.addEventListener('visibilitychange', () => void connection.calls.setVisible(!document.hidden));
  root.dataset.ready = '';
}

/** Run buttons anywhere on the page ask through an event. */
function listenToRun(root: HTMLElement, terminals: TerminalsPanel, views: Views): void {
  const status = root.querySelector<HTMLElement>('.lab-status')!;
  onRunRequest(({ host, command }) => {
    views.reveal('terminal');
    terminals.run(host, command);
    status.textContent = `Typed in ${host}: ${command.split('\n')[0]!}`;
  });
}

/** Keys that a phone's keyboard lacks. */
function listenToKeyRow(root: HTMLElement, terminals: TerminalsPanel): void {
  const sequences: Record<string, string> = { tab: '\t', interrupt: '\x03', up: '\x1b[A', down: '\x1b[B', end: '\x04' };
  for (const key of root.querySelectorAll<HTMLButtonElement>('[data-key-row] button')) {
    key.onclick = () => terminals.type(sequences[key.value] ?? '');
  }
}

/** Writes the world when the page is left, and asks before it is thrown away. */
function keepOverPageMoves(start: DockStart, keep: () => void): void {
  let forgotten = false;
  addEventListener('pagehide', () => {
    if (!forgotten) keep();
  });
  addEventListener('pageshow', (event) => {
    // Back from the browser's cache: another page may have moved the world on meanwhile.
    if (event.persisted) location.reload();
  });
  const dialog = start.root.querySelector<HTMLDialogElement>('dialog.restart')!;
  for (const opener of start.root.querySelectorAll<HTMLElement>('[data-restart]')) {
    opener.onclick = () => dialog.showModal();
  }
  dialog.onclose = () => {
    if (dialog.returnValue !== 'restart') return;
    forgotten = true;
    start.forget();
    location.reload();
  };
}

function showFailures(root: HTMLElement, connection: LabConnection): void {
  const banner = root.querySelector<HTMLElement>('.lab-failure')!;
  connection.onFailed = (message) => {
    banner.hidden = false;
    banner.querySelector('output')!.textContent = message;
  };
  void connection.started.catch((error: unknown) => connection.failed(String(error)));
}

/** F6 walks the lesson, the story and the terminals. */
class PaneFocus {
  readonly #stops: (() => void)[];
  focusTerminal: () => void = () => {};

  constructor(root: HTMLElement) {
    const prose = document.querySelector<HTMLElement>('main')!;
    const story = root.querySelector<HTMLElement>('.story')!;
    this.#stops = [() => focusOn(prose), () => focusOn(story), () => this.focusTerminal()];
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'F6' || event.defaultPrevented) return;
      event.preventDefault();
      this.#go(prose.contains(document.activeElement) || document.activeElement === document.body ? 0 : 1, event);
    });
  }

  /** Called by a terminal, which sees the key first. */
  cycle(step: 1 | -1): void {
    this.#stops[(2 + step + 3) % 3]!();
  }

  #go(from: number, event: KeyboardEvent): void {
    this.#stops[(from + (event.shiftKey ? 2 : 1)) % 3]!();
  }
}

function focusOn(element: HTMLElement): void {
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus({ preventScroll: false });
}

/** On a narrow screen one panel at a time; on a wide one, any panel can have the whole screen. */
class Views {
  readonly #frame: HTMLElement;
  readonly #shown: () => void;
  readonly #narrow = matchMedia('(max-width: 68.74rem)');

  constructor(root: HTMLElement, shown: () => void) {
    this.#frame = root.closest<HTMLElement>('.lab')!;
    this.#shown = shown;
    for (const tab of this.#frame.querySelectorAll<HTMLButtonElement>('[data-show]')) {
      tab.onclick = () => this.#show(tab.dataset.show!);
    }
    for (const grow of root.querySelectorAll<HTMLButtonElement>('[data-alone]')) {
      grow.onclick = () => this.#alone(grow);
    }
    this.#narrow.onchange = () => this.#show(this.#frame.dataset.view ?? 'read');
    this.#show('read');
  }

  /** Makes a panel visible if another one hides it. */
  reveal(view: string): void {
    if (this.#narrow.matches) this.#show(view);
    else if (this.#frame.dataset.alone === 'story') this.#setAlone(undefined);
  }

  #show(view: string): void {
    this.#frame.dataset.view = view;
    const covered = this.#narrow.matches && view !== 'read';
    this.#frame.querySelector<HTMLElement>('.lab-prose')!.inert = covered;
    for (const tab of this.#frame.querySelectorAll<HTMLButtonElement>('[data-show]')) {
      tab.setAttribute('aria-pressed', String(tab.dataset.show === view));
    }
    this.#shown();
  }

  #alone(grow: HTMLButtonElement): void {
    this.#setAlone(this.#frame.dataset.alone === grow.dataset.alone ? undefined : grow.dataset.alone);
  }

  #setAlone(panel: string | undefined): void {
    if (panel === undefined) delete this.#frame.dataset.alone;
    else this.#frame.dataset.alone = panel;
    for (const grow of this.#frame.querySelectorAll<HTMLButtonElement>('button[data-alone]')) {
      grow.setAttribute('aria-pressed', String(grow.dataset.alone === panel));
    }
    this.#shown();
  }
}
