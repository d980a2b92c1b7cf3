/**
 * The first script of a page with a lab. It starts the worker at once and fetches the dock, with xterm, at the same
 * time; the world is built as soon as the page's scenario has been read. None waits for the other.
 */
import type { Scenario } from '../../simulator/index.ts';
import { LabConnection } from './connection.ts';
import { fingerprint, readKept } from './keep.ts';
import type { Layout } from '../views/layout.ts';
import workerUrl from './worker.ts?worker&url';

const worker = new Worker(workerUrl, { type: 'module' });
const dock = import('../views/dock.ts');

// The built page has the scenario before this script and the dock long after it (src/build/early-lab.mjs).
const scenario = document.getElementById('lab-scenario')!;
const text = scenario.textContent;
const lab = scenario.dataset.lab!;
const build = `${workerUrl} ${fingerprint(text)}`;
const kept = readKept<Layout>(sessionStorage, lab, build);
const saved = kept && { log: kept.log, now: kept.now };
const connection = new LabConnection(worker, { scenario: JSON.parse(text) as Scenario, saved });

// Not DOMContentLoaded: that waits for every other script of the page.
if (document.readyState === 'loading') {
  await new Promise((resolve) => document.addEventListener('readystatechange', resolve, { once: true }));
}
const root = document.querySelector<HTMLElement>('.lab-dock')!;
const { startDock } = await dock;
await startDock({ root, lab, build, connection, kept });
