/** Where words begin and end in an edited line, as readline sees them: letters, digits and underscores, or by blanks (Ctrl-W). */

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}

/** The start of the word before `cursor`. */
export function wordLeft(buffer: readonly string[], cursor: number): number {
  let i = cursor;
  while (i > 0 && !isWord(buffer[i - 1])) i--;
  while (i > 0 && isWord(buffer[i - 1])) i--;
  return i;
}

/** The end of the word at or after `cursor`. */
export function wordRight(buffer: readonly string[], cursor: number): number {
  let i = cursor;
  while (i < buffer.length && !isWord(buffer[i])) i++;
  while (i < buffer.length && isWord(buffer[i])) i++;
  return i;
}

/** The start of the blank-delimited word before `cursor`. */
export function spaceLeft(buffer: readonly string[], cursor: number): number {
  let i = cursor;
  while (i > 0 && buffer[i - 1] === ' ') i--;
  while (i > 0 && buffer[i - 1] !== ' ') i--;
  return i;
}

/** What all of `words` begin with. */
export function commonPrefix(words: readonly string[]): string {
  let prefix = words[0] ?? '';
  for (const word of words) while (!word.startsWith(prefix)) prefix = prefix.slice(0, -1);
  return prefix;
}
