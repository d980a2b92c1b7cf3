/** Tells when the learner pauses: nothing was typed for a moment. What a command started may need longer to work. */

/** After the last key, and again later as long as something is still open. */
const CALM_MS = [1200, 4000, 12_000] as const;

export interface QuietActions {
  /** The learner pauses; answers whether there is nothing more to look for. */
  calm(): Promise<boolean>;
  /** The learner goes on. */
  disturbed(): void;
}

export class Quiet {
  readonly #actions: QuietActions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  constructor(actions: QuietActions) {
    this.#actions = actions;
    document.addEventListener('visibilitychange', () => !document.hidden && this.#turn > 0 && this.stir());
  }

  /** Something was typed. */
  stir(): void {
    this.#turn++;
    this.#actions.disturbed();
    this.#wait(0);
  }

  #wait(step: number): void {
    clearTimeout(this.#timer);
    const ms = CALM_MS[step];
    if (ms === undefined) return;
    const turn = this.#turn;
    this.#timer = setTimeout(() => {
      if (document.hidden) return; // looked at again when the page is
      whenIdle(() => {
        if (turn !== this.#turn) return;
        void this.#actions.calm().then(
          (over) => !over && turn === this.#turn && this.#wait(step + 1),
          () => undefined, // it could not be judged; the Check button says why
        );
      });
    }, ms);
  }
}

/** Not every browser says when it is idle. */
function whenIdle(task: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(task, { timeout: 2000 });
  else task();
}
