/**
 * The one door for libraries that answer with a promise (awk and sed of just-bash, jq-web). While a request is pending
 * the world's scheduler is paused: virtual time stands still, so a replay meets the same state whatever the wall says.
 * What goes on after the answer is queued at the moment of the request, ahead of any input that arrives meanwhile.
 */
import type { Scheduler } from '../base/scheduler.ts';
import { WaitQueue } from '../base/wait.ts';

/** Libraries by name, supplied from outside the simulator. */
export interface Externals {
  readonly [library: string]: (request: unknown) => Promise<unknown>;
}

/** A request on its way. */
export interface ExternalCall {
  readonly queue: WaitQueue;
  answered: boolean;
  answer: unknown;
  /** Why there is no answer; undefined when there is one. */
  failure: string | undefined;
}

function wake(call: ExternalCall): void {
  call.queue.wake();
}

/** One per world. */
export class ExternalDoor {
  private readonly scheduler: Scheduler;
  private readonly externals: Externals;
  private current: Promise<void> | undefined;

  constructor(scheduler: Scheduler, externals: Externals = {}) {
    this.scheduler = scheduler;
    this.externals = externals;
  }

  /** Settles when the world may go on; undefined when it need not wait. */
  pending(): Promise<void> | undefined {
    return this.current;
  }

  has(library: string): boolean {
    return this.externals[library] !== undefined;
  }

  /** Asks `library`; the caller blocks on the call's queue, which is woken once the world goes on. */
  call(library: string, request: unknown): ExternalCall {
    const call: ExternalCall = { queue: new WaitQueue(), answered: false, answer: undefined, failure: undefined };
    const ask = this.externals[library];
    if (ask === undefined) {
      call.answered = true;
      call.failure = `the library ${library} is not available here`;
      return call;
    }
    this.scheduler.paused = true;
    this.scheduler.soon(wake, call, undefined);
    this.current = ask(request).then(
      (answer) => this.settle(call, answer, undefined),
      (error: unknown) => this.settle(call, undefined, error instanceof Error ? error.message : String(error)),
    );
    return call;
  }

  private settle(call: ExternalCall, answer: unknown, failure: string | undefined): void {
    call.answered = true;
    call.answer = answer;
    call.failure = failure;
    this.current = undefined;
    this.scheduler.paused = false;
  }
}
