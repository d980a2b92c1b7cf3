// After the build: moves every inline script of every page into a file of its own and writes the policy
// into the page, so that the site is as strict on a plain file server as behind our own.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { policyText } from './policy.mjs';

const SCRIPT = /<script\b([^>]*)>([\s\S]*?)<\/script>/g;
const FOLDER = '_astro';

/** The Astro integration. */
export function contentSecurityPolicy() {
  return {
    name: 'content-security-policy',
    hooks: {
      'astro:build:done': ({ dir }) => {
        const root = fileURLToPath(dir);
        mkdirSync(join(root, FOLDER), { recursive: true });
        for (const file of pagesUnder(root)) {
          writeFileSync(file, withPolicy(externalised(readFileSync(file, 'utf8'), root)));
        }
      },
    },
  };
}

function pagesUnder(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.html'))
    .map((name) => join(folder, name));
}

/** The page with each inline script replaced by a reference to a file; blocks of data stay. */
function externalised(html, root) {
  return html.replace(SCRIPT, (whole, attributes, body) => {
    if (/\bsrc=/.test(attributes) || /type="(?!module|text\/javascript)[^"]*"/.test(attributes)) return whole;
    const module = /type="module"/.test(attributes);
    const name = `inline.${createHash('sha256').update(body).digest('hex').slice(0, 12)}.js`;
    writeFileSync(join(root, FOLDER, name), body);
    return `<script${module ? ' type="module"' : ''} src="/${FOLDER}/${name}"></script>`;
  });
}

/** The page with the policy as the first thing of its head. */
function withPolicy(html) {
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policyText(false)}">`;
  return html.includes('<head>')
    ? html.replace('<head>', `<head>${meta}`)
    : html.replace(/^(<!doctype html>)?/i, `$1${meta}`);
}
