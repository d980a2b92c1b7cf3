/**
 * Keeps the files of a build in the browser and answers with them. There is one store for all builds: a file is kept
 * under its address and the hash of its content. What belongs to no build any more is thrown away when no page is open
 * that may be of an older build, so that a new build never takes a chunk away from an open session.
 */
import { addressOf, keyOf, keysOf, NOT_FOUND, type Release } from './release.ts';

/** What the keeper needs of its surroundings; tests give it their own. */
export interface Surroundings {
  readonly store: Promise<Cache>;
  readonly origin: string;
  fetch(request: Request): Promise<Response>;
  /** Ids of the pages and workers that are open, of whatever build. */
  open(): Promise<readonly string[]>;
  /** Whether a newer build is being kept already. */
  isBeingReplaced(): boolean;
}

/** Files fetched at once while a build is being kept: the learner may be working meanwhile. */
const AT_ONCE = 4;
/** The ids of pages that were open when a build took over. */
const OLDER = '/offline-older-pages';
/** Where chunks are; those of an older build may still be asked for. */
const CHUNKS = '/_astro/';
/** Files whose names change with their content; the browser's own cache may answer for them. */
const HASHED = /^\/_astro\/.*[.-][\w-]{5,}\.\w+$/;

export class Keeper {
  readonly #release: Release;
  readonly #at: Surroundings;

  constructor(release: Release, surroundings: Surroundings) {
    this.#release = release;
    this.#at = surroundings;
  }

  /** Fetches every file of the build that is not kept yet. Fails when one cannot be had as the build made it. */
  async keepAll(): Promise<void> {
    const addresses = Object.keys(this.#release.now);
    const work = async (): Promise<void> => {
      for (let next = addresses.pop(); next !== undefined; next = addresses.pop()) await this.#keep(next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  /** This build answers from now on; the pages that are open may be of an older one. */
  async takeOver(): Promise<void> {
    await this.#remember([...(await this.#older()), ...(await this.#at.open())]);
    await this.tidy();
  }

  /** Throws away what belongs to no build that may be in use. */
  async tidy(): Promise<void> {
    const { open, isBeingReplaced } = this.#at;
    const older = await this.#older();
    if (older.length === 0 || isBeingReplaced()) return;
    const alive = await open();
    const left = older.filter((id) => alive.includes(id));
    await this.#remember(left);
    if (left.length > 0) return;
    const own = keysOf(this.#release);
    const store = await this.#at.store;
    for (const request of await store.keys()) {
      const { pathname, search } = new URL(request.url);
      if (!own.has(pathname + search)) await store.delete(request);
    }
  }

  /** What a request is answered with; undefined when it is no business of this site's files. */
  answer(request: Request): Promise<Response> | undefined {
    const { origin, pathname } = new URL(request.url);
    if (request.method !== 'GET' || origin !== this.#at.origin) return undefined;
    const address = addressOf(this.#release, pathname);
    const moved = address === undefined ? undefined : this.#release.moved[address];
    if (moved !== undefined) return Promise.resolve(Response.redirect(origin + moved));
    if (address !== undefined) return this.#file(address, request);
    if (request.mode === 'navigate') return this.#unknownPage(request);
    return pathname.startsWith(CHUNKS) ? this.#olderFile(request) : undefined;
  }

  /** What the server has may be of a newer build, and is then not kept. */
  #file(address: string, request: Request): Promise<Response> {
    return this.#keep(address).catch(() => this.#at.fetch(request));
  }

  /** A chunk of an older build, for a page that is still open. */
  async #olderFile(request: Request): Promise<Response> {
    const kept = await (await this.#at.store).match(request.url, { ignoreSearch: true, ignoreVary: true });
    return kept ?? this.#at.fetch(request);
  }

  async #unknownPage(request: Request): Promise<Response> {
    try {
      return await this.#at.fetch(request);
    } catch (error) {
      const page = await this.#kept(keyOf(this.#release, NOT_FOUND));
      if (page === undefined) throw error;
      return new Response(page.body, { status: 404, headers: page.headers });
    }
  }

  async #kept(key: string): Promise<Response | undefined> {
    return (await this.#at.store).match(this.#at.origin + key, { ignoreVary: true });
  }

  /** A file as the build made it: the one that is kept, or one that is fetched and kept from now on. */
  async #keep(address: string): Promise<Response> {
    const { store, origin, fetch } = this.#at;
    const key = keyOf(this.#release, address);
    const kept = await this.#kept(key);
    if (kept !== undefined) return kept;
    const { now, later } = this.#release;
    const integrity = now[address] ?? later[address]!;
    const cache = HASHED.test(address) ? 'default' : 'no-cache';
    const response = await fetch(new Request(origin + address, { integrity, cache, priority: 'low' }));
    if (!response.ok) throw new Error(`${address}: ${response.status}`);
    const { status, headers } = response;
    // A page that was reached by a redirection must not answer a navigation as such.
    const plain = response.redirected ? new Response(response.body, { status, headers }) : response;
    await (await store).put(origin + key, plain.clone());
    return plain;
  }

  async #older(): Promise<readonly string[]> {
    const kept = await this.#kept(OLDER);
    return kept === undefined ? [] : ((await kept.json()) as string[]);
  }

  async #remember(ids: readonly string[]): Promise<void> {
    const { store, origin } = this.#at;
    await (await store).put(origin + OLDER, Response.json([...new Set(ids)]));
  }
}
