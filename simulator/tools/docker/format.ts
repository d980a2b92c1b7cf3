/**
 * Lists of objects as `docker … ls` prints them: cli/command/formatter/formatter.go. A row is a Go struct with methods
 * ({@link rowOf}); a format is `table`, `table TEMPLATE`, `json`, `raw` or a template.
 */
import type { Era } from '../../eras/era.ts';
import { Failure } from './failure.ts';
import { alignTabs } from './table.ts';
import { TemplateError } from './template/error.ts';
import { Template } from './template/execute.ts';
import { HEADER } from './template/functions.ts';
import { GoStruct, toJson, type Value } from './template/value.ts';

export const FORMAT_LIST =
  "Format output using a custom template:\n'table':            Print output in table format with column headers (default)\n'table TEMPLATE':   Print output in table format using the given Go template\n'json':             Print in JSON format\n'TEMPLATE':         Print output using the given Go template.\nRefer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates";
export const FORMAT_ONE =
  "Format output using a custom template:\n'json':             Print in JSON format\n'TEMPLATE':         Print output using the given Go template.\nRefer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates";

/** What one kind of list prints. */
export interface ListStyle {
  /** Go's type of a row, for error texts. */
  readonly typeName: string;
  /** `table …` without `table `: the default columns. */
  readonly columns: string;
  /** With `-q`. */
  readonly quiet: string;
  /** Titles by name of column. */
  readonly titles: Readonly<Record<string, string>>;
}

/** Columns of one object, computed when asked for; one that takes a word is a method (`{{.Label "tier"}}`). */
export type Row = Readonly<Record<string, (argument: string) => Value>>;

/** A row as templates see it; as JSON its columns come sorted by name. */
export function rowOf(typeName: string, row: Row): GoStruct {
  const methods = new Map(Object.entries(row).filter(([, column]) => column.length > 0));
  const names = Object.keys(row).filter((name) => !methods.has(name));
  const encode = (): string =>
    `{${[...names]
      .sort()
      .map((name) => `${JSON.stringify(name)}:${toJson(text(row[name]?.('')))}`)
      .join(',')}}`;
  return new GoStruct(typeName, names, (name) => row[name]?.(''), encode, methods);
}

// Methods of docker's formatters answer strings or booleans, which JSON shows as such.
function text(value: Value): Value {
  return value === undefined ? '' : value;
}

/** The text of a whole list; throws {@link Failure} when the template is bad. */
export function formatList(
  style: ListStyle,
  rows: readonly Row[],
  format: string,
  quiet: boolean,
  { client: { tables } }: Era,
): string {
  const own = tables.narrow[style.typeName];
  // Of plain `table` and '' with -q only the ids are shown; a template of one's own wins over -q.
  let template =
    format === '' || format === 'table'
      ? quiet
        ? style.quiet
        : `table ${own ?? style.columns}`
      : format === 'json'
        ? '{{json .}}'
        : format;
  const table = template.startsWith('table');
  if (table) template = template.slice('table'.length);
  template = template
    .replace(/^ +| +$/g, '')
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n');
  return guardTemplate('template parsing error', () => {
    const parsed = new Template(template);
    const body = rows.map((row) => `${parsed.execute(rowOf(style.typeName, row))}\n`).join('');
    if (!table) return body;
    const titles = Object.fromEntries(Object.entries(style.titles).map(([name, title]) => [name, () => title]));
    const dot = template.includes('.Label ') ? rowOf(style.typeName, { ...titles, Label: labelTitle }) : { ...style.titles };
    const header = new Template(template, HEADER).execute(dot, { functions: HEADER });
    return own === undefined ? alignTabs(`${header}\n${body}`, tables.minimum) : alignTabs(`${header}\n${body}`, 0, 2);
  });
}

/** SubHeaderContext.Label: the last part of a label's name. */
function labelTitle(name: string): string {
  return (name.split('.').at(-1) as string).replace(/[-_]/g, ' ');
}

/** Turns template errors of `work` into failures that begin with `prefix`. */
export function guardTemplate<T>(prefix: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateError) throw new Failure(`${prefix}: ${error.message}`);
    throw error;
  }
}

/** The first twelve characters of an id (stringid.TruncateID). */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}

/** formatter.Ellipsis: cut to `width` cells, the last of them `…`. */
export function ellipsis(textToCut: string, width: number): string {
  const runes = [...textToCut];
  return runes.length > width ? `${runes.slice(0, width - 1).join('')}…` : textToCut;
}

/** Natural order: digits inside names compare as numbers (fvbommel/sortorder). */
export function naturalOrder(a: string, b: string): number {
  const parts = /(\d+)/;
  const [left, right] = [a.split(parts), b.split(parts)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i] as string, right[i] as string];
    if (x === y) continue;
    if (i % 2 === 1 && Number(x) !== Number(y)) return Number(x) - Number(y);
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}
