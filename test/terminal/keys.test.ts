// Which keys the page takes before the shell.
import { expect, test } from 'vitest';
import { keyAction } from '../../src/terminal/keys';

const key = (
  name: string,
  modifiers: Partial<Record<'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey', boolean>> = {},
) => ({
  key: name,
  ctrlKey: false,
  shiftKey: false,
  altKey: false,
  metaKey: false,
  ...modifiers,
});

test('F6 walks the panels', () => {
  expect(keyAction(key('F6'), false)).toBe('next-pane');
  expect(keyAction(key('F6', { shiftKey: true }), false)).toBe('previous-pane');
});

test('Esc waits for a Tab, which leaves; Tab alone completes', () => {
  expect(keyAction(key('Escape'), false)).toBe('hold-escape');
  expect(keyAction(key('Tab'), true)).toBe('leave');
  expect(keyAction(key('Tab'), false)).toBe('shell');
  expect(keyAction(key('b'), true)).toBe('shell');
});

test('Ctrl-C belongs to the shell; with Shift it copies', () => {
  expect(keyAction(key('c', { ctrlKey: true }), false)).toBe('shell');
  expect(keyAction(key('C', { ctrlKey: true, shiftKey: true }), false)).toBe('copy');
  expect(keyAction(key('Insert', { ctrlKey: true }), false)).toBe('copy');
});
