/** From what a check found to a sentence for the learner: the author's words when a wrong answer was recognised, else ours. */
import type { CheckResult } from '../../simulator/lesson/index.ts';
import { wordsIn } from '../lesson/inline.ts';
import { englishChecks } from './en-checks.ts';

/** The sentences of one language, by the code of a finding. */
export type CheckWords = Readonly<Record<string, string>>;

/** The sentences of a language; other languages than English are fetched. */
export async function checkWordsOf(language: string): Promise<CheckWords> {
  return language.toLowerCase().startsWith('zh') ? (await import('./zh-cn-checks.ts')).chineseChecks : englishChecks;
}

/** What to tell the learner of a check's result. */
export function checkText(result: CheckResult, words: CheckWords, language: string): string {
  if (result.says !== undefined) return wordsIn(language, result.says);
  const { code, expected, found, values } = result;
  const all: Readonly<Record<string, string | number>> = { ...values, expected, found };
  const fill = (text: string): string =>
    text.replace(/\{([\w-]+)\}/g, (_, name: string) => String(all[name] ?? '').replace(/[.。]$/, ''));
  const template = words[code] ?? code;
  return fill(
    template.replace(/\[([^\]]*)\]/g, (_, part: string) =>
      [...part.matchAll(/\{([\w-]+)\}/g)].some(([, name = '']) => String(all[name] ?? '') === '') ? '' : part,
    ),
  );
}
