/** The site's own lessons as texts, each fetched when somebody starts from it; and a blank one. */
import { blankLab, blankProse } from '../lesson/blank.ts';
import { LANGUAGES, type LessonSource, pathOf } from './source.ts';

type Fetch = () => Promise<string>;

const LABS = import.meta.glob<string>('/content/labs/*/*.yaml', { query: '?raw', import: 'default' });
const DOCS = import.meta.glob<string>('/content/docs/*/*/[0-9]*.mdx', { query: '?raw', import: 'default' });
const SCENARIOS = import.meta.glob<string>('/content/scenarios/*.yaml', { query: '?raw', import: 'default' });

/** Names of all lessons, in order of number. */
export function siteLessons(): string[] {
  return Object.keys(LABS)
    .map((path) => path.replace('/content/labs/', '').replace(/\.yaml$/, ''))
    .sort((a, b) => (numberOf(a) < numberOf(b) ? -1 : 1));
}

function numberOf(name: string): string {
  return name.split('/')[1] ?? '';
}

/** A lesson of the site. */
export async function siteLesson(name: string): Promise<LessonSource> {
  const lab = await fetched(LABS, pathOf(name, 'lab'));
  if (lab === undefined) throw new Error(`there is no lesson ${name}`);
  const prose = await Promise.all(
    LANGUAGES.map(async (language) => [language, await fetched(DOCS, pathOf(name, language))] as const),
  );
  return { name, lab, prose: Object.fromEntries(prose.filter(([, text]) => text !== undefined)) };
}

/** A new lesson, as `lesson new` writes it. */
export function blankLesson(name: string): LessonSource {
  return { name, lab: blankLab(), prose: { en: blankProse(name) } };
}

/** The texts of all named scenarios. */
export async function siteScenarios(): Promise<Record<string, string>> {
  const texts = Object.entries(SCENARIOS).map(async ([path, fetch]) => [path, await fetch()] as const);
  return Object.fromEntries(await Promise.all(texts));
}

async function fetched(files: Readonly<Record<string, Fetch>>, path: string): Promise<string | undefined> {
  return files[`/${path}`]?.();
}
