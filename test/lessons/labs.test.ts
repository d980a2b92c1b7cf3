// A lesson proves itself: a fresh world fails its tasks, the solution passes, each wrong answer is recognised and told
// so, questions have one answer, the prose runs and prints what it says, and mutants of the solution fail.
import { describe, expect, test } from 'vitest';
import { reportOf } from '../../src/cli/lesson';
import { labNames, readLab } from '../../src/cli/lesson-files';
import { readProse } from '../../src/lesson/prose';
import { labOfPage } from '../../src/lesson/page';
import { filesUnder, textOf } from '../tidy/sources';

describe.each(labNames())('%s', (name) => {
  test('proves itself', { timeout: 300_000 }, async () => {
    const { facts, mutation } = await reportOf(name);
    expect(facts.filter(({ ok }) => !ok)).toEqual([]);
    expect(mutation?.survivors).toEqual([]);
  });

  test('has three wrong answers, and its words in both languages', () => {
    const { lab } = readLab(name);
    expect(lab.tasks.flatMap(({ wrong }) => wrong).length).toBeGreaterThanOrEqual(3);
    const untold: string[] = [];
    const look = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        const words =
          key === 'says' || key === 'asks' || key === 'because' || key === 'explains' || path.endsWith('.hints');
        const isCheck = typeof inner === 'string' && /\.(http|checks)\b/.test(path); // `says` of a web page
        if (words && !isCheck && (typeof inner !== 'object' || !(inner as { 'zh-cn'?: string })['zh-cn']))
          untold.push(`${path}.${key}`);
        look(inner, `${path}.${key}`);
      }
    };
    look({ tasks: lab.tasks, predicts: lab.predicts, quiz: lab.quiz }, '');
    expect(untold).toEqual([]);
  });
});

test('a page may name a lab or a scenario', () => {
  const files = Object.fromEntries(
    ['content/labs', 'content/scenarios'].flatMap((folder) =>
      filesUnder(folder, ['.yaml']).map((file) => [`/${file}`, textOf(file)]),
    ),
  );
  for (const name of labNames()) expect(labOfPage(name, files)).toEqual(readLab(name));
  expect(labOfPage('bare', files)).toMatchObject({ scenario: { name: 'bare' } });
  expect(() => labOfPage('nosuch', files)).toThrow('content/labs/nosuch.yaml');
});

test('prose with commands to run has a lab of the same unit and name', async () => {
  const names = new Set(labNames());
  const alone: string[] = [];
  for (const file of filesUnder('content/docs', ['.mdx'])) {
    const { blocks } = readProse(textOf(file));
    const name = file
      .split('/')
      .slice(3)
      .join('/')
      .replace(/\.mdx$/, '');
    // Pages outside the units, such as the playground, have worlds of their own.
    if (blocks.length > 0 && name.includes('/') && !names.has(name)) alone.push(file);
  }
  expect(alone).toEqual([]);
});
