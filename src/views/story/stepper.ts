/** Goes through the steps of a journey: one at a time, or played at a reader's pace. */
import { phrases } from '../../explain/index.ts';
import { button, h, icon } from '../dom.ts';

/** Time for one step while it plays, in milliseconds: enough to read a sentence. */
const PACE_MS = 1100;

export class Stepper {
  readonly element: HTMLElement;
  readonly #go: (index: number) => void;
  readonly #count = h('span', { className: 'count' });
  readonly #said = h('output', { className: 'sentence' });
  readonly #play: HTMLButtonElement;
  #at = 0;
  #all = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param go called with the step to go to */
  constructor(go: (index: number) => void) {
    this.#go = go;
    const { ui } = phrases();
    this.#play = button(ui.play, icon('play'), () => (this.#timer === undefined ? this.play() : this.stop()));
    this.element = h(
      'div',
      { className: 'stepper', role: 'group', 'aria-label': ui.steps, hidden: true },
      button(ui.first, icon('first'), () => this.#move(0)),
      button(ui.previous, icon('back'), () => this.#move(this.#at - 1)),
      this.#play,
      button(ui.next, icon('forth'), () => this.#move(this.#at + 1)),
      this.#count,
      this.#said,
    );
    this.element.onkeydown = (event) => this.#key(event);
  }

  /** Shows where the reader is. */
  show(index: number, all: number, sentence: string): void {
    this.#at = index;
    this.#all = all;
    this.#count.textContent = phrases().ui.stepOf(index + 1, all);
    this.#said.textContent = sentence;
  }

  /** Plays on to the last step; from the first one when that is reached already. */
  play(): void {
    if (this.#at >= this.#all - 1) this.#go(0);
    this.#timer = setInterval(() => {
      if (this.#at >= this.#all - 1) this.stop();
      else this.#go(this.#at + 1);
    }, PACE_MS);
    this.#label();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#label();
  }

  #label(): void {
    const playing = this.#timer !== undefined;
    const name = playing ? phrases().ui.stop : phrases().ui.play;
    this.#play.title = name;
    this.#play.setAttribute('aria-label', name);
    this.#play.replaceChildren(icon(playing ? 'pause' : 'play'));
  }

  #move(index: number): void {
    this.stop();
    this.#go(Math.max(0, Math.min(index, this.#all - 1)));
  }

  #key(event: KeyboardEvent): void {
    const target = { ArrowRight: this.#at + 1, ArrowLeft: this.#at - 1, Home: 0, End: this.#all - 1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.#move(target);
  }
}
