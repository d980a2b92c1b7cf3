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
/** The chunks of the dock, as the start script names them. */
const CHUNK = /"(_astro\/[\w.-]+\.js)"/g;
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
      ...chunksOf(join(root, start[1])).map((chunk) => `<link rel="modulepreload" fetchpriority="high" href="/${chunk}">`),
      `<link rel="expect" href="#${LAST}" blocking="render">`,
    );
  }
  const sheets = [...html.matchAll(SHEET)];
  for (const [sheet, href] of sheets) if (!sheet.includes('print')) first.push(`<link rel="preload" as="style" href="${href}">`);
  first.push(take(THEME));
  for (const [sheet] of sheets) {
    html = html.replace(sheet, '');
    first.push(sheet);
  }
  return html.replace('<head>', () => `<head>${first.join('')}`);
}

function chunksOf(script) {
  const chunks = [...readFileSync(script, 'utf8').matchAll(CHUNK)].map(([, chunk]) => chunk);
  if (chunks.length === 0) throw new Error(`${script} names no chunk of the dock`);
  return chunks;
}
