/**
 * The lab beside the prose: the packet story above, the terminals below. Joins the panels to the worker,
 * keeps the world over page moves, and answers the Run buttons.
 */
import type { StorySummary } from '../../simulator/index.ts';
import type { LabConnection } from '../lab/connection.ts';
import type { Place } from '../lab/link.ts';
import { onRunRequest } from '../lab/run-event.ts';
import type { SavedTree, TimeState } from '../lab/time-protocol.ts';
import { TreeCopy } from '../lab/tree-copy.ts';
import { TERMINAL_FONT } from '../terminal/terminal.ts';
import { keepOverPageMoves, listenToRestart, showFailures, watchWorker } from './care.ts';
import { firstLayout, type Layout } from './layout.ts';
import { dockWord } from './dock-words.ts';
import type { LessonStart } from './lesson/panel.ts';
import './split-bar.ts';
import type { PacketStory } from './story/panel.ts';
import { TerminalsPanel } from './terminals.ts';
import type { TimeBar } from './time/bar.ts';
import type { News } from './time/words.ts';

/** What the page's first script has prepared while this one was loading. */
export interface DockStart {
  readonly root: HTMLElement;
  readonly connection: LabConnection;
  readonly kept:
    { readonly layout: Layout; readonly screens: Screens; readonly tree: SavedTree | undefined } | undefined;
  /** What has to be told about a link or about what was kept. */
  readonly news: readonly News[];
  /** What links are made for; without it there are none. */
  readonly place?: Place;
  /** Keeps the session for the next page. */
  keep(layout: Layout, screens: Screens, tree: SavedTree): void;
  /** Ends what the dock does outside its own element, where a page puts another dock in its place. */
  readonly signal?: AbortSignal;
}

type Screens = Readonly<Record<string, string>>;

/** Longest wait for the terminal's typeface; without it the measures of a letter would be wrong. */
const FONT_WAIT_MS = 1500;
/** The time bar comes this long after the first terminal. */
const TIME_BAR_MS = 150;

/** Brings the lab of a page to life; answers the page's copy of its branches. */
export async function startDock(start: DockStart): Promise<TreeCopy> {
  const { root, connection, kept, signal = new AbortController().signal } = start;
  const font = document.fonts.load(`13px ${TERMINAL_FONT}`);
  await Promise.race([font, new Promise((resolve) => setTimeout(resolve, FONT_WAIT_MS))]);

  const tree = new TreeCopy(kept?.tree);
  let layout = kept?.layout ?? firstLayout((root.dataset.terminals ?? 'node1').split(' '));
  const panes = new PaneFocus(root, signal);
  const terminals = new TerminalsPanel({
    element: root.querySelector<HTMLElement>('.groups')!,
    connection,
    hosts: (root.dataset.hosts ?? 'node1 node2 node3 client').split(' '),
    layout,
    screens: kept?.tree === undefined ? {} : kept.screens,
    changed: (next) => (layout = next),
    cyclePane: (step) => panes.cycle(step),
    timeKey: (action) => time.key(action),
  });
  panes.focusTerminal = () => terminals.focus();

  connection.onEnded = (terminal) => terminals.ended(terminal);
  connection.onShown = (open, past) => terminals.shown(open, past);
  const time = new Time(start, tree, signal);
  panes.focusTime = () => time.focus();

  tellStories(root.querySelector<HTMLElement>('.story')!, connection);

  const views = new Views(root, () => terminals.fit());
  listenToRun(root, terminals, views, signal);
  listenToKeyRow(root, terminals);
  const keep = (saved: SavedTree): void => start.keep(layout, terminals.screens, saved);
  const leave = keepOverPageMoves(connection, tree, keep, signal);
  listenToRestart(root, connection, leave);
  showFailures(root, connection, tree, (before) => {
    terminals.rejoin();
    time.back(before);
  });
  watchWorker(connection, signal);
  root.dataset.ready = '';
  void enliven({ connection, tree, terminals });
  return tree;
}

/** The parts of a lesson in the prose come to life after the first prompt. */
async function enliven(start: LessonStart): Promise<void> {
  if (document.getElementById('lab-lesson') === null) return;
  await start.connection.started;
  await new Promise((resolve) => setTimeout(resolve, TIME_BAR_MS));
  await (await import('./lesson/panel.ts')).startLesson(start);
}

