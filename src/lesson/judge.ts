/**
 * Judges a lesson in a worker of its own: the learner's session comes as its log and is replayed there, so that neither
 * typing nor the world on show ever waits for a check.
 */
import type { Externals, Scenario } from '../../simulator/index.ts';
import {
  commandAt,
  hostOf,
  keyIn,
  type Lab,
  type Look,
  type Question,
  sameAnswer,
  type TaskResult,
} from '../../simulator/lesson/index.ts';
import { checkLesson, worldFor } from './check.ts';
import { drive } from './drive.ts';
import type { Session } from './fork.ts';

interface About {
  readonly lab: Lab;
  /** The learner's session; its scenario is the worker's own. */
  readonly session: Omit<Session, 'scenario'>;
}

export type JudgeRequest =
  | (About & {
      readonly do: 'check';
      readonly tasks: readonly string[];
      readonly answers: Readonly<Record<string, string>>;
      /** Stops at the first check that does not pass. */
      readonly quick: boolean;
      /** Given up when `stop` comes. */
      readonly background: boolean;
    })
  | (About & { readonly do: 'grade'; readonly list: 'predicts' | 'quiz'; readonly id: string; readonly answer: string })
  /** Gives up what is under way in the background. */
  | { readonly do: 'stop' };

/** What the machines say of an answer; `key` is the id of the right choice, or what they print. */
export interface Grade {
  readonly right: boolean;
  /** undefined when the machines give no answer, or more than one. */
  readonly key: string | undefined;
}

export type Judgement =
  { readonly results: readonly TaskResult[] } | { readonly grade: Grade } | { readonly stopped: true };

class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** Counted up by each `stop`. */
let stops = 0;
/** Keys that depend on the lab alone, by list and id; a worker serves one lab. */
const keys = new Map<string, string | undefined>();

/** Answers a request. */
export async function judge(scenario: Scenario, externals: Externals, request: JudgeRequest): Promise<Judgement> {
  if (request.do === 'stop') {
    stops++;
    return { stopped: true };
  }
  const session: Session = { ...request.session, scenario };
  if (request.do === 'grade') return { grade: await grade(session, externals, request) };
  const { lab, tasks, answers, quick, background } = request;
  const turn = stops;
  const breathe = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve));
    if (background && turn !== stops) throw new Stopped();
  };
  try {
    return { results: (await checkLesson(session, lab, { externals, answers, tasks, quick, breathe })).map(typeable) };
  } catch (error) {
    if (error instanceof Stopped) return { stopped: true };
    throw error;
  }
}

/** A result whose commands can be typed on a machine as they stand. */
function typeable(result: TaskResult): TaskResult {
  const on = ({ on: place, command }: Look): Look => ({ on: hostOf(place), command: commandAt(place, command) });
  const checks = result.checks.map((check) => (check.look === undefined ? check : { ...check, look: on(check.look) }));
  const { first, ...rest } = result;
  const at = first === undefined ? undefined : checks[result.checks.indexOf(first)];
  return { ...rest, checks, ...(at === undefined ? {} : { first: at }) };
}

async function grade(
  session: Session,
  externals: Externals,
  { lab, list, id, answer }: Extract<JudgeRequest, { do: 'grade' }>,
): Promise<Grade> {
  const question = lab[list].find((one) => one.id === id);
  if (question === undefined) throw new RangeError(`there is no question ${id}`);
  const key = await keyOf(session, externals, lab, question, `${list} ${id}`);
  if (key === undefined) return { right: false, key };
  return { right: question.choices === undefined ? sameAnswer(answer, key) : answer === key, key };
}

async function keyOf(
  session: Session,
  externals: Externals,
  lab: Lab,
  question: Question,
  name: string,
): Promise<string | undefined> {
  const ask = async (): Promise<string | undefined> => {
    const world = await worldFor(question.key.in, session, lab, externals);
    return drive(keyIn(world, question), { world: () => Promise.resolve(world) });
  };
  if (question.key.in === 'now') return ask(); // the learner's world changes
  if (!keys.has(name)) keys.set(name, await ask());
  return keys.get(name);
}
