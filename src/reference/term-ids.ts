/** Names for the cards of terms, each of its own on a page: a word may be marked several times. */
const counts = new WeakMap<object, number>();

/** The next one on a page; `page` is any object that the page has for itself. */
export function nextTermId(page: object, id: string): string {
  const count = (counts.get(page) ?? 0) + 1;
  counts.set(page, count);
  return `term-${id}-${count}`;
}
