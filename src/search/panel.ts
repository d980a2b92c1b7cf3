/**
 * The search: asks the index that the build made of all pages of this language (src/build/search.mjs), and lists what it
 * finds, each page with the sections that fit. Arrow keys walk the list; nothing leaves the browser.
 */
import { h } from '../views/dom.ts';
import { cutIntoWords } from './words.ts';

/** The part of Pagefind's interface that is used here. */
interface Pagefind {
  options(options: { excerptLength: number }): Promise<void>;
  init(): Promise<void>;
  debouncedSearch(query: string): Promise<{ results: readonly { data(): Promise<Found> }[] } | null>;
}

interface Section {
  readonly weighted_locations: readonly { readonly balanced_score: number }[];
  readonly url: string;
  readonly title: string;
  /** HTML: text with `mark`. */
  readonly excerpt: string;
}

interface Found {
  readonly url: string;
  readonly excerpt: string;
  readonly meta: { readonly title?: string };
  readonly sub_results: readonly Section[];
}

/** Pages and sections of one page that are listed. */
const MOST_PAGES = 12;
const MOST_SECTIONS = 4;
const EXCERPT_WORDS = 22;
const INDEX = '/pagefind/pagefind.js';
/** The words of the index in a language without spaces (src/build/search-words.mjs). */
const WORDS = '/pagefind/words-zh.txt';
const FILES = '/pagefind/files.txt';

/** Brings the panel to life. */
export function startSearch(panel: HTMLElement): void {
  const field = panel.querySelector('input')!;
  const list = panel.querySelector<HTMLElement>('.found')!;
  const status = panel.querySelector<HTMLElement>('[role=status]')!;
  const { none = '', found = '', failed = '', hint = '' } = panel.dataset;
  const pagefind = load();
  const words = document.documentElement.lang.startsWith('zh') ? loadWords() : new Set<string>();
  let latest = 0;

  const search = async (): Promise<void> => {
    const query = field.value.trim();
    const turn = ++latest;
    if (query === '') return show([], hint);
    try {
      const result = await (await pagefind).debouncedSearch(cutIntoWords(query, await words));
      if (result === null || turn !== latest) return;
      const pages = await Promise.all(result.results.slice(0, MOST_PAGES).map((one) => one.data()));
      if (turn !== latest) return;
      const count = result.results.length;
      show(pages, count === 0 ? none.replace('{}', () => query) : found.replace('{}', String(count)));
    } catch {
      show([], failed);
    }
  };
  const show = (pages: readonly Found[], says: string): void => {
    list.replaceChildren(...pages.map((page) => pageItem(page, field.value.trim().toLowerCase())));
    status.textContent = says;
  };

  field.oninput = () => void search();
  panel.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      const stops: HTMLElement[] = [field, ...list.querySelectorAll('a')];
      const next = stops[stops.indexOf(document.activeElement as HTMLElement) + step];
      event.preventDefault();
      next?.focus();
    } else if (event.key === 'Escape')
      panel.hidePopover(); // the field would only be emptied
    else if (event.key === 'Enter' && event.target === field) list.querySelector('a')?.click();
  };
  list.onclick = (event) => {
    if (event.target instanceof Element && event.target.closest('a')) panel.hidePopover();
  };
  field.focus();
  void search();
  void pagefind.then(keepForLater).catch(() => {});
}

async function load(): Promise<Pagefind> {
  const pagefind = (await import(/* @vite-ignore */ INDEX)) as Pagefind;
  await pagefind.options({ excerptLength: EXCERPT_WORDS });
  await pagefind.init();
  return pagefind;
}

/** Asks for every file of this language once, so that the service worker keeps it: a search needs them without a network too. */
async function keepForLater(): Promise<void> {
  if (navigator.serviceWorker?.controller == null) return;
  const other = document.documentElement.lang.startsWith('zh') ? /[/.]en[_.]/ : /[/.]zh/;
  const files = (await (await fetch(FILES)).text()).split('\n');
  for (const file of files) if (!other.test(file)) await (await fetch(`/pagefind/${file}`)).arrayBuffer();
}

async function loadWords(): Promise<ReadonlySet<string>> {
  return new Set((await (await fetch(WORDS)).text()).split(' '));
}

/** Sections that carry what was typed in their title come first, then those that say most of it. */
function pageItem({ url, excerpt, meta, sub_results }: Found, query: string): HTMLElement {
  const worth = ({ title, weighted_locations }: Section): number =>
    weighted_locations.reduce((sum, one) => sum + one.balanced_score, title.toLowerCase().includes(query) ? 1e6 : 0);
  const sections = sub_results
    .filter((section) => section.url !== url)
    .sort((a, b) => worth(b) - worth(a))
    .slice(0, MOST_SECTIONS);
  return h(
    'li',
    {},
    h('a', { href: url }, meta.title ?? url),
    sections.length === 0 && h('p', {}, ...marked(excerpt)),
    sections.length > 0 && h('ul', {}, ...sections.map(sectionItem)),
  );
}

function sectionItem({ url, title, excerpt }: Section): HTMLElement {
  return h('li', {}, h('a', { href: url }, title), h('p', {}, ...marked(excerpt)));
}

/** Text of the index as nodes: what was looked for is marked, everything else is text. */
function marked(html: string): Node[] {
  const { content } = h('template', { innerHTML: html });
  return [...content.childNodes].map((node) =>
    node.nodeName === 'MARK' ? h('mark', {}, node.textContent ?? '') : document.createTextNode(node.textContent ?? ''),
  );
}
