/** Drafts: several side by side, nothing written over, a removed one comes back. */
import { expect, test } from 'vitest';
import { Drafts, type DraftStorage } from '../../src/studio/drafts';
import { renamed, withText } from '../../src/studio/source';

const LESSON = { name: 'a/01-b', lab: 'lab: 1', prose: { en: '---\ntitle: B\nlab:\n  scenario: a/01-b\n---\n' } };

/** A storage as browsers have it. */
function storage(most = Infinity): DraftStorage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => {
      if (value.length > most) throw new DOMException('full', 'QuotaExceededError');
      items.set(key, value);
    },
    removeItem: (key) => void items.delete(key),
  };
}

function clock(): () => number {
  let now = 0;
  return () => ++now;
}

test('several drafts of one lesson stand side by side, the newest first', () => {
  const drafts = new Drafts(storage(), clock());
  const a = drafts.add(LESSON);
  const b = drafts.add({ ...LESSON, lab: 'other' });
  expect(drafts.list().map(({ id }) => id)).toEqual([b.id, a.id]);
  drafts.keep({ ...a, lab: 'changed' });
  expect(drafts.list().map(({ id, lab }) => [id, lab])).toEqual([
    [a.id, 'changed'],
    [b.id, 'other'],
  ]);
});

test('what another tab wrote is not written over', () => {
  const shared = storage();
  const [here, there] = [new Drafts(shared, clock()), new Drafts(shared, clock())];
  const draft = here.add(LESSON);
  there.keep({ ...there.open(draft.id)!, lab: 'theirs' });
  const kept = here.keep({ ...draft, lab: 'ours' });
  expect(kept.split).toBe(true);
  expect(
    here
      .list()
      .map(({ lab }) => lab)
      .sort(),
  ).toEqual(['ours', 'theirs']);
  expect(here.keep({ ...kept.draft, lab: 'ours again' }).split).toBe(false);
});

test('a draft that was thrown away comes back', () => {
  const drafts = new Drafts(storage(), clock());
  const { id } = drafts.add(LESSON);
  drafts.remove(id);
  expect(drafts.list()).toEqual([]);
  expect(drafts.restore()).toMatchObject(LESSON);
  expect(drafts.list()).toMatchObject([{ id }]);
  expect(drafts.restore()).toBeUndefined();
});

test('a storage that holds something else, or no more, is no loss', () => {
  const shared = storage(300);
  shared.setItem('meshwalk:draft:x', '{"id":"x"}');
  shared.setItem('meshwalk:draft:y', 'not json');
  const drafts = new Drafts(shared, clock());
  const draft = drafts.add(LESSON);
  expect(() => drafts.keep({ ...draft, lab: 'x'.repeat(400) })).toThrow('full');
  expect(drafts.list()).toEqual([draft]);
});

test('a new name goes into the head of the prose; an emptied translation goes', () => {
  expect(renamed(LESSON, 'c/02-d').prose.en).toContain('scenario: c/02-d');
  const chinese = withText(LESSON, 'zh-cn', '你好');
  expect(chinese.prose['zh-cn']).toBe('你好');
  expect(withText(chinese, 'zh-cn', '')).toEqual(LESSON);
});
