// What is kept of a lab over page moves, and when it is dropped.
import { describe, expect, test } from 'vitest';
import type { InputEvent } from '../../simulator/index';
import type { Instant } from '../../src/lab/instant';
import { binIsFull, emptyBin, fingerprint, readKept, throwAllAway, writeKept } from '../../src/lab/keep';
import { packLog, type PackedLog, unpackLog } from '../../src/lab/log-codec';
import type { SavedTree, TimeState } from '../../src/lab/time-protocol';
import { TreeCopy } from '../../src/lab/tree-copy';

/** Storage in memory, with an optional limit. */
class MemoryStorage implements Storage {
  [name: string]: unknown;
  readonly #items = new Map<string, string>();
  readonly #limit: number;

  constructor(limit = Infinity) {
    this.#limit = limit;
  }

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
    delete this[key];
  }

  setItem(key: string, value: string): void {
    if (value.length > this.#limit) throw new DOMException('full', 'QuotaExceededError');
    this.#items.set(key, value);
    Object.defineProperty(this, key, { enumerable: true, configurable: true, value }); // Object.keys lists the items
  }
}

const key = (at: number, data = 'x'): InputEvent => ({ at, executed: 3 * at, terminal: 'node1/0', kind: 'data', data });
const instant = (at: number, inputs: number): Instant => ({ at, executed: 3 * at, inputs });
const tree: SavedTree = {
  current: 2,
  branches: [
    { id: 1, from: instant(0, 0), cause: 'start', log: [key(1), key(2), key(3)], end: instant(9, 3) },
    { id: 2, parent: 1, from: instant(2, 2), cause: 'typed', log: [key(4, 'id\r')], end: instant(7, 3), seed: 8 },
  ],
};
const kept = { build: 'a', layout: 'any', screens: { 'node1/0': '# ' }, tree };

test('every kind of input comes out of its packing as it went in', () => {
  const log: InputEvent[] = [
    { kind: 'open', host: 'node1', terminal: 'node1/0', columns: 80, rows: 24, at: 7_621_452, executed: 4011 },
    key(7_700_000, 'ü漢\x1b[A\r'),
    { kind: 'resize', terminal: 'node1/0', columns: 100, rows: 30, at: 7_700_000, executed: 23_100_000 },
    { kind: 'exec', terminal: 'exec/1', host: 'node2', line: 'true', tty: false, at: 8_000_000, executed: 23_100_001 },
    { kind: 'kill', terminal: 'exec/1', signal: 'SIGTERM', at: 8_000_001, executed: 23_100_009 },
    { kind: 'close', terminal: 'node1/0', at: 9_000_000, executed: 24_000_000 },
  ];
  expect(unpackLog(JSON.parse(JSON.stringify(packLog(log))) as PackedLog)).toEqual(log);
});

test('branches come back, and say which build kept them', () => {
  const storage = new MemoryStorage();
  writeKept(storage, 'mesh', kept);
  expect(readKept(storage, 'mesh')).toEqual(kept);
  expect(readKept(storage, 'other')).toBeUndefined();
});

test('a broken entry or a full storage is no error', () => {
  const storage = new MemoryStorage();
  for (const broken of ['{', '7', '{}', '{"branches":[{"log":{}}]}']) {
    storage.setItem('meshwalk:lab:mesh', broken);
    expect(readKept(storage, 'mesh'), broken).toBeUndefined();
  }
  const full = new MemoryStorage(3);
  writeKept(full, 'mesh', kept);
  expect(full.length).toBe(0);
});

test('everything can be thrown away, and taken out of the bin again', () => {
  const storage = new MemoryStorage();
  writeKept(storage, 'mesh', kept);
  storage.setItem('theme', 'dark');
  throwAllAway(storage);
  expect(readKept(storage, 'mesh')).toBeUndefined();
  expect(storage.getItem('theme')).toBe('dark');
  expect(binIsFull(storage)).toBe(true);
  emptyBin(storage);
  expect(readKept(storage, 'mesh')).toEqual(kept);
  expect(binIsFull(storage)).toBe(false);
});

describe("the page's copy of the branches", () => {
  test('has what was saved, and grows with the reports', () => {
    const copy = new TreeCopy(tree);
    expect(copy.saved).toEqual(tree);
    expect(copy.logOf(2).map(({ at }) => at)).toEqual([1, 2, 4]);
    copy.takeLog(2, 1, [key(5), key(6)], instant(8, 5));
    expect(copy.logOf(2).map(({ at }) => at)).toEqual([1, 2, 4, 5, 6]);
    expect(copy.sizeOf(2)).toBe(5);
    expect(copy.saved?.branches[1]?.end).toEqual(instant(8, 5));
  });

  test('knows of an input sooner than it is told the time', () => {
    const copy = new TreeCopy(tree);
    const state = { now: 5, past: false, branch: 2 } as TimeState;
    copy.takeLog(2, 1, [key(9)], instant(9, 4));
    expect(copy.present(state)).toBe(9);
    expect(copy.present({ ...state, now: 11 })).toBe(11);
    expect(copy.present({ ...state, past: true })).toBe(5);
  });

  test('takes a new branch whose log comes before or after its card', () => {
    const copy = new TreeCopy(tree);
    const card = { id: 3, parent: 2, from: instant(4, 3), cause: 'typed' as const, end: instant(5, 4) };
    copy.takeLog(3, 0, [key(5)], instant(5, 4));
    copy.takeCards([...copy.cards, card], 3);
    expect(copy.logOf(3).map(({ at }) => at)).toEqual([1, 2, 4, 5]);
  });
});

test('different scenarios have different names', () => {
  expect(fingerprint('a')).not.toBe(fingerprint('b'));
  expect(fingerprint('a')).toBe(fingerprint('a'));
});
