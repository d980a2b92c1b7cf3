/**
 * What the page and its worker say to each other. Control calls go through birpc; the bytes of each
 * terminal go through a MessagePort of its own, batched, because that is ten times cheaper.
 */
import type { InputEvent, Scenario, Story, StorySummary } from '../../simulator/index.ts';

/** Enough to bring a world back: replaying the log up to `now` gives the same bytes again. */
export interface SavedWorld {
  readonly log: readonly InputEvent[];
  readonly now: number;
}

/**
 * What a worker reads from its own name (as JSON), before the first message: a message reaches a new worker only once
 * the page's thread has had a moment for it, and that thread is busy drawing the page while the worker builds its world.
 */
export interface WorkerName {
  readonly scenario: Scenario;
  /** A world will be brought back by `start`; a fresh one is built at once. */
  readonly resumes: boolean;
}

/** A terminal that is open in the world. */
export interface OpenTerminal {
  readonly id: string;
  readonly host: string;
}

export interface Started {
  readonly hosts: readonly string[];
  readonly terminals: readonly OpenTerminal[];
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What the page may ask of the worker. */
export interface LabServer {
  /** Answers when the world stands; with `saved`, that one. */
  start(saved?: SavedWorld): Started;
  /** Opens a login shell on `host` and answers its id. */
  openTerminal(host: string, size: Size): string;
  closeTerminal(id: string): void;
  stories(): StorySummary[];
  story(id: number): Story;
  /** A capture of every hop of one story, or of all of them. */
  pcapng(id?: number): Uint8Array;
  /** Whether anybody looks: a hidden page's clock stands still after a while. */
  setVisible(visible: boolean): void;
}

/** What the worker tells the page. */
export interface LabClient {
  /** New entries of the input log; `now` is the world's time after them. */
  logged(events: readonly InputEvent[], now: number): void;
  /** The shell of a terminal ended; its last words were sent before. */
  ended(terminal: string): void;
  /** The list of stories changed. */
  storiesChanged(stories: readonly StorySummary[]): void;
  /** The world stopped for good; the page offers a restart. */
  failed(message: string): void;
}

/** Sent once per terminal beside birpc, with the port as a transferred object. */
export interface AttachMessage {
  readonly attach: string;
  readonly port: MessagePort;
}

/** Page to worker, on a terminal's port: keys, a new size, or how many characters were drawn. */
export type TerminalUp = string | Size | { readonly drawn: number };

/** Worker to page, on a terminal's port: text to draw. */
export type TerminalDown = string;

/** Tells the one raw message from the calls of birpc. */
export function isAttach(message: unknown): message is AttachMessage {
  return typeof message === 'object' && message !== null && 'attach' in message;
}
