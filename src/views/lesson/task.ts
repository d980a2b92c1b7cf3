/** A task of the lesson on its page: Check, what it found, and the solution typed on request. */
import type { Line, Task, TaskResult } from '../../../simulator/lesson/index.ts';
import { findingList, type Speech } from './findings.ts';
import { type Screens, typeLines } from './typing.ts';

/** How far a task is. `older`: it passed before the lab changed. */
export type TaskState = 'open' | 'done' | 'older';

export interface TaskActions {
  /** Checks this task now; answers undefined when it was given up. */
  check(): Promise<TaskResult | undefined>;
  /** What must be done before, in words. */
  missing(): readonly string[];
  readonly terminals: Screens;
  /** The learner sees the task for the first time, or looks at it again. */
  seen(): void;
}

export class TaskPart {
  readonly id: string;
  readonly task: Task;
  readonly element: HTMLElement;
  readonly #speech: Speech;
  readonly #actions: TaskActions;
  readonly #check: HTMLButtonElement;
  readonly #outcome: HTMLElement;
  readonly #findings: HTMLElement;
  #state: TaskState = 'open';
  /** Checked on request before: what is found from now on is shown. */
  #watched = false;
  #shown = '';

  constructor(element: HTMLElement, task: Task, speech: Speech, actions: TaskActions) {
    this.id = task.id;
    this.task = task;
    this.element = element;
    this.#speech = speech;
    this.#actions = actions;
    this.#check = element.querySelector<HTMLButtonElement>('[data-act=check]')!;
    this.#outcome = element.querySelector<HTMLElement>('.outcome')!;
    this.#findings = element.querySelector<HTMLElement>('.findings')!;
    this.#check.disabled = false;
    this.#check.onclick = () => void this.#checkNow();
    const type = element.querySelector<HTMLButtonElement>('[data-act=type]');
    if (type !== null) {
      type.disabled = false;
      type.onclick = () => void this.#typeSolution(type);
    }
    new IntersectionObserver(([entry]) => entry?.isIntersecting === true && actions.seen()).observe(element);
  }

  get watched(): boolean {
    return this.#watched;
  }

  get state(): TaskState {
    return this.#state;
  }

  /** Marks how far the task is. */
  mark(state: TaskState): void {
    this.#state = state;
    const mark = this.element.querySelector<HTMLElement>('.part-state')!;
    mark.dataset['state'] = state;
    mark.textContent = this.#speech.words.state[state];
  }

  /** Shows what was found, when somebody asked before, or when it passes. */
  show(result: TaskResult): void {
    if (!this.#watched && result.level !== 'pass') return;
    const { words } = this.#speech;
    const picture = JSON.stringify(result);
    if (picture === this.#shown) return;
    this.#shown = picture;
    const missing = result.level === 'pass' ? [] : this.#actions.missing();
    this.#outcome.textContent =
      missing.length > 0
        ? words.needs(missing)
        : result.level === 'pass'
          ? words.allPass
          : result.level === 'warn'
            ? words.withWarnings
            : words.stillOpen(result.checks.filter(({ level }) => level === 'pass').length, result.checks.length);
    const focused = this.#findings.contains(document.activeElement);
    this.#findings.replaceChildren(...(this.#watched ? findingList(result, this.#speech) : []));
    this.#findings.hidden = !this.#watched;
    if (focused) this.#check.focus(); // the button that had it is gone
  }

  async #checkNow(): Promise<void> {
    const { words } = this.#speech;
    if (this.#check.getAttribute('aria-disabled') === 'true') return;
    this.#watched = true;
    this.#shown = '';
    this.#check.setAttribute('aria-disabled', 'true'); // not `disabled`, which would lose the focus
    this.#outcome.textContent = words.checking;
    try {
      const result = await this.#actions.check();
      if (result !== undefined) this.show(result);
    } catch (error) {
      this.#outcome.textContent = words.notChecked(error instanceof Error ? error.message : String(error));
    }
    this.#check.removeAttribute('aria-disabled');
    this.#check.textContent = words.checkAgain;
  }

  /** The solution as it stands on the page. */
  #lines(): Line[] {
    return [...this.element.querySelectorAll('.lines li')].map((line) => ({
      on: line.querySelector('b')!.textContent,
      run: line.querySelector('code')!.textContent,
    }));
  }

  async #typeSolution(button: HTMLButtonElement): Promise<void> {
    const { words } = this.#speech;
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    const lines = this.#lines();
    const told = this.element.querySelector<HTMLElement>('.typing')!;
    const stuck = await typeLines(
      lines,
      this.#actions.terminals,
      (index) => (told.textContent = words.typing(index + 1, lines.length, lines[index]!.on)),
    );
    told.textContent = stuck === undefined ? words.typed : words.typingStuck(stuck);
    button.removeAttribute('aria-disabled');
  }
}
