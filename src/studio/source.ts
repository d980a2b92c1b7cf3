/** A lesson as texts: what the studio edits, keeps, packs and shares. */

/** Languages that prose may be in; English is always there. */
export const LANGUAGES = ['en', 'zh-cn'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The texts of a lesson: its lab, and its prose by language. */
export const FILES = ['lab', ...LANGUAGES] as const;
export type FileName = (typeof FILES)[number];

export interface LessonSource {
  /** UNIT/NN-SLUG. */
  readonly name: string;
  readonly lab: string;
  readonly prose: Readonly<Partial<Record<Language, string>>>;
}

/** The text of a file; empty when there is none. */
export function textOf({ lab, prose }: LessonSource, file: FileName): string {
  return file === 'lab' ? lab : (prose[file] ?? '');
}

/** The lesson with another text in a file. Prose of another language than English goes when it is emptied. */
export function withText(source: LessonSource, file: FileName, text: string): LessonSource {
  if (file === 'lab') return { ...source, lab: text };
  const { [file]: _, ...others } = source.prose;
  return { ...source, prose: text === '' && file !== 'en' ? others : { ...others, [file]: text } };
}

/** Where a file stands in the repository. */
export function pathOf(name: string, file: FileName): string {
  return file === 'lab' ? `content/labs/${name}.yaml` : `content/docs/${file}/${name}.mdx`;
}

/** The same lesson under another name; its prose names the lab in its head. */
export function renamed(source: LessonSource, name: string): LessonSource {
  const head = (text: string): string =>
    text.replace(/^---\n[\s\S]*?\n---\n/, (whole) =>
      whole.replace(/^(\s+scenario: )(.*)$/m, (line, key: string, value: string) =>
        value.trim() === source.name ? key + name : line,
      ),
    );
  const prose = Object.fromEntries(Object.entries(source.prose).map(([language, text]) => [language, head(text)]));
  return { ...source, name, prose };
}

export function sameSource(a: LessonSource, b: LessonSource): boolean {
  return a.name === b.name && FILES.every((file) => textOf(a, file) === textOf(b, file));
}
