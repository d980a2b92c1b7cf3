import { docsLoader, i18nLoader } from '@astrojs/starlight/loaders';
import { docsSchema, i18nSchema } from '@astrojs/starlight/schema';
import { defineCollection } from 'astro:content';
import { z } from 'astro/zod';

/** What a page may say beyond what Starlight knows: that it is a lesson, and that it has a lab. */
const pageSchema = z.object({
  lesson: z
    .object({
      unit: z.string(),
      number: z.number().int(),
      minutes: z.number().int(),
    })
    .optional(),
  lab: z
    .object({
      /** UNIT/SLUG of content/labs, or a file of content/scenarios; without the ending. */
      scenario: z.string(),
      /** The tabs to begin with; the first is in front. */
      terminals: z.array(z.string()).min(1),
    })
    .optional(),
  /** The page where lessons are written: a dock whose world is made from what stands in the editor. */
  studio: z.boolean().default(false),
  /** The page of the free world: a dock whose world the address chooses. */
  playground: z.boolean().default(false),
});

export const collections = {
  docs: defineCollection({ loader: docsLoader(), schema: docsSchema({ extend: pageSchema }) }),
  i18n: defineCollection({ loader: i18nLoader(), schema: i18nSchema() }),
};
