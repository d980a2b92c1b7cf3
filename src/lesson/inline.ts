/** The words of a lab: their language, and their little markup, `` `code` `` and nothing else. */
import type { Text } from '../../simulator/lesson/index.ts';

/** The words in a language; English when there are none in it. */
export function wordsIn(language: string, said: Text): string {
  if (typeof said === 'string') return said;
  return (language === 'zh-cn' ? said['zh-cn'] : undefined) ?? said.en;
}

/** A piece of a text: plain, or code. */
export interface Piece {
  readonly code: boolean;
  readonly text: string;
}

/** The pieces of a text, in order. */
export function piecesOf(text: string): Piece[] {
  return text
    .split('`')
    .map((part, index) => ({ code: index % 2 === 1, text: part }))
    .filter(({ text: part }) => part !== '');
}

/** A text as HTML. */
export function inlineHtml(text: string): string {
  return piecesOf(text)
    .map(({ code, text: part }) => (code ? `<code>${escaped(part)}</code>` : escaped(part)))
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
