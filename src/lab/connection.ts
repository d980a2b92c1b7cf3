/**
 * The page's end of the worker: typed calls, one port per terminal, and the callbacks that the page sets. A worker that
 * has crashed is replaced by a new one; who holds the connection goes on using it.
 */
import { createBirpc } from 'birpc';
import type { InputEvent, StorySummary } from '../../simulator/index.ts';
import type { Instant } from './instant.ts';
import type { AttachMessage, Begin, LabClient, LabServer, OpenTerminal, Started } from './protocol.ts';
import type { BranchCard, TimeState } from './time-protocol.ts';

/** The calls of the worker, each answering with a promise. */
export type LabCalls = {
  [K in keyof LabServer]: (...args: Parameters<LabServer[K]>) => Promise<Awaited<ReturnType<LabServer[K]>>>;
};

/** Starts a worker; `resumes` and `replays` tell it what will be brought back (see WorkerName). */
export type MakeWorker = (resumes: boolean, replays: boolean) => Worker;

export class LabConnection implements LabClient {
  readonly calls: LabCalls;
  started: Promise<Started>;
  onLogged: LabClient['logged'] = () => {};
  onBranched: LabClient['branched'] = () => {};
  onTimed: LabClient['timed'] = () => {};
  onShown: LabClient['shown'] = () => {};
  onEnded: (terminal: string) => void = () => {};
  onStories: (stories: readonly StorySummary[]) => void = () => {};
  onFailed: (message: string) => void = () => {};
  readonly #make: MakeWorker;
  #worker: Worker;
  #server: LabCalls;

  /** Starts a worker, and asks for what was saved if there is something; the call waits there until it can be answered. */
  constructor(make: MakeWorker, begin?: Begin | Promise<Begin>) {
    this.#make = make;
    [this.#worker, this.#server] = this.#begin(begin);
    this.calls = {
      start: (begin) => this.#server.start(begin),
      openTerminal: (host, size) => this.#server.openTerminal(host, size),
      closeTerminal: (id) => this.#server.closeTerminal(id),
      stories: () => this.#server.stories(),
      story: (id) => this.#server.story(id),
      whyNot: (sequence) => this.#server.whyNot(sequence),
      topology: () => this.#server.topology(),
      tables: (host, netns) => this.#server.tables(host, netns),
      pcapng: (id, place) => this.#server.pcapng(id, place),
      time: (request) => this.#server.time(request),
      rules: () => this.#server.rules(),
      now: () => this.#server.now(),
      ping: () => this.#server.ping(),
      setVisible: (visible) => this.#server.setVisible(visible),
    };
    this.started = begin instanceof Promise ? begin.then((known) => this.calls.start(known)) : this.calls.start(begin);
  }

  /** Ends the worker and starts another, with what is to be brought back. Terminals have to be attached again. */
  restart(begin: Begin): Promise<Started> {
    this.#worker.terminate();
    [this.#worker, this.#server] = this.#begin(begin);
    return (this.started = this.calls.start(begin));
  }

  /** Ends the worker for good. */
  end(): void {
    this.#worker.terminate();
  }

  #begin(begin: Begin | Promise<Begin> | undefined): [Worker, LabCalls] {
    const tree = begin instanceof Promise ? undefined : begin?.tree;
    const replays = tree?.branches.every(({ seed }) => seed === undefined) === true;
    const worker = this.#make(begin !== undefined, replays);
    let told = false;
    const failed = (message: string): void => {
      // A failure comes twice, as a message and as an event; and one that was given up may still have said something.
      if (told || this.#worker !== worker) return;
      told = true;
      this.failed(message);
    };
    const local: LabClient = {
      logged: (branch, from, events, end) => this.logged(branch, from, events, end),
      branched: (cards, current) => this.branched(cards, current),
      timed: (state) => this.timed(state),
      shown: (terminals, past) => this.shown(terminals, past),
      ended: (terminal) => this.ended(terminal),
      storiesChanged: (stories) => this.storiesChanged(stories),
      failed,
    };
    const server = createBirpc<LabServer, LabClient>(local, {
      post: (message) => worker.postMessage(message),
      on: (receive) => worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => receive(data)),
      timeout: -1, // a long replay is no error
    });
    worker.addEventListener('error', (event) => failed(event.message));
    return [worker, server as unknown as LabCalls];
  }

  /** Joins an open terminal and answers the port to write to and read from. */
  attach(terminal: string): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const message: AttachMessage = { attach: terminal, port: port2 };
    this.#worker.postMessage(message, [port2]);
    return port1;
  }

  logged(branch: number, from: number, events: readonly InputEvent[], end: Instant): void {
    this.onLogged(branch, from, events, end);
  }

  branched(cards: readonly BranchCard[], current: number): void {
    this.onBranched(cards, current);
  }

  timed(state: TimeState): void {
    this.onTimed(state);
  }

  shown(terminals: readonly OpenTerminal[], past: boolean): void {
    this.onShown(terminals, past);
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
