/**
 * Shows on lists of lessons what the learner has done: the course map marks each lesson and counts, a link leads on to
 * where they were, and the record of all this can be saved as a file and taken back.
 */
import { exportProgress, importProgress, type LessonCard, readProgress, standing } from '../lesson/progress.ts';

/** Marks lessons, and turns the link of a page to the next thing to do. Works for the course map and for the home page. */
export function showStanding(root: ParentNode = document): void {
  const lessons = [...root.querySelectorAll<HTMLElement>('[data-card]')].map((element) => {
    const card = JSON.parse(element.dataset.card!) as LessonCard;
    return { element, ...standing(readProgress(localStorage, card.lab), card) };
  });
  for (const { element, state, done, all } of lessons) {
    element.dataset.state = state;
    const label = element.querySelector<HTMLElement>('.state');
    if (label === null) continue;
    const words = { new: '', started: label.dataset.started, done: label.dataset.done, older: label.dataset.older };
    label.textContent = (words[state] ?? '').replace('{done}', String(done)).replace('{all}', String(all));
  }
  if (lessons.every(({ state }) => state === 'new')) return;
  const finished = lessons.filter(({ state }) => state === 'done' || state === 'older').length;
  for (const count of root.querySelectorAll<HTMLElement>('[data-done-of]'))
    count.textContent = count.dataset
      .doneOf!.replace('{done}', String(finished))
      .replace('{all}', String(lessons.length));
  const next = lessons.find(({ state }) => state === 'started') ?? lessons.find(({ state }) => state === 'new');
  const link = next?.element.querySelector('a');
  if (link == null) return;
  for (const resume of root.querySelectorAll<HTMLAnchorElement>('a[data-resume]')) {
    resume.href = link.href;
    resume.textContent = resume.dataset.resume!.replace('{title}', link.textContent.trim());
  }
}

/** Save and Open of the course map. What is said stands in data attributes, in the page's language. */
export function offerFile(root: HTMLElement, shown: () => void): void {
  const said = root.querySelector<HTMLElement>('[role=status]')!;
  const say = (key: string, count = '', place = ''): void =>
    void (said.textContent = (root.dataset[key] ?? '').replace('{n}', count).replace('{place}', place));
  root.querySelector<HTMLButtonElement>('[data-save]')!.onclick = () => {
    const text = exportProgress(localStorage);
    if (text === undefined) return say('nothing');
    const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    Object.assign(document.createElement('a'), { href: url, download: 'meshwalk-progress.json' }).click();
    URL.revokeObjectURL(url);
    say('saved');
  };
  const file = root.querySelector<HTMLInputElement>('input[type=file]')!;
  file.onchange = async () => {
    const [chosen] = file.files ?? [];
    file.value = '';
    if (chosen === undefined) return;
    const result = importProgress(localStorage, await chosen.text());
    if ('fault' in result)
      return say(
        result.fault.replace(/-(.)/, (_, letter: string) => letter.toUpperCase()),
        '',
        result.place,
      );
    shown();
    say('opened', String(result.lessons));
  };
}
