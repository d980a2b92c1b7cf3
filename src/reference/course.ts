/** The course map: content/course.yaml joined with the lessons that exist. Read and checked when the site is built. */
import { parse } from 'yaml';
import { z } from 'zod';
import source from '../../content/course.yaml?raw';

const unitWords = z.strictObject({ name: z.string().min(1), about: z.string().min(1) });
const courseSchema = z.array(
  z.strictObject({
    unit: z.string(),
    en: unitWords,
    'zh-cn': unitWords,
    lessons: z.record(
      z.string().regex(/^\d\d$/),
      z.strictObject({
        prior: z.array(z.number().int()).default([]),
        en: z.string().min(1),
        'zh-cn': z.string().min(1),
      }),
    ),
  }),
);

/** A page of the docs collection that is a lesson. */
export interface LessonPage {
  /** `en/plumbing/02-bridges` */
  readonly id: string;
  readonly data: {
    readonly title: string;
    readonly lesson?: { readonly number: number; readonly minutes: number } | undefined;
  };
}

interface CourseLesson {
  readonly number: number;
  /** `plumbing/02-bridges`: names its lab, too. */
  readonly name: string;
  readonly href: string;
  readonly title: string;
  readonly minutes: number;
  readonly proves: string;
  /** Numbers of the lessons that it builds on, as far as they exist. */
  readonly prior: readonly number[];
  /** Written in this language; otherwise the English page is shown at the same address. */
  readonly own: boolean;
}

export interface CourseUnit {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly lessons: readonly CourseLesson[];
}

/** The units that have lessons, with these, for `locale` (`en`, `zh-cn`). Throws when a lesson is not in the course. */
export function courseOf(pages: readonly LessonPage[], locale: string, text: string = source): CourseUnit[] {
  const course = courseSchema.parse(parse(text));
  const language = locale === 'zh-cn' ? 'zh-cn' : 'en';
  const lessons = pages.filter(({ id, data }) => data.lesson !== undefined && id.startsWith('en/'));
  const numbers = new Set(lessons.map(({ data }) => data.lesson!.number));
  const priors = new Map(
    course.flatMap(({ lessons: all }) => Object.entries(all).map(([key, { prior }]) => [Number(key), prior] as const)),
  );
  /** What a lesson builds on, through lessons that are not there. */
  const existing = (number: number): number[] => [
    ...new Set((priors.get(number) ?? []).flatMap((one) => (numbers.has(one) ? [one] : existing(one)))),
  ];
  const units = course.map((unit) => ({
    id: unit.unit,
    ...unit[language],
    lessons: Object.entries(unit.lessons)
      .sort(([a], [b]) => Number(a) - Number(b))
      .flatMap(([key, card]): CourseLesson[] => {
        const number = Number(key);
        const page = lessons.find(
          ({ id, data }) => data.lesson?.number === number && id.startsWith(`en/${unit.unit}/`),
        );
        if (page === undefined) return [];
        const name = page.id.slice('en/'.length);
        const own = pages.find(({ id }) => id === `${locale}/${name}`);
        const { title, lesson } = (own ?? page).data;
        const { minutes } = lesson ?? page.data.lesson!;
        const [href, proves, prior] = [`/${locale}/${name}/`, card[language], existing(number)];
        return [{ number, name, href, title, minutes, proves, prior, own: own !== undefined }];
      }),
  }));
  const shown = units.flatMap((unit) => unit.lessons);
  const missing = lessons.find(({ id }) => !shown.some(({ name }) => id === `en/${name}`));
  if (missing !== undefined) throw new Error(`content/course.yaml does not tell of the lesson ${missing.id}.`);
  return units.filter((unit) => unit.lessons.length > 0);
}
