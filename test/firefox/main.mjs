// node test/firefox/main.mjs [FOLDER]   The main paths in Firefox, by puppeteer-core over WebDriver BiDi: Playwright drives
// only a Firefox of its own build, and this one is the system's. Says so in one line where there is none.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';
import { serve } from '../../src/tasks/serve.mjs';
import { paths } from './paths.mjs';

const FIRST_PORT = 4840;
const NAMES = ['firefox-esr', 'firefox'];
const PLACES = ['/Applications/Firefox.app/Contents/MacOS/firefox', 'C:\\Program Files\\Mozilla Firefox\\firefox.exe'];

const folder = process.argv[2] ?? fileURLToPath(new URL('../../dist', import.meta.url));
const executablePath = findFirefox();
if (executablePath === undefined) {
  console.log('skipped: no Firefox here (Debian: apt-get install firefox-esr; or set MESHWALK_FIREFOX)');
  process.exit(0);
}
let failed = 0;
let server = await serve(folder, FIRST_PORT);
const { url } = server;
for (const [name, walk] of Object.entries(paths)) {
  const began = Date.now();
  const error = await inFreshBrowser((page) => walk(page, url, withoutNetwork)).catch((thrown) => thrown);
  console.log(`  ${error === undefined ? '✓' : '✘'} ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  if (error === undefined) continue;
  failed += 1;
  console.error(error);
}
server.close();
console.log(`${Object.keys(paths).length - failed} passed, ${failed} failed, in ${executablePath}`);
process.exit(failed === 0 ? 0 : 1);

/** Lets something happen while the server is away. */
async function withoutNetwork(happens) {
  server.close();
  await happens();
  server = await serve(folder, Number(new URL(url).port));
}

function findFirefox() {
  const candidates = [process.env.MESHWALK_FIREFOX, ...NAMES.map(inPath), ...PLACES];
  return candidates.find((path) => path !== undefined && existsSync(path));
}

function inPath(name) {
  const { status, stdout } = spawnSync(process.platform === 'win32' ? 'where' : 'which', [name], { encoding: 'utf8' });
  return status === 0 ? stdout.split(/\r?\n/)[0] : undefined;
}

/** Lets `walk` use a page of a new browser; whatever the page complains of fails it. */
async function inFreshBrowser(walk) {
  const profile = mkdtempSync(join(tmpdir(), 'firefox-'));
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true, userDataDir: profile });
  try {
    const page = await browser.newPage();
    await page.setViewport({ width: 1440, height: 900 });
    page.setDefaultTimeout(60_000);
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (/^https?:/.test(request.url()) && !request.url().startsWith(url))
        complaints.push(`asked for ${request.url()}`);
    });
    await walk(page);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
