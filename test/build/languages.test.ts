// Pages in another language than English: the same lab, the same commands and outputs; only the words differ.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { codeWords } from '../../src/i18n/code-words.mjs';
import { inLocale, LOCALES, wordsOf } from '../../src/i18n/words.ts';

const DOCS = 'content/docs';
/** The units of the course, with their names in each language. */
const UNITS = parse(readFileSync('content/course.yaml', 'utf8')) as ({ unit: string } & Record<
  string,
  { name: string }
>)[];
const [english, ...others] = LOCALES;
const pages = others.flatMap(({ path }) =>
  readdirSync(join(DOCS, path), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.mdx'))
    .map((name) => [path, name] as const),
);

/** The head of a page, and all its blocks with the words after the language. */
function readPage(path: string, name: string) {
  const text = readFileSync(join(DOCS, path, name), 'utf8');
  const [, head = ''] = /^---\n([\s\S]*?)\n---\n/.exec(text) ?? [];
  return { head: parse(head) as Record<string, unknown>, blocks: text.match(/^```\w[\s\S]*?^```$/gm) ?? [] };
}

describe.each(pages)('%s %s', (path, name) => {
  const [own, first] = [readPage(path, name), readPage(english.path, name)];

  test('has the blocks of the English page', () => {
    expect(own.blocks).toEqual(first.blocks);
  });

  test('has the head of the English page, in its own words', () => {
    expect(Object.keys(own.head)).toEqual(Object.keys(first.head));
    expect(own.head.lab).toEqual(first.head.lab);
    expect(own.head.title).not.toBe(first.head.title);
    expect(own.head.lesson).toEqual(
      first.head.lesson === undefined
        ? undefined
        : { ...first.head.lesson, unit: UNITS.find(({ unit }) => name.startsWith(`${unit}/`))?.[path]?.name },
    );
  });
});

test.each([
  ['/en/', '/zh-cn/'],
  ['/en/keys/', '/zh-cn/keys/'],
  ['/en/mesh/20-ten-hops-for-one-curl', '/zh-cn/mesh/20-ten-hops-for-one-curl/'],
  ['/404', '/zh-cn/'],
  ['/', '/zh-cn/'],
])('%s is at %s in Chinese', (from, to) => {
  expect(inLocale(from, { path: 'zh-cn' })).toBe(to);
});

test.each(LOCALES)('the words in $label', ({ lang }) => {
  const texts = stringsOf([wordsOf(lang), codeWords(lang)]);
  expect(texts.length).toBeGreaterThan(50);
  for (const text of texts) expect(text.replace(/<\/?(?:code|b)>/g, '')).not.toMatch(/[<>]|\bundefined\b/);
  if (lang !== english.lang) {
    expect(wordsOf(lang)).not.toBe(english.words);
    expect(codeWords(lang)).not.toBe(codeWords(english.lang));
  }
});

/** Every text in a table of words, those that are functions with `1` for each parameter. */
function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'function') return stringsOf((value as (...of: unknown[]) => unknown)(1, 1, 1));
  return Object.values(value as object).flatMap(stringsOf);
}
