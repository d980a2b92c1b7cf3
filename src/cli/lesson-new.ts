/** `meshwalk lesson new UNIT/NN-SLUG`: writes the files of a new lesson. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { blankLab, blankProse, lessonName } from '../lesson/blank.ts';
import { DOCS, LABS, pathOf } from './lesson-files.ts';
import { UsageError } from './machines.ts';

/** Writes the files of a new lesson and answers what to do next. */
export function newLesson(name: string): string {
  if (lessonName(name) === undefined)
    throw new UsageError(
      `${name} is no name for a lesson; write UNIT/NN-SLUG, as plumbing/01-a-namespace-and-its-wire.`,
    );
  const lab = `${LABS}/${name}.yaml`;
  const prose = `${DOCS}/en/${name}.mdx`;
  for (const file of [lab, prose]) if (existsSync(pathOf(file))) throw new UsageError(`${file} is there already.`);
  write(lab, blankLab());
  write(prose, blankProse(name));
  return `${lab}\n${prose}\nNow change both, and run: npm run -s meshwalk -- lesson check ${name}\n`;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(pathOf(file)), { recursive: true });
  writeFileSync(pathOf(file), text);
}
