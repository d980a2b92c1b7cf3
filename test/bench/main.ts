// npm run bench [-- --json]   What the engine and the site do on this machine, in the metrics of the anchors.
//
// --json prints lines {"anchor":"engine", METRIC: number}: each metric once for 3 nodes with the trace off, and further
// lines with `nodes` and `how` for the rest. Without it, a table. Nothing here is a test: machines differ.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBrowser } from '../../src/tasks/browser.mjs';
import { buildMetrics, meshMetrics, type Metrics } from './engine.ts';
import { isBuilt, siteMetrics } from './site.ts';
import { swarmMilliseconds } from './swarm.ts';

const ROOT = process.env['MESHWALK_ROOT'] ?? process.cwd();
const DIST = join(ROOT, 'dist');
const NODES = [3, 30, 100];
const BUILDS = 5;
const SWARMS = 5;

/** What was measured, under which circumstances. Without `how`: the plain case, 3 nodes and no trace. */
interface Row {
  readonly nodes?: number;
  readonly how?: string;
  readonly metrics: Metrics;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** The median of each metric of several runs. */
function medians(runs: readonly Metrics[]): Metrics {
  return Object.fromEntries(Object.keys(runs[0]!).map((name) => [name, median(runs.map((run) => run[name]!))]));
}

const repeat = <T>(times: number, make: () => T): T[] => Array.from({ length: times }, make);

async function* measure(): AsyncGenerator<Row> {
  yield { metrics: meshMetrics(3, false) };
  for (const nodes of NODES.slice(1)) yield { nodes, how: 'trace off', metrics: meshMetrics(nodes, false) };
  yield { metrics: medians(repeat(BUILDS, () => buildMetrics(1000))) };
  for (const nodes of NODES) yield { nodes, how: 'trace on', metrics: meshMetrics(nodes, true) };
  const scenario = readFileSync(join(ROOT, 'content/scenarios/routing-mesh.yaml'), 'utf8');
  const swarms = repeat(SWARMS, () => swarmMilliseconds(scenario));
  yield { metrics: { swarm3_ms: median(swarms) } };
  yield { nodes: 3, how: 'the first world of the process', metrics: { swarm3_ms: swarms[0]! } };
  if (!isBuilt(DIST)) {
    console.error('No built site in dist/, so the page is not measured: run npm run build first.');
    return;
  }
  const { idle, loaded } = await siteMetrics(DIST, await findBrowser());
  yield { metrics: idle };
  yield { how: 'requests running', metrics: loaded };
}

function inWords({ nodes, how, metrics }: Row): string {
  const circumstances = how === undefined ? '' : `${nodes === undefined ? '' : `${nodes} nodes, `}${how}`;
  return Object.entries(metrics)
    .map(([name, value]) => `${name.padEnd(24)}${value.toPrecision(4).padStart(12)}   ${circumstances}`.trimEnd())
    .join('\n');
}

const json = process.argv.includes('--json');
for await (const { metrics, ...circumstances } of measure()) {
  console.log(
    json ? JSON.stringify({ anchor: 'engine', ...circumstances, ...metrics }) : inWords({ ...circumstances, metrics }),
  );
}
