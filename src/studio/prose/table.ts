/** Tables of GitHub's Markdown, which the reader of plain Markdown takes for a paragraph. */
import { element, type SafeNode } from './tree.ts';

const RULE = /^\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?$/;

/** A paragraph's source as a table; undefined when it is none. `inline` reads the words of a cell. */
export function table(source: string, inline: (cell: string) => readonly SafeNode[]): SafeNode | undefined {
  const [first, rule, ...rows] = source.split('\n').map((line) => line.trim());
  if (first === undefined || rule === undefined || !first.includes('|') || !rule.includes('|') || !RULE.test(rule))
    return undefined;
  const head = cellsOf(first).map((cell) => element('th', {}, ...inline(cell)));
  const body = rows.map((row) => element('tr', {}, ...cellsOf(row).map((cell) => element('td', {}, ...inline(cell)))));
  return element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...body));
}

/** The cells of a row; a bar after a backslash belongs to its cell. */
function cellsOf(row: string): string[] {
  const inside = row.replace(/^\|/, '').replace(/(?<!\\)\|$/, '');
  return inside.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}
