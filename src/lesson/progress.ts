/**
 * What a learner has done, kept in the browser: tasks passed, predictions and quiz answered, lab by lab. Each entry names
 * the version of the lab on which it was made, so that a lesson that changed says so and takes nothing away. For lists
 * of lessons: {@link readProgress} and {@link standing}; for a file that goes elsewhere: {@link exportProgress} and
 * {@link importProgress}.
 */

/** Where it is kept; localStorage in a browser. */
export type Store = Pick<Storage, 'getItem' | 'setItem' | 'key' | 'length'>;

/** An answer that was given, and whether the machines say so too. */
export interface Given {
  readonly answer: string;
  readonly right: boolean;
  readonly version: string;
}

/** What was done in one lab. */
export interface LabProgress {
  /** For each task that passed, the lab's version then. */
  readonly tasks: Readonly<Record<string, string>>;
  readonly predicts: Readonly<Record<string, Given>>;
  readonly quiz: Readonly<Record<string, Given>>;
  /** The version on which everything was done. */
  readonly completed?: string;
}

/** What a lab asks for; a page gets it from `cardOf` when it is built. */
export interface LessonCard {
  /** UNIT/SLUG. */
  readonly lab: string;
  readonly version: string;
  readonly tasks: readonly string[];
  readonly quiz: readonly string[];
}

/** How far a learner is. `older`: everything was done, before the lab changed. */
export interface Standing {
  readonly state: 'new' | 'started' | 'done' | 'older';
  /** Tasks done, on whatever version. */
  readonly done: number;
  readonly all: number;
}

const PREFIX = 'meshwalk:progress:';
const NOTHING: LabProgress = { tasks: {}, predicts: {}, quiz: {} };

/** What was done in a lab; nothing when the storage is off or holds something else. */
export function readProgress(store: Store, lab: string): LabProgress {
  try {
    const kept: unknown = JSON.parse(store.getItem(PREFIX + lab) ?? 'null');
    return kept !== null && faultOf(kept, '') === undefined ? (kept as LabProgress) : NOTHING;
  } catch {
    return NOTHING;
  }
}

/** Keeps what was done in a lab; answers false when the browser keeps nothing. */
export function writeProgress(store: Store, lab: string, progress: LabProgress): boolean {
  try {
    store.setItem(PREFIX + lab, JSON.stringify(progress));
    return true;
  } catch {
    return false;
  }
}

/** Notes something new about a lab, and whether that completes it. What was read before may be old: another tab writes too. */
export function noteProgress(
  store: Store,
  card: LessonCard,
  news: { readonly task: string } | { readonly kind: 'predicts' | 'quiz'; readonly id: string; readonly given: Given },
): LabProgress {
  const before = readProgress(store, card.lab);
  const after: LabProgress =
    'task' in news
      ? { ...before, tasks: { ...before.tasks, [news.task]: card.version } }
      : { ...before, [news.kind]: { ...before[news.kind], [news.id]: news.given } };
  const complete =
    card.tasks.every((id) => after.tasks[id] === card.version) &&
    card.quiz.every((id) => after.quiz[id]?.version === card.version);
  const progress = complete ? { ...after, completed: card.version } : after;
  writeProgress(store, card.lab, progress);
  return progress;
}

/** How far a learner is with a lesson. */
export function standing(progress: LabProgress, { version, tasks, quiz }: LessonCard): Standing {
  const done = tasks.filter((id) => progress.tasks[id] !== undefined).length;
  const all = tasks.length;
  const complete = done === all && quiz.every((id) => progress.quiz[id] !== undefined);
  if (progress.completed === version) return { state: 'done', done: all, all };
  if (progress.completed !== undefined || complete) return { state: 'older', done, all };
  const begun = [progress.tasks, progress.predicts, progress.quiz].some((one) => Object.keys(one).length > 0);
  return { state: begun ? 'started' : 'new', done, all };
}

/** The form of the file below; a later one is not read. */
const FORM = 1;
const MARK = 'meshwalk-progress';

/** Everything that was done in this browser, as the text of a file; undefined when there is nothing. */
export function exportProgress(store: Store): string | undefined {
  const lessons = Object.fromEntries(
    labsIn(store).map((lab): [string, LabProgress] => [lab, readProgress(store, lab)]),
  );
  if (Object.keys(lessons).length === 0) return undefined;
  return `${JSON.stringify({ [MARK]: FORM, lessons }, null, 1)}\n`;
}

/** Why a file was not taken: what is wrong, and where. */
export interface ImportFault {
  readonly fault: 'not-json' | 'not-ours' | 'newer' | 'shape' | 'full';
  readonly place: string;
}

/** Takes a file of {@link exportProgress}; what was done here stays. A file with a fault changes nothing. */
export function importProgress(store: Store, text: string): { readonly lessons: number } | ImportFault {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    const [, line, column] = /line (\d+) column (\d+)/.exec(String(error)) ?? [];
    return { fault: 'not-json', place: line === undefined ? `1:${text.length + 1}` : `${line}:${column ?? 1}` };
  }
  if (!isObject(file) || typeof file[MARK] !== 'number') return { fault: 'not-ours', place: MARK };
  if (file[MARK] > FORM) return { fault: 'newer', place: `${MARK}: ${file[MARK]}` };
  if (!isObject(file['lessons'])) return { fault: 'shape', place: 'lessons' };
  const lessons = Object.entries(file['lessons']);
  for (const [lab, progress] of lessons) {
    const place = faultOf(progress, `lessons.${lab}`);
    if (place !== undefined) return { fault: 'shape', place };
  }
  for (const [lab, progress] of lessons) {
    const merged = merge(readProgress(store, lab), progress as LabProgress);
    if (!writeProgress(store, lab, merged)) return { fault: 'full', place: lab };
  }
  return { lessons: lessons.length };
}

/** What was done here counts; the file adds to it. */
function merge(here: LabProgress, there: LabProgress): LabProgress {
  const completed = here.completed ?? there.completed;
  return {
    tasks: { ...there.tasks, ...here.tasks },
    predicts: { ...there.predicts, ...here.predicts },
    quiz: { ...there.quiz, ...here.quiz },
    ...(completed === undefined ? {} : { completed }),
  };
}

function labsIn(store: Store): string[] {
  try {
    return Array.from({ length: store.length }, (_, index) => store.key(index) ?? '')
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => key.slice(PREFIX.length))
      .sort();
  } catch {
    return [];
  }
}

/** Where a value is not what a lab's progress looks like; undefined when it is. */
function faultOf(value: unknown, place: string): string | undefined {
  if (!isObject(value)) return place;
  const { tasks, predicts, quiz, completed } = value;
  if (!isObject(tasks)) return `${place}.tasks`;
  for (const [id, version] of Object.entries(tasks)) if (typeof version !== 'string') return `${place}.tasks.${id}`;
  for (const [name, answers] of Object.entries({ predicts, quiz })) {
    if (!isObject(answers)) return `${place}.${name}`;
    for (const [id, given] of Object.entries(answers)) if (!isGiven(given)) return `${place}.${name}.${id}`;
  }
  return completed === undefined || typeof completed === 'string' ? undefined : `${place}.completed`;
}

function isGiven(value: unknown): value is Given {
  return (
    isObject(value) &&
    typeof value['answer'] === 'string' &&
    typeof value['right'] === 'boolean' &&
    typeof value['version'] === 'string'
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
