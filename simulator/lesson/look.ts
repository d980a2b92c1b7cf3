/**
 * How a check looks at a world: a generator that asks its driver for a world (a fork of the learner's) and for time to
 * pass in it. So nothing here waits, and the same check runs in the worker, in a test and on the command line.
 */
import { SECOND } from '../base/scheduler.ts';
import type { Execution, World } from '../lab/world.ts';
import type { TraceEvent } from '../trace/event.ts';
import type { CheckSpec, Finding } from './finding.ts';
import { commandAt, existsCommand, hostOf, listCommand } from './place.ts';

/** What a check asks of its driver. */
export type Request =
  /** A new copy of the learner's world as it is now, of the one it began as, or of the one the solution makes. */
  | { readonly ask: 'world'; readonly which: 'now' | 'fresh' | 'solved' }
  /** Let `world` go on until `over` holds, or its virtual time is `until`. */
  | { readonly ask: 'time'; readonly world: World; readonly until: number; readonly over: () => boolean };

/** A world for each request of kind `world`, undefined for the others. */
export type Looking<T> = Generator<Request, T, World | undefined>;

/** What a check is given besides its own parameters. */
export interface Scope {
  /** A world to look at; `probes` when the check sends packets or changes something. */
  world(probes: boolean): Looking<World>;
  /** Judges another check within this scope. */
  check(spec: CheckSpec): Looking<Finding>;
  /** The same scope, in which every check looks at `world`. */
  within(world: World): Scope;
  /** What the learner answered, by id of the question. */
  readonly answers: Readonly<Record<string, string>>;
  /** The right answer of a question, found out in a world; undefined when there is no such question. */
  keyOf(id: string): Looking<string | undefined>;
}

/** Virtual seconds a command of a check may take. */
const PATIENCE = 60;

/** A command of a check met a bug or a gap of the emulator: whatever comes of it says nothing about the learner's world. */
export class NotJudged extends Error {
  override readonly name = 'NotJudged';
}

/** What programs say when it is not the learner's fault. */
const NOT_THE_LEARNERS = /a fault of the emulator|not emulated here/;

/** Runs a command line at a place, to its end. Throws {@link NotJudged}. */
export function* run(world: World, at: string, line: string, seconds = PATIENCE): Looking<Execution> {
  const execution = yield* attempt(world, at, line, seconds);
  const told = execution.stderr.split('\n').find((one) => NOT_THE_LEARNERS.test(one));
  if (told !== undefined) throw new NotJudged(told.trim());
  return execution;
}

/** The same, when what the emulator lacks is what one wants to know. */
export function* attempt(world: World, at: string, line: string, seconds = PATIENCE): Looking<Execution> {
  const execution = world.exec(hostOf(at), commandAt(at, line));
  const over = (): boolean => execution.exit !== undefined;
  yield { ask: 'time', world, until: world.now + seconds * SECOND, over };
  if (over()) return execution;
  execution.kill('SIGKILL');
  yield { ask: 'time', world, until: world.now + SECOND, over };
  return execution;
}

/** Lets virtual seconds pass. */
export function* pass(world: World, seconds: number): Looking<void> {
  yield { ask: 'time', world, until: world.now + seconds * SECOND, over: () => false };
}

/** What `ip -j …` and `bridge -j …` print at a place; empty when they fail. */
export function* json<T>(world: World, at: string, line: string): Looking<readonly T[]> {
  const { stdout } = yield* run(world, at, line);
  try {
    return JSON.parse(stdout) as T[];
  } catch {
    return [];
  }
}

/** The finding that a place is missing, or undefined when all are there. */
export function* missing(world: World, places: readonly string[]): Looking<Finding | undefined> {
  for (const at of places) {
    const command = existsCommand(at);
    if (command === undefined) continue;
    const { exit } = yield* run(world, hostOf(at), command);
    if (exit !== 0)
      return {
        level: 'fail',
        code: 'place.missing',
        expected: at,
        found: '',
        values: { place: at, host: hostOf(at) },
        look: { on: hostOf(at), command: listCommand(at) },
      };
  }
  return undefined;
}

/** Runs a command and answers what happened to packets meanwhile. */
export function* traced(
  world: World,
  at: string,
  line: string,
): Looking<{ readonly execution: Execution; readonly events: readonly TraceEvent[] }> {
  world.trace.enabled = true;
  world.trace.clear();
  const execution = yield* run(world, at, line);
  return { execution, events: world.trace.events };
}
