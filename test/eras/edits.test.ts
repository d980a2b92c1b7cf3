// Edits turn an object of today into that of another era.
import { expect, test } from 'vitest';
import { edited, type Edit } from '../../simulator/eras/edits.ts';

const OBJECT = { a: 1, list: ['x', 'y'], map: { one: { k: 1, l: 2 }, two: { k: 3, l: 4 } } };

test.each<[string, Edit, unknown]>([
  ['takes away', { of: 'network', at: 'a', remove: true }, { list: OBJECT.list, map: OBJECT.map }],
  ['sets', { of: 'network', at: 'a', set: 2 }, { ...OBJECT, a: 2 }],
  [
    'adds before',
    { of: 'network', at: 'b', set: 0, before: 'list' },
    { a: 1, b: 0, list: OBJECT.list, map: OBJECT.map },
  ],
  ['moves behind', { of: 'network', at: 'a', after: 'list' }, { list: OBJECT.list, a: 1, map: OBJECT.map }],
  ['adds to a list', { of: 'network', at: 'list', add: ['z', 'y'] }, { ...OBJECT, list: ['x', 'z', 'y'] }],
  ['drops from a list', { of: 'network', at: 'list', drop: ['x'] }, { ...OBJECT, list: ['y'] }],
  [
    'reaches every entry',
    { of: 'network', at: 'map.*.k', remove: true },
    { ...OBJECT, map: { one: { l: 2 }, two: { l: 4 } } },
  ],
  ['leaves other kinds alone', { of: 'container', at: 'a', remove: true }, OBJECT],
  ['leaves other names alone', { of: 'network', at: 'a', named: 'other', remove: true }, OBJECT],
])('%s', (_what, edit, wanted) => {
  expect(JSON.stringify(edited(OBJECT, 'network', [edit], 'own'))).toBe(JSON.stringify(wanted));
});
