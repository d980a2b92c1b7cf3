/**
 * The first script of a page with a lab. It starts the worker and its world at once and fetches the dock,
 * with xterm, at the same time; neither waits for the other.
 */
import type { Scenario } from '../../simulator/index.ts';
import { LabConnection } from './connection.ts';
import { fingerprint, readKept } from './keep.ts';
import type { Layout } from '../views/layout.ts';
import workerUrl from './worker.ts?worker&url';

const root = document.querySelector<HTMLElement>('.lab-dock');
if (root !== null) {
  const worker = new Worker(workerUrl, { type: 'module' });
  const text = document.getElementById('lab-scenario')!.textContent;
  const lab = root.dataset.lab!;
  const build = `${workerUrl} ${fingerprint(text)}`;
  const kept = readKept<Layout>(sessionStorage, lab, build);
  const saved = kept && { log: kept.log, now: kept.now };
  const connection = new LabConnection(worker, { scenario: JSON.parse(text) as Scenario, saved });
  void import('../views/dock.ts').then(({ startDock }) => startDock({ root, lab, build, connection, kept }));
}
