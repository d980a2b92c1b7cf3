/**
 * Checks a lesson: judges its tasks on forks of a world, which itself is never touched. For the worker, the command line
 * and the tests alike.
 */
import { type Externals, type Scenario, type World } from '../../simulator/index.ts';
import { checkTasks, type Lab, linesOf, type TaskResult } from '../../simulator/lesson/index.ts';
import { drive } from './drive.ts';
import { forkOf, type Session, sessionOf } from './fork.ts';
import { Typist } from './typist.ts';

/** What the checks of a lesson need besides the learner's session. */
export interface CheckOptions {
  readonly externals: Externals;
  readonly answers?: Readonly<Record<string, string>>;
  /** Tasks to judge; all when not given. */
  readonly tasks?: readonly string[];
  /** Stops at the first check that does not pass, and looks for no explanation. */
  readonly quick?: boolean;
  /** Lets others have their turn between slices. */
  readonly breathe?: () => Promise<void>;
}

/** Judges the tasks of a lab on forks of `world` (or of a session that was kept). */
export async function checkLesson(
  world: World | Session,
  lab: Lab,
  { externals, answers = {}, tasks, quick = false, breathe }: CheckOptions,
): Promise<TaskResult[]> {
  const session = 'inputLog' in world ? sessionOf(world) : world;
  return drive(checkTasks(lab, answers, tasks, quick), {
    world: (which) => worldFor(which, session, lab, externals, breathe),
    ...(breathe === undefined ? {} : { breathe }),
  });
}

/** A new world: the learner's as it is, the one it began as, or the one that the solution makes. */
export async function worldFor(
  which: 'now' | 'fresh' | 'solved',
  session: Session,
  lab: Lab,
  externals: Externals,
  breathe?: () => Promise<void>,
): Promise<World> {
  if (which === 'now') return forkOf(session, externals, breathe);
  const world = await freshWorld(session.scenario, externals);
  if (which === 'solved') await new Typist(world).typeAll(lab.tasks.flatMap(({ solution }) => linesOf(solution)));
  return world;
}

/** The world that a lesson begins with. */
function freshWorld(scenario: Scenario, externals: Externals): Promise<World> {
  return forkOf({ scenario, log: [], now: 0 }, externals);
}
