/** A lab as one page needs it: its words in the page's language, and a name for its version. */
import type { Scenario } from '../../simulator/index.ts';
import type { Lab, Question, Task } from '../../simulator/lesson/index.ts';
import { fingerprint } from '../lab/keep.ts';
import { wordsIn } from './inline.ts';
import type { LessonCard } from './progress.ts';

/** What a page and the checks on it need to know of its lesson; goes into the page as JSON. */
export interface Plan {
  /** UNIT/SLUG. */
  readonly name: string;
  /** Changes with everything that decides whether a task is done or an answer right; not with words. */
  readonly version: string;
  /** The language of the words: `en`, `zh-cn`. */
  readonly language: string;
  readonly lab: Lab;
}

/** The plan of a lesson for a page in `language`. */
export function planOf(name: string, lab: Lab, scenario: Scenario, language: string): Plan {
  return { name, version: versionOf(lab, scenario), language, lab: labIn(language, lab) };
}

/** Names the version of a lab. */
export function versionOf({ tasks, predicts, quiz }: Lab, scenario: Scenario): string {
  const asked = ({ id, key, choices }: Question): unknown => [id, key, choices?.map((one) => [one.id, one.when])];
  return fingerprint(
    JSON.stringify([
      scenario,
      tasks.map(({ id, needs, checks }) => [id, needs, checks]),
      predicts.map(asked),
      quiz.map(asked),
    ]),
  );
}

/** A lab with its words in one language, and without what only its authors need. */
function labIn(language: string, { survivors: _, ...lab }: Lab): Lab {
  return { ...(inLanguage(language, lab) as Omit<Lab, 'survivors'>), survivors: [] };
}

function inLanguage(language: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => inLanguage(language, one));
  if (typeof value !== 'object' || value === null) return value;
  if ('en' in value && Object.keys(value).every((key) => key === 'en' || key === 'zh-cn'))
    return wordsIn(language, value as { en: string });
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inLanguage(language, inner)]));
}

/** The questions that a task itself asks: those that its checks of kind `answer` are about. */
export function questionsOf(task: Task, lab: Lab): Question[] {
  const ids = task.checks.flatMap(answered);
  return [...lab.predicts, ...lab.quiz].filter(({ id }) => ids.includes(id));
}

/** Ids of questions that a check, or one inside it, asks for. */
function answered(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(answered);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'answer' ? [(inner as { id: string }).id] : answered(inner),
  );
}

/** The questions of the quiz that no task asks. */
export function quizOf(lab: Lab): Question[] {
  const inTasks = new Set(lab.tasks.flatMap((task) => questionsOf(task, lab)).map(({ id }) => id));
  return lab.quiz.filter(({ id }) => !inTasks.has(id));
}

/** What a list of lessons needs to know to show how far a learner is. */
export function cardOf({ name, version, lab }: Plan): LessonCard {
  return { lab: name, version, tasks: lab.tasks.map(({ id }) => id), quiz: quizOf(lab).map(({ id }) => id) };
}
