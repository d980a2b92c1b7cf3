/**
 * Keeps a world over page moves: its branches and the arrangement of its terminals, in the storage of this browser tab.
 * Replay is exact, so nothing else has to be kept. What was kept by another build of the engine would replay to
 * something else; its commands are typed again.
 */
import { packLog, unpackLog, type PackedLog } from './log-codec.ts';
import type { SavedTree } from './time-protocol.ts';

/** What is kept for one lab. */
export interface Kept<Layout> {
  /** Names the engine and the scenario that the logs belong to. */
  readonly build: string;
  readonly layout: Layout;
  /** What the terminals in front showed, for drawing them before the world has been brought back. */
  readonly screens: Readonly<Record<string, string>>;
  readonly tree: SavedTree;
}

/** As it stands in the storage. */
interface Stored<Layout> extends Omit<Kept<Layout>, 'tree'> {
  readonly current: number;
  readonly branches: readonly (Omit<SavedTree['branches'][number], 'log'> & { readonly log: PackedLog })[];
}

const PREFIX = 'meshwalk:lab:';
/** Where everything goes that was thrown away together. */
const BIN = 'meshwalk:bin';

/** A short name for a text; two texts with the same name are not expected among a site's scenarios. */
export function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** What was kept for `lab`, by whatever build. */
export function readKept<Layout>(storage: Storage, lab: string): Kept<Layout> | undefined {
  try {
    const stored = JSON.parse(storage.getItem(PREFIX + lab) ?? 'null') as Stored<Layout> | null;
    if (stored === null) return undefined;
    const { branches, current, ...rest } = stored;
    return { ...rest, tree: { current, branches: branches.map((one) => ({ ...one, log: unpackLog(one.log) })) } };
  } catch {
    return undefined; // storage is off, or holds something else
  }
}

/** Keeps a lab. A full or forbidden storage is no error: the next page starts afresh. */
export function writeKept<Layout>(storage: Storage, lab: string, { tree, ...rest }: Kept<Layout>): void {
  const branches = tree.branches.map((one) => ({ ...one, log: packLog(one.log) }));
  const stored: Stored<Layout> = { ...rest, current: tree.current, branches };
  try {
    storage.setItem(PREFIX + lab, JSON.stringify(stored));
  } catch {
    storage.removeItem(PREFIX + lab);
  }
}

/** Throws every lab of this tab into the bin, which holds one throw. */
export function throwAllAway(storage: Storage): void {
  const labs = Object.keys(storage).filter((key) => key.startsWith(PREFIX));
  storage.setItem(BIN, JSON.stringify(Object.fromEntries(labs.map((key) => [key, storage.getItem(key)]))));
  for (const key of labs) storage.removeItem(key);
}

/** Whether something was thrown away. */
export function binIsFull(storage: Storage): boolean {
  return storage.getItem(BIN) !== null;
}

/** Takes everything out of the bin again. */
export function emptyBin(storage: Storage): void {
  const thrown = JSON.parse(storage.getItem(BIN) ?? '{}') as Record<string, string>;
  for (const [key, value] of Object.entries(thrown)) storage.setItem(key, value);
  storage.removeItem(BIN);
}
