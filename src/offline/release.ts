/**
 * What one build of the site consists of, as its service worker knows it: every file by the address under which a page
 * asks for it, with the hash of its content. The list is made by src/build/offline.mjs.
 */

/** Addresses (paths on this site) with their hashes, as `fetch` takes them for `integrity`. */
type Files = Readonly<Record<string, string>>;

export interface Release {
  /** Kept from the first visit on: pages, styles, typefaces, the lab. */
  readonly now: Files;
  /** Large and seldom needed: kept once they were used. */
  readonly later: Files;
  /** Addresses that only lead to another one. */
  readonly moved: Readonly<Record<string, string>>;
}

/** What a page says to a service worker that waits, when the learner wants the new version. */
export const TAKE_OVER = 'take over';

/** Stands for a page that does not exist. */
export const NOT_FOUND = '/404.html';

/** Names under which a file may be asked for, beside its own. */
const VARIANTS = [
  (path: string) => path,
  (path: string) => `${path}/`,
  (path: string) => `${path}.html`,
  (path: string) => path.replace(/index\.html$/, ''),
];

/** The address in the list for a path that was asked for; undefined when this build has no such file. */
export function addressOf({ now, later, moved }: Release, path: string): string | undefined {
  const lists = [now, later, moved];
  return VARIANTS.map((variant) => variant(path)).find((address) => lists.some((list) => address in list));
}

/**
 * The name under which a file is kept. A content has one name, whichever builds it is in, so a new build fetches only
 * what has changed.
 */
export function keyOf({ now, later }: Release, address: string): string {
  return `${address}?${encodeURIComponent(now[address] ?? later[address] ?? '')}`;
}

/** The names of everything that belongs to a build. */
export function keysOf(release: Release): Set<string> {
  return new Set([release.now, release.later].flatMap((files) => Object.keys(files)).map((one) => keyOf(release, one)));
}
