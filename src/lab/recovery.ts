/**
 * When the worker stops, a new one is started and the log is replayed. When that stops too, at the same place, the world
 * is brought back to just before the last input, on a branch of its own, and stands still there.
 */
import { beforeInput, type Instant } from './instant.ts';
import type { Begin } from './protocol.ts';
import type { SavedTree } from './time-protocol.ts';
import type { TreeCopy } from './tree-copy.ts';

/** Virtual time within which a second stop counts as the same. */
const SAME_PLACE = 5_000_000;
/** So many inputs are left out, one after the other, before it is given up. */
const MOST_CUTS = 5;

export interface Recovering {
  readonly tree: TreeCopy;
  /** Starts a new worker with this; settles when its world stands. */
  restart(begin: Begin): Promise<unknown>;
  /** The world stands again; `before` is the input before which it was brought back, if it could not be where it was. */
  back(before: string | undefined): void;
  /** Nothing helps. */
  lost(message: string): void;
}

export class Recovery {
  readonly #options: Recovering;
  #last: Instant | undefined;
  #fail: ((message: string) => void) | undefined;

  constructor(options: Recovering) {
    this.#options = options;
  }

  /** The worker has stopped. */
  async stopped(message: string): Promise<void> {
    if (this.#fail !== undefined) return this.#fail(message);
    const { tree, back, lost } = this.#options;
    const end = tree.current && tree.endOf(tree.current.id);
    const again = end !== undefined && this.#last !== undefined && end.at < this.#last.at + SAME_PLACE;
    this.#last = end;
    for (let cuts = again ? 1 : 0; cuts <= MOST_CUTS; cuts++) {
      const cut = cuts === 0 ? undefined : withoutLast(tree, cuts);
      if (cuts > 0 && cut === undefined) break;
      const saved = cut?.saved ?? tree.saved;
      if (await this.#stands({ ...(saved && { tree: saved }), paused: cuts > 0 })) return back(cut?.input);
    }
    lost(message);
  }

  /** Whether a new worker comes to stand. */
  async #stands(begin: Begin): Promise<boolean> {
    try {
      const failed = new Promise<never>((_, reject) => (this.#fail = (message) => reject(new Error(message))));
      await Promise.race([this.#options.restart(begin), failed]);
      return true;
    } catch {
      return false;
    } finally {
      this.#fail = undefined;
    }
  }
}

/** The tree with a branch that ends just before the last `count` inputs of the current one; undefined when it has fewer. */
export function withoutLast(tree: TreeCopy, count: number): { saved: SavedTree; input: string } | undefined {
  const { saved, current } = tree;
  const log = current === undefined ? [] : tree.logOf(current.id);
  const left = log[log.length - count];
  if (saved === undefined || current === undefined || left === undefined) return undefined;
  const before = beforeInput(log, log.length - count);
  const id = Math.max(...saved.branches.map((branch) => branch.id)) + 1;
  const own = current.parent === undefined || before.inputs >= current.from.inputs;
  const seed = current.seed === undefined ? {} : { seed: current.seed };
  const parent = own ? current.id : current.parent!;
  const branch = { id, parent, from: before, cause: 'crash' as const, log: [], end: before, ...seed };
  const input = left.kind === 'data' ? left.data : left.kind;
  return { saved: { branches: [...saved.branches, branch], current: id }, input };
}
