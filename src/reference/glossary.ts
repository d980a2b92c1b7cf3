/** The glossary: content/glossary.yaml, read and checked when the site is built. A fault names its id and the way out. */
import { parse } from 'yaml';
import { z } from 'zod';
import source from '../../content/glossary.yaml?raw';

const wordsSchema = z.strictObject({ term: z.string().min(1), says: z.string().min(1) });
const entrySchema = z.strictObject({
  en: wordsSchema,
  'zh-cn': wordsSchema,
  see: z.array(z.string()).default([]),
});
const glossarySchema = z.record(z.string(), z.record(z.string().regex(/^[a-z][a-z0-9-]*$/), entrySchema));

export interface GlossaryEntry {
  readonly id: string;
  readonly group: string;
  readonly term: string;
  readonly says: string;
  readonly see: readonly string[];
}

type Language = 'en' | 'zh-cn';

const groups = readGlossary(source);

/** The glossary in a language, as `<html lang>` names it, in the order of the file. */
export function glossary(lang: string | undefined): GlossaryEntry[] {
  const language: Language = lang === 'zh-CN' ? 'zh-cn' : 'en';
  return Object.entries(groups).flatMap(([group, entries]) =>
    Object.entries(entries).map(([id, entry]) => ({ id, group, ...entry[language], see: entry.see })),
  );
}

/** One entry; a page that names an unknown one is not built. */
export function glossaryEntry(id: string, lang: string | undefined): GlossaryEntry {
  const found = glossary(lang).find((entry) => entry.id === id);
  if (found !== undefined) return found;
  const known = glossary(lang).map((entry) => entry.id);
  throw new Error(`<Term id="${id}">: content/glossary.yaml has no such id. Known are: ${known.join(', ')}.`);
}

/** Reads the file; throws with the place of each fault. */
export function readGlossary(text: string): z.infer<typeof glossarySchema> {
  const read = glossarySchema.safeParse(parse(text));
  if (!read.success) {
    const faults = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Error(`content/glossary.yaml: ${faults.join('; ')}`);
  }
  const entries = Object.values(read.data).flatMap((group) => Object.entries(group));
  const ids = entries.map(([id]) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new Error(`content/glossary.yaml: ${twice} is there twice.`);
  for (const [id, { see }] of entries) {
    const unknown = see.find((other) => !ids.includes(other));
    if (unknown !== undefined)
      throw new Error(`content/glossary.yaml: ${id}.see names ${unknown}, which is not there.`);
  }
  return read.data;
}

/** A text of the glossary as HTML: what stands between backticks is code. */
export function proseHtml(text: string): string {
  const safe = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return safe.replace(/`([^`]+)`/g, '<code translate="no">$1</code>');
}
