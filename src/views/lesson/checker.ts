/** The page's end of the worker that judges. It is started when it is first needed, and anew after it has stopped. */
import { createBirpc } from 'birpc';
import type { Scenario } from '../../../simulator/index.ts';
import type { JudgeServer, WorkerName } from '../../lab/protocol.ts';
import workerUrl from '../../lab/worker.ts?worker&url';
import type { Judgement, JudgeRequest } from '../../lesson/judge.ts';

interface Running {
  readonly judge: (request: JudgeRequest) => Promise<Judgement>;
  /** Rejects when the worker stops. */
  readonly stopped: Promise<never>;
}

export class Checker {
  readonly #scenario: Scenario;
  #running: Running | undefined;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  /** Asks for a judgement; rejects when it cannot be had. */
  async judge(request: JudgeRequest): Promise<Judgement> {
    this.#running ??= this.#start();
    const { judge, stopped } = this.#running;
    return Promise.race([judge(request), stopped]);
  }

  /** Gives up what is judged in the background. */
  stop(): void {
    void this.#running?.judge({ do: 'stop' });
  }

  #start(): Running {
    const name: WorkerName = { scenario: this.#scenario, resumes: true }; // it has no world until it is asked
    const worker = new Worker(workerUrl, { type: 'module', name: JSON.stringify(name) });
    const stopped = new Promise<never>((_, reject) => {
      worker.addEventListener('error', ({ message }) => {
        this.#running = undefined;
        worker.terminate();
        reject(new Error(message));
      });
    });
    stopped.catch(() => undefined); // told to whoever waits for a judgement
    const server = createBirpc<{ judge: (request: JudgeRequest) => Promise<Judgement> }, object>(
      {},
      {
        post: (message) => worker.postMessage(message),
        on: (receive) => worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => receive(data)),
        timeout: -1, // a long session takes its time
      },
    );
    return { judge: (request: Parameters<JudgeServer['judge']>[0]) => server.judge(request), stopped };
  }
}
