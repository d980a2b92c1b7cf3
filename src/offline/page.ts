/**
 * The page's part of being offline: registers the service worker, and says so when a new version of the site has been
 * kept. The learner chooses when to go over; until then this page and its lab stay as they are. It is fetched when
 * everything else has been done.
 */
import './offer.css';
import { TAKE_OVER } from './release.ts';

/** Holds the words of the offer; see src/components/Offline.astro. */
const TEMPLATE = 'new-version';

if (import.meta.env.PROD && 'serviceWorker' in navigator) await begin(navigator.serviceWorker);

async function begin(workers: ServiceWorkerContainer): Promise<void> {
  const first = workers.controller === null;
  await workers.register('/sw.js', { updateViaCache: 'none' }).catch(() => undefined);
  const registration = await workers.getRegistration();
  if (registration === undefined) return; // this browser keeps nothing, or not here
  if (registration.waiting !== null && !first) offer(registration);
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => {
      // The first worker of all waits for nobody.
      if (installing.state === 'installed' && workers.controller !== null) offer(registration);
    });
  });
  // Another tab has chosen the new version; what this page still needs of the old one stays.
  let controlled = !first;
  workers.addEventListener('controllerchange', () => {
    if (controlled) offer(registration);
    controlled = true;
  });
  const look = (): void => void registration.update().catch(() => undefined); // offline, or the server is away
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) look();
  });
  addEventListener('vite:preloadError', look);
}

/** Shows the offer, once. */
function offer(registration: ServiceWorkerRegistration): void {
  const place = document.getElementById(TEMPLATE)!;
  if (!place.hidden) return;
  place.hidden = false;
  place.append(place.querySelector('template')!.content.cloneNode(true)); // added when it is visible, so that it is read out
  const [now, later] = place.querySelectorAll('button');
  now!.onclick = () => change(registration);
  later!.onclick = () => (place.hidden = true);
}

/** Goes over to the new version. The session is kept as over any other page move. */
function change({ waiting }: ServiceWorkerRegistration): void {
  if (waiting === null) return location.reload();
  waiting.addEventListener('statechange', () => {
    if (waiting.state === 'activated') location.reload();
  });
  waiting.postMessage(TAKE_OVER);
}
