/** The terminal's colours, one set per theme; taken from the page's own so that both stay one family. */
import type { ITheme } from '@xterm/xterm';

const LIGHT: ITheme = {
  background: '#fffdf8',
  foreground: '#2b2823',
  cursor: '#0f6b66',
  cursorAccent: '#fffdf8',
  selectionBackground: '#cfe5e1',
  selectionInactiveBackground: '#e4e0d6',
  black: '#2b2823',
  red: '#a8322a',
  green: '#3d6b1f',
  yellow: '#83590a',
  blue: '#1f5f99',
  magenta: '#863f78',
  cyan: '#0f6b66',
  white: '#6b655a',
  brightBlack: '#6b655a',
  brightRed: '#bb3d33',
  brightGreen: '#447a21',
  brightYellow: '#8f6310',
  brightBlue: '#2a6fae',
  brightMagenta: '#974b88',
  brightCyan: '#147a74',
  brightWhite: '#3a362f',
};

const DARK: ITheme = {
  background: '#141517',
  foreground: '#d9d5cc',
  cursor: '#7fcdc4',
  cursorAccent: '#141517',
  selectionBackground: '#2d4a4b',
  selectionInactiveBackground: '#303236',
  black: '#2a2c30',
  red: '#e88a7d',
  green: '#a5c97b',
  yellow: '#e0b86a',
  blue: '#8ab4e0',
  magenta: '#d29bc6',
  cyan: '#7fcdc4',
  white: '#d9d5cc',
  brightBlack: '#8f8b82',
  brightRed: '#f2a296',
  brightGreen: '#bbdb95',
  brightYellow: '#efcd8c',
  brightBlue: '#a6c8ec',
  brightMagenta: '#e2b4d8',
  brightCyan: '#9fe0d8',
  brightWhite: '#f4f1ea',
};

/** The colours for the theme that the page shows now. */
export function currentTheme(): ITheme {
  return document.documentElement.dataset.theme === 'light' ? LIGHT : DARK;
}

/** Calls `changed` whenever the page's theme changes. */
export function onThemeChange(changed: () => void): void {
  new MutationObserver(changed).observe(document.documentElement, { attributeFilter: ['data-theme'] });
}
