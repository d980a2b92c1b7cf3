/** answer: what the learner answered is what a world answers. The key is found out by a command, never written down. */
import { z } from 'zod/mini';
import { type Finding, kind } from '../finding.ts';
import { sameAnswer } from '../question.ts';

export const answer = kind<{ id: string; given?: string | undefined }>({
  name: 'answer',
  about: 'A question of this lab was answered as the emulated machines answer it.',
  params: () =>
    z.strictObject({
      id: z.string(),
      /** For wrong answers: passes when this is what was answered. */
      given: z.optional(z.string()),
    }),
  *run({ id, given: wanted }, scope) {
    const given = scope.answers[id];
    const common = { expected: '', found: given ?? '', values: { question: id } };
    if (given === undefined || given.trim() === '') return { ...common, level: 'wait', code: 'answer.open' };
    if (wanted !== undefined) {
      const same = sameAnswer(given, wanted);
      return {
        ...common,
        expected: wanted,
        level: same ? 'pass' : 'fail',
        code: same ? 'answer.right' : 'answer.wrong',
      };
    }
    const key = yield* scope.keyOf(id);
    if (key === undefined) return { ...common, level: 'wait', code: 'answer.no-key' };
    const right = sameAnswer(given, key);
    return {
      ...common,
      expected: right ? key : '',
      level: right ? 'pass' : 'fail',
      code: right ? 'answer.right' : 'answer.wrong',
    } satisfies Finding;
  },
});
