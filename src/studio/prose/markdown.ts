/** Reads Markdown, of anybody: what would keep the page busy for seconds is taken for one block of text. */
import type { Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';

/** Marks of quotes and lists inside each other, or as much indentation; reading them takes the square of their number. */
const TOO_DEEP = /^(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t]))){41}|^[ \t]{160}/m;
const TOO_LONG = 300_000;

export function markdownOf(text: string): Root {
  if (text.length <= TOO_LONG && !TOO_DEEP.test(text)) return fromMarkdown(text);
  return { type: 'root', children: [{ type: 'code', value: text }] };
}
