// The course: every lesson is in it, and the lines of the map lead where they say.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { courseOf, type LessonPage } from '../../src/reference/course.ts';
import { layTracks } from '../../src/reference/tracks.ts';

/** The lessons of a language, from their heads. */
function lessonsOf(locale: string): LessonPage[] {
  const files = readdirSync(`content/docs/${locale}`, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => /\/\d\d-[^/]+\.mdx$/.test(file))
    .map((file) => {
      const head = readFileSync(`content/docs/${locale}/${file}`, 'utf8').split('---')[1]!;
      return { id: `${locale}/${file.replace('.mdx', '')}`, data: parse(head) as LessonPage['data'] };
    });
}

const pages = [...lessonsOf('en'), ...lessonsOf('zh-cn')];
const lesson = (id: string, number: number): LessonPage => ({
  id,
  data: { title: id, lesson: { number, minutes: 10 } },
});

describe('the course', () => {
  test.each(['en', 'zh-cn'])('has every lesson once, after those it builds on (%s)', (locale) => {
    const lessons = courseOf(pages, locale).flatMap((unit) => unit.lessons);
    expect(lessons.map(({ name }) => name).sort()).toEqual(
      lessonsOf('en')
        .map(({ id }) => id.slice(3))
        .sort(),
    );
    for (const [index, { number, prior }] of lessons.entries()) {
      const before = lessons.slice(0, index).map((one) => one.number);
      expect(before, `lesson ${number}`).toEqual(expect.arrayContaining([...prior]));
    }
  });

  test('leaves out what is not there, and leads past it', () => {
    const few = [lesson('en/plumbing/05-a', 5), lesson('en/ipvs/08-b', 8)];
    const units = courseOf(few, 'en');
    expect(units.map(({ id }) => id)).toEqual(['plumbing', 'ipvs']);
    expect(units[1]!.lessons[0]!.prior).toEqual([5]);
  });

  test('names a lesson that it does not know', () => {
    expect(() => courseOf([lesson('en/plumbing/77-x', 77)], 'en')).toThrow('en/plumbing/77-x');
  });

  test('shows the English title where a lesson is not translated', () => {
    const [unit] = courseOf([lesson('en/plumbing/01-a', 1)], 'zh-cn');
    expect(unit!.lessons[0]).toMatchObject({ own: false, title: 'en/plumbing/01-a', href: '/zh-cn/plumbing/01-a/' });
  });
});

describe('the tracks', () => {
  const lay = (...list: [number, ...number[]][]) => layTracks(list.map(([number, ...prior]) => ({ number, prior })));

  test('a row of lessons stands on one track', () => {
    const { rows, width } = lay([1], [2, 1], [3, 2]);
    expect(width).toBe(1);
    expect(rows.map(({ track, down }) => [track, down])).toEqual([
      [0, true],
      [0, true],
      [0, false],
    ]);
  });

  test('a line goes on beside the lessons until the last that builds on it', () => {
    const { rows, width } = lay([1], [2, 1], [3, 2], [4, 1]);
    expect(width).toBe(2);
    expect(rows[1]).toEqual({ track: 1, past: [0], from: [0], down: true });
    expect(rows[2]).toEqual({ track: 1, past: [0], from: [1], down: false });
    expect(rows[3]).toEqual({ track: 0, past: [], from: [0], down: false });
  });

  test('every line that comes to a lesson begins at one above it', () => {
    const lessons = courseOf(pages, 'en').flatMap((unit) => unit.lessons);
    const { rows } = layTracks(lessons);
    rows.forEach(({ from }, index) => {
      const above = rows[index - 1];
      const open = above === undefined ? [] : [...above.past, ...(above.down ? [above.track] : [])];
      expect(open).toEqual(expect.arrayContaining([...from]));
      expect(from).toHaveLength(lessons[index]!.prior.length);
    });
  });
});
