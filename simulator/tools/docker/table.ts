/**
 * Go's text/tabwriter with docker's settings: minimum width 10 (20 until 19.03), padding 3, blanks.
 * Cells end with a tab; the text after a line's last tab belongs to no column. A column spans neighbouring lines that have it.
 */
const PADDING = 3;

/** Aligns lines of tab-terminated cells. */
export function alignTabs(text: string, minimum = 10, padding = PADDING): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths: number[][] = lines.map(() => []);
  const measure = (from: number, to: number, column: number): void => {
    for (let i = from; i < to; i++) {
      if (column >= (lines[i] as string[]).length - 1) continue;
      let end = i;
      let width = minimum;
      while (end < to && column < (lines[end] as string[]).length - 1) {
        width = Math.max(width, [...((lines[end] as string[])[column] as string)].length + padding);
        end++;
      }
      for (let line = i; line < end; line++) (widths[line] as number[])[column] = width;
      measure(i, end, column + 1);
      i = end - 1;
    }
  };
  measure(0, lines.length, 0);
  return lines
    .map((cells, i) =>
      cells
        .map((cell, column) => {
          const width = (widths[i] as number[])[column];
          return width === undefined ? cell : cell + ' '.repeat(Math.max(0, width - [...cell].length));
        })
        .join(''),
    )
    .join('\n');
}
