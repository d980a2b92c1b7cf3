/** Words of a lab that a learner reads: plain when there is English only, else by language. */
import { z } from 'zod/mini';

const words = z.string().check(z.minLength(1));

/** The schema of words: a text, or one for each language. English is always there. */
export const text = z.union([words, z.strictObject({ en: words, 'zh-cn': z.optional(words) })]);

export type Text = z.infer<typeof text>;
