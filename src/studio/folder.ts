/**
 * A lesson as the folder that the repository takes, in a zip file: content/labs/UNIT/NN-SLUG.yaml and
 * content/docs/LANGUAGE/UNIT/NN-SLUG.mdx. Reading one is suspicious of everything: names, sizes, letters.
 */
import { strToU8, unzipSync, type UnzipFileInfo, zipSync } from 'fflate';
import { lessonName } from '../lesson/blank.ts';
import { FILES, type FileName, LANGUAGES, type LessonSource, pathOf, textOf } from './source.ts';

/** A text is not read beyond this many bytes. */
export const MOST_BYTES = 1_000_000;
/** Nor are more files of a zip file. */
const MOST_FILES = 300;
/** The time in a zip file, so that the same lesson is the same file. */
const EPOCH = new Date(1980, 0, 1);

/** The lesson as a zip file. */
export function toZip(source: LessonSource): Uint8Array<ArrayBuffer> {
  const entries = FILES.filter((file) => textOf(source, file) !== '').map(
    (file) => [pathOf(source.name, file), strToU8(textOf(source, file))] as const,
  );
  return zipSync(Object.fromEntries(entries), { mtime: EPOCH, level: 9 });
}

/** Why something cannot be imported; the words are in words.ts. */
export type ImportFault =
  'not-zip' | 'too-large' | 'too-many' | 'no-lesson' | 'not-text' | 'prose-alone' | 'other-file' | 'empty';

export class ImportError extends Error {
  override readonly name = 'ImportError';
  readonly fault: ImportFault;
  /** The file that it is about. */
  readonly file: string;

  constructor(fault: ImportFault, file: string) {
    super(`${fault}: ${file}`);
    this.fault = fault;
    this.file = file;
  }
}

export interface Imported {
  readonly sources: readonly LessonSource[];
  /** Files that were left out, and why that is no harm. */
  readonly ignored: readonly string[];
}

/** Reads an uploaded file: a zip file with lessons, or the YAML of one lab. Throws {@link ImportError}. */
export function fromUpload(file: string, bytes: Uint8Array): Imported {
  if (bytes.length === 0) throw new ImportError('empty', file);
  if (/\.ya?ml$/i.test(file)) {
    const name = `drafts/${/(?:^|\/)(\d\d-[a-z0-9-]+)\.ya?ml$/.exec(file)?.[1] ?? '99-imported'}`;
    return { sources: [{ name, lab: decoded(file, bytes), prose: {} }], ignored: [] };
  }
  if (/\.mdx?$/i.test(file)) throw new ImportError('prose-alone', file);
  if (!/\.zip$/i.test(file)) throw new ImportError('other-file', file);
  return fromZip(file, bytes);
}

function fromZip(file: string, bytes: Uint8Array): Imported {
  const ignored: string[] = [];
  let fault: ImportError | undefined;
  let count = 0;
  const filter = ({ name, originalSize }: UnzipFileInfo): boolean => {
    if (placeOf(name) === undefined) {
      if (!name.endsWith('/')) ignored.push(name);
      return false;
    }
    if (++count > MOST_FILES) fault ??= new ImportError('too-many', file);
    if (originalSize > MOST_BYTES) fault ??= new ImportError('too-large', name);
    return fault === undefined;
  };
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes, { filter });
  } catch {
    throw new ImportError('not-zip', file);
  }
  if (fault !== undefined) throw fault;
  const lessons = new Map<string, { lab?: string; prose: Record<string, string> }>();
  for (const [path, content] of Object.entries(entries)) {
    const { name, kind } = placeOf(path)!;
    const lesson = lessons.get(name) ?? { prose: {} };
    lessons.set(name, lesson);
    const text = decoded(path, content);
    if (kind === 'lab') lesson.lab = text;
    else lesson.prose[kind] = text;
  }
  const sources = [...lessons].flatMap(([name, { lab, prose }]) => {
    if (lab !== undefined) return [{ name, lab, prose }];
    ignored.push(...Object.keys(prose).map((language) => pathOf(name, language as FileName)));
    return [];
  });
  if (sources.length === 0) throw new ImportError(lessons.size > 0 ? 'prose-alone' : 'no-lesson', file);
  return { sources, ignored };
}

/** What a path in a zip file stands for; the folder of the repository may stand around it. */
function placeOf(path: string): { readonly name: string; readonly kind: FileName } | undefined {
  const lab = /(?:^|\/)content\/labs\/([^/]+\/[^/]+)\.yaml$/.exec(path)?.[1];
  const [, language = '', page = ''] = /(?:^|\/)content\/docs\/([^/]+)\/([^/]+\/[^/]+)\.mdx$/.exec(path) ?? [];
  const name = lab ?? page;
  const kind = lab === undefined ? LANGUAGES.find((one) => one === language) : 'lab';
  return kind === undefined || lessonName(name) === undefined ? undefined : { name, kind };
}

/** UTF-8 without a byte order mark, with the line ends of the repository. */
function decoded(file: string, bytes: Uint8Array): string {
  if (bytes.length > MOST_BYTES) throw new ImportError('too-large', file);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n');
  } catch {
    throw new ImportError('not-text', file);
  }
  if (text.includes('\0')) throw new ImportError('not-text', file);
  return text;
}
