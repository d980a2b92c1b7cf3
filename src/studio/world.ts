/**
 * The live world beside the editor. A new one is built out of sight, and takes the place of the one on show only when it
 * stands: a lab that cannot be built leaves everything as it was.
 */
import type { Scenario } from '../../simulator/index.ts';
import { LabConnection } from '../lab/connection.ts';
import { fingerprint, readKept, writeKept } from '../lab/keep.ts';
import type { WorkerName } from '../lab/protocol.ts';
import type { TreeCopy } from '../lab/tree-copy.ts';
import workerUrl from '../lab/worker.ts?worker&url';
import type { Session } from '../lesson/fork.ts';
import type { Layout } from '../views/layout.ts';

/** What a world is made of. */
export interface Wanted {
  /** Names its draft: its session is kept under this name. */
  readonly key: string;
  readonly scenario: Scenario;
  readonly terminals: readonly string[];
}

/** Another world was asked for before this one stood. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

export class LiveWorld {
  /** The dock as the page was built, before anything came to life in it. */
  readonly #empty: HTMLElement;
  #dock: HTMLElement;
  #shown:
    | { readonly wanted: Wanted; readonly text: string; readonly connection: LabConnection; readonly tree: TreeCopy }
    | undefined;
  /** Gives up the world that is being built. */
  #supersede: () => void = () => {};
  #ending = new AbortController();

  constructor(dock: HTMLElement) {
    this.#dock = dock;
    this.#empty = dock.cloneNode(true) as HTMLElement;
  }

  /** Shows the world of a lab; `same` when that is the one on show. Throws when it cannot be built. */
  async show(wanted: Wanted): Promise<'same' | 'new'> {
    const text = JSON.stringify(wanted.scenario);
    this.#supersede();
    if (this.#shown?.wanted.key === wanted.key && this.#shown.text === text) return 'same';
    const build = `${workerUrl} ${fingerprint(text)}`;
    const kept = readKept<Layout>(sessionStorage, wanted.key);
    const same = kept?.build === build ? kept : undefined;
    const connection = this.#connect(wanted.scenario, same && { tree: same.tree });
    const failed = new Promise<never>((_, reject) => {
      connection.onFailed = (message) => reject(new Error(message));
      this.#supersede = () => reject(new Superseded());
    });
    failed.catch(() => {}); // whoever waits hears of it
    const catchUp = remember(connection);
    const dock = import('../views/dock.ts'); // not with this script: lessons would get it in two pieces
    try {
      await Promise.race([connection.started, failed]);
      await Promise.race([dock, failed]);
    } catch (error) {
      connection.end();
      throw error;
    }
    const { startDock } = await dock;
    const root = this.#replaceDock(wanted);
    const tree = await startDock({
      root,
      connection,
      kept: same,
      news: [],
      keep: (arranged, screens, saved) =>
        writeKept(sessionStorage, wanted.key, { build, layout: arranged, screens, tree: saved }),
      signal: this.#ending.signal,
    });
    catchUp();
    this.#shown = { wanted, text, connection, tree };
    return 'new';
  }

  #connect(scenario: Scenario, begin: ConstructorParameters<typeof LabConnection>[1]): LabConnection {
    const make = (resumes: boolean, replays: boolean): Worker => {
      const name: WorkerName = { scenario, resumes, replays };
      return new Worker(workerUrl, { type: 'module', name: JSON.stringify(name) });
    };
    return new LabConnection(make, begin);
  }

  /** Ends the world on show and puts an empty dock in its place. */
  #replaceDock({ scenario, terminals, key }: Wanted): HTMLElement {
    this.#ending.abort();
    this.#ending = new AbortController();
    this.#shown?.connection.end();
    const fresh = this.#empty.cloneNode(true) as HTMLElement;
    fresh.dataset.lab = key;
    fresh.dataset.terminals = terminals.join(' ');
    fresh.dataset.hosts = scenario.machines.map(({ name }) => name).join(' ');
    this.#dock.replaceWith(fresh);
    return (this.#dock = fresh);
  }

  /** The session of the world on show: what was typed in it so far. */
  async session(): Promise<Session | undefined> {
    if (this.#shown === undefined) return undefined;
    const { wanted, tree, connection } = this.#shown;
    const now = await connection.calls.now();
    const { current } = tree;
    const log = current === undefined ? [] : tree.logOf(current.id).filter(({ at }) => at <= now);
    const seed = current?.seed === undefined ? {} : { seed: current.seed };
    return { scenario: wanted.scenario, log, now, ...seed };
  }
}

/** Remembers what a worker tells before its dock listens; the answer tells it again. */
function remember(connection: LabConnection): () => void {
  const told: (() => void)[] = [];
  connection.onLogged = (...what) => void told.push(() => connection.onLogged(...what));
  connection.onBranched = (...what) => void told.push(() => connection.onBranched(...what));
  connection.onTimed = (state) => void told.push(() => connection.onTimed(state));
  connection.onStories = (stories) => void told.push(() => connection.onStories(stories));
  return () => told.forEach((tell) => tell());
}
