/** Export and import: every lesson survives the way round, and bad files say what is wrong with them. */
import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { labNames, proseOf, pathOf as file } from '../../src/cli/lesson-files';
import { readFileSync } from 'node:fs';
import { fingerprint } from '../../src/lab/keep';
import { fromUpload, ImportError, MOST_BYTES, toZip } from '../../src/studio/folder';
import { makeLessonLink, MOST_LETTERS, openLessonLink } from '../../src/studio/share';
import type { LessonSource } from '../../src/studio/source';

/** A lesson of the repository as texts. */
export function sourceOf(name: string): LessonSource {
  const prose = proseOf(name).map(({ file: path, text }) => [path.split('/')[2]!, text]);
  return { name, lab: readFileSync(file(`content/labs/${name}.yaml`), 'utf8'), prose: Object.fromEntries(prose) };
}

const NAME = 'plumbing/01-a-namespace-and-its-wire';
const LESSON = sourceOf(NAME);

function faultOf(name: string, bytes: Uint8Array): string {
  try {
    fromUpload(name, bytes);
  } catch (error) {
    if (error instanceof ImportError) return `${error.fault} ${error.file}`;
    throw error;
  }
  return '';
}

/** A text that no packing makes short; the same each time. */
function incompressible(length: number): string {
  let seed = 7;
  return Array.from({ length }, () => String.fromCharCode(33 + ((seed = (seed * 48271) % 2147483647) % 90))).join('');
}

describe('every lesson', () => {
  test.each(labNames())('%s comes back from its folder letter for letter', (name) => {
    const source = sourceOf(name);
    expect(fromUpload('lesson.zip', toZip(source))).toEqual({ sources: [source], ignored: [] });
  });

  test.each(labNames())('%s comes back from its link letter for letter', async (name) => {
    const source = sourceOf(name);
    const link = await makeLessonLink(source);
    expect(link!.length).toBeLessThan(MOST_LETTERS);
    expect(await openLessonLink(link!)).toEqual(source);
  });
});

test('the same lesson is the same file, whenever it is exported', () => {
  expect(toZip(LESSON)).toEqual(toZip({ ...LESSON }));
});

test('a folder may stand around the lesson, and other files beside it', () => {
  const entries = {
    'meshwalk-main/content/labs/a/01-b.yaml': strToU8('lab: 1\r\n'),
    'meshwalk-main/content/docs/zh-cn/a/01-b.mdx': strToU8('你好'),
    'meshwalk-main/content/docs/fr/a/01-b.mdx': strToU8('bonjour'),
    'meshwalk-main/content/docs/en/a/02-c.mdx': strToU8('alone'),
    'meshwalk-main/README.md': strToU8('x'),
    '../../content/labs/../01-up.yaml': strToU8('lab: 1'),
  };
  const { sources, ignored } = fromUpload('x.zip', zipSync(entries));
  expect(sources).toEqual([{ name: 'a/01-b', lab: 'lab: 1\n', prose: { 'zh-cn': '你好' } }]);
  expect(ignored).toEqual([
    'meshwalk-main/content/docs/fr/a/01-b.mdx',
    'meshwalk-main/README.md',
    '../../content/labs/../01-up.yaml',
    'content/docs/en/a/02-c.mdx',
  ]);
});

test('a single lab gets a name from its file', () => {
  const [a, b] = ['05-my.yaml', 'Übung.yml'].map((name) => fromUpload(name, strToU8('lab: 1')).sources[0]!.name);
  expect([a, b]).toEqual(['drafts/05-my', 'drafts/99-imported']);
});

const zip = toZip(LESSON);
const large = { [`content/labs/${NAME}.yaml`]: new Uint8Array(MOST_BYTES + 1) };
test.each<[string, Uint8Array, string]>([
  ['a.zip', zip.slice(0, zip.length / 2), 'not-zip a.zip'],
  ['a.zip', strToU8('PK not really'), 'not-zip a.zip'],
  ['a.zip', zipSync({ 'README.md': strToU8('x') }), 'no-lesson a.zip'],
  ['a.zip', zipSync({ 'content/docs/en/a/01-b.mdx': strToU8('x') }), 'prose-alone a.zip'],
  [
    'a.zip',
    zipSync({ 'content/labs/a/01-b.yaml': new Uint8Array([0xff, 0xfe, 0]) }),
    'not-text content/labs/a/01-b.yaml',
  ],
  ['a.zip', zipSync(large), `too-large content/labs/${NAME}.yaml`],
  ['a.zip', zipSync(manyLabs(301)), 'too-many a.zip'],
  ['a.yaml', new Uint8Array(), 'empty a.yaml'],
  ['a.yaml', new Uint8Array([0xc3, 0x28]), 'not-text a.yaml'],
  ['a.yaml', new Uint8Array(MOST_BYTES + 1), 'too-large a.yaml'],
  ['a.mdx', strToU8('x'), 'prose-alone a.mdx'],
  ['a.png', strToU8('x'), 'other-file a.png'],
])('%s with faults says %3$s', (name, bytes, fault) => {
  expect(faultOf(name, bytes)).toBe(fault);
});

function manyLabs(count: number): Record<string, Uint8Array> {
  const names = Array.from({ length: count }, (_, index) => `content/labs/unit${index}/01-lab.yaml`);
  return Object.fromEntries(names.map((name) => [name, strToU8('lab: 1')]));
}

describe('a link', () => {
  test('of a damaged kind is broken, whatever the damage', async () => {
    const link = (await makeLessonLink(LESSON))!;
    const middle = link.length >> 1;
    const damaged = [
      '#lesson=',
      '#lesson=%%%',
      '#lesson=AAAA',
      link.slice(0, -40),
      link.slice(0, middle) + (link[middle] === 'A' ? 'B' : 'A') + link.slice(middle + 1),
      `${link.slice(0, middle)}${link.slice(middle + 9)}`,
    ];
    for (const one of damaged)
      expect([one.slice(0, 20), await openLessonLink(one)]).toEqual([one.slice(0, 20), 'broken']);
  });

  test('of a later form says so, and one with other things in it is broken', async () => {
    const forms: [unknown, string][] = [
      [[2, 'anything'], 'newer'],
      [[1, '../../etc/passwd', 'lab: 1', null, null], 'broken'],
      [[1, NAME, 7, null, null], 'broken'],
      [[1, NAME, 'lab: 1', { html: 1 }, null], 'broken'],
      [{ lab: 1 }, 'broken'],
      [null, 'broken'],
    ];
    const { deflate, toBase64Url } = await import('../../src/lab/packing');
    for (const [form, answer] of forms) {
      const text = JSON.stringify(form);
      const packed = toBase64Url(await deflate(new TextEncoder().encode(text)));
      expect([form, await openLessonLink(`#lesson=${fingerprint(text)}.${packed}`)]).toEqual([form, answer]);
    }
  });

  test('is not made when it would be cut on its way', async () => {
    expect(await makeLessonLink({ ...LESSON, lab: incompressible(70_000) })).toBeUndefined();
  });

  test('that unpacks without end is broken', async () => {
    const { deflate, toBase64Url } = await import('../../src/lab/packing');
    const packed = toBase64Url(await deflate(new Uint8Array(20_000_000)));
    expect(packed.length).toBeLessThan(MOST_LETTERS);
    expect(await openLessonLink(`#lesson=1.${packed}`)).toBe('broken');
  });
});
