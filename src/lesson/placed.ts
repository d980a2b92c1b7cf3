/** Proves that a page has the parts of its lab: each task once, the quiz, and nothing that the lab does not know. */
import type { Lab } from '../../simulator/lesson/index.ts';
import { quizOf } from './plan.ts';
import type { Fact } from './prove.ts';

/** `<Task id="wire" />`, `<Predict id="…" />` */
const PART = /<(Task|Predict)\s+id="([^"]*)"/g;

/** What the prose of a lesson should place, and does or does not. */
export function proveParts(file: string, text: string, lab: Lab): Fact[] {
  const placed = [...text.matchAll(PART)].map(([, part = '', id = '']) => ({ part, id }));
  const known = { Task: lab.tasks.map(({ id }) => id), Predict: lab.predicts.map(({ id }) => id) };
  const fact = (name: string, ok: boolean, message: string): Fact => ({
    what: 'prose',
    name: `${file} ${name}`,
    ok,
    message: ok ? '' : message,
  });
  const facts = known.Task.map((id) => {
    const times = placed.filter((one) => one.part === 'Task' && one.id === id).length;
    return fact(`<Task id="${id}" />`, times === 1, times === 0 ? 'is missing' : 'stands there more than once');
  });
  for (const { part, id } of placed) {
    const ids = known[part as keyof typeof known];
    if (!ids.includes(id))
      facts.push(fact(`<${part} id="${id}" />`, false, `the lab has no such; it has ${ids.join(', ') || 'none'}`));
  }
  if (quizOf(lab).length > 0) facts.push(fact('<Quiz />', text.includes('<Quiz />'), 'is missing'));
  return facts;
}
