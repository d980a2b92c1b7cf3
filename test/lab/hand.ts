/** A player with a hand on its wall: what tests and measurements of time need. */
import { type Scenario, SECOND } from '../../simulator/index.ts';
import { Player } from '../../src/lab/player.ts';
import { LabSession } from '../../src/lab/session.ts';
import type { SavedTree } from '../../src/lab/time-protocol.ts';
import { HandWall } from './wall.ts';

/** What passes between two looks at the wall, milliseconds. */
const LOOK_MS = 0.2;

/** A player on a scenario, and what its terminals show. */
export class Hand {
  readonly wall = new HandWall(LOOK_MS);
  readonly player: Player;
  readonly #drawn = new Map<string, string>();

  /** @param forgetful a saved world is brought back without a trace, as a page does */
  constructor(scenario: Scenario, saved?: SavedTree, forgetful = false) {
    const make = (seed: number | undefined, replica: boolean) => new LabSession(scenario, { seed, replica });
    const session = make(undefined, false);
    if (saved !== undefined) {
      const tree = saved.branches.find(({ id }) => id === saved.current)!;
      if (forgetful) session.world.trace.countOnly();
      session.follow(tree.log);
      while (!session.playTo(tree.end, Infinity));
    }
    const options = {
      wall: this.wall,
      make,
      slice: () => this.#draw(),
      shown: () => this.#redraw(),
      changed: () => {},
    };
    this.player = new Player(session, options, saved);
    this.player.clock.start();
    this.player.tend();
  }

  /** Opens a terminal and waits for its prompt. */
  async open(host: string): Promise<string> {
    let id = '';
    await this.player.act((session) => (id = session.open(host, { columns: 80, rows: 24 })));
    this.wall.pass(200);
    return id;
  }

  /** Types keys one by one, a tenth of a second apart, and lets so many seconds pass. */
  async type(id: string, keys: string, seconds = 1): Promise<void> {
    for (const key of keys) {
      await this.player.act((session) => session.input(id, key));
      this.wall.pass(100);
    }
    this.wall.pass(seconds * 1000);
  }

  /** Lets wall time pass until a promise is settled. */
  async during<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = promise.finally(() => (settled = true));
    while (!settled) {
      this.wall.pass(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return done;
  }

  /** Lets wall time pass until no step, jump or skipped time is under way. */
  errand(): void {
    do this.wall.pass(10);
    while (this.player.state().errand !== undefined);
  }

  /** All that a terminal has printed. */
  screen(id: string): string {
    this.#draw();
    return this.#drawn.get(id) ?? '';
  }

  screens(): Record<string, string> {
    return Object.fromEntries(this.player.session.terminals().map(({ id }) => [id, this.screen(id)]));
  }

  #draw(): void {
    for (const { id } of this.player.session.terminals()) {
      this.#drawn.set(id, (this.#drawn.get(id) ?? '') + this.player.session.takeOutput(id));
    }
  }

  #redraw(): void {
    this.#drawn.clear();
    for (const { id } of this.player.session.terminals()) this.#drawn.set(id, this.player.session.takeScreen(id));
  }
}

/** Events of which every field goes into a digest: the newest. The others are counted. */
const DIGESTED = 3000;

/** FNV-1a over what a world saw of packets. */
export function traceDigest(session: LabSession): string {
  let hash = 0x811c9dc5;
  for (const event of session.world.trace.events.slice(-DIGESTED)) {
    const text = JSON.stringify(event, (key, value: unknown) =>
      key === 'rules' ? (value as unknown[]).length : value,
    );
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return `${session.world.trace.events.length} events, ${(hash >>> 0).toString(16)}`;
}

/** Virtual seconds since the world began. */
export function secondsOf(player: Player): number {
  return player.session.now / SECOND;
}
