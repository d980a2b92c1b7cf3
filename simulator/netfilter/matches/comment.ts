/** `-m comment`: says something, compares nothing. Mirrors libxt_comment.c. */
import { parameterProblem, VALUE, type MatchExtension } from '../extension.ts';
import { saveString } from '../names.ts';

export const commentMatch: MatchExtension<{ text: string }> = {
  name: 'comment',
  options: { comment: VALUE },
  init: () => ({ text: '' }),
  parse(data, _option, value) {
    if (value.length > 255) return parameterProblem(`COMMENT must be shorter than 256 characters`);
    data.text = value;
    return undefined;
  },
  check: (data) => (data.text === '' ? parameterProblem('comment: option "--comment" must be specified\n') : undefined),
  save: (data) => ` --comment ${saveString(data.text)}`,
  list: (data) => ` /* ${data.text} */`,
  matches: () => true,
};
