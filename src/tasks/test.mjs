// npm test        Everything: types, lint, unit tests, and the built site in a real browser.
// npm run site    The browser part alone.
// The last line sums up the tests that ran: "N passed, N failed".
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBrowser } from './browser.mjs';
import { modernNode } from './build.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const reports = join(root, 'node_modules/.cache/test');
const onlySite = process.argv.includes('site');
const unitReport = join(reports, 'unit.json');
const siteReport = join(reports, 'site.json');
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

const node = modernNode();
let failedSteps = 0;

/** Runs one step; a failure is remembered, and the steps after it still run. */
function step(title, script, args, env = {}) {
  console.log(`\n— ${title}`);
  const began = Date.now();
  const { status } = spawnSync(node.command, [...node.args, `node_modules/${script}`, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1', ...env },
  });
  console.log(`${status === 0 ? 'ok' : 'FAILED'}, ${((Date.now() - began) / 1000).toFixed(1)} s`);
  if (status !== 0) failedSteps += 1;
}

if (!onlySite) {
  step('types: simulator', 'typescript/bin/tsc', ['-p', 'simulator']);
  step('types: site and tests', 'astro/bin/astro.mjs', ['check', '--minimumSeverity', 'error']);
  step('lint', 'eslint/bin/eslint.js', ['.']);
  step('unit tests', 'vitest/vitest.mjs', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${unitReport}`,
  ]);
}
// Skipped, with a line that says why, where there is no root or no Linux.
if (!onlySite) step('live differential test', '../src/tasks/differential.mjs', ['--count', '20']);
step('build the site', 'astro/bin/astro.mjs', ['build', '--silent']);
const browser = await findBrowser();
step('site tests', '@playwright/test/cli.js', ['test'], { MESHWALK_BROWSER: browser });
step('the main paths in Firefox', '../test/firefox/main.mjs', []); // skipped, with a line that says so, where there is none

const unit = onlySite
  ? { passed: 0, failed: 0 }
  : counted(unitReport, (r) => ({
      passed: r.numPassedTests,
      failed: r.numFailedTests + r.numFailedTestSuites * (r.numFailedTests === 0),
    }));
const site = counted(siteReport, (r) => ({
  passed: r.stats.expected,
  failed: r.stats.unexpected + r.stats.flaky + r.errors.length,
}));
const failed = unit.failed + site.failed;
console.log(`\n${unit.passed + site.passed} passed, ${failed} failed`);
process.exit(failed + failedSteps === 0 ? 0 : 1);

/** Reads the counts of a report; a report that is not there is a failure. */
function counted(file, read) {
  try {
    return read(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return { passed: 0, failed: 1 };
  }
}
