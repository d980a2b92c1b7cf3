/**
 * What a lab is: a world to begin with, tasks with their checks, hints, solution and wrong answers, and questions.
 * One schema gives the types, the errors and the JSON Schema that editors use.
 */
import { z } from 'zod/mini';
import { CHECK_KINDS } from './checks/index.ts';
import type { CheckSpec } from './finding.ts';
import { question } from './question.ts';
import { text } from './text.ts';
import { fault, scenarioSchema, step } from '../lab/scenario.ts';

const id = z.string().check(z.regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'small letters, digits and dashes'));

/** The schema of one check: `{ id?, needs?, KIND: parameters }`. */
const check: z.ZodMiniType<CheckSpec> = z.lazy(() => checkUnion);

/** One shape per kind, in the order of the list. */
const checkUnion = z.union(
  CHECK_KINDS.map((kind) =>
    z.strictObject({ id: z.optional(id), needs: z.optional(z.array(id)), [kind.name]: kind.params(check) }),
  ) as unknown as [z.ZodMiniType<CheckSpec>, ...z.ZodMiniType<CheckSpec>[]],
);

const answers = z.record(z.string(), z.string());

/** A wrong end state that learners come to, and what it tells about. */
const wrong = z.strictObject({
  id,
  /** Which check it makes fail (or warn); an id of the same task. */
  check: id,
  level: z._default(z.enum(['fail', 'warn']), 'fail'),
  /** How to come to it: commands on a fresh world, or after the task's own solution. */
  from: z._default(z.enum(['start', 'solution']), 'start'),
  run: z._default(z.array(step), []),
  /** Instead of `run`: the solution with some of its lines replaced ('' leaves one out). */
  replace: z.optional(z.record(z.string(), z.string())),
  answers: z.optional(answers),
  /** How to know it when the check fails (or, with `level: warn`, passes). */
  when: check,
  says: text,
});

const task = z.strictObject({
  id,
  says: text,
  /** Tasks that come first. */
  needs: z._default(z.array(id), []),
  checks: z.array(check).check(z.minLength(1)),
  /** Three of them: where to look, what to do, how it is written. */
  hints: z.array(text).check(z.length(3)),
  solution: z._default(z.array(step), []),
  /** Answers that belong to the solution. */
  answers: z.optional(answers),
  wrong: z._default(z.array(wrong), []),
});

/** A mutant of the solution that passes, and why that is right. */
const survivor = z.strictObject({ mutant: z.string(), because: z.string() });

/** The schema of a lab file. */
export const labSchema = z.strictObject({
  /** The format; this is the first. */
  lab: z.literal(1),
  /** A file of content/scenarios, or a whole scenario. */
  scenario: z.union([z.string(), scenarioSchema]),
  /** `rig`: machines also have the little web server, `python3 /tmp/web.py PORT NAME`. */
  equipment: z.optional(z.literal('rig')),
  /** Commands that run before the lesson begins, after those of the scenario. */
  setup: z._default(z.array(step), []),
  faults: z._default(z.array(fault), []),
  bugs: scenarioSchema.shape.bugs,
  /** The terminals to begin with; the first is in front. */
  terminals: z.array(z.string()).check(z.minLength(1)),
  /** A command that sends a first packet in a fresh world; the packet story suggests it while it is empty. */
  try: z.optional(step),
  tasks: z.array(task).check(z.minLength(1)),
  predicts: z._default(z.array(question), []),
  quiz: z._default(z.array(question), []),
  survivors: z._default(z.array(survivor), []),
});

export type Lab = z.infer<typeof labSchema>;
export type Task = Lab['tasks'][number];
export type WrongAnswer = Task['wrong'][number];
export type Step = z.infer<typeof step>;

/** The schema of a check, for its name in the JSON Schema. */
export const namedSchemas = { check: checkUnion, text } as const;
