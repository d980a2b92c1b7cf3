/** Takes care of the session around the panels: keeps it over page moves, brings it back after a crash, starts it over. */
import type { LabConnection } from '../lab/connection.ts';
import { binIsFull, emptyBin, throwAllAway } from '../lab/keep.ts';
import type { SavedTree } from '../lab/time-protocol.ts';
import type { TreeCopy } from '../lab/tree-copy.ts';
import { dockWord } from './dock-words.ts';

/** After an input the session is written when nothing more comes for so long; a tab may be thrown out unasked. */
const WRITE_AFTER_MS = 2000;
/** The worker is asked for a sign of life this often, and given up when several questions are unanswered. */
const ASK_EVERY_MS = 5000;
const MOST_UNANSWERED = 4;
/** What is needed only when something fails is fetched this long after the world stands. */
const AFTER_PROMPT_MS = 1000;

/** Writes the session when the page is left or hidden, and shortly after something was typed. */
export function keepOverPageMoves(
  connection: LabConnection,
  tree: TreeCopy,
  keep: (tree: SavedTree) => void,
  signal: AbortSignal,
): () => void {
  let stopped = false;
  signal.addEventListener('abort', () => {
    write();
    stopped = true;
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (): void => {
    clearTimeout(timer);
    const { saved } = tree;
    if (!stopped && saved !== undefined) keep(saved);
  };
  connection.onLogged = (branch, from, events, end) => {
    tree.takeLog(branch, from, events, end);
    if (events.length === 0) return;
    clearTimeout(timer);
    timer = setTimeout(write, WRITE_AFTER_MS);
  };
  addEventListener('pagehide', write, { signal });
  const visible = (): void => {
    if (document.hidden) write();
    void connection.calls.setVisible(!document.hidden);
  };
  document.addEventListener('visibilitychange', visible, { signal });
  const shown = (event: PageTransitionEvent): void => {
    // Back from the browser's cache: another page may have moved the world on meanwhile.
    if (event.persisted) location.reload();
  };
  addEventListener('pageshow', shown, { signal });
  return () => (stopped = true);
}

/** Looks whether the worker still answers; a loop that never ends says nothing by itself. */
export function watchWorker(connection: LabConnection, signal: AbortSignal): void {
  let unanswered = 0;
  const ask = (): void => {
    if (document.hidden) return void (unanswered = 0);
    if (unanswered++ >= MOST_UNANSWERED) {
      unanswered = 0;
      return connection.failed(dockWord('silent'));
    }
    void connection.started.then(() => connection.calls.ping()).then(() => (unanswered = 0));
  };
  const timer = setInterval(ask, ASK_EVERY_MS);
  signal.addEventListener('abort', () => clearInterval(timer));
}

/** A failure is met by a new worker; what cannot be met is shown for good. */
export function showFailures(
  root: HTMLElement,
  connection: LabConnection,
  tree: TreeCopy,
  back: (before: string | undefined) => void,
): void {
  const banner = root.querySelector<HTMLElement>('.lab-failure')!;
  const load = async () => {
    const { Recovery } = await import('../lab/recovery.ts');
    const lost = (message: string): void => {
      banner.hidden = false;
      banner.querySelector('output')!.textContent = message;
    };
    return new Recovery({ tree, restart: (begin) => connection.restart(begin), back, lost });
  };
  let recovery: ReturnType<typeof load> | undefined;
  const get = () => (recovery ??= load());
  connection.onFailed = (message) => void get().then((found) => found.stopped(message));
  // Before the first prompt nothing is fetched that it does not need.
  connection.started.then(
    () => setTimeout(() => void get(), AFTER_PROMPT_MS),
    (error: unknown) => connection.failed(String(error)),
  );
}

/** The dialog that starts over: the step or the lesson, which stay as branches, or every lab of this tab. */
export function listenToRestart(root: HTMLElement, connection: LabConnection, leave: () => void): void {
  const dialog = root.querySelector<HTMLDialogElement>('dialog.restart')!;
  for (const opener of root.querySelectorAll<HTMLElement>('[data-restart]')) {
    opener.onclick = () => {
      dialog.returnValue = '';
      dialog.querySelector<HTMLElement>('[value=undo]')!.hidden = !binIsFull(sessionStorage);
      dialog.showModal();
    };
  }
  dialog.onclose = () => {
    const failed = !root.querySelector<HTMLElement>('.lab-failure')!.hidden;
    const what = dialog.returnValue;
    if (what === 'undo') {
      leave();
      emptyBin(sessionStorage);
      location.reload();
    } else if (what === 'everything' || (failed && what !== '' && what !== 'cancel')) {
      leave();
      throwAllAway(sessionStorage);
      location.reload();
    } else if (what === 'step' || what === 'lesson') void connection.calls.time({ do: 'reset', what });
  };
}
