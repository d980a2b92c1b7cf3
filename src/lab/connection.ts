/**
 * The page's end of the worker: typed calls, one port per terminal, and the callbacks that the page sets.
 */
import { createBirpc } from 'birpc';
import type { InputEvent, StorySummary } from '../../simulator/index.ts';
import type { AttachMessage, LabClient, LabServer, SavedWorld, Started } from './protocol.ts';

/** The calls of the worker, each answering with a promise. */
export type LabCalls = {
  [K in keyof LabServer]: (...args: Parameters<LabServer[K]>) => Promise<Awaited<ReturnType<LabServer[K]>>>;
};

export class LabConnection implements LabClient {
  readonly calls: LabCalls;
  readonly started: Promise<Started>;
  onLogged: (events: readonly InputEvent[], now: number) => void = () => {};
  onEnded: (terminal: string) => void = () => {};
  onStories: (stories: readonly StorySummary[]) => void = () => {};
  onFailed: (message: string) => void = () => {};
  readonly #worker: Worker;

  /** Joins a worker that is still loading, and asks for the saved world if there is one; the call waits there until it can be answered. */
  constructor(worker: Worker, saved?: SavedWorld) {
    this.#worker = worker;
    const local: LabClient = {
      logged: (events, now) => this.logged(events, now),
      ended: (terminal) => this.ended(terminal),
      storiesChanged: (stories) => this.storiesChanged(stories),
      failed: (message) => this.failed(message),
    };
    const rpc = createBirpc<LabServer, LabClient>(local, {
      post: (message) => worker.postMessage(message),
      on: (receive) => worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => receive(data)),
      timeout: -1, // a long replay is no error
    });
    this.calls = {
      start: (saved) => rpc.start(saved),
      openTerminal: (host, size) => rpc.openTerminal(host, size),
      closeTerminal: (id) => rpc.closeTerminal(id),
      stories: () => rpc.stories(),
      story: (id) => rpc.story(id),
      pcapng: (id) => rpc.pcapng(id),
      setVisible: (visible) => rpc.setVisible(visible),
    };
    worker.addEventListener('error', (event) => this.failed(event.message));
    this.started = this.calls.start(saved);
  }

  /** Joins an open terminal and answers the port to write to and read from. */
  attach(terminal: string): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const message: AttachMessage = { attach: terminal, port: port2 };
    this.#worker.postMessage(message, [port2]);
    return port1;
  }

  logged(events: readonly InputEvent[], now: number): void {
    this.onLogged(events, now);
  }

  ended(terminal: string): void {
    this.onEnded(terminal);
  }

  storiesChanged(stories: readonly StorySummary[]): void {
    this.onStories(stories);
  }

  failed(message: string): void {
    this.onFailed(message);
  }
}
