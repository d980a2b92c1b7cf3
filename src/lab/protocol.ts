/**
 * What the page and its worker say to each other. Control calls go through birpc; the bytes of each
 * terminal go through a MessagePort of its own, batched, because that is ten times cheaper.
 */
import type { InputEvent, Scenario, StorySummary } from '../../simulator/index.ts';
import type { Instant } from './instant.ts';
import type { Judgement, JudgeRequest } from '../lesson/judge.ts';
import type { Observations } from './observe.ts';
import type { BranchCard, Foreign, SavedTree, TimeRequest, TimeState } from './time-protocol.ts';

/** What a world is brought back from. */
export interface Begin {
  /** The branches of this build; the current one is replayed to its end. */
  readonly tree?: SavedTree;
  /** A log of a link or of another build, played on a branch of its own. */
  readonly foreign?: Foreign;
  /** Begin with time standing still. */
  readonly paused?: boolean;
}

/**
 * What a worker reads from its own name (as JSON), before the first message: a message reaches a new worker only once
 * the page's thread has had a moment for it, and that thread is busy drawing the page while the worker builds its world.
 */
export interface WorkerName {
  readonly scenario: Scenario;
  /** A world will be brought back by `start`; a fresh one is built at once. */
  readonly resumes: boolean;
  /** It is one of the scenario's own seed, on which a log will be played: it is built at once too. */
  readonly replays?: boolean;
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
export interface LabServer extends Observations {
  /** Answers when the world stands; with `begin`, that one. */
  start(begin?: Begin): Started;
  /** Opens a login shell on `host` and answers its id. */
  openTerminal(host: string, size: Size): string;
  closeTerminal(id: string): void;
  /** Pause, play, step, jump, go back, switch branches. */
  time(request: TimeRequest): Promise<void>;
  /** Texts of rules that packets have met lately. */
  rules(): Promise<string[]>;
  /** How far the world on show has come, in virtual microseconds; every input before that has been told. */
  now(): number;
  /** Answers at once, which shows that the worker is alive. */
  ping(): void;
  /** Whether anybody looks: a hidden page's clock stands still after a while. */
  setVisible(visible: boolean): void;
}

/** What the page may ask of a second worker, which shows no world. */
export interface JudgeServer {
  /** Judges tasks and answers on forks. */
  judge(request: JudgeRequest): Judgement;
}

/** What the worker tells the page. */
export interface LabClient {
  /** A branch's own log goes on from the input numbered `from`; its world has come to `end`. */
  logged(branch: number, from: number, events: readonly InputEvent[], end: Instant): void;
  /** The branches have changed. */
  branched(cards: readonly BranchCard[], current: number): void;
  /** Time has passed, or stands. */
  timed(state: TimeState): void;
  /** Another instant or branch is on show, with these terminals; each joined one is drawn anew. */
  shown(terminals: readonly OpenTerminal[], past: boolean): void;
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

/** Worker to page, on a terminal's port: text to draw, or all that it shows now; null when it is not open at this instant. */
export type TerminalDown = string | { readonly screen: string | null };

/** Tells the one raw message from the calls of birpc. */
export function isAttach(message: unknown): message is AttachMessage {
  return typeof message === 'object' && message !== null && 'attach' in message;
}
