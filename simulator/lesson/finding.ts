/** What a check finds. Machine words only; sentences are made in src/explain, in the learner's language. */
import type { z } from 'zod/mini';
import type { Looking, Scope } from './look.ts';

/** `wait`: cannot be judged yet; `warn`: works, but not as it should. */
export type Level = 'wait' | 'warn' | 'fail' | 'pass';

export interface Finding {
  readonly level: Level;
  /** Names the sentence: `KIND.WHAT`. */
  readonly code: string;
  /** What should be, and what is; short, in the words of the machine. */
  readonly expected: string;
  readonly found: string;
  /** What else the sentence needs. */
  readonly values: Readonly<Record<string, string | number>>;
  /** A command that shows it, and where to type it. */
  readonly look?: Look;
}

export interface Look {
  readonly on: string;
  readonly command: string;
}

/** One check of a lab: an object with one kind's name as a key, and its parameters as the value. */
export interface CheckSpec {
  readonly id?: string | undefined;
  /** Ids of checks of the same task that must pass first. */
  readonly needs?: readonly string[] | undefined;
  readonly [kind: string]: unknown;
}

/** One kind of check. Adding one is a file in checks/ and a line in its list. */
export interface CheckKind<P = never> {
  readonly name: string;
  /** One line for those who write labs; shown by editors. */
  readonly about: string;
  /** The parameters; `check` is the schema of a nested check. */
  readonly params: (check: z.ZodMiniType<CheckSpec>) => z.ZodMiniType<P>;
  readonly run: (params: P, scope: Scope) => Looking<Finding>;
}

/** A kind of check, its parameters' type inferred. */
export function kind<P>(definition: CheckKind<P>): CheckKind {
  return definition as unknown as CheckKind;
}
