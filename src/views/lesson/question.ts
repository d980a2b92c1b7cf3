/** A question on its page: takes the answer, has it graded by the emulated machines, and tells what came of it. */
import type { Question } from '../../../simulator/lesson/index.ts';
import type { PartWords } from '../../i18n/part-words.ts';
import type { Grade } from '../../lesson/judge.ts';
import type { Given } from '../../lesson/progress.ts';
import { h } from '../dom.ts';
import { inline } from './findings.ts';

export interface QuestionActions {
  readonly words: PartWords;
  /** What the machines say of an answer. */
  grade(answer: string): Promise<Grade>;
  /** Keeps an answer. */
  keep(answer: string, right: boolean): void;
}

/** `predicts` or `quiz`: the list of the lab that a question on the page is of. */
export type List = 'predicts' | 'quiz';

export class QuestionPart {
  readonly id: string;
  readonly list: List;
  readonly #form: HTMLFormElement;
  readonly #question: Question;
  readonly #actions: QuestionActions;
  readonly #inputs: readonly HTMLInputElement[];
  readonly #button: HTMLButtonElement | null;

  constructor(form: HTMLFormElement, question: Question, actions: QuestionActions, given: Given | undefined) {
    this.id = question.id;
    this.list = form.dataset['list'] as List;
    this.#form = form;
    this.#question = question;
    this.#actions = actions;
    this.#inputs = [...form.querySelectorAll('input')];
    this.#button = form.querySelector('button[type=submit]');
    for (const input of this.#inputs) input.disabled = false;
    if (this.#button !== null) this.#button.disabled = false;
    form.onsubmit = (event) => {
      event.preventDefault();
      if (this.#button !== null && this.#button.getAttribute('aria-disabled') !== 'true') void this.#submit();
    };
    if (given !== undefined) this.#restore(given);
    if (this.#button === null) form.onchange = () => actions.keep(this.answer, false); // the task's checks look at it
  }

  /** What stands there now; empty when nothing does. */
  get answer(): string {
    if (this.#question.choices === undefined) return this.#inputs[0]?.value.trim() ?? '';
    return this.#inputs.find(({ checked }) => checked)?.value ?? '';
  }

  /** Puts an answer where none stands yet. */
  fill(answer: string): void {
    if (this.answer !== '') return;
    for (const input of this.#inputs) {
      if (input.type === 'radio') input.checked = input.value === answer;
      else input.value = answer;
    }
  }

  #restore({ answer, right }: Given): void {
    this.fill(answer);
    if (this.#button !== null) this.#tell(right, []);
  }

  async #submit(): Promise<void> {
    const { words } = this.#actions;
    const { answer } = this;
    if (answer === '') return this.#inputs[0]?.focus();
    this.#button!.setAttribute('aria-disabled', 'true');
    this.#verdict.textContent = words.asking;
    try {
      const { right, key } = await this.#actions.grade(answer);
      if (key === undefined) this.#verdict.textContent = words.noKey;
      else {
        this.#actions.keep(answer, right);
        this.#tellGrade(answer, right, key);
      }
    } catch (error) {
      this.#verdict.textContent = words.notChecked(error instanceof Error ? error.message : String(error));
    }
    this.#button!.removeAttribute('aria-disabled');
  }

  /** A prediction is answered once and for all; a question of the quiz can be tried again. */
  #tellGrade(answer: string, right: boolean, key: string): void {
    const { words } = this.#actions;
    const because = this.#question.choices?.find(({ id }) => id === answer)?.because;
    const why = because === undefined ? [] : inline(` ${because as string}`);
    const says = this.#question.choices?.find(({ id }) => id === key)?.says as string | undefined;
    const answerIs = h('p', {}, ...inline(words.machinesSay(says ?? `\`${key}\``)));
    if (right) return this.#tell(true, why);
    if (this.#form.dataset['kind'] === 'predict') return this.#tell(false, [...why, answerIs]);
    const show = h('button', { type: 'button', onclick: () => this.#reveal([...why, answerIs]) }, words.showAnswer);
    this.#verdict.dataset['right'] = 'false';
    this.#verdict.replaceChildren(h('strong', {}, words.wrong), ...why, ` ${words.tryAgain} `, show);
  }

  #reveal(more: readonly Node[]): void {
    this.#tell(false, more);
    this.#button?.focus();
  }

  /** Says whether it was right, and opens the explanation. */
  #tell(right: boolean, more: readonly Node[]): void {
    const { words } = this.#actions;
    this.#form.dataset['answered'] = '';
    this.#verdict.dataset['right'] = String(right);
    this.#verdict.replaceChildren(h('strong', {}, right ? words.right : words.wrong), ...more);
    const explains = this.#form.querySelector<HTMLDetailsElement>('.explains');
    if (explains !== null) explains.open = true;
  }

  get #verdict(): HTMLElement {
    return this.#form.querySelector<HTMLElement>('.verdict')!;
  }
}
