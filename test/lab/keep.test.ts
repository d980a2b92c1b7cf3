// What is kept of a lab over page moves, and when it is dropped.
import { expect, test } from 'vitest';
import type { InputEvent } from '../../simulator/index';
import { fingerprint, forget, readKept, writeKept } from '../../src/lab/keep';
import { LogCopy } from '../../src/lab/log-copy';

/** Storage in memory, with an optional limit. */
class MemoryStorage implements Storage {
  [name: string]: unknown;
  readonly #items = new Map<string, string>();

  constructor(readonly limit = Infinity) {}

  get length(): number {
    return this.#items.size;
  }

  clear(): void {
    this.#items.clear();
  }

  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }

  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }

  removeItem(key: string): void {
    this.#items.delete(key);
  }

  setItem(key: string, value: string): void {
    if (value.length > this.limit) throw new DOMException('full', 'QuotaExceededError');
    this.#items.set(key, value);
  }
}

const key = (at: number): InputEvent => ({ at, executed: at, terminal: 'node1/0', kind: 'data', data: 'x' });
const kept = { build: 'a', layout: 'any', log: [key(1)], now: 7 };

test('comes back for the same build', () => {
  const storage = new MemoryStorage();
  writeKept(storage, 'mesh', kept);
  expect(readKept(storage, 'mesh', 'a')).toEqual(kept);
});

test('is dropped for another build, another lab, and when forgotten', () => {
  const storage = new MemoryStorage();
  writeKept(storage, 'mesh', kept);
  expect(readKept(storage, 'mesh', 'b')).toBeUndefined();
  expect(readKept(storage, 'other', 'a')).toBeUndefined();
  forget(storage, 'mesh');
  expect(readKept(storage, 'mesh', 'a')).toBeUndefined();
});

test('a broken entry or a full storage is no error', () => {
  const storage = new MemoryStorage();
  storage.setItem('meshwalk:lab:mesh', '{');
  expect(readKept(storage, 'mesh', 'a')).toBeUndefined();
  const full = new MemoryStorage(3);
  writeKept(full, 'mesh', kept);
  expect(full.length).toBe(0);
});

test('the copy of the log counts what was saved until the worker reports, then the reports alone', () => {
  const copy = new LogCopy({ log: [key(1)], now: 5 });
  expect(copy.log).toHaveLength(1);
  copy.add([key(1), key(2)], 9);
  expect(copy.log.map((event) => event.at)).toEqual([1, 2]);
  copy.add([key(3)], 12);
  expect(copy.log.map((event) => event.at)).toEqual([1, 2, 3]);
  expect(copy.now).toBe(12);
});

test('different scenarios have different names', () => {
  expect(fingerprint('a')).not.toBe(fingerprint('b'));
  expect(fingerprint('a')).toBe(fingerprint('a'));
});
