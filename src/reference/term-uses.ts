/** Which lessons mark a word of the glossary: read from their prose when the site is built. */
import { getCollection } from 'astro:content';

/** A lesson, as the glossary lists it. */
export interface TermUse {
  readonly href: string;
  readonly title: string;
  readonly number: number;
}

const MARKED = /<Term\s+id="([^"]+)"/g;

/** The lessons of a language by the ids that they mark, in the order of the course. */
export async function lessonsWithTerms(locale: string): Promise<Map<string, TermUse[]>> {
  const pages = await getCollection('docs', ({ id, data }) => id.startsWith(`${locale}/`) && data.lesson !== undefined);
  pages.sort((a, b) => a.data.lesson!.number - b.data.lesson!.number);
  const found = new Map<string, TermUse[]>();
  for (const { id: page, body = '', data } of pages) {
    const use = { href: `/${page}/`, title: data.title, number: data.lesson!.number };
    for (const id of new Set([...body.matchAll(MARKED)].map(([, name]) => name!)))
      found.set(id, [...(found.get(id) ?? []), use]);
  }
  return found;
}
