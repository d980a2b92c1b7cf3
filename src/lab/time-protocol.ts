/** What the page and its worker say to each other about time: where the world stands, its branches, and where to go. */
import type { InputEvent, TraceEvent } from '../../simulator/index.ts';
import type { Instant, Target } from './instant.ts';
import type { BranchCause } from './timeline.ts';

/** A branch as it is kept: what it typed after it left its parent, or its whole log when it has none. */
export interface SavedBranch {
  readonly id: number;
  readonly parent?: number;
  readonly from: Instant;
  readonly cause: BranchCause;
  readonly log: readonly InputEvent[];
  readonly end: Instant;
  readonly seed?: number;
}

/** All branches of a session; replaying the current one to its end gives the same bytes again. */
export interface SavedTree {
  readonly branches: readonly SavedBranch[];
  readonly current: number;
}

/** A branch as the page knows it, without its log. */
export type BranchCard = Omit<SavedBranch, 'log'>;

/** What a step goes to: the next event of a packet, the next hook that one enters, the next device that one passes. */
export type StepBy = 'event' | 'hook' | 'device';

/** What a jump waits for. A rule is named by its text as `iptables -S` prints it, or a part of that. */
export type Watch = { readonly for: 'drop' } | { readonly for: 'rule'; readonly text: string };

/** The event of the trace at which a step or a jump came to stand. */
export interface Standing {
  /** Position in the trace: the hop of a story with this number. */
  readonly sequence: number;
  readonly at: number;
  readonly host: string;
  readonly netns: string;
  readonly flow: number;
  readonly kind: TraceEvent['kind'];
  /** Names that belong to the kind: a device; a hook, table, chain, number and verdict; a reason. */
  readonly about: readonly string[];
}

/** What the learner is told in one line. */
export type Note =
  /** A step or a jump found nothing in so many virtual seconds. */
  | { readonly kind: 'nothing'; readonly seconds: number }
  | { readonly kind: 'forked'; readonly at: number }
  | { readonly kind: 'reset'; readonly what: 'step' | 'lesson' }
  /** A link's log was played; `refused` inputs could not be. */
  | { readonly kind: 'opened'; readonly refused: number };

/** Where the world stands in time. */
export interface TimeState {
  /** Virtual microseconds: now, when a fresh world began, and how far this branch has come. */
  readonly now: number;
  readonly origin: number;
  readonly end: number;
  readonly branch: number;
  /** Not at the end of the branch: what is typed here forks. */
  readonly past: boolean;
  readonly paused: boolean;
  readonly pace: number;
  /** A step, a jump or skipped time is under way; `from` and `until` are virtual microseconds. */
  readonly errand?: { readonly kind: 'step' | 'jump' | 'forward'; readonly from: number; readonly until: number };
  readonly standing?: Standing;
  /** Counted up with each note, so that one that is repeated is told again. */
  readonly notes: number;
  readonly note?: Note;
  /** A reset or a move to another branch can be undone. */
  readonly undo: boolean;
}

/** What the page asks about time; each is answered when it has begun, and the state tells how it goes on. */
export type TimeRequest =
  | { readonly do: 'pause' | 'play' | 'halt' | 'end' | 'undo' }
  | { readonly do: 'pace'; readonly pace: number }
  | { readonly do: 'step'; readonly by: StepBy }
  | { readonly do: 'jump'; readonly to: Watch }
  /** Runs so many virtual seconds as fast as it can. */
  | { readonly do: 'forward'; readonly seconds: number }
  | { readonly do: 'seek'; readonly target: Target }
  | { readonly do: 'switch'; readonly branch: number }
  /** Back to where the step or the lesson began, on a new branch. */
  | { readonly do: 'reset'; readonly what: 'step' | 'lesson' }
  /** A step of the lesson begins here. */
  | { readonly do: 'mark' };

/** A log to be played by its times alone: of a link, or of another build. */
export interface Foreign {
  readonly log: readonly InputEvent[];
  /** Virtual time at which it stands. */
  readonly now: number;
  readonly seed?: number;
}
