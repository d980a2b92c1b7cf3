/** `meshwalk lesson check [UNIT/SLUG…] [--json]`, `lesson new UNIT/SLUG`, `lesson outputs UNIT/SLUG…`, `lesson schema`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { labJsonSchema, LabError } from '../../simulator/lesson/index.ts';
import { externals } from '../lab/externals.ts';
import { mutate, type Mutation } from '../lesson/mutants.ts';
import { proveParts } from '../lesson/placed.ts';
import { proveProse, withOutputs } from '../lesson/prose.ts';
import { type Fact, proveLab, worldsOf } from '../lesson/prove.ts';
import { NoPrompt } from '../lesson/typist.ts';
import { labNames, pathOf, proseOf, readLab } from './lesson-files.ts';
import { newLesson } from './lesson-new.ts';
import { UsageError } from './machines.ts';

/** Where the JSON Schema of labs is in the site. */
export const SCHEMA_FILE = 'public/schema/lab.json';

/** What `lesson check` found out about one lesson. */
export interface LessonReport {
  readonly lesson: string;
  readonly ok: boolean;
  readonly facts: readonly Fact[];
  /** undefined when the rest failed already, or nobody asked. */
  readonly mutation?: Mutation;
  /** Share of killed mutants among those that come to another world, from 0 to 1. */
  readonly killedShare?: number;
}

export interface LessonOptions {
  readonly json: boolean;
  /** Leaves the mutation pass out. */
  readonly quick: boolean;
}

/** Runs `meshwalk lesson VERB …`; answers the exit status. */
export async function lesson(words: readonly string[], options: LessonOptions): Promise<number> {
  const [verb, ...names] = words;
  switch (verb) {
    case 'check':
      return check(names, options);
    case 'new':
      if (names.length !== 1) throw new UsageError('lesson new needs one UNIT/NN-SLUG.');
      process.stdout.write(newLesson(names[0] as string));
      return 0;
    case 'outputs':
      return outputs(names);
    case 'schema':
      mkdirSync(dirname(pathOf(SCHEMA_FILE)), { recursive: true });
      writeFileSync(pathOf(SCHEMA_FILE), schemaText());
      process.stdout.write(`${SCHEMA_FILE}\n`);
      return 0;
    default:
      throw new UsageError(
        verb === undefined ? 'lesson needs check, new, outputs or schema.' : `There is no lesson ${verb}.`,
      );
  }
}

/** The text of the published JSON Schema. */
export function schemaText(): string {
  return `${JSON.stringify(labJsonSchema(), null, 1)}\n`;
}

/** Writes into the prose of lessons what the machines print. */
async function outputs(names: readonly string[]): Promise<number> {
  if (names.length === 0) throw new UsageError('lesson outputs needs a UNIT/SLUG.');
  for (const name of known(names)) {
    const { scenario } = readLab(name);
    for (const { file, text } of proseOf(name)) {
      const written = await withOutputs(text, scenario);
      if (written !== text) writeFileSync(pathOf(file), written);
      process.stdout.write(`${file}: ${written === text ? 'as it was' : 'written'}\n`);
    }
  }
  return 0;
}

/** The names, when there are such labs. */
function known(names: readonly string[]): readonly string[] {
  const all = labNames();
  for (const name of names)
    if (!all.includes(name)) throw new UsageError(`There is no lab ${name}; there are ${all.join(', ')}.`);
  return names;
}

async function check(names: readonly string[], { json, quick }: LessonOptions): Promise<number> {
  let good = true;
  for (const name of names.length > 0 ? known(names) : labNames()) {
    const report = await reportOf(name, quick);
    good &&= report.ok;
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : reportText(report));
  }
  return good ? 0 : 1;
}

/** Proves one lesson; `quick` leaves the mutants out. */
export async function reportOf(name: string, quick = false): Promise<LessonReport> {
  try {
    const { lab, scenario } = readLab(name);
    const worlds = await worldsOf(lab, scenario, externals);
    const facts = await proveLab(lab, scenario, worlds, externals);
    for (const { file, text } of proseOf(name))
      facts.push(...proveParts(file, text, lab), ...(await proveProse(file, text, name, lab, scenario)));
    if (quick || facts.some(({ ok }) => !ok)) return { lesson: name, ok: facts.every(({ ok }) => ok), facts };
    const mutation = await mutate(lab, worlds, externals);
    const { mutants, same, killed, survivors, idle } = mutation;
    for (const one of survivors)
      facts.push({
        what: 'mutants',
        name: one,
        ok: false,
        message: 'passes; make a check look closer, or say under survivors why it may',
      });
    for (const one of idle)
      facts.push({
        what: 'mutants',
        name: one,
        ok: false,
        message: 'stands under survivors, and does not survive; take it out',
      });
    const share = mutants === same ? 1 : killed / (mutants - same);
    if (share < 0.9)
      facts.push({
        what: 'mutants',
        name: 'share',
        ok: false,
        message: `${Math.round(share * 100)} % are killed; it must be 90`,
      });
    return { lesson: name, ok: facts.every(({ ok }) => ok), facts, mutation, killedShare: share };
  } catch (error) {
    if (error instanceof NoPrompt)
      return { lesson: name, ok: false, facts: [{ what: 'solution', name, ok: false, message: error.message }] };
    if (!(error instanceof LabError)) throw error;
    const facts = error.faults.map(({ line, column, key, message }): Fact => ({
      what: 'read',
      name: `${line}:${column} ${key}`,
      ok: false,
      message,
    }));
    return { lesson: name, ok: false, facts };
  }
}

function reportText({ lesson: name, ok, facts, mutation, killedShare }: LessonReport): string {
  const good = facts.filter((fact) => fact.ok).length;
  let text = `${ok ? 'ok  ' : 'FAIL'} ${name}: ${good} of ${facts.length} proved`;
  if (mutation !== undefined) {
    const { mutants, same, killed, excused } = mutation;
    text += `; mutants: ${killed} of ${mutants - same} killed (${Math.round((killedShare ?? 0) * 100)} %), ${excused} excused, ${same} come to the same world`;
  }
  text += '\n';
  for (const fact of facts) if (!fact.ok) text += `     ${fact.what} ${fact.name}: ${fact.message}\n`;
  return text;
}
