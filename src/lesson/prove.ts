/**
 * Proves a lab: each task fails before its solution and passes after it, each wrong answer is recognised and gets its own
 * message, and each question has one right answer.
 */
import { type Externals, type Scenario } from '../../simulator/index.ts';
import { keyIn, type Lab, type Line, linesOf, linesOfWrong, type TaskResult } from '../../simulator/lesson/index.ts';
import { checkLesson, worldFor } from './check.ts';
import { drive } from './drive.ts';
import { forkOf, type Session, sessionOf } from './fork.ts';
import { NoPrompt, type Typed, Typist } from './typist.ts';

/** One thing that was proved, or was not. */
export interface Fact {
  readonly what: 'fresh' | 'solution' | 'wrong answer' | 'question' | 'story' | 'prose' | 'mutants' | 'read';
  /** Task, wrong answer, question or block. */
  readonly name: string;
  readonly ok: boolean;
  /** Why not. */
  readonly message: string;
}

/** A task with the worlds around it. */
export interface TaskWorlds {
  readonly task: Lab['tasks'][number];
  readonly before: Session;
  readonly after: Session;
  readonly answers: Readonly<Record<string, string>>;
}

/** What the emulator or a shell says of a command that cannot run as written. */
export const NOT_RUN =
  /command not found|not emulated|is not supported here|syntax error|unrecognized option|unknown (option|flag|command|shorthand)/i;

/** The world of a session in which lines were typed. */
export async function typed(
  session: Session,
  lines: readonly Line[],
  externals: Externals,
): Promise<{ readonly session: Session; readonly printed: readonly Typed[] }> {
  const world = await forkOf(session, externals);
  const printed = await new Typist(world).typeAll(lines);
  return { session: sessionOf(world), printed };
}

/** The worlds before and after each task's solution. */
export async function worldsOf(lab: Lab, scenario: Scenario, externals: Externals): Promise<TaskWorlds[]> {
  const worlds: TaskWorlds[] = [];
  let before = sessionOf(await forkOf({ scenario, log: [], now: 0 }, externals));
  let answers: Readonly<Record<string, string>> = {};
  for (const task of lab.tasks) {
    const { session: after } = await typed(before, linesOf(task.solution), externals);
    answers = { ...answers, ...task.answers };
    worlds.push({ task, before, after, answers });
    before = after;
  }
  return worlds;
}

/** Proves everything about a lab but its prose and its mutants; `tell` hears of each fact when it is known. */
export async function proveLab(
  lab: Lab,
  scenario: Scenario,
  worlds: readonly TaskWorlds[],
  externals: Externals,
  tell: (fact: Fact) => void = () => {},
): Promise<Fact[]> {
  const facts: Fact[] = [];
  const add = (found: Fact): void => {
    facts.push(found);
    tell(found);
  };
  for (const [index, { task, before, after, answers }] of worlds.entries()) {
    const earlier = worlds[index - 1]?.answers ?? {};
    const judge = async (session: Session, given: Readonly<Record<string, string>>): Promise<TaskResult> =>
      (await checkLesson(session, lab, { externals, answers: given, tasks: [task.id] }))[0]!;
    const fresh = await judge(before, earlier);
    add(fact('fresh', task.id, fresh.level === 'fail' || fresh.level === 'wait', `is ${fresh.level} already`));
    const solved = await judge(after, answers);
    add(fact('solution', task.id, solved.level === 'pass', resultText(solved)));
    const tooShort = task.wrong.length;
    if (tooShort === 0) add(fact('wrong answer', task.id, false, 'there is none'));
    for (const wrong of task.wrong) {
      const name = `${task.id}/${wrong.id}`;
      const base = wrong.from === 'solution' || wrong.replace !== undefined ? answers : earlier;
      add(
        await unlessHung('wrong answer', name, async () => {
          const { session } = await typed(before, linesOfWrong(task, wrong), externals);
          const result = await judge(session, { ...base, ...wrong.answers });
          const own = result.checks.find(({ check }) => check === wrong.check);
          const ok = own?.wrong === wrong.id && own.level === wrong.level && result.first === own;
          return fact('wrong answer', name, ok, `${wrong.level} of ${wrong.check} expected; ${resultText(result)}`);
        }),
      );
    }
  }
  if (lab.try !== undefined) {
    const world = await worldFor('fresh', { scenario, log: [], now: 0 }, lab, externals);
    world.trace.enabled = true;
    await new Typist(world).typeAll(linesOf([lab.try]));
    const sent = world.trace.stories().some(({ title }) => !/:(2377|7946)$/.test(title)); // not of the machines themselves
    add(fact('story', 'try', sent, 'sends no packet in a fresh world'));
  }
  for (const question of [...lab.predicts, ...lab.quiz]) {
    const session: Session = { scenario, log: [], now: 0 };
    const world = await worldFor(question.key.in === 'now' ? 'solved' : question.key.in, session, lab, externals);
    const key = await drive(keyIn(world, question), { world: () => Promise.resolve(world) });
    add(fact('question', question.id, key !== undefined, 'the world gives no answer, or more than one'));
  }
  return facts;
}

/** The fact that `prove` finds, or that one of its commands never ended. */
async function unlessHung(what: Fact['what'], name: string, prove: () => Promise<Fact>): Promise<Fact> {
  try {
    return await prove();
  } catch (error) {
    if (error instanceof NoPrompt) return fact(what, name, false, error.message);
    throw error;
  }
}

function fact(what: Fact['what'], name: string, ok: boolean, message: string): Fact {
  return { what, name, ok, message: ok ? '' : message };
}

/** A task's result in one line. */
function resultText({ level, checks }: TaskResult): string {
  const parts = checks.map(
    ({ check, level: own, code, expected, found, wrong, waitsFor }) =>
      `${check} ${own}${own === 'pass' ? '' : ` (${waitsFor === undefined ? `${code}: expected ${expected}, found ${found}` : `waits for ${waitsFor}`}${wrong === undefined ? '' : `; ${wrong}`})`}`,
  );
  return `${level}: ${parts.join(', ')}`;
}
