/** The lab that a page's parts belong to, read once for each page language when the site is built. */
import { labOfPage } from '../lesson/page.ts';
import { cardOf, type Plan, planOf } from '../lesson/plan.ts';

interface Page {
  readonly entry: { readonly id: string; readonly data: { readonly lab?: { readonly scenario: string } | undefined } };
  /** Of the page, and of its text where that is not there in the page's language. */
  readonly lang?: string | undefined;
  readonly entryMeta?: { readonly lang: string };
}

const files = import.meta.glob<string>(['/content/scenarios/*.yaml', '/content/labs/*/*.yaml'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const plans = new Map<string, Plan | undefined>();

/** The plan of the lesson on a page; undefined when the page has no lab, or a scenario alone. */
export function planOfPage({ entry, lang = 'en', entryMeta }: Page): Plan | undefined {
  const name = entry.data.lab?.scenario;
  if (name === undefined) return undefined;
  const language = (entryMeta?.lang ?? lang).toLowerCase();
  const key = `${language} ${name}`;
  if (!plans.has(key)) {
    const { lab, scenario } = labOfPage(name, files);
    plans.set(key, lab && planOf(name, lab, scenario, language));
  }
  return plans.get(key);
}

/** The one of a list with an id. Throws, with the ids there are, when the page names another. */
export function partOf<T extends { readonly id: string }>(page: Page, part: string, all: readonly T[], id: string): T {
  const found = all.find((one) => one.id === id);
  if (found !== undefined) return found;
  const name = page.entry.data.lab?.scenario ?? 'none';
  throw new Error(
    `${page.entry.id}: <${part} id="${id}" />: the lab ${name} has no such; it has ${all.map((one) => one.id).join(', ') || 'none'}`,
  );
}

/** What each lesson asks for, as JSON, by UNIT/SLUG: a list of lessons tells by it how much was done. */
export function lessonCards(pages: readonly Page['entry'][]): Map<string, string> {
  const cards = new Map<string, string>();
  for (const entry of pages) {
    const name = entry.data.lab?.scenario;
    if (name === undefined || cards.has(name)) continue;
    const plan = planOfPage({ entry });
    if (plan !== undefined) cards.set(name, JSON.stringify(cardOf(plan)));
  }
  return cards;
}
