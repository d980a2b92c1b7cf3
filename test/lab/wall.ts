/** A wall for tests of time: it moves when it is told to. */
import type { Wall } from '../../src/lab/clock.ts';

/** Time that passes only by `pass`; what comes due on the way is run. */
export class HandWall implements Wall {
  time = 0;
  readonly #look: number;
  #tasks: { at: number; run: () => void }[] = [];

  /** @param look what each look at it takes, milliseconds: work takes a moment between two looks */
  constructor(look = 0) {
    this.#look = look;
  }

  now(): number {
    return (this.time += this.#look);
  }

  after(ms: number, task: () => void): () => void {
    const entry = { at: this.time + ms, run: task };
    this.#tasks.push(entry);
    return () => (this.#tasks = this.#tasks.filter((other) => other !== entry));
  }

  soon(task: () => void): void {
    this.after(0, task);
  }

  /** Lets `ms` pass and runs what comes due on the way. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      this.#tasks.sort((a, b) => a.at - b.at);
      const next = this.#tasks[0];
      if (next === undefined || next.at > end) break;
      this.#tasks.shift();
      this.time = Math.max(this.time, next.at);
      next.run();
    }
    this.time = Math.max(this.time, end);
  }
}
