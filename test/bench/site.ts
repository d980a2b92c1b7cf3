// Measurements of the built site in a browser: a fresh profile each time, the lesson's swarm already up, by the method
// of the anchors' page floor: the browser is started with the address, and the page itself tells what it saw.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { policyText } from '../../src/build/policy.mjs';
import type { Metrics } from './engine.ts';
import { promptProbe, terminalProbe } from './probe.ts';

const LESSON = '/en/mesh/20-ten-hops-for-one-curl/';
const PROBE = '/probe.js';
const REPETITIONS = 5;
const PATIENCE_MS = 120_000;
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** What one visit brought: the page's own report, and what was sent to it. */
interface Visit<T> {
  readonly report: T;
  readonly bytes: number;
  readonly scriptBytes: number;
}

/** The metrics of the page, with the terminal idle; and those of the terminal under load. */
export async function siteMetrics(
  folder: string,
  browser: string,
): Promise<{ readonly idle: Metrics; readonly loaded: Metrics }> {
  const prompts: Visit<{ prompt: number }>[] = [];
  for (let i = 0; i < REPETITIONS; i++) prompts.push(await visit(folder, browser, promptProbe));
  const times = prompts.map(({ report }) => report.prompt).sort((a, b) => a - b);
  const { report, bytes } = await visit(folder, browser, terminalProbe);
  return {
    idle: {
      first_prompt_ms: times[REPETITIONS >> 1]!,
      first_prompt_min_ms: times[0]!,
      key_to_render_ms_p50: report.idle.p50,
      key_to_render_ms_p95: report.idle.p95,
      term_write_mb_s: report.megabytesPerSecond,
      page_br_kb: bytes / 1000,
      script_br_kb: Math.max(...prompts.map(({ scriptBytes }) => scriptBytes)) / 1000,
    },
    loaded: { key_to_render_ms_p50: report.loaded.p50, key_to_render_ms_p95: report.loaded.p95 },
  };
}

/** True when there is a built site to measure. */
export function isBuilt(folder: string): boolean {
  return existsSync(join(folder, LESSON, 'index.html'));
}

/** Opens the lesson in a new browser with a new profile, lets `probe` look, and ends the browser. */
async function visit<T>(folder: string, browser: string, probe: () => Promise<T>): Promise<Visit<T>> {
  const site = new ProbedSite<T>(folder, probe);
  const profile = mkdtempSync(join(tmpdir(), 'bench-'));
  let child: ChildProcess | undefined;
  try {
    const url = await site.listen();
    child = spawn(browser, [...FLAGS, `--user-data-dir=${profile}`, url], { stdio: 'ignore' });
    return await site.report;
  } finally {
    if (child !== undefined) await ended(child);
    site.close();
    forget(profile);
  }
}

/** Removes a profile; a process of the browser may still be writing to it, and what then stays is left to the system. */
function forget(profile: string): void {
  try {
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  } catch {
    // in the system's folder for such things
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill();
  });
}

/** The built site as its own server sends it, with a probe beside the scripts of the lesson. */
class ProbedSite<T> {
  readonly report: Promise<Visit<T>>;
  readonly #folder: string;
  readonly #script: string;
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #timer: NodeJS.Timeout;
  #resolve!: (visit: Visit<T>) => void;
  #bytes = 0;
  #scriptBytes = 0;

  constructor(folder: string, probe: () => Promise<T>) {
    this.#folder = folder;
    this.#script = `(${probe.toString()})().then((report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) }))`;
    let reject: (error: Error) => void = () => undefined;
    this.report = new Promise((resolve, refuse) => {
      this.#resolve = resolve;
      reject = refuse;
    });
    this.#timer = setTimeout(
      () => reject(new Error(`the page did not report within ${PATIENCE_MS / 1000} s`)),
      PATIENCE_MS,
    );
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () =>
        resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${LESSON}`),
      );
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (request.method === 'POST') return this.#receive(request, response);
    if (path === PROBE) return void response.writeHead(200, { 'content-type': TYPES['.js']! }).end(this.#script);
    const file = join(this.#folder, normalize(path), path.endsWith('/') ? 'index.html' : '');
    if (!file.startsWith(this.#folder) || !existsSync(file)) return void response.writeHead(404).end();
    const compressed = existsSync(`${file}.br`);
    const body = readFileSync(compressed ? `${file}.br` : file);
    this.#bytes += body.length;
    if (extname(file) === '.js') this.#scriptBytes += body.length;
    const headers = {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': policyText(true),
    };
    if (path === LESSON) response.writeHead(200, headers).end(withProbe(readFileSync(file, 'utf8')));
    else response.writeHead(200, { ...headers, ...(compressed && { 'content-encoding': 'br' }) }).end(body);
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      response.end();
      this.#resolve({ report: JSON.parse(text) as T, bytes: this.#bytes, scriptBytes: this.#scriptBytes });
    });
  }
}

function withProbe(html: string): string {
  return html.replace('<head>', `<head><script async src="${PROBE}"></script>`);
}
