// A worker that stops is replaced; one that stops again at the same place stands just before it.
import { expect, test } from 'vitest';
import type { InputEvent } from '../../simulator/index';
import { Recovery, withoutLast } from '../../src/lab/recovery';
import type { Begin } from '../../src/lab/protocol';
import { TreeCopy } from '../../src/lab/tree-copy';

const key = (at: number, data: string): InputEvent => ({ at, executed: at, terminal: 'node1/0', kind: 'data', data });
const zero = { at: 0, executed: 0, inputs: 0 };

/** A session of a few inputs, a recovery, and a worker that stops while it replays an input with a name in `deadly`. */
function setUp(deadly: string[] = []) {
  const log = [key(10, 'a'), key(20, 'b'), key(30, 'c')];
  const tree = new TreeCopy({
    current: 1,
    branches: [{ id: 1, from: zero, cause: 'start', log, end: { at: 40, executed: 40, inputs: 3 } }],
  });
  const begun: Begin[] = [];
  const said: (string | undefined)[] = [];
  const recovery = new Recovery({
    tree,
    restart: (begin) => {
      begun.push(begin);
      const copy = new TreeCopy(begin.tree);
      const played = copy.logOf(begin.tree!.current);
      const dies = played.some((event) => event.kind === 'data' && deadly.includes(event.data));
      if (dies) return Promise.reject(new Error('it stopped'));
      tree.takeCards(copy.cards, begin.tree!.current);
      return Promise.resolve();
    },
    back: (before) => said.push(before),
    lost: (message) => said.push(`lost: ${message}`),
  });
  return { recovery, begun, said, tree };
}

test('the first stop is met by replaying everything', async () => {
  const { recovery, begun, said, tree } = setUp();
  await recovery.stopped('out of memory');
  expect(said).toEqual([undefined]);
  expect(begun).toHaveLength(1);
  expect(begun[0]!.tree).toEqual(tree.saved);
});

test('a second stop at the same place leaves out the last input, on a branch that stands still', async () => {
  const { recovery, begun, said } = setUp();
  await recovery.stopped('');
  await recovery.stopped('');
  expect(said).toEqual([undefined, 'c']);
  expect(begun[1]).toMatchObject({ paused: true, tree: { current: 2 } });
  const branch = begun[1]!.tree!.branches[1]!;
  expect(branch).toMatchObject({ parent: 1, cause: 'crash', end: { at: 30, executed: 30, inputs: 2 } });
});

test('a stop while replaying counts as a second one, and inputs are left out until it works', async () => {
  const { recovery, begun, said } = setUp(['b']);
  await recovery.stopped('');
  expect(said).toEqual(['b']);
  expect(begun).toHaveLength(3); // with c, without c, without b
});

test('a stop long after the first is a first one again', async () => {
  const { recovery, said, tree } = setUp();
  await recovery.stopped('');
  tree.takeLog(1, 3, [], { at: 60_000_000, executed: 99, inputs: 3 });
  await recovery.stopped('');
  expect(said).toEqual([undefined, undefined]);
});

test('when nothing helps it says so', async () => {
  const { recovery, said } = setUp(['a', 'b', 'c']);
  await recovery.stopped('the reason');
  expect(said).toEqual(['a']);
  const dead = new Recovery({
    tree: new TreeCopy(),
    restart: () => Promise.reject(new Error('no')),
    back: () => said.push('back'),
    lost: (message) => said.push(`lost: ${message}`),
  });
  await dead.stopped('the reason');
  expect(said.at(-1)).toBe('lost: the reason');
});

test('an input of the parent is left out on a branch of the parent', () => {
  const tree = new TreeCopy({
    current: 2,
    branches: [
      {
        id: 1,
        from: zero,
        cause: 'start',
        log: [key(10, 'a'), key(20, 'b')],
        end: { at: 40, executed: 40, inputs: 2 },
      },
      {
        id: 2,
        parent: 1,
        from: { at: 20, executed: 20, inputs: 1 },
        cause: 'typed',
        log: [],
        end: { at: 25, executed: 25, inputs: 1 },
      },
    ],
  });
  const cut = withoutLast(tree, 1)!;
  expect(cut.saved.branches[2]).toMatchObject({ parent: 1, from: { inputs: 0 } });
  expect(withoutLast(tree, 2)).toBeUndefined();
});
