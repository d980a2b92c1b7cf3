/**
 * Brings the parts of a lesson to life once the first prompt stands: tasks are checked on request and, when the learner
 * pauses, by themselves; questions are graded; what was done is kept. Judging happens in a worker of its own.
 */
import type { Scenario } from '../../../simulator/index.ts';
import type { Question, TaskResult } from '../../../simulator/lesson/index.ts';
import { checkWordsOf } from '../../explain/checks.ts';
import { partWords } from '../../i18n/part-words.ts';
import type { LabConnection } from '../../lab/connection.ts';
import { askToLook, type LookRequest } from '../../lab/look-event.ts';
import type { TimeState } from '../../lab/time-protocol.ts';
import type { TreeCopy } from '../../lab/tree-copy.ts';
import type { JudgeRequest } from '../../lesson/judge.ts';
import { cardOf, type Plan } from '../../lesson/plan.ts';
import { noteProgress, readProgress, standing } from '../../lesson/progress.ts';
import { h } from '../dom.ts';
import { Checker } from './checker.ts';
import { inline, type Speech } from './findings.ts';
import { type List, QuestionPart } from './question.ts';
import { Quiet } from './quiet.ts';
import { TaskPart } from './task.ts';
import type { Screens } from './typing.ts';

/** What the dock gives to its lesson. */
export interface LessonStart {
  readonly connection: LabConnection;
  readonly tree: TreeCopy;
  readonly terminals: Screens;
}

/** A view that is fetched may take this long to be there. */
const VIEW_MS = 8000;

/** Brings the page's parts to life. */
export async function startLesson(start: LessonStart): Promise<void> {
  const plan = JSON.parse(document.getElementById('lab-lesson')!.textContent) as Plan;
  const scenario = JSON.parse(document.getElementById('lab-scenario')!.textContent) as Scenario;
  const { language } = plan;
  const speech: Speech = { words: partWords(language), sentences: await checkWordsOf(language), language };
  new LessonPanel(plan, new Checker(scenario), speech, start);
}

class LessonPanel {
  readonly #plan: Plan;
  readonly #checker: Checker;
  readonly #speech: Speech;
  readonly #start: LessonStart;
  readonly #tasks: readonly TaskPart[];
  readonly #questions: readonly QuestionPart[];
  readonly #quiet: Quiet;
  #time: TimeState | undefined;
  /** Tasks that the learner has seen, and the inputs that had been made when the last one began. */
  readonly #seen = new Set<string>();
  #markedAt = -1;

  constructor(plan: Plan, checker: Checker, speech: Speech, start: LessonStart) {
    this.#plan = plan;
    this.#checker = checker;
    this.#speech = speech;
    this.#start = start;
    this.#questions = parts('form[data-question]').map((form) => this.#question(form as HTMLFormElement));
    this.#tasks = parts('[data-task]').map((element) => this.#task(element));
    for (const button of parts('[data-open]')) this.#view(button as HTMLButtonElement);
    this.#quiet = new Quiet({ calm: () => this.#checkOpen(), disturbed: () => checker.stop() });
    this.#listen();
    this.#showStanding();
  }

  #task(element: HTMLElement): TaskPart {
    const id = element.dataset['task']!;
    const { lab } = this.#plan;
    return new TaskPart(
      element,
      lab.tasks.find((task) => task.id === id)!,
      this.#speech,
      {
        terminals: this.#start.terminals,
        check: async () => (await this.#check([id], false))[0],
        missing: () => this.#needed(id).map((need) => lab.tasks.find((task) => task.id === need)!.says as string),
        seen: () => this.#begin(id),
      },
    );
  }

