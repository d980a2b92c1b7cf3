// What a learner has done: kept lab by lab, older versions told apart, and taken elsewhere in a file.
import { describe, expect, test } from 'vitest';
import {
  exportProgress,
  type Given,
  importProgress,
  type LabProgress,
  type LessonCard,
  noteProgress,
  readProgress,
  standing,
  type Store,
  writeProgress,
} from '../../src/lesson/progress';

/** A storage as a browser has it; `full` takes nothing. */
function storage(entries: Record<string, string> = {}, full = false): Store {
  const kept = new Map(Object.entries(entries));
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => {
      if (full) throw new Error('QuotaExceededError');
      kept.set(key, value);
    },
    key: (index) => [...kept.keys()][index] ?? null,
    get length() {
      return kept.size;
    },
  };
}

const card: LessonCard = { lab: 'unit/01-one', version: 'v2', tasks: ['a', 'b'], quiz: ['q'] };
const right = (version: string): Given => ({ answer: '3', right: true, version });
const none: LabProgress = { tasks: {}, predicts: {}, quiz: {} };

describe('how far a learner is', () => {
  const cases: readonly (readonly [name: string, progress: LabProgress, state: string, done: number])[] = [
    ['nothing', none, 'new', 0],
    ['a prediction', { ...none, predicts: { p: right('v2') } }, 'started', 0],
    ['one task', { ...none, tasks: { a: 'v2' } }, 'started', 1],
    ['all tasks, no quiz', { ...none, tasks: { a: 'v2', b: 'v2' } }, 'started', 2],
    ['a task of another lab', { ...none, tasks: { z: 'v2' } }, 'started', 0],
    ['done', { tasks: { a: 'v2', b: 'v2' }, predicts: {}, quiz: { q: right('v2') }, completed: 'v2' }, 'done', 2],
    ['done before a change', { tasks: { a: 'v1', b: 'v1' }, predicts: {}, quiz: {}, completed: 'v1' }, 'older', 2],
    ['done before a task was added', { ...none, tasks: { a: 'v1' }, completed: 'v1' }, 'older', 1],
    ['each part done, on two versions', { ...none, tasks: { a: 'v1', b: 'v2' }, quiz: { q: right('v2') } }, 'older', 2],
  ];
  test.each(cases)('%s', (_, progress, state, done) => {
    expect(standing(progress, card)).toEqual({ state, done, all: 2 });
  });
});

test('the last part completes a lab, on its version', () => {
  const store = storage();
  noteProgress(store, card, { task: 'a' });
  noteProgress(store, card, { task: 'b' });
  expect(readProgress(store, card.lab).completed).toBeUndefined();
  noteProgress(store, card, { kind: 'quiz', id: 'q', given: { ...right('v2'), right: false } });
  expect(readProgress(store, card.lab)).toMatchObject({ tasks: { a: 'v2', b: 'v2' }, completed: 'v2' });
});

test('what another tab wrote meanwhile stays', () => {
  const store = storage();
  noteProgress(store, card, { task: 'a' });
  writeProgress(store, card.lab, { ...none, tasks: { b: 'v2' } });
  expect(noteProgress(store, card, { kind: 'predicts', id: 'p', given: right('v2') }).tasks).toEqual({ b: 'v2' });
});

test.each([
  ['no JSON', 'x'],
  ['another shape', '{"tasks":[]}'],
  ['a number', '3'],
])('a storage that holds %s is like an empty one', (_, text) => {
  expect(readProgress(storage({ 'meshwalk:progress:unit/01-one': text }), card.lab)).toEqual(none);
});

describe('the file', () => {
  const done: LabProgress = { tasks: { a: 'v1' }, predicts: { p: right('v1') }, quiz: {}, completed: 'v1' };

  test('takes everything along', () => {
    const here = storage({ other: 'kept' });
    writeProgress(here, 'unit/01-one', done);
    writeProgress(here, 'unit/02-two', { ...none, tasks: { c: 'v1' } });
    const there = storage();
    expect(importProgress(there, exportProgress(here)!)).toEqual({ lessons: 2 });
    expect(readProgress(there, 'unit/01-one')).toEqual(done);
    expect(exportProgress(there)).toBe(exportProgress(here));
  });

  test('is none when there is nothing', () => {
    expect(exportProgress(storage({ other: 'kept' }))).toBeUndefined();
  });

  test('adds to what was done here, and takes nothing away', () => {
    const there = storage();
    writeProgress(there, 'unit/01-one', { ...done, tasks: { a: 'v2', b: 'v2' }, completed: 'v2' });
    const here = storage();
    writeProgress(here, 'unit/01-one', done);
    importProgress(there, exportProgress(here)!);
    expect(readProgress(there, 'unit/01-one')).toMatchObject({
      tasks: { a: 'v2', b: 'v2' },
      predicts: { p: right('v1') },
      completed: 'v2',
    });
  });

  const file = (lessons: unknown): string => JSON.stringify({ 'meshwalk-progress': 1, lessons });
  const good = { tasks: {}, predicts: {}, quiz: {} };
  const bad: readonly (readonly [name: string, text: string, fault: string, place: string])[] = [
    ['cut off', '{"meshwalk-progress":1,\n"lessons":', 'not-json', ''],
    ['a mistake in it', '{"meshwalk-progress":1,\n"lessons": x}', 'not-json', ''],
    ['another file', '{"name":"x"}', 'not-ours', 'meshwalk-progress'],
    ['a list', '[]', 'not-ours', 'meshwalk-progress'],
    ['of a later build', '{"meshwalk-progress":2,"lessons":{}}', 'newer', 'meshwalk-progress: 2'],
    ['no lessons', '{"meshwalk-progress":1}', 'shape', 'lessons'],
    ['a lesson that is none', file({ 'unit/01-one': 7 }), 'shape', 'lessons.unit/01-one'],
    ['tasks as a list', file({ x: { ...good, tasks: ['a'] } }), 'shape', 'lessons.x.tasks'],
    ['a task without version', file({ x: { ...good, tasks: { a: true } } }), 'shape', 'lessons.x.tasks.a'],
    ['an answer without verdict', file({ x: { ...good, quiz: { q: { answer: '3' } } } }), 'shape', 'lessons.x.quiz.q'],
    ['no quiz', file({ x: { tasks: {}, predicts: {} } }), 'shape', 'lessons.x.quiz'],
    ['completed by nobody', file({ x: { ...good, completed: true } }), 'shape', 'lessons.x.completed'],
  ];
  test.each(bad)('%s is refused, with its place, and changes nothing', (_, text, fault, place) => {
    const store = storage();
    writeProgress(store, 'unit/01-one', done);
    const before = exportProgress(store);
    const result = importProgress(store, text);
    expect(result).toMatchObject({ fault });
    if (place === '') expect(result).toHaveProperty('place', expect.stringMatching(/^\d+:\d+$/));
    else expect(result).toHaveProperty('place', place);
    expect(exportProgress(store)).toBe(before);
  });

  test('a browser that keeps nothing says so', () => {
    expect(importProgress(storage({}, true), file({ x: good }))).toEqual({ fault: 'full', place: 'x' });
  });
});
