/**
 * The service worker: its events, and nothing else. It is bundled by src/build/offline.mjs, which puts the list of the
 * build's files in. A new one waits until the learner asks for it, or until no page is open.
 */
import { Keeper } from './keeper.ts';
import { TAKE_OVER, type Release } from './release.ts';

/** The part of ServiceWorkerGlobalScope that is used; TypeScript's library for it does not go with that of pages. */
interface Scope {
  readonly location: Location;
  readonly registration: { readonly installing: unknown; readonly waiting: unknown };
  readonly clients: {
    matchAll(options: { type: 'all'; includeUncontrolled: true }): Promise<readonly { readonly id: string }[]>;
    claim(): Promise<void>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetch) => void): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void;
}
interface Lasting {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetch extends Lasting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

declare const RELEASE: Release;
const scope = self as unknown as Scope;

const keeper = new Keeper(RELEASE, {
  store: caches.open('meshwalk'),
  origin: scope.location.origin,
  fetch: (request) => fetch(request),
  open: async () => (await scope.clients.matchAll({ type: 'all', includeUncontrolled: true })).map(({ id }) => id),
  isBeingReplaced: () => scope.registration.installing !== null || scope.registration.waiting !== null,
});

scope.addEventListener('install', (event) => event.waitUntil(keeper.keepAll()));
scope.addEventListener('activate', (event) => event.waitUntil(keeper.takeOver().then(() => scope.clients.claim())));
scope.addEventListener('message', ({ data }) => {
  if (data === TAKE_OVER) void scope.skipWaiting();
});
scope.addEventListener('fetch', (event) => {
  const answer = keeper.answer(event.request);
  if (answer === undefined) return;
  event.respondWith(answer);
  if (event.request.mode === 'navigate') event.waitUntil(answer.then(() => keeper.tidy()));
});
