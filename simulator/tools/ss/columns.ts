/**
 * The table of ss: columns as wide as their widest cell, or spread over the terminal. Mirrors render() and
 * render_calc_width() of misc/ss.c.
 */
export interface Column {
  readonly title: string;
  /** What stands between this column and the one before. */
  readonly delimiter: string;
  readonly align: 'left' | 'right';
  readonly hidden?: boolean;
}

/** A row's cells, and lines to print below it. */
export interface Row {
  readonly cells: readonly string[];
  readonly below: string;
}

/** The table as text. `screen` is the terminal's width, 0 when the output is none (then columns stay compact). */
export function renderTable(columns: readonly Column[], rows: readonly Row[], header: boolean, screen: number): string {
  const all: Row[] = header ? [{ cells: columns.map((column) => column.title), below: '' }, ...rows] : [...rows];
  const widths = widthsOf(columns, all, screen);
  const breaks = screen > 0 ? spread(widths, screen) : new Set<number>();
  let text = '';
  for (const row of all) {
    let first = true;
    for (const [index, column] of columns.entries()) {
      const width = widths[index] as number;
      if (width === 0) continue;
      const cell = row.cells[index] ?? '';
      const delimiter = first ? '' : column.delimiter;
      const pad = ' '.repeat(Math.max(0, width - delimiter.length - cell.length));
      text += delimiter + (column.align === 'left' ? cell + pad : pad + cell);
      first = false;
      if (breaks.has(index)) {
        text += '\n';
        first = true;
      }
    }
    if (!text.endsWith('\n') || text === '') text += '\n';
    text += row.below;
  }
  return text;
}

/** First pass: the widest cell of each column, with its delimiter, at most the screen. */
function widthsOf(columns: readonly Column[], rows: readonly Row[], screen: number): number[] {
  let first = true;
  return columns.map((column, index) => {
    if (column.hidden === true) return 0;
    const longest = Math.max(0, ...rows.map((row) => (row.cells[index] ?? '').length));
    let width = longest > 0 && !first ? longest + column.delimiter.length : longest;
    if (screen > 0) width = Math.min(width, screen);
    if (width > 0) first = false;
    return width;
  });
}

/** Second pass: distributes what is left of each line over its columns; the columns after which a new line starts. */
function spread(widths: number[], screen: number): Set<number> {
  const breaks = new Set<number>();
  const visible = widths.flatMap((width, index) => (width > 0 ? [index] : []));
  let line: number[] = [];
  let length = 0;
  const finish = (): void => {
    const room = screen - length;
    if (room > 0 && line.length > 0) {
      const spacing = Math.floor(room / line.length);
      let rest = room % line.length;
      for (const index of line) {
        widths[index] = (widths[index] as number) + spacing + (rest > 0 ? 1 : 0);
        if (rest > 0) rest--;
      }
    }
    const last = line.at(-1);
    if (last !== undefined) breaks.add(last);
    line = [];
    length = 0;
  };
  for (const index of visible) {
    const width = widths[index] as number;
    if (length + width > screen && line.length > 0) finish();
    line.push(index);
    length += width;
  }
  finish();
  const lastVisible = visible.at(-1);
  if (lastVisible !== undefined) breaks.delete(lastVisible);
  return breaks;
}
