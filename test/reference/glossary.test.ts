// The glossary: both languages say the same words, and a fault in the file tells its place.
import { describe, expect, test } from 'vitest';
import { glossary, glossaryEntry, proseHtml, readGlossary } from '../../src/reference/glossary.ts';

const ENTRY = 'en: { term: a, says: b }\n    zh-cn: { term: 甲, says: 乙 }';

test('has the same ids in both languages, in one order, each said in its own', () => {
  const [english, chinese] = [glossary('en'), glossary('zh-CN')];
  expect(chinese.map(({ id }) => id)).toEqual(english.map(({ id }) => id));
  expect(english.length).toBeGreaterThan(60);
  for (const { id, says } of chinese) expect(says, id).toMatch(/\p{Script=Han}.*。$/u);
  for (const { id, says } of english) {
    expect(says, id).not.toMatch(/\p{Script=Han}/u);
    expect(says.match(/[.;] /g)?.length ?? 0, `${id} is longer than three sentences`).toBeLessThanOrEqual(4);
  }
});

describe('faults', () => {
  test.each([
    ['an unknown reference', `g:\n  fdb:\n    ${ENTRY}\n    see: [nope]`, 'fdb.see names nope'],
    ['an id that stands twice', `g:\n  fdb:\n    ${ENTRY}\nh:\n  fdb:\n    ${ENTRY}`, 'fdb is there twice'],
    ['a missing language', 'g:\n  fdb:\n    en: { term: a, says: b }', 'g.fdb.zh-cn'],
    ['an unknown key', `g:\n  fdb:\n    ${ENTRY}\n    colour: red`, 'colour'],
  ])('%s', (_, text, says) => {
    expect(() => readGlossary(text)).toThrow(says);
  });

  test('a page that names an unknown word is not built', () => {
    expect(() => glossaryEntry('fbd', 'en')).toThrow('<Term id="fbd">: content/glossary.yaml has no such id');
  });
});

test('what stands between backticks is code, and the rest is text', () => {
  expect(proseHtml('a `b<c` & <i>')).toBe('a <code translate="no">b&lt;c</code> &amp; &lt;i&gt;');
});
