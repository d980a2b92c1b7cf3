/** The page's end of the bench: one worker that reads whatever is typed, and one for each errand that may take long. */
import { createBirpc } from 'birpc';
import type { Session } from '../../lesson/fork.ts';
import type { SafeNode } from '../prose/tree.ts';
import type { LessonSource } from '../source.ts';
import type {
  BenchClient,
  BenchServer,
  CheckedTask,
  MutantCount,
  PreviewRequest,
  Proved,
  ReadAnswer,
  Scenarios,
} from './protocol.ts';
import workerUrl from './worker.ts?worker&url';

type Calls = {
  [K in keyof BenchServer]: (...args: Parameters<BenchServer[K]>) => Promise<Awaited<ReturnType<BenchServer[K]>>>;
};

/** Reading takes milliseconds; a text that takes longer than this is given up. */
const READ_LIMIT_MS = 20_000;

/** A worker and the calls to it. What is still awaited when it ends fails with `Stopped`. */
class Desk {
  readonly #worker = new Worker(workerUrl, { type: 'module', name: 'bench' });
  readonly #calls: Calls;
  readonly #failed: Promise<never>;
  #fail: (error: Error) => void = () => {};

  constructor(proved: (fact: Proved) => void = () => {}) {
    const client: BenchClient = { proved };
    this.#calls = createBirpc<BenchServer, BenchClient>(client, {
      post: (message) => this.#worker.postMessage(message),
      on: (receive) => this.#worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => receive(data)),
      timeout: -1,
    }) as unknown as Calls;
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    this.#failed.catch(() => {}); // whoever waits hears of it
    this.#worker.addEventListener('error', ({ message }) => this.#fail(new Error(message)));
  }

  call<T>(ask: (calls: Calls) => Promise<T>): Promise<T> {
    return Promise.race([ask(this.#calls), this.#failed]);
  }

  end(): void {
    this.#worker.terminate();
    this.#fail(new Stopped('stopped'));
  }
}

/** An errand was stopped before its end. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

export class Bench {
  readonly #scenarios: Scenarios;
  #reader = new Desk();
  #errand: Desk | undefined;

  /** `scenarios`: the texts of content/scenarios, by name. */
  constructor(scenarios: Scenarios) {
    this.#scenarios = scenarios;
  }

  /** Reads a lesson. A text that takes too long has a problem of its own. */
  async read(source: LessonSource): Promise<ReadAnswer> {
    try {
      return await this.#quickly((calls) => calls.read(source, this.#scenarios));
    } catch (error) {
      const about = error instanceof Error ? error.message : String(error);
      return { problems: [{ file: 'lab', line: 1, column: 1, key: '', message: { code: 'unreadable', about } }] };
    }
  }

  /** The preview of a text; fails when that takes too long. */
  render(request: PreviewRequest): Promise<readonly SafeNode[]> {
    return this.#quickly((calls) => calls.render(request));
  }

  /** Asks the reader, which is replaced when it does not answer. */
  async #quickly<T>(ask: (calls: Calls) => Promise<T>): Promise<T> {
    const desk = this.#reader;
    const giveUp = (): void => {
      desk.end();
      if (this.#reader === desk) this.#reader = new Desk();
    };
    const timer = setTimeout(giveUp, READ_LIMIT_MS);
    try {
      return await desk.call(ask);
    } finally {
      clearTimeout(timer);
    }
  }

  check(source: LessonSource, session: Session): Promise<CheckedTask[]> {
    return this.#run((calls) => calls.check(source, this.#scenarios, session));
  }

  /** Proves a lesson; `proved` hears of each fact. */
  prove(source: LessonSource, proved: (fact: Proved) => void): Promise<void> {
    return this.#run((calls) => calls.prove(source, this.#scenarios), proved);
  }

  mutants(source: LessonSource, proved: (fact: Proved) => void): Promise<MutantCount> {
    return this.#run((calls) => calls.mutants(source, this.#scenarios), proved);
  }

  /** Stops what takes long; it fails with {@link Stopped}. */
  stop(): void {
    this.#errand?.end();
    this.#errand = undefined;
  }

  async #run<T>(ask: (calls: Calls) => Promise<T>, proved?: (fact: Proved) => void): Promise<T> {
    this.stop();
    const desk = (this.#errand = new Desk(proved));
    try {
      return await desk.call(ask);
    } finally {
      desk.end();
      if (this.#errand === desk) this.#errand = undefined;
    }
  }
}
