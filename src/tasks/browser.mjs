// Finds a Chromium for the site tests, or gets one: the system's, else Playwright's, else Debian's package.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];
const DOWNLOAD_MS = 180_000;

/** The path of a browser that starts. Ends the process with a word of advice when there is none to be had. */
export async function findBrowser() {
  const found = installed() ?? downloaded() ?? fromDebian();
  if (found !== undefined) return found;
  console.error('No Chromium found. Install Chromium or Chrome, or set MESHWALK_BROWSER to the path of one.');
  process.exit(1);
}

function installed() {
  const candidates = [process.env.MESHWALK_BROWSER, ...NAMES.map(inPath), ...PLACES, chromium.executablePath()];
  return candidates.find((path) => path !== undefined && existsSync(path) && starts(path));
}

function inPath(name) {
  const { status, stdout } = spawnSync(process.platform === 'win32' ? 'where' : 'which', [name], { encoding: 'utf8' });
  return status === 0 ? stdout.split(/\r?\n/)[0] : undefined;
}

function starts(path) {
  return spawnSync(path, ['--version'], { timeout: 30_000 }).status === 0;
}

/** Playwright's own build; it may lack libraries of the system, so it has to start before it counts. */
function downloaded() {
  console.log('No Chromium here: asking Playwright for one.');
  spawnSync(process.execPath, ['node_modules/@playwright/test/cli.js', 'install', 'chromium'], {
    stdio: 'inherit',
    timeout: DOWNLOAD_MS,
  });
  return installed();
}

/** Debian and its relatives, when this is allowed to install packages. */
function fromDebian() {
  if (inPath('apt-get') === undefined || process.getuid?.() !== 0) return undefined;
  console.log('Playwright has none that starts here: installing the package chromium.');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { stdio: 'inherit', env });
  return installed();
}
