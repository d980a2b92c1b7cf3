// node src/tasks/lighthouse.mjs [PATH …]   Lighthouse (mobile) on pages of the built site; without a path, on a lesson.
//
// Lighthouse is no dependency: it is large, and what it measures of speed is worth something on a quiet machine only.
// `npm install --no-save lighthouse` brings it. Needs a Chromium (MESHWALK_BROWSER, or what the site tests find).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { findBrowser } from './browser.mjs';

const LESSON = '/en/mesh/20-ten-hops-for-one-curl/';
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const FIGURES = [
  'first-contentful-paint',
  'largest-contentful-paint',
  'total-blocking-time',
  'cumulative-layout-shift',
];

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lighthouse-'));
const report = join(folder, 'report.json');
const program = lighthouse();
const browser = await findBrowser();
const { url, close } = await site();
for (const path of process.argv.length > 2 ? process.argv.slice(2) : [LESSON])
  show(path, measure(new URL(path, url).href));
await close();
rmSync(folder, { recursive: true });

/** The path of the program. Ends this process with a word of advice when it is not installed. */
function lighthouse() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('lighthouse/package.json')), 'cli/index.js');
  } catch {
    console.error('Lighthouse is not installed: npm install --no-save lighthouse');
    process.exit(1);
  }
}

/** Serves the built site from a thread of its own, for this one waits for Lighthouse. */
async function site() {
  const code = `
    import(${JSON.stringify(new URL('serve.mjs', import.meta.url).href)})
      .then(({ serve }) => serve(${JSON.stringify(join(root, 'dist'))}, 4321))
      .then(({ url }) => require('node:worker_threads').parentPort.postMessage(url));`;
  const thread = new Worker(code, { eval: true });
  const address = await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject));
  return { url: address, close: () => thread.terminate() };
}

function measure(address) {
  const chrome = '--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage';
  const categories = `--only-categories=${CATEGORIES.join(',')}`;
  const words = [program, address, '--quiet', '--output=json', `--output-path=${report}`, chrome, categories];
  const { status } = spawnSync(process.execPath, words, {
    stdio: 'inherit',
    env: { ...process.env, CHROME_PATH: browser },
  });
  if (status !== 0) process.exit(status ?? 1);
  return JSON.parse(readFileSync(report, 'utf8'));
}

/** Prints the scores, the figures, and every audit that does not pass. */
function show(path, { categories, audits, environment }) {
  console.log(`\n${path} (the machine: ${environment.benchmarkIndex})`);
  for (const name of CATEGORIES) console.log(`  ${name.padEnd(26)} ${Math.round(categories[name].score * 100)}`);
  for (const name of FIGURES) console.log(`  ${name.padEnd(26)} ${audits[name].displayValue}`);
  for (const name of CATEGORIES.slice(1)) {
    const failed = categories[name].auditRefs
      .map(({ id }) => audits[id])
      .filter(({ score }) => score !== null && score < 1);
    for (const { id, title } of failed) console.log(`  fails: ${id}: ${title}`);
  }
}
