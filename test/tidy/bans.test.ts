// A world is a value of its inputs (ARCHITECTURE.md, section 1): no wall clock, no ambient chance,
// no promise inside simulator/. One file is a door for libraries that answer with a promise.
import { expect, test } from 'vitest';
import { filesUnder, identifiersOf, textOf } from './sources';

const BANNED = new Map([
  ['Date', 'time is the world’s virtual clock'],
  ['performance', 'time is the world’s virtual clock'],
  ['setTimeout', 'wait in virtual time'],
  ['setInterval', 'wait in virtual time'],
  ['setImmediate', 'wait in virtual time'],
  ['queueMicrotask', 'wait in virtual time'],
  ['requestAnimationFrame', 'wait in virtual time'],
  ['crypto', 'chance comes from seeded streams'],
  ['Promise', 'a blocking call is a yield'],
  ['async', 'a blocking call is a yield'],
  ['await', 'a blocking call is a yield'],
]);

/** The one door for libraries that answer with a promise. */
const DOOR = 'simulator/process/external.ts';
const ALLOWED_AT_THE_DOOR = new Set(['Promise', 'async', 'await']);

test('simulator/ knows no wall clock, no chance and no promise', () => {
  const wrong: string[] = [];
  const suspicious = new RegExp(`\\b(random|${[...BANNED.keys()].join('|')})\\b`);
  for (const file of filesUnder('simulator', ['.ts'])) {
    if (!suspicious.test(textOf(file))) continue; // parsing all would take seconds
    for (const { name, line, of } of identifiersOf(file)) {
      if (of === 'Math' && name === 'random')
        wrong.push(`${file}:${line} Math.random: chance comes from seeded streams`);
      if (of !== undefined && of !== 'globalThis') continue;
      const reason = BANNED.get(name);
      if (reason === undefined || (file === DOOR && ALLOWED_AT_THE_DOOR.has(name))) continue;
      wrong.push(`${file}:${line} ${name}: ${reason}`);
    }
  }
  expect(wrong).toEqual([]);
});