/** The story is fetched when there is one: nobody needs it before the first prompt. */
function tellStories(element: HTMLElement, connection: LabConnection): void {
  let latest: readonly StorySummary[] = [];
  let panel: PacketStory | undefined;
  const ready = (async () => {
    latest = await new Promise((resolve) => (connection.onStories = resolve));
    connection.onStories = (stories) => {
      latest = stories;
      panel?.update(stories);
    };
    const [story, words] = await Promise.all([import('./story/panel.ts'), import('../explain/index.ts')]);
    await words.speak(document.documentElement.lang);
    panel = new story.PacketStory(element, connection.calls);
    panel.update(latest);
    const { onTimed } = connection;
    connection.onTimed = (state) => {
      onTimed(state);
      panel?.stand(state.standing, state.origin);
    };
  })();
  void ready.catch((error: unknown) => connection.failed(String(error)));
}

/** Run buttons anywhere on the page ask through an event. */
function listenToRun(root: HTMLElement, terminals: TerminalsPanel, views: Views, signal: AbortSignal): void {
  const status = root.querySelector<HTMLElement>('.lab-status')!;
  onRunRequest(({ host, command }) => {
    views.reveal('terminal');
    terminals.run(host, command);
    status.textContent = dockWord('typed', `${host}: ${command.split('\n')[0]!}`);
  }, signal);
}

/** Keys that a phone's keyboard lacks. */
function listenToKeyRow(root: HTMLElement, terminals: TerminalsPanel): void {
  const sequences: Record<string, string> = { tab: '\t', interrupt: '\x03', up: '\x1b[A', down: '\x1b[B', end: '\x04' };
  for (const key of root.querySelectorAll<HTMLButtonElement>('[data-key-row] button')) {
    key.onclick = () => terminals.type(sequences[key.value] ?? '');
  }
}

/** The time bar is fetched when the first prompt stands, or when it is needed. */
class Time {
  readonly #bar: Promise<TimeBar>;
  #state: TimeState | undefined;

  constructor(start: DockStart, tree: TreeCopy, signal: AbortSignal) {
    const { root, connection, place } = start;
    connection.onBranched = (cards, current) => {
      tree.takeCards(cards, current);
      void this.#bar.then((bar) => bar.branched());
    };
    connection.onTimed = (state) => {
      this.#state = state;
      loaded?.update(state);
    };
    let loaded: TimeBar | undefined;
    this.#bar = (async () => {
      await connection.started;
      await new Promise((resolve) => setTimeout(resolve, TIME_BAR_MS));
      const { TimeBar } = await import('./time/bar.ts');
      const element = root.querySelector<HTMLElement>('.time')!;
      loaded = new TimeBar({ element, connection, tree, ...(place && { place }) });
      if (this.#state !== undefined) loaded.update(this.#state);
      for (const news of start.news) loaded.news(news);
      return loaded;
    })();
    this.#bar.catch((error: unknown) => connection.failed(String(error)));
    const pressed = (event: KeyboardEvent): void => {
      const action = { F8: 'pause', F9: 'step' }[event.key] as 'pause' | 'step' | undefined;
      if (action === undefined || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.key(action);
    };
    document.addEventListener('keydown', pressed, { signal });
  }

  key(action: 'pause' | 'step'): void {
    void this.#bar.then((bar) => (action === 'pause' ? bar.togglePlay() : bar.step()));
  }

  focus(): void {
    void this.#bar.then((bar) => bar.focus());
  }

  /** A new worker has brought the world back. */
  back(before: string | undefined): void {
    void this.#bar.then((bar) => (before === undefined ? bar.news('crashed') : bar.cutBefore(before)));
  }
}

/** F6 walks the lesson, the story, the terminals and the time bar. */
class PaneFocus {
  readonly #stops: (() => void)[];
  focusTerminal: () => void = () => {};
  focusTime: () => void = () => {};

  constructor(root: HTMLElement, signal: AbortSignal) {
    const prose = document.querySelector<HTMLElement>('main')!;
    const story = root.querySelector<HTMLElement>('.story')!;
    this.#stops = [() => focusOn(prose), () => focusOn(story), () => this.focusTerminal(), () => this.focusTime()];
    const pressed = (event: KeyboardEvent): void => {
      if (event.key !== 'F6' || event.defaultPrevented) return;
      event.preventDefault();
      const { activeElement } = document;
      const inTime = root.querySelector('.time')?.contains(activeElement) === true;
      const inProse = prose.contains(activeElement) || activeElement === document.body;
      this.#go(inTime ? 3 : inProse ? 0 : 1, event);
    };
    document.addEventListener('keydown', pressed, { signal });
  }

  /** Called by a terminal, which sees the key first. */
  cycle(step: 1 | -1): void {
    this.#stops[2 + step]!();
  }

  #go(from: number, event: KeyboardEvent): void {
    this.#stops[(from + (event.shiftKey ? 3 : 1)) % 4]!();
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
