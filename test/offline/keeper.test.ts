// What the service worker keeps, answers and throws away, without a browser.
import { beforeEach, describe, expect, test } from 'vitest';
import { Keeper, type Surroundings } from '../../src/offline/keeper';
import { keysOf, type Release } from '../../src/offline/release';

const ORIGIN = 'https://site.example';
const OLD: Release = {
  now: { '/en/': 'sha256-a', '/404.html': 'sha256-n', '/_astro/dock.AAAAAAAA.js': 'sha256-d' },
  later: { '/_astro/jq.wasm': 'sha256-j' },
  moved: { '/': '/en/' },
};
const NEW: Release = {
  now: { '/en/': 'sha256-b', '/404.html': 'sha256-n', '/_astro/dock.BBBBBBBB.js': 'sha256-e' },
  later: { '/_astro/jq.wasm': 'sha256-j' },
  moved: { '/': '/en/' },
};

/** The part of a browser's store that is used. */
class Store {
  readonly kept = new Map<string, Response>();

  match(url: string, { ignoreSearch = false } = {}): Promise<Response | undefined> {
    const found = [...this.kept].find(([key]) => (ignoreSearch ? key.split('?')[0] : key) === url);
    return Promise.resolve(found?.[1].clone());
  }

  put(url: string, response: Response): Promise<void> {
    this.kept.set(url, response);
    return Promise.resolve();
  }

  keys(): Promise<Request[]> {
    return Promise.resolve([...this.kept.keys()].map((url) => new Request(url)));
  }

  delete({ url }: Request): Promise<boolean> {
    return Promise.resolve(this.kept.delete(url));
  }

  get paths(): string[] {
    return [...this.kept.keys()].map((url) => new URL(url).pathname).sort();
  }
}

let store: Store;
let asked: string[];
let away: boolean;
let open: string[];
let replacing: boolean;

beforeEach(() => {
  store = new Store();
  asked = [];
  away = false;
  open = [];
  replacing = false;
});

function keeperOf(release: Release): Keeper {
  const surroundings: Surroundings = {
    store: Promise.resolve(store as unknown as Cache),
    origin: ORIGIN,
    fetch: ({ url }) => {
      asked.push(new URL(url).pathname);
      return away
        ? Promise.reject(new TypeError('no network'))
        : Promise.resolve(new Response(`from the server: ${url}`));
    },
    open: () => Promise.resolve(open),
    isBeingReplaced: () => replacing,
  };
  return new Keeper(release, surroundings);
}

/** A request as a page makes it; Node's own does not know that of a navigation. */
function request(path: string, mode = 'no-cors', method = 'GET'): Request {
  return { url: new URL(path, ORIGIN).href, mode, method } as Request;
}

describe('keeping', () => {
  test('fetches all that is wanted at once, and nothing else', async () => {
    await keeperOf(OLD).keepAll();
    expect(asked.sort()).toEqual(Object.keys(OLD.now).sort());
  });

  test('fetches of a new build only what has changed', async () => {
    await keeperOf(OLD).keepAll();
    asked = [];
    await keeperOf(NEW).keepAll();
    expect(asked.sort()).toEqual(['/_astro/dock.BBBBBBBB.js', '/en/']);
  });

  test('fails as a whole when a file cannot be had', async () => {
    away = true;
    await expect(keeperOf(OLD).keepAll()).rejects.toThrow('no network');
  });
});

describe('answering without a network', () => {
  test.each([
    ['/en/', 200],
    ['/en', 200],
    ['/en/index.html', 200],
    ['/en/?theme=dark', 200],
    ['/', 302],
    ['/en/nowhere/', 404],
  ])('a visit to %s: %i', async (path, status) => {
    const keeper = keeperOf(OLD);
    await keeper.keepAll();
    away = true;
    expect((await keeper.answer(request(path, 'navigate')))?.status).toBe(status);
  });

  test('what is rare is there once it was used', async () => {
    const keeper = keeperOf(OLD);
    const program = request('/_astro/jq.wasm');
    away = true;
    await expect(keeper.answer(program)).rejects.toThrow('no network');
    away = false;
    await keeper.answer(program);
    away = true;
    expect((await keeper.answer(program))?.status).toBe(200);
  });

  test.each([
    ['another origin', 'https://elsewhere.example/en/', 'GET'],
    ['what is sent', '/en/', 'POST'],
    ['no file of the site', '/report', 'GET'],
  ])('%s is left to the browser', (_, url, method) => {
    expect(keeperOf(OLD).answer(request(url, 'cors', method))).toBeUndefined();
  });
});

describe('a new build', () => {
  const oldChunk = '/_astro/dock.AAAAAAAA.js';

  beforeEach(async () => {
    await keeperOf(OLD).keepAll();
    await keeperOf(NEW).keepAll();
    away = true;
  });

  test('keeps the chunks of the old one until no page of it is open', async () => {
    const keeper = keeperOf(NEW);
    open = ['one', 'two'];
    await keeper.takeOver();
    expect((await keeper.answer(request(oldChunk)))?.status).toBe(200);
    open = ['two', 'of the new build'];
    await keeper.tidy();
    expect(store.paths).toContain(oldChunk);
    open = ['of the new build'];
    await keeper.tidy();
    expect(store.kept.size).toBe(keysOf(NEW).size - Object.keys(NEW.later).length);
    expect(store.paths).not.toContain(oldChunk);
  });

  test('throws nothing away while a newer one is being kept', async () => {
    const keeper = keeperOf(OLD);
    open = ['one'];
    await keeper.takeOver();
    open = [];
    replacing = true;
    await keeper.tidy();
    expect(store.paths).toContain('/_astro/dock.BBBBBBBB.js');
  });
});
