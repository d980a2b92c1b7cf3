// After the index of the search was made (by Pagefind, as Starlight's integration asks for it). Chinese is written without
// spaces, and Pagefind cuts the pages with one dictionary, but what is typed with the browser's own, which cuts elsewhere: half
// of the words would not be found. So the words of the index are written down beside it; src/search/words.ts cuts what is
// typed by them, and Pagefind is told to leave that as it is. The parts of Pagefind that are not used are removed.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** Between two words of a text without spaces. */
const CUT = '\u200b';
/** What stands before the JSON of a fragment. */
const MARK = 'pagefind_dcd';
const WORD = /^\p{Script=Han}{2,}$/u;
const ASKS = 'needsWordSegmentation(trueLanguage)';
const PROGRAMS = ['pagefind.js', 'pagefind-worker.js'];
const UNUSED = /^pagefind-(ui|modular-ui|component-ui|highlight)\b/;

/** The Astro integration; after Starlight's. */
export function searchWords() {
  return {
    name: 'search-words',
    hooks: {
      'astro:build:done': ({ dir }) => prepareSearch(join(fileURLToPath(dir), 'pagefind')),
    },
  };
}

/** Completes the index in a folder. */
export function prepareSearch(folder) {
  const fragments = readdirSync(join(folder, 'fragment')).filter((name) => name.startsWith('zh'));
  const words = new Set(fragments.flatMap((name) => wordsOf(gunzipSync(readFileSync(join(folder, 'fragment', name))))));
  if (words.size === 0) throw new Error('the index of the search holds no Chinese word');
  writeFileSync(join(folder, 'words-zh.txt'), [...words].sort().join(' '));
  for (const name of PROGRAMS) {
    const program = readFileSync(join(folder, name), 'utf8');
    if (program.split(ASKS).length !== 2) throw new Error(`${name} cuts what is typed in another way than it did`);
    writeFileSync(join(folder, name), program.replace(ASKS, 'false'));
  }
  for (const name of readdirSync(folder)) if (UNUSED.test(name)) rmSync(join(folder, name));
  // For who wants to search without a network later on.
  const files = readdirSync(folder, { recursive: true }).filter((name) => /\.\w+$/.test(name));
  writeFileSync(join(folder, 'files.txt'), files.sort().join('\n').replaceAll('\\', '/'));
}

/** The Chinese words of a page, as the index has them. */
function wordsOf(fragment) {
  const text = fragment.toString('utf8');
  const { content } = JSON.parse(text.startsWith(MARK) ? text.slice(MARK.length) : text);
  return content
    .split(CUT)
    .map((word) => word.trim())
    .filter((word) => WORD.test(word));
}
