/**
 * Keeps a world over page moves: its input log and the arrangement of its terminals, in the storage of
 * this browser tab. Replay is exact, so nothing else has to be kept. What was kept by another build of
 * the engine, or for another scenario, is dropped: it would replay to something else.
 */
import type { SavedWorld } from './protocol.ts';

/** What is kept for one lab. */
export interface Kept<Layout> extends SavedWorld {
  /** Names the engine and the scenario that the log belongs to. */
  readonly build: string;
  readonly layout: Layout;
}

const PREFIX = 'meshwalk:lab:';

/** A short name for a text; two texts with the same name are not expected among a site's scenarios. */
export function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** What was kept for `lab`, if it belongs to `build`. */
export function readKept<Layout>(storage: Storage, lab: string, build: string): Kept<Layout> | undefined {
  try {
    const kept = JSON.parse(storage.getItem(PREFIX + lab) ?? 'null') as Kept<Layout> | null;
    return kept?.build === build ? kept : undefined;
  } catch {
    return undefined; // storage is off, or holds something else
  }
}

/** Keeps a lab. A full or forbidden storage is no error: the next page starts afresh. */
export function writeKept<Layout>(storage: Storage, lab: string, kept: Kept<Layout>): void {
  try {
    storage.setItem(PREFIX + lab, JSON.stringify(kept));
  } catch {
    storage.removeItem(PREFIX + lab);
  }
}

/** Forgets a lab, so that the next page starts it afresh. */
export function forget(storage: Storage, lab: string): void {
  storage.removeItem(PREFIX + lab);
}
