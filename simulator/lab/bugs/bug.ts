/**
 * What a reproduction of a documented fault is: a bug that people met in real clusters, named as they reported it. What the
 * emulator does by itself, as the real thing does, needs no switch: such a bug only says what the scenario shows.
 */
import type { z } from 'zod/mini';
import type { FaultField } from '../faults/fault.ts';

/** What a bug can reach besides what a fault can. */
export interface BugField extends FaultField {
  /** Wrong ways that the engine knows; see Universe.bugs. */
  readonly switches: Set<string>;
  /** Names of the machines whose engine is not the scenario's. */
  readonly upgraded: readonly string[];
}

export interface BugKind<P = never> {
  readonly name: string;
  /** The reports that it mirrors, `moby/moby#31208`. */
  readonly issues: readonly string[];
  /** What one sees, and what helps; one line for those who write scenarios. */
  readonly about: string;
  readonly params: z.ZodMiniType<P>;
  readonly machines: (params: P) => readonly string[];
  /** From the first moment on, or when the cluster stands. */
  readonly when: 'first' | 'built';
  readonly begin: (params: P, field: BugField) => void;
}

export function bugKind<P>(definition: BugKind<P>): BugKind {
  return definition as unknown as BugKind;
}