  #question(form: HTMLFormElement): QuestionPart {
    const { lab, name, version } = this.#plan;
    const id = form.dataset['question']!;
    const list = form.dataset['list'] as List;
    const question: Question = lab[list].find((one) => one.id === id)!;
    const actions = {
      words: this.#speech.words,
      grade: async (answer: string) => {
        const judgement = await this.#checker.judge({ do: 'grade', lab, session: this.#session(), list, id, answer });
        if (!('grade' in judgement)) throw new Error('no grade');
        return judgement.grade;
      },
      keep: (answer: string, right: boolean) => {
        noteProgress(localStorage, cardOf(this.#plan), { kind: list, id, given: { answer, right, version } });
        for (const other of this.#questions) if (other.list === list && other.id === id) other.fill(answer);
        this.#showStanding();
        this.#quiet.stir();
      },
    };
    return new QuestionPart(form, question, actions, readProgress(localStorage, name)[list][id]);
  }

  /** Follows the time and the log. */
  #listen(): void {
    const { connection } = this.#start;
    const { onTimed, onLogged } = connection;
    connection.onTimed = (state) => {
      onTimed(state);
      this.#time = state;
    };
    connection.onLogged = (branch, from, events, end) => {
      onLogged(branch, from, events, end);
      if (events.some((event) => event.kind === 'data')) this.#quiet.stir();
    };
    addEventListener('storage', () => this.#showStanding());
  }

  /** The learner's session as it is on show. */
  #session(): Extract<JudgeRequest, { do: 'check' }>['session'] {
    const { tree } = this.#start;
    const { current } = tree;
    if (current === undefined) return { log: [], now: 0 };
    const now = this.#time === undefined ? (tree.endOf(current.id)?.at ?? 0) : tree.present(this.#time);
    return { log: tree.logOf(current.id).filter(({ at }) => at <= now), now, seed: current.seed };
  }

  /** Tasks that must be done before one, and are not. */
  #needed(id: string): readonly string[] {
    const needs = this.#plan.lab.tasks.find((task) => task.id === id)?.needs ?? [];
    return needs.filter((need) => this.#stateOf(need) === 'open');
  }

  #stateOf(id: string): 'open' | 'done' | 'older' {
    const version = readProgress(localStorage, this.#plan.name).tasks[id];
    return version === undefined ? 'open' : version === this.#plan.version ? 'done' : 'older';
  }

  /** While the learner pauses: the tasks that may pass now. What was asked for once is looked at closely. */
  async #checkOpen(): Promise<boolean> {
    const open = this.#tasks.filter(({ id, state, watched }) =>
      watched ? true : state !== 'done' && this.#needed(id).length === 0,
    );
    for (const { id, watched, state } of open) {
      const [result] = await this.#check([id], true, !watched);
      if (result === undefined) return false;
      if (result.level === 'pass' && state !== 'done') return this.#checkOpen(); // others may have waited for it
    }
    return open.every(({ state }) => state === 'done');
  }

  /** Checks tasks on a copy of the world, and shows and keeps what came of it. */
  async #check(tasks: readonly string[], background: boolean, quick = false): Promise<readonly TaskResult[]> {
    const given = this.#questions.filter(({ answer }) => answer !== ''); // a task may ask again what was predicted
    const answers = Object.fromEntries(given.map(({ id, answer }) => [id, answer]));
    const { lab } = this.#plan;
    const session = this.#session();
    if (!background) this.#checker.stop();
    const judgement = await this.#checker.judge({ do: 'check', lab, session, tasks, answers, quick, background });
    if (!('results' in judgement)) return [];
    for (const result of judgement.results) this.#take(result);
    return judgement.results;
  }

  #take(result: TaskResult): void {
    this.#tasks.find(({ id }) => id === result.task)?.show(result);
    if (result.level !== 'pass' || this.#stateOf(result.task) === 'done') return;
    noteProgress(localStorage, cardOf(this.#plan), { task: result.task });
    this.#mark();
    this.#showStanding();
  }

  /** A task begins when it is first seen. */
  #begin(id: string): void {
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    if (this.#stateOf(id) !== 'done') this.#mark();
    this.#tasks.find((task) => task.id === id)!.element.dataset['seen'] = '';
  }

  /** Where “Reset this step” goes back to. */
  #mark(): void {
    const { tree, connection } = this.#start;
    const inputs = tree.current === undefined ? 0 : tree.sizeOf(tree.current.id);
    if (inputs === this.#markedAt) return;
    this.#markedAt = inputs;
    void connection.calls.time({ do: 'mark' });
  }

  /** Marks the tasks, and says in the lesson's head how far the learner is. */
  #showStanding(): void {
    const { words } = this.#speech;
    for (const task of this.#tasks) task.mark(this.#stateOf(task.id));
    const head = document.querySelector<HTMLElement>('[data-standing]');
    if (head === null) return;
    const { state, done, all } = standing(readProgress(localStorage, this.#plan.name), cardOf(this.#plan));
    head.dataset['standing'] = state;
    const next = this.#tasks.find((task) => task.state === 'open');
    head.replaceChildren(
      ...(state === 'new' ? [] : [`${words.progress[state]} · ${words.tasksDone(done, all)}`]),
      ...(state === 'started' && next !== undefined
        ? [' · ', h('a', { href: `#task-${next.id}` }, ...inline(words.resume(next.task.says as string)))]
        : []),
      // All tasks are done and the lesson is not: what is left is the quiz.
      ...(state === 'started' && next === undefined
        ? [' · ', h('a', { href: '#quiz' }, words.resume(words.quiz))]
        : []),
    );
  }

  /** A button that opens a view of the dock, which is fetched when it has not been yet. */
  #view(button: HTMLButtonElement): void {
    button.disabled = false;
    button.onclick = () => {
      const { open, at, table } = button.dataset;
      void this.#open({ look: open as LookRequest['look'], at, table });
    };
  }

  async #open(request: LookRequest): Promise<void> {
    const tab = document.querySelector<HTMLElement>('.lab-views [data-show=story]');
    if (tab?.offsetParent != null) tab.click(); // on a narrow screen
    const { connection } = this.#start;
    const end = performance.now() + VIEW_MS;
    if (askToLook(request)) return focusOnStory();
    connection.onStories(await connection.calls.stories()); // it comes with the first packet, or when somebody wants it
    while (!askToLook(request) && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    focusOnStory();
  }
}

function focusOnStory(): void {
  const story = document.querySelector<HTMLElement>('.lab-dock .story');
  if (story !== null) story.tabIndex = -1;
  story?.focus();
}

function parts(selector: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(`.lab-prose ${selector}`)];
}
