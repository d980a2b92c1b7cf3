/** What the dock says while it runs: the page brings the words of its language along, so that no script has to. */
import type { DockWords } from '../i18n/words.ts';

/** A text of the page's language; `{}` in it stands for `part`. */
export function dockWord(name: keyof DockWords, part = ''): string {
  const { words } = document.querySelector<HTMLElement>('.lab-dock')!.dataset;
  return (JSON.parse(words!) as DockWords)[name].replace('{}', () => part);
}
