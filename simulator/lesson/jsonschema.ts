/** The JSON Schema of lab files, made from the schema that reads them, with a line of help for each key and kind of check. */
import { z } from 'zod/mini';
import { BUGS, bugSchema } from '../lab/bugs/index.ts';
import { FAULT_KINDS, faultSchema } from '../lab/faults/index.ts';
import { CHECK_KINDS } from './checks/index.ts';
import { labSchema, namedSchemas } from './schema.ts';

/** What an editor shows over a key. Keys of the lab itself, of a task (`tasks.`) and of a wrong answer (`wrong.`). */
const HELP: Readonly<Record<string, string>> = {
  lab: 'The format of this file; 1.',
  scenario: 'The world to begin with: a file of content/scenarios, or a whole scenario.',
  equipment: '`rig`: machines also have a little web server, `python3 /tmp/web.py PORT NAME`.',
  setup: 'Commands that run before the lesson begins; every line must succeed.',
  faults: 'What is wrong with the world from the start, or `after` seconds: one kind, its parameters, and `for` how many seconds.',
  bugs: 'Documented faults of real clusters, reproduced: `NAME: { on: machine }` or `NAME: {}`.',
  terminals: 'The terminals to begin with; the first is in front.',
  try: 'A command that sends a first packet in a fresh world; the packet story suggests it while it is empty.',
  tasks: 'What to reach, one thing in each; in order.',
  predicts: 'Questions before typing. A command in an emulated world gives the key.',
  quiz: 'Questions at the end.',
  survivors: 'Mutants of the solution that pass, and why they may.',
  'tasks.id': 'Its name; unique in this file.',
  'tasks.says': 'What the learner has to reach.',
  'tasks.needs': 'Tasks that come first.',
  'tasks.checks': 'What must hold in the end. `needs` names checks that must pass before.',
  'tasks.hints': 'Three: where to look, what to do, how it is written.',
  'tasks.solution': 'What to type, line by line.',
  'tasks.answers': 'Answers that belong to the solution, by id of the question.',
  'tasks.wrong': 'Wrong end states that learners come to, the most special first.',
  'wrong.check': 'The check of this task that it makes fail (or warn).',
  'wrong.level': '`fail`, or `warn` for what works and should not be so.',
  'wrong.from': 'Where `run` begins: at the start of the task, or after its solution.',
  'wrong.run': 'How to come to it.',
  'wrong.replace': 'Lines of the solution, and what is typed instead (nothing, when empty).',
  'wrong.when': 'How to know it: a check that passes in this state.',
  'wrong.says': 'What it tells the learner: the misconception, not the command.',
};

interface Shape {
  description?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly $defs?: Readonly<Record<string, Shape>>;
}

/** What an editor needs to help with a lab file. */
export function labJsonSchema(): Record<string, unknown> {
  z.globalRegistry.add(namedSchemas.check, { id: 'check', description: 'A check: one kind, and its parameters.' });
  z.globalRegistry.add(namedSchemas.text, {
    id: 'text',
    description: 'Words for the learner: a text, or one for each language.',
  });
  z.globalRegistry.add(faultSchema, { id: 'fault', description: 'A fault: one kind, its parameters, and when.' });
  z.globalRegistry.add(bugSchema, { id: 'bug', description: 'A documented fault of real clusters: its name, and where.' });
  const schema = z.toJSONSchema(labSchema, { io: 'input' }) as Record<string, unknown> & Shape;
  explain(schema, '');
  const task = schema.properties?.['tasks']?.items;
  explain(task, 'tasks.');
  explain(task?.properties?.['wrong']?.items, 'wrong.');
  for (const [name, kinds] of Object.entries({ check: CHECK_KINDS, fault: FAULT_KINDS, bug: BUGS }))
    schema.$defs?.[name]?.anyOf?.forEach((shape, index) => {
      const kind = kinds[index];
      const params = kind && shape.properties?.[kind.name];
      if (params !== undefined) params.description = kind?.about ?? '';
    });
  return { ...schema, title: 'A lab of Meshwalk' };
}

function explain(shape: Shape | undefined, under: string): void {
  for (const [key, inner] of Object.entries(shape?.properties ?? {})) {
    const help = HELP[under + key];
    if (help !== undefined) inner.description = help;
  }
}
