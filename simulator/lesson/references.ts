/** Names in a lab that must mean something: machines, checks, tasks, questions, lines of the solution. */
import { faultProblem, type FaultSpec } from '../lab/faults/index.ts';
import type { Scenario } from '../lab/scenario.ts';
import type { CheckSpec } from './finding.ts';
import { hintOf } from './faultwords.ts';
import { hostOf } from './place.ts';
import type { KeyFault } from './read.ts';
import type { Lab } from './schema.ts';
import { linesOf } from './solution.ts';

/** Keys whose value is a place. */
const PLACES = new Set(['from', 'at', 'on', 'restart-docker']);

/** Every name of a lab that means nothing. */
export function referencesOf(lab: Lab, scenario: Scenario): KeyFault[] {
  const faults: KeyFault[] = [];
  const machines = scenario.machines.map(({ name }) => name);
  const tell = (path: readonly PropertyKey[], what: string, name: string, known: readonly string[]): void => {
    if (!known.includes(name)) faults.push({ path, message: `there is no ${what} ${name}${hintOf(name, known)}` });
  };
  const docker = scenario.machines.filter((one) => one.docker).map(({ name }) => name);
  const brokenAt = (spec: FaultSpec, path: readonly PropertyKey[]): void => {
    const problem = faultProblem(spec, machines, docker);
    if (problem !== undefined) faults.push({ path: [...path, ...problem.path], message: problem.message });
  };
  const places = (value: unknown, path: readonly PropertyKey[]): void => {
    if (Array.isArray(value)) value.forEach((item, index) => places(item, [...path, index]));
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        const isNeighbourhood = key === 'from' && path.at(-1) === 'route'; // there `from` is an address
        if (PLACES.has(key) && typeof inner === 'string' && !isNeighbourhood)
          tell([...path, key], 'machine', hostOf(inner), machines);
        else if (key === 'fault') brokenAt(inner as FaultSpec, [...path, key]);
        else if (key === 'faults') (inner as FaultSpec[]).forEach((one, index) => brokenAt(one, [...path, key, index]));
        else places(inner, [...path, key]);
      }
  };
  lab.terminals.forEach((name, index) => tell(['terminals', index], 'machine', name, machines));
  if (lab.try !== undefined) tell(['try', 'on'], 'machine', hostOf(lab.try.on), machines);
  const questions = [...lab.predicts, ...lab.quiz].map(({ id }) => id);
  for (const list of ['predicts', 'quiz'] as const)
    lab[list].forEach(({ key }, index) => places(key, [list, index, 'key']));
  const tasks = lab.tasks.map(({ id }) => id);
  lab.tasks.forEach((task, index) => {
    const path = ['tasks', index];
    const checks = task.checks.map(({ id }) => id).filter((id) => id !== undefined);
    for (const [at, id] of task.needs.entries()) tell([...path, 'needs', at], 'task', id, tasks.slice(0, index));
    task.checks.forEach((check: CheckSpec, at) => {
      places(check, [...path, 'checks', at]);
      for (const [n, id] of (check.needs ?? []).entries())
        tell([...path, 'checks', at, 'needs', n], 'check', id, checks);
      const asked = check['answer'] as { id: string } | undefined;
      if (asked !== undefined) tell([...path, 'checks', at, 'answer', 'id'], 'question', asked.id, questions);
    });
    places(task.solution, [...path, 'solution']);
    for (const id of Object.keys(task.answers ?? {})) tell([...path, 'answers', id], 'question', id, questions);
    const lines = linesOf(task.solution).map(({ run }) => run);
    task.wrong.forEach((wrong, at) => {
      tell([...path, 'wrong', at, 'check'], 'check', wrong.check, checks);
      places(wrong.when, [...path, 'wrong', at, 'when']);
      places(wrong.run, [...path, 'wrong', at, 'run']);
      for (const line of Object.keys(wrong.replace ?? {}))
        tell([...path, 'wrong', at, 'replace', line], 'line of the solution:', line, lines);
    });
  });
  faults.push(...twice(lab));
  return faults;
}

/** Ids that stand twice. */
function twice(lab: Lab): KeyFault[] {
  const faults: KeyFault[] = [];
  const seen = (ids: readonly (string | undefined)[], path: readonly PropertyKey[]): void =>
    ids.forEach((id, index) => {
      if (id !== undefined && ids.indexOf(id) < index)
        faults.push({ path: [...path, index, 'id'], message: `${id} stands twice; give each its own` });
    });
  seen(
    lab.tasks.map(({ id }) => id),
    ['tasks'],
  );
  seen(
    lab.predicts.map(({ id }) => id),
    ['predicts'],
  );
  seen(
    lab.quiz.map(({ id }) => id),
    ['quiz'],
  );
  lab.tasks.forEach((task, index) => {
    seen(
      task.checks.map(({ id }) => id),
      ['tasks', index, 'checks'],
    );
    seen(
      task.wrong.map(({ id }) => id),
      ['tasks', index, 'wrong'],
    );
  });
  return faults;
}
