/**
 * Judges the tasks of a lab: first causes first. A check that needs another one waits until that one passes; a check
 * that fails is explained by the first wrong answer that is recognised.
 */
import type { World } from '../lab/world.ts';
import { CHECK_KINDS } from './checks/index.ts';
import type { CheckSpec, Finding, Level } from './finding.ts';
import { type Looking, NotJudged, type Scope } from './look.ts';
import { keyIn } from './question.ts';
import type { Lab, Task } from './schema.ts';
import type { Text } from './text.ts';

const KINDS = new Map(CHECK_KINDS.map((kind) => [kind.name, kind]));

/** What became of one check. */
export interface CheckResult extends Finding {
  readonly check: string;
  readonly kind: string;
  /** Of a check that waits: for which it waits. */
  readonly waitsFor?: string;
  /** The wrong answer that was recognised, and what it tells. */
  readonly wrong?: string;
  readonly says?: Text;
}

/** What became of a task. */
export interface TaskResult {
  readonly task: string;
  readonly level: Level;
  readonly checks: readonly CheckResult[];
  /** The first cause: what to mend first. */
  readonly first?: CheckResult;
}

/**
 * Judges tasks (all of a lab when `only` is not given), in order. `quick`: ends a task at its first check that does not
 * pass, and looks for no explanation.
 */
export function* checkTasks(
  lab: Lab,
  answers: Readonly<Record<string, string>>,
  only?: readonly string[],
  quick = false,
): Looking<TaskResult[]> {
  const scope = new Root(lab, answers);
  const results: TaskResult[] = [];
  for (const task of lab.tasks) {
    if (only !== undefined && !only.includes(task.id)) continue;
    results.push(yield* checkTask(task, scope, quick));
  }
  return results;
}

function* checkTask(task: Task, scope: Root, quick: boolean): Looking<TaskResult> {
  const checks: CheckResult[] = [];
  const bad = new Set<string>();
  for (const spec of inOrder(task.checks)) {
    const name = nameOf(spec);
    const waitsFor = spec.needs?.find((id) => bad.has(id));
    if (waitsFor !== undefined) {
      bad.add(name);
      checks.push({
        check: name,
        kind: kindOf(spec),
        level: 'wait',
        code: 'check.waits',
        expected: '',
        found: '',
        values: { for: waitsFor },
        waitsFor,
      });
      continue;
    }
    const found: CheckResult = { check: name, kind: kindOf(spec), ...(yield* scope.check(spec)) };
    const result = quick ? found : yield* explained(task, name, found, scope);
    if (result.level !== 'pass' && result.level !== 'warn') bad.add(name);
    checks.push(result);
    if (quick && bad.size > 0) break;
  }
  const worst =
    (['fail', 'wait', 'warn'] as const).find((level) => checks.some((one) => one.level === level)) ?? 'pass';
  const first = checks.find((one) => one.level === worst && worst !== 'pass');
  return { task: task.id, level: worst, checks, ...(first === undefined ? {} : { first }) };
}

/** Adds the wrong answer that a result comes from, when one is recognised. */
function* explained(task: Task, name: string, result: CheckResult, scope: Root): Looking<CheckResult> {
  if (result.level === 'wait') return result;
  for (const wrong of task.wrong) {
    if (wrong.check !== name) continue;
    if (wrong.level !== (result.level === 'pass' ? 'warn' : result.level)) continue;
    const { level } = yield* scope.check(wrong.when);
    if (level === 'pass') return { ...result, level: wrong.level, wrong: wrong.id, says: wrong.says };
  }
  return result;
}

/** Checks with what they need before them. */
function inOrder(checks: readonly CheckSpec[]): CheckSpec[] {
  const done = new Set<CheckSpec>();
  const visit = (spec: CheckSpec, above: readonly CheckSpec[]): void => {
    if (done.has(spec) || above.includes(spec)) return;
    for (const id of spec.needs ?? []) {
      const needed = checks.find((one) => one.id === id);
      if (needed !== undefined) visit(needed, [...above, spec]);
    }
    done.add(spec);
  };
  for (const spec of checks) visit(spec, []);
  return [...done];
}

function kindOf(spec: CheckSpec): string {
  return Object.keys(spec).find((key) => KINDS.has(key)) ?? '';
}

/** The id of a check; its kind when it has none. */
function nameOf(spec: CheckSpec): string {
  return spec.id ?? kindOf(spec);
}

/** Every check gets a world of its own; those that only read share one. */
class Root implements Scope {
  readonly answers: Readonly<Record<string, string>>;
  private readonly lab: Lab;
  private reader: World | undefined;

  constructor(lab: Lab, answers: Readonly<Record<string, string>>) {
    this.lab = lab;
    this.answers = answers;
  }

  *world(probes: boolean): Looking<World> {
    if (probes) return (yield { ask: 'world', which: 'now' }) as World;
    this.reader ??= (yield { ask: 'world', which: 'now' }) as World;
    return this.reader;
  }

  check(spec: CheckSpec): Looking<Finding> {
    return runCheck(spec, this);
  }

  within(world: World): Scope {
    return new Within(world, this);
  }

  *keyOf(id: string): Looking<string | undefined> {
    const question = [...this.lab.predicts, ...this.lab.quiz].find((one) => one.id === id);
    if (question === undefined) return undefined;
    const world = (yield { ask: 'world', which: question.key.in }) as World;
    return yield* keyIn(world, question);
  }
}

/** Everything in one world: what comes after an event that was made to happen in it. */
class Within implements Scope {
  readonly answers: Readonly<Record<string, string>>;
  private readonly own: World;
  private readonly above: Scope;

  constructor(own: World, above: Scope) {
    this.own = own;
    this.above = above;
    this.answers = above.answers;
  }

  *world(): Looking<World> {
    return this.own;
  }

  check(spec: CheckSpec): Looking<Finding> {
    return runCheck(spec, this);
  }

  within(world: World): Scope {
    return new Within(world, this);
  }

  keyOf(id: string): Looking<string | undefined> {
    return this.above.keyOf(id);
  }
}

function* runCheck(spec: CheckSpec, scope: Scope): Looking<Finding> {
  const name = kindOf(spec);
  const kind = KINDS.get(name);
  if (kind === undefined) throw new RangeError(`there is no check ${JSON.stringify(spec)}`);
  try {
    return yield* kind.run(spec[name] as never, scope);
  } catch (error) {
    if (!(error instanceof NotJudged)) throw error;
    return { level: 'wait', code: 'check.not-judged', expected: '', found: error.message, values: {} };
  }
}
