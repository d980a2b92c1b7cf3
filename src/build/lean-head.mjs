// After the build: puts the head of every page into the order in which a browser needs it, so that a lesson's world is
// built while its prose is still being read, and the prompt stands soon after (first_prompt_ms of the benchmark).
//
// - A policy in the page stops the browser from looking ahead in it, so what is needed first has to stand first.
// - Astro writes a component's script where the component stands, near the end, and links some style sheets in the body.
// - A script that reads the theme blocks the parser, and would wait for every style sheet before it: it goes in front.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Starts a lab's worker (src/lab/start.ts). */
const START = /<script type="module" src="(\/_astro\/LabDock[^"]*)"><\/script>/;
/** What the world starts from. */
const SCENARIO = /<script type="application\/json" id="lab-scenario"[^>]*>[\s\S]*?<\/script>/;
/** A part of a script in a file of its own. */
const IMPORT = /(?:\bfrom|\bimport)\s*"\.\/([\w.-]+\.js)"/g;
/** The chunks that the start script may fetch, and which of them it fetches for the dock. */
const CHUNK = /"(_astro\/[\w.-]+\.js)"/g;
const DOCK = /import\(`\.\/dock\.[^`]+`\)\s*,\s*__vite__mapDeps\(\[([\d,]+)\]\)/;
const THEME = /<script src="\/theme\.js"><\/script>/;
const SHEET = /<link rel="stylesheet" href="([^"]+)"[^>]*>/g;
/** Expressive Code's: makes blocks that scroll sideways reachable by Tab. Ours wrap; it would look at each change of a terminal. */
const SCROLLABLE = /<script type="module" src="\/_astro\/ec\.[^"]*"><\/script>/;
/** What a page with a lab ends with: drawing it in pieces while it is being read costs more than the first piece is worth. */
const LAST = 'lab-views';

/** The Astro integration; before the policy, which has to stand first. */
export function leanHead() {
  return {
    name: 'lean-head',
    hooks: {
      'astro:build:done': ({ dir }) => {
        const root = fileURLToPath(dir);
        for (const name of readdirSync(root, { recursive: true })) {
          if (!name.endsWith('.html')) continue;
          const file = join(root, name);
          writeFileSync(file, lean(readFileSync(file, 'utf8'), root));
        }
      },
    },
  };
}

function lean(html, root) {
  const first = [];
  const take = (pattern) => {
    const [found] = pattern.exec(html) ?? [];
    if (found !== undefined) html = html.replace(found, '');
    return found ?? '';
  };
  take(SCROLLABLE);
  const start = START.exec(html);
  if (start !== null) {
    if (!html.includes(`id="${LAST}"`)) throw new Error(`a page with a lab has no element #${LAST}`);
    take(START);
    first.push(
      take(SCENARIO),
      `<script type="module" async fetchpriority="high" src="${start[1]}"></script>`,
      ...chunksOf(start[1], root).map((chunk) => `<link rel="modulepreload" fetchpriority="high" href="/${chunk}">`),
      `<link rel="expect" href="#${LAST}" blocking="render">`,
    );
  }
  const sheets = [...html.matchAll(SHEET)];
  for (const [sheet, href] of sheets)
    if (!sheet.includes('print')) first.push(`<link rel="preload" as="style" href="${href}">`);
  first.push(take(THEME));
  for (const [sheet] of sheets) {
    html = html.replace(sheet, '');
    first.push(sheet);
  }
  return html.replace('<head>', () => `<head>${first.join('')}`);
}

/** What the start script is made of, and the chunks of the dock. What other pages share with it stands in files of its own. */
function chunksOf(script, root) {
  const found = new Set();
  let dock = [];
  const read = (file) => {
    const text = readFileSync(file, 'utf8');
    const named = [...text.matchAll(IMPORT)].map(([, name]) => `_astro/${name}`).filter((chunk) => !found.has(chunk));
    for (const chunk of named) found.add(chunk);
    for (const chunk of named) read(join(root, chunk));
    const chunks = [...text.matchAll(CHUNK)].map(([, chunk]) => chunk);
    dock =
      DOCK.exec(text)?.[1]
        .split(',')
        .map((index) => chunks[index]) ?? dock;
  };
  read(join(root, script));
  if (dock.length === 0) throw new Error(`${script} names no chunk of the dock`);
  return [...new Set([...found, ...dock])];
}
