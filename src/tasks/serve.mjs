// A small static file server for the built site: Brotli copies from the build, strict headers, 404 page.
import { createServer } from 'node:http';
import { readFileSync, statSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';
import { policyText } from '../build/policy.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
  '.xml': 'application/xml; charset=utf-8',
};
/** Names that change with what they name. */
const HASHED = /^\/_astro\/.*[.-][\w-]{5,}\.\w+$/;
const COMPRESSED = /^(text|application)\/|svg/;
const HEADERS = {
  'content-security-policy': policyText(true),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};
/** Pages of the old addresses that answer with a redirection, so that no page has to load first. */
const REDIRECTS = {
  '/': '/en/',
  '/fidelity': '/en/fidelity/',
  '/fidelity/': '/en/fidelity/',
  '/studio': '/en/studio/',
  '/studio/': '/en/studio/',
};

/** Serves `folder` on `port`, or on the next free one; answers the URL and how to stop. */
export async function serve(folder, port) {
  const kept = new Map();
  const server = createServer((request, response) => answer(folder, kept, request, response));
  for (; ; port++) {
    try {
      await listen(server, port);
      return { url: `http://localhost:${server.address().port}/`, close: () => server.close() };
    } catch (error) {
      if (error.code !== 'EADDRINUSE') throw error;
    }
  }
}

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function answer(folder, kept, request, response) {
  const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
  if (REDIRECTS[path] !== undefined) return response.writeHead(302, { location: REDIRECTS[path] }).end();
  const file = fileFor(folder, path);
  const name = file ?? join(folder, '404.html');
  if (!isFile(name)) return response.writeHead(404).end();
  const type = TYPES[extname(name)] ?? 'application/octet-stream';
  const accepted = request.headers['accept-encoding'] ?? '';
  const coding =
    /\bbr\b/.test(accepted) && isFile(`${name}.br`)
      ? 'br'
      : COMPRESSED.test(type) && /\bgzip\b/.test(accepted)
        ? 'gzip'
        : undefined;
  const key = `${name} ${coding}`;
  if (!kept.has(key)) kept.set(key, bytesOf(name, coding));
  response.writeHead(file === undefined ? 404 : 200, {
    ...HEADERS,
    'content-type': type,
    'content-length': kept.get(key).length,
    'cache-control': HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(coding && { 'content-encoding': coding, vary: 'accept-encoding' }),
  });
  response.end(request.method === 'HEAD' ? undefined : kept.get(key));
}

/** The file for a path, inside the folder, or nothing. */
function fileFor(folder, path) {
  const at = join(folder, normalize(path));
  for (const candidate of [at, join(at, 'index.html'), `${at}.html`]) {
    if (candidate.startsWith(folder) && isFile(candidate)) return candidate;
  }
  return undefined;
}

function bytesOf(name, coding) {
  if (coding === 'br') return readFileSync(`${name}.br`);
  return coding === 'gzip' ? gzipSync(readFileSync(name)) : readFileSync(name);
}

function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
