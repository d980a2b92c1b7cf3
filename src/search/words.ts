/**
 * Cuts Chinese text into the words of the search's index, so that what is typed is looked for as it was filed. At each place
 * the longest word is taken; a letter that begins none stands alone, and finds what begins with it.
 */

const HAN = /\p{Script=Han}+/gu;

/** The text with a space between its words. */
export function cutIntoWords(text: string, words: ReadonlySet<string>): string {
  const longest = Math.max(1, ...[...words].map((word) => word.length));
  const cut = (run: string): string => {
    const parts: string[] = [];
    for (let at = 0; at < run.length; at += parts.at(-1)!.length) {
      let length = Math.min(longest, run.length - at);
      while (length > 1 && !words.has(run.slice(at, at + length))) length--;
      parts.push(run.slice(at, at + length));
    }
    return ` ${parts.join(' ')} `;
  };
  return text.replace(HAN, cut).replace(/\s+/g, ' ').trim();
}
