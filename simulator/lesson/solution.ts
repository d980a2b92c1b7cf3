/** The commands of a solution, one by one. */
import type { Step, Task, WrongAnswer } from './schema.ts';

/** One line to type. */
export interface Line {
  readonly on: string;
  readonly run: string;
}

/** The lines of steps, in order; a line that ends in a backslash goes on in the next. */
export function linesOf(steps: readonly Step[]): Line[] {
  return steps.flatMap(({ on, run }) =>
    run
      .replace(/\\\n\s*/g, '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .map((line) => ({ on, run: line })),
  );
}

/** The lines that come to a wrong answer, from where its task begins. */
export function linesOfWrong(task: Task, wrong: WrongAnswer): Line[] {
  const own = linesOf(task.solution);
  const replace = wrong.replace;
  if (replace !== undefined)
    return [
      ...own.map(({ on, run }) => ({ on, run: replace[run] ?? run })).filter(({ run }) => run !== ''),
      ...linesOf(wrong.run),
    ];
  return [...(wrong.from === 'solution' ? own : []), ...linesOf(wrong.run)];
}
