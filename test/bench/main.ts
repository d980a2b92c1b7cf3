// npm run bench [-- --json] [--only scale]   What the engine and the site do on this machine, in the metrics of the anchors.
//
// --json prints lines {"anchor":"engine", METRIC: number}: each metric once for 3 nodes with the trace off, and further
// lines with `nodes` and `how` for the rest. Without it, a table. Nothing here is a test: machines differ.
// `--only time` measures going back in a long session, bringing one back, and links.
// `--only swarm` grows a swarm from 3 to 100 nodes with 5 tasks each on two overlays.
// `--only scale` measures how the tables on a packet's way scale, in lines {"anchor":"engine-scale","entries":…}.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBrowser } from '../../src/tasks/browser.mjs';
import { buildMetrics, meshMetrics, type Metrics } from './engine.ts';
import { scaleMetrics, SIZES } from './scale.ts';
import { GROWTH, growthMetrics } from './growth.ts';
import { isBuilt, siteMetrics } from './site.ts';
import { swarmMilliseconds } from './swarm.ts';
import { timeMetrics } from './time.ts';

const ROOT = process.env['MESHWALK_ROOT'] ?? process.cwd();
const DIST = join(ROOT, 'dist');
const NODES = [3, 30, 100];
const BUILDS = 5;
const SWARMS = 5;

/** What was measured, under which circumstances. Without `how`: the plain case, 3 nodes and no trace. */
interface Row {
  readonly anchor?: 'engine-scale';
  readonly entries?: number;
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
  yield* measureTime();
  const { idle, loaded } = await siteMetrics(DIST, await findBrowser());
  yield { metrics: idle };
  yield { how: 'requests running', metrics: loaded };
}

async function* measureTime(): AsyncGenerator<Row> {
  yield { metrics: await timeMetrics(readFileSync(join(ROOT, 'content/scenarios/routing-mesh.yaml'), 'utf8')) };
}

function* measureScale(): Generator<Row> {
  scaleMetrics(SIZES[0]!); // the compiler sees the whole of it first
  for (const entries of SIZES) yield { anchor: 'engine-scale', entries, metrics: scaleMetrics(entries) };
}

function* measureGrowth(): Generator<Row> {
  for (const nodes of GROWTH) yield { nodes, how: '5 tasks each', metrics: growthMetrics(nodes) };
}

function inWords({ nodes, how, entries, metrics }: Row): string {
  const size = entries === undefined ? undefined : `${entries} entries`;
  const circumstances = size ?? (how === undefined ? '' : `${nodes === undefined ? '' : `${nodes} nodes, `}${how}`);
  return Object.entries(metrics)
    .map(([name, value]) => `${name.padEnd(24)}${value.toPrecision(4).padStart(12)}   ${circumstances}`.trimEnd())
    .join('\n');
}

const json = process.argv.includes('--json');
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const PARTS = { scale: measureScale, swarm: measureGrowth, time: measureTime };
if (only !== undefined && !(only in PARTS))
  throw new Error(`--only ${only}: there are ${Object.keys(PARTS).join(', ')}`);
for await (const { metrics, ...circumstances } of only === undefined
  ? measure()
  : PARTS[only as keyof typeof PARTS]()) {
  console.log(
    json ? JSON.stringify({ anchor: 'engine', ...circumstances, ...metrics }) : inWords({ ...circumstances, metrics }),
  );
}
