/**
 * A lesson in a link: `#lesson=`, a check sum, and its texts, compressed, so that nothing has to be sent to a server. What
 * is opened is text and nothing else: its commands run in the emulated machines only.
 */
import { lessonName } from '../lesson/blank.ts';
import { fingerprint } from '../lab/keep.ts';
import { deflate, fromBase64Url, inflate, toBase64Url } from '../lab/packing.ts';
import { LANGUAGES, type LessonSource } from './source.ts';

/** The form; a later one is not read. */
const VERSION = 1;
const PREFIX = '#lesson=';
/** Longer links are cut by programs that pass them on. */
export const MOST_LETTERS = 64_000;
/** A link is not unpacked beyond this many bytes. */
const MOST_UNPACKED = 2_000_000;

/** The part of a link after the address; undefined when it would be too long. */
export async function makeLessonLink({ name, lab, prose }: LessonSource): Promise<string | undefined> {
  const form = JSON.stringify([VERSION, name, lab, ...LANGUAGES.map((language) => prose[language] ?? null)]);
  const hash = `${PREFIX}${fingerprint(form)}.` + toBase64Url(await deflate(new TextEncoder().encode(form)));
  return hash.length > MOST_LETTERS ? undefined : hash;
}

export function isLessonLink(hash: string): boolean {
  return hash.startsWith(PREFIX);
}

/** The lesson of a link, or why there is none. */
export async function openLessonLink(hash: string): Promise<LessonSource | 'broken' | 'newer'> {
  let form: unknown;
  try {
    const [sum, packed = ''] = hash.slice(PREFIX.length).split('.');
    const bytes = await inflate(fromBase64Url(packed), MOST_UNPACKED);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (fingerprint(text) !== sum) return 'broken'; // packing alone does not notice every changed letter
    form = JSON.parse(text);
  } catch {
    return 'broken';
  }
  if (!Array.isArray(form)) return 'broken';
  const [version, name, lab, ...texts] = form as unknown[];
  if (typeof version === 'number' && version > VERSION) return 'newer';
  if (version !== VERSION || typeof name !== 'string' || lessonName(name) === undefined || typeof lab !== 'string')
    return 'broken';
  const prose = LANGUAGES.map((language, index) => [language, texts[index]] as const);
  if (!prose.every(([, text]) => text === null || typeof text === 'string')) return 'broken';
  return { name, lab, prose: Object.fromEntries(prose.filter(([, text]) => text !== null)) };
}
