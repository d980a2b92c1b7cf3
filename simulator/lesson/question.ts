/**
 * Questions of a lab: a prediction before typing, or a quiz at the end. The key is never written down: a command run in
 * an emulated world gives it, so that it is right for each world and no answer sheet exists.
 */
import { z } from 'zod/mini';
import type { World } from '../lab/world.ts';
import { type Looking, run } from './look.ts';
import { place } from './place.ts';
import { text } from './text.ts';

const id = z.string().check(z.regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'small letters, digits and dashes'));

const choice = z.strictObject({
  id,
  says: text,
  /** The right choice is the one whose pattern matches what the command prints. */
  when: z.string(),
  /** Shown to whoever chose this. */
  because: z.optional(text),
});

/** The schema of a question. */
export const question = z.strictObject({
  id,
  asks: text,
  /** What to choose from; without it the learner types the answer. */
  choices: z.optional(z.array(choice).check(z.minLength(2))),
  key: z.strictObject({
    on: place,
    run: z.string(),
    /** In which world: as the lesson begins, after its solution, or as the learner's is now. */
    in: z._default(z.enum(['fresh', 'solved', 'now']), 'solved'),
  }),
  explains: z.optional(text),
});

export type Question = z.infer<typeof question>;

/** The key of a question, found out in `world`: the id of the right choice, or what the command prints. */
export function* keyIn(world: World, { key, choices }: Question): Looking<string | undefined> {
  const { stdout } = yield* run(world, key.on, key.run, 120);
  if (choices === undefined) return stdout.trim() === '' ? undefined : stdout.trim();
  const right = choices.filter(({ when }) => new RegExp(when, 'm').test(stdout));
  return right.length === 1 ? right[0]?.id : undefined; // two right choices are none
}

/** Whether two answers say the same: case, blanks and the way a number is written do not matter. */
export function sameAnswer(given: string, key: string): boolean {
  const plain = (answer: string): string => answer.trim().toLowerCase().replace(/\s+/g, ' ');
  const [a, b] = [plain(given), plain(key)];
  if (a === b) return true;
  const [x, y] = [Number(a), Number(b)]; // 0x100 is 256
  return a !== '' && b !== '' && x === y;
}
