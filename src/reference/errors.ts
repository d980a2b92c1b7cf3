/**
 * Error texts: content/errors.yaml says how each is met and what it means; what the machines print is asked of them when
 * the site is built. An entry whose text does not come fails the build.
 */
import { parse } from 'yaml';
import { z } from 'zod';
import { createWorld } from '../../simulator/index.ts';
import source from '../../content/errors.yaml?raw';
import { typed } from './machines.ts';

const entrySchema = z.strictObject({
  scenario: z.string(),
  run: z.array(z.strictObject({ on: z.string(), run: z.string() })).min(1),
  shows: z.string().min(1),
  from: z.string(),
  lessons: z.array(z.number().int()).default([]),
  en: z.string().min(1),
  'zh-cn': z.string().min(1),
});
const errorsSchema = z.record(z.string(), z.record(z.string(), entrySchema));

export interface ErrorText {
  readonly id: string;
  readonly group: string;
  /** What was printed. */
  readonly text: string;
  /** What was typed, and where. */
  readonly host: string;
  readonly line: string;
  readonly from: string;
  readonly says: string;
  readonly lessons: readonly number[];
}

/** What the machines print for an entry; each page that shows it asks once. */
const printed = new Map<string, string>();

/** Every entry, in the order of the file. `scenarios` are the texts of content/scenarios, by name. */
export function errorTexts(locale: string, scenarios: Readonly<Record<string, string>>, text = source): ErrorText[] {
  const language = locale === 'zh-cn' ? 'zh-cn' : 'en';
  return Object.entries(errorsSchema.parse(parse(text))).flatMap(([group, entries]) =>
    Object.entries(entries).map(([id, { scenario, run, shows, from, lessons, ...says }]) => {
      const key = JSON.stringify([id, scenario, run, shows]);
      if (!printed.has(key)) printed.set(key, ask(id, scenarios[scenario], run, shows));
      const { on: host, run: line } = run.at(-1)!;
      return { id, group, text: printed.get(key)!, host, line, from, says: says[language], lessons };
    }),
  );
}

function ask(
  id: string,
  scenario: string | undefined,
  run: readonly { on: string; run: string }[],
  shows: string,
): string {
  if (scenario === undefined) throw new Error(`content/errors.yaml: ${id}: there is no such scenario.`);
  const world = createWorld(scenario, { trace: false });
  const outputs = run.map(({ on, run: line }) => typed(world, on, line));
  const { stdout, stderr } = outputs.at(-1)!;
  const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.includes(shows));
  if (lines.length === 0)
    throw new Error(`content/errors.yaml: ${id}: “${shows}” is not in what was printed:\n${stdout}${stderr}`);
  // A list of tasks has the text between quotation marks, as its last column.
  const texts = lines.map(
    (line) => [...line.matchAll(/"([^"]*)"/g)].find(([, part]) => part!.includes(shows))?.[1] ?? line.trim(),
  );
  return [...new Set(texts)][0]!;
}
