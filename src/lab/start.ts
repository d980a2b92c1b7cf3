/**
 * The first script of a page with a lab. It starts the worker at once and fetches the dock, with xterm, at the same
 * time; the world is built as soon as the page's scenario has been read. None waits for the other.
 */
import type { Scenario } from '../../simulator/index.ts';
import { LabConnection } from './connection.ts';
import { fingerprint, type Kept, readKept, writeKept } from './keep.ts';
import type { Begin, WorkerName } from './protocol.ts';
import type { Layout } from '../views/layout.ts';
import type { News } from '../views/time/words.ts';
import workerUrl from './worker.ts?worker&url';

// The built page has the scenario before this script and the dock long after it (src/build/lean-head.mjs).
const element = document.getElementById('lab-scenario')!;
const text = element.textContent;
const lab = element.dataset.lab!;
const build = `${workerUrl} ${fingerprint(text)}`;
const kept = readKept<Layout>(sessionStorage, lab);
const linked = location.hash.startsWith('#world=') ? location.hash : undefined;
const news: News[] = [];

const scenario = JSON.parse(text) as Scenario;
const connection = new LabConnection((resumes, replays) => {
  const name: WorkerName = { scenario, resumes, replays };
  return new Worker(workerUrl, { type: 'module', name: JSON.stringify(name) });
}, beginning());
const dock = import('../views/dock.ts');

// Not DOMContentLoaded: that waits for every other script of the page.
if (document.readyState === 'loading') {
  await new Promise((resolve) => document.addEventListener('readystatechange', resolve, { once: true }));
}
const root = document.querySelector<HTMLElement>('.lab-dock')!;
const { startDock } = await dock;
await styled();
await startDock({
  root,
  connection,
  kept: kept && { ...kept, tree: kept.build === build ? kept.tree : undefined },
  news,
  place: { lab, build },
  keep: (layout, screens, tree) => writeKept(sessionStorage, lab, { build, layout, screens, tree }),
});

/** What the world is brought back from: what was kept, and what a link says. */
function beginning(): Begin | Promise<Begin> | undefined {
  if (linked === undefined) return kept && fromKept(kept);
  history.replaceState(history.state, '', location.pathname + location.search); // a reload brings back what was done since
  return (async () => {
    const { openLink } = await import('./link.ts');
    const { foreign, says } = await openLink(linked, { lab, build });
    news.push(...says);
    const own = kept && fromKept(kept);
    return foreign === undefined ? (own ?? {}) : { ...(own?.tree && { tree: own.tree }), foreign };
  })();
}

/** Logs of another build would replay to something else: the commands are typed again, at their times. */
function fromKept({ build: other, tree }: Kept<Layout>): Begin {
  if (other === build) return { tree };
  news.push('renewed');
  const log = wholeLog(tree.current);
  const { end, seed } = tree.branches.find(({ id }) => id === tree.current)!;
  return { foreign: { log, now: end.at, ...(seed === undefined ? {} : { seed }) } };

  function wholeLog(id: number): Kept<Layout>['tree']['branches'][number]['log'] {
    const branch = tree.branches.find((one) => one.id === id);
    if (branch?.parent === undefined) return branch?.log ?? [];
    return [...wholeLog(branch.parent).slice(0, branch.from.inputs), ...branch.log];
  }
}

/** Waits for the page's style sheets: without them the size of a letter would be wrong. */
async function styled(): Promise<void> {
  const sheets = [...document.querySelectorAll<HTMLLinkElement>('link[rel=stylesheet]:not([media=print])')];
  const missing = sheets.filter((sheet) => sheet.sheet === null);
  await Promise.all(missing.map((sheet) => new Promise((resolve) => sheet.addEventListener('load', resolve))));
}
