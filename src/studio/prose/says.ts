/** What the parts of a page say, out of the lab. */
import type { Lab } from '../../../simulator/lesson/index.ts';
import { wordsIn } from '../../lesson/inline.ts';
import type { Language } from '../source.ts';
import type { Says } from './render.ts';

export function saysOf(lab: Lab | undefined, language: Language): Says {
  return (name, { id }) => {
    if (name === 'Task')
      return (lab?.tasks ?? []).filter((one) => one.id === id).map(({ says }) => wordsIn(language, says));
    if (name === 'Predict')
      return (lab?.predicts ?? []).filter((one) => one.id === id).map(({ asks }) => wordsIn(language, asks));
    if (name === 'Quiz') return (lab?.quiz ?? []).map(({ asks }) => wordsIn(language, asks));
    return [];
  };
}
