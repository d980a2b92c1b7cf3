/**
 * What a docker command is: the literal tables of this folder are made of these. Help texts, error texts, parsing and
 * completion are all computed from them. Mirrors spf13/cobra's Command as docker/cli uses it.
 */
import type { EngineApi } from '../../engine/api.ts';
import type { Blocking, ProgramContext } from '../../process/program.ts';
import type { OptionSpec, Options } from './options.ts';

/** How many words a command takes; the words are docker/cli's (cli/required.go). */
export type Arity =
  | { readonly kind: 'none' }
  | { readonly kind: 'exactly' | 'atLeast' | 'atMost'; readonly count: number }
  | { readonly kind: 'range'; readonly least: number; readonly most: number }
  | { readonly kind: 'any' };

export const NO_ARGUMENTS: Arity = { kind: 'none' };
export const exactly = (count: number): Arity => ({ kind: 'exactly', count });
export const atLeast = (count: number): Arity => ({ kind: 'atLeast', count });
export const range = (least: number, most: number): Arity => ({ kind: 'range', least, most });
export const atMost = (count: number): Arity => ({ kind: 'atMost', count });

/** What Tab offers for the words of a command. */
export type Completion =
  'container' | 'runningContainer' | 'service' | 'network' | 'node' | 'image' | 'volume' | 'role' | 'none';

/** One run of a command. */
export interface Call {
  readonly ctx: ProgramContext;
  readonly api: EngineApi;
  readonly options: Options;
  readonly words: readonly string[];
  /** `docker service create` */
  readonly path: string;
  readonly command: CommandSpec;
}

export type Run = (call: Call) => Blocking<number>;

export interface CommandSpec {
  readonly name: string;
  /** Other names on the same level, e.g. `list` of `ls`. */
  readonly aliases?: readonly string[];
  /** The line after `Aliases:`. */
  readonly aliasLine?: string;
  /** What follows the path in the usage line. */
  readonly usage: string;
  readonly short: string;
  readonly options?: readonly OptionSpec[];
  readonly arity?: Arity;
  /** False: options end at the first word (`docker run IMAGE …`). */
  readonly interspersed?: boolean;
  readonly completes?: readonly Completion[];
  /** Absent with children; a command without either is known but not emulated. */
  readonly run?: Run;
  readonly children?: readonly CommandSpec[];
  /** Shown in help only on such nodes (cmd/docker hideUnsupportedFeatures). */
  readonly shownOn?: 'manager' | 'active';
  /** Not listed in help. */
  readonly hidden?: boolean;
  /** Works without a daemon. */
  readonly local?: boolean;
}
