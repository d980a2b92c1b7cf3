/** "Did you mean": the nearest of the words that would be right. */

/** `; did you mean X?`, or the list of what there is. */
export function hintOf(word: string, known: readonly string[]): string {
  if (known.length === 0) return '; take it out';
  let best = '';
  let least = Infinity;
  for (const one of known) {
    const changes = distance(word, one);
    if (changes < least) [best, least] = [one, changes];
  }
  if (least <= Math.max(2, word.length / 3)) return `; did you mean ${best}?`;
  return `; there are ${known.join(', ')}`;
}

/** Levenshtein's: insertions, deletions and changes from one word to another. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
