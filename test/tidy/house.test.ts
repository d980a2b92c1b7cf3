// House rules that a machine can hold: short files, no loose ends, nothing of one machine.
import { expect, test } from 'vitest';
import { filesUnder, textOf } from './sources';

const FOLDERS = ['simulator', 'src', 'test', 'content'];
const CODE = ['.ts', '.mjs', '.astro', '.css', '.mdx'];
const code = FOLDERS.flatMap((folder) => {
  try {
    return filesUnder(folder, CODE);
  } catch {
    return []; // a room that does not exist yet
  }
});

/** Lines of the project's code that match `pattern`. */
function linesWith(pattern: RegExp): string[] {
  return code
    .filter((file) => file !== 'test/tidy/house.test.ts')
    .flatMap((file) =>
      textOf(file)
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : [])),
    );
}

test('a file is one idea: at most 500 lines', () => {
  const long = code.map((file) => `${file}: ${textOf(file).split('\n').length - 1}`);
  expect(long.filter((entry) => Number(entry.split(': ')[1]) > 500)).toEqual([]);
});

test('no loose ends', () => {
  expect(linesWith(/\b(TODO|FIXME)\b/)).toEqual([]);
  expect(linesWith(/\b(test|it|describe)\.(skip|only|todo)\b/)).toEqual([]);
});

test('a lint rule is switched off only with a reason', () => {
  expect(linesWith(/eslint-disable(?!.* -- \S)/)).toEqual([]);
  expect(linesWith(/@ts-(ignore|nocheck)/)).toEqual([]);
});

test('nothing names a path of one machine', () => {
  expect(linesWith(/(^|[\s'"`(=])\/work\/[a-z]/)).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(textOf('package-lock.json')).not.toMatch(/"resolved"|https?:\/\/(?!github\.com|opencollective)[^"]*\.tgz/);
});
