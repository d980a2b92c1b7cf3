/**
 * Keys that belong to the page and not to the shell: leaving the terminal (F6, or Esc then Tab), copying
 * (Ctrl-Shift-C, Ctrl-Insert), time (F8, F9). Everything else goes to the shell.
 */

/** What a key does before the shell sees it. */
export type KeyAction = 'shell' | 'copy' | 'next-pane' | 'previous-pane' | 'hold-escape' | 'leave' | 'pause' | 'step';

type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>;

/** Decides about one key press. `escapeHeld` tells that the key before was Esc. */
export function keyAction(key: Key, escapeHeld: boolean): KeyAction {
  const plain = !key.ctrlKey && !key.altKey && !key.metaKey;
  if (key.key === 'F6') return key.shiftKey ? 'previous-pane' : 'next-pane';
  if (plain && key.key === 'F8') return 'pause';
  if (plain && key.key === 'F9') return 'step';
  if (key.ctrlKey && key.shiftKey && key.key.toLowerCase() === 'c') return 'copy';
  if (key.ctrlKey && !key.shiftKey && key.key === 'Insert') return 'copy';
  if (plain && escapeHeld && key.key === 'Tab') return 'leave';
  if (plain && !key.shiftKey && key.key === 'Escape') return 'hold-escape';
  return 'shell';
}
