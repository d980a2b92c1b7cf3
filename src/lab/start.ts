/**
 * The first script of a page with a lab. It starts the worker at once and fetches the dock, with xterm, at the same
 * time; the world is built as soon as the page's scenario has been read. None waits for the other.
 */
import type { Scenario } from '../../simulator/index.ts';
import { LabConnection } from './connection.ts';
import { fingerprint, forget, readKept, writeKept } from './keep.ts';
import type { WorkerName } from './protocol.ts';
import type { Layout } from '../views/layout.ts';
import workerUrl from './worker.ts?worker&url';

// The built page has the scenario before this script and the dock long after it (src/build/lean-head.mjs).
const element = document.getElementById('lab-scenario')!;
const text = element.textContent;
const lab = element.dataset.lab!;
const build = `${workerUrl} ${fingerprint(text)}`;
const kept = readKept<Layout>(sessionStorage, lab, build);

const name: WorkerName = { scenario: JSON.parse(text) as Scenario, resumes: kept !== undefined };
const worker = new Worker(workerUrl, { type: 'module', name: JSON.stringify(name) });
const dock = import('../views/dock.ts');
const connection = new LabConnection(worker, kept && { log: kept.log, now: kept.now });

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
  kept,
  keep: (layout, { log, now }) => writeKept(sessionStorage, lab, { build, layout, log, now }),
  forget: () => forget(sessionStorage, lab),
});

/** Waits for the page's style sheets: without them the size of a letter would be wrong. */
async function styled(): Promise<void> {
  const sheets = [...document.querySelectorAll<HTMLLinkElement>('link[rel=stylesheet]:not([media=print])')];
  const missing = sheets.filter((sheet) => sheet.sheet === null);
  await Promise.all(missing.map((sheet) => new Promise((resolve) => sheet.addEventListener('load', resolve))));
}
