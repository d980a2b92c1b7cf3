/** What the studio's page and its bench say to each other. The bench is a worker: no text can hold up the page. */
import type { Scenario } from '../../../simulator/index.ts';
import type { CheckResult, Lab, Level } from '../../../simulator/lesson/index.ts';
import type { Session } from '../../lesson/fork.ts';
import type { Fact } from '../../lesson/prove.ts';
import type { SafeNode } from '../prose/tree.ts';
import type { FileName, Language, LessonSource } from '../source.ts';

/** A place in one of a lesson's texts. */
export interface Place {
  readonly file: FileName;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** What is wrong in a text. */
export interface Problem extends Place {
  /** `tasks.0.checks.1.route.dev`; empty when it is about the whole. */
  readonly key: string;
  /** What is wrong and the way out; or a code of words.ts, with what it is about. */
  readonly message: string | { readonly code: ProseFault; readonly about: string };
}

/** Faults that have words of their own: of prose, and of a text that cannot be read at all. */
export type ProseFault =
  | 'head-missing'
  | 'head-unreadable'
  | 'head-field'
  | 'head-lab'
  | 'raw-html'
  | 'unknown-part'
  | 'unknown-id'
  | 'unknown-host'
  | 'unreadable'
  | 'setup';

/** What reading a lesson comes to: a world can be made when there is a lab. */
export interface ReadAnswer {
  readonly problems: readonly Problem[];
  readonly lab?: Lab;
  readonly scenario?: Scenario;
}

/** A task of the lab, judged. */
export interface CheckedTask extends Place {
  readonly task: string;
  readonly level: Level;
  readonly checks: readonly (CheckResult & Place)[];
}

/** One thing that was proved, or was not, and where it stands. */
export type Proved = Fact & Place;

/** The mutants of the solutions. */
export interface MutantCount {
  readonly mutants: number;
  readonly same: number;
  readonly killed: number;
}

/** The texts of named scenarios, by name. */
export type Scenarios = Readonly<Record<string, string>>;

/** A text to be previewed, and what stands around it. */
export interface PreviewRequest {
  readonly text: string;
  readonly language: Language;
  /** The language of the page, as in `<html lang>`. */
  readonly page: string;
  /** Whose tasks and questions stand in the text. */
  readonly lab: Lab | undefined;
}

export interface BenchServer {
  read(source: LessonSource, scenarios: Scenarios): ReadAnswer;
  /** The prose as a tree that can do no harm. */
  render(request: PreviewRequest): readonly SafeNode[];
  /** Judges the tasks on forks of a session. */
  check(source: LessonSource, scenarios: Scenarios, session: Session): Promise<CheckedTask[]>;
  /** Proves lab and prose; tells each fact when it is known. */
  prove(source: LessonSource, scenarios: Scenarios): Promise<void>;
  /** Alters the solutions in every way; answers what became of the mutants. */
  mutants(source: LessonSource, scenarios: Scenarios): Promise<MutantCount>;
}

export interface BenchClient {
  proved(fact: Proved): void;
}
