/**
 * Where a world stands. Virtual time alone does not say it: several events may share a microsecond, and an input may
 * arrive between two of them. Time, events run and inputs taken together do.
 */
import type { InputEvent } from '../../simulator/index.ts';

/** A place on a log at which a world can stand; exact. */
export interface Instant {
  /** Virtual microseconds. */
  readonly at: number;
  /** Events run since the world began. */
  readonly executed: number;
  /** Inputs taken since the world began. */
  readonly inputs: number;
}

/** Where to go: an exact instant, or a moment, which means that everything due then has happened. */
export type Target = Instant | { readonly at: number };

export function isExact(target: Target): target is Instant {
  return 'executed' in target;
}

/** The instant just before an input of a log. */
export function beforeInput(log: readonly InputEvent[], index: number): Instant {
  const { at, executed } = log[index]!;
  return { at, executed, inputs: index };
}

/** Whether a world that stands at `one` can come to `other` by going forward, or is there. */
export function reaches(one: Instant, other: Target): boolean {
  if (one.at > other.at) return false;
  return !isExact(other) || (one.executed <= other.executed && one.inputs <= other.inputs);
}

/** Whether `one` is `other` or comes before it on the same log. */
export function isBefore(one: Instant, other: Instant): boolean {
  return reaches(one, other) && !sameInstant(one, other);
}

function sameInstant(one: Instant, other: Instant): boolean {
  return one.at === other.at && one.executed === other.executed && one.inputs === other.inputs;
}

/** The earlier of two instants of one log. */
export function earlier(one: Instant, other: Instant): Instant {
  return reaches(one, other) ? one : other;
}
