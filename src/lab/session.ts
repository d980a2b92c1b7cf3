/**
 * One world with its terminals: opens, types, resizes, and brings a world back by replaying its input log.
 * Knows nothing of workers and ports; output waits here until somebody takes it.
 */
import { World, type Externals, type Scenario, type TerminalPort } from '../../simulator/index.ts';
import type { OpenTerminal, SavedWorld, Size } from './protocol.ts';

/** Output kept of a terminal that nobody draws, in characters; older lines fall off. */
const KEPT = 400_000;
/** Events run between two looks at whether a library must be waited for. */
const REPLAY_EVENTS = 20_000;

interface Held {
  readonly port: TerminalPort;
  chunks: string[];
  length: number;
  /** The shell has ended. */
  ended: boolean;
}

export class LabSession {
  readonly world: World;
  readonly #terminals = new Map<string, Held>();

  constructor(scenario: Scenario, externals: Externals) {
    // Not createWorld: that one reads and checks, which was done when the page was built.
    this.world = new World(scenario, { externals });
  }

  /** Plays a saved log again. Afterwards the world and every terminal are as they were when it was saved. */
  async restore(saved: SavedWorld): Promise<void> {
    const { world } = this;
    for (const event of saved.log) {
      while (world.executed < event.executed) await this.#run(event.at, event.executed - world.executed);
      world.apply(event);
      const port = world.terminal(event.terminal);
      if (event.kind === 'open' && port !== undefined) this.#hold(port);
      else if (event.kind === 'close') this.#terminals.delete(event.terminal);
    }
    while ((await this.#run(saved.now, REPLAY_EVENTS)) === 'budget');
  }

  /** Runs events, and waits while a library is being asked. */
  async #run(until: number, budget: number): Promise<'idle' | 'budget' | 'reached'> {
    await this.world.pendingExternal();
    return this.world.run(until, budget);
  }

  /** The open terminals, in the order in which they were opened. */
  terminals(): OpenTerminal[] {
    return [...this.#terminals.values()]
      .filter(({ ended }) => !ended)
      .map(({ port }) => ({ id: port.id, host: port.host }));
  }

  /** Opens a login shell and answers its id. */
  open(host: string, size: Size): string {
    return this.#hold(this.world.openTerminal(host, size));
  }

  /** Begins to keep what a terminal prints. */
  #hold(port: TerminalPort): string {
    const held: Held = { port, chunks: [], length: 0, ended: false };
    port.onOutput = (data) => keep(held, data);
    port.onExit = () => (held.ended = true);
    this.#terminals.set(port.id, held);
    return port.id;
  }

  input(id: string, data: string): void {
    this.#terminals.get(id)?.port.input(data);
  }

  resize(id: string, size: Size): void {
    this.#terminals.get(id)?.port.resize(size.columns, size.rows);
  }

  close(id: string): void {
    this.#terminals.get(id)?.port.close();
    this.#terminals.delete(id);
  }

  /** Whether a terminal's shell has ended. */
  hasEnded(id: string): boolean {
    return this.#terminals.get(id)?.ended === true;
  }

  /** Takes what a terminal printed since the last call, or an empty string. */
  takeOutput(id: string): string {
    const held = this.#terminals.get(id);
    if (held === undefined || held.length === 0) return '';
    const text = held.chunks.join('');
    held.chunks = [];
    held.length = 0;
    return text;
  }
}

/** Adds output; when far too much waits, the oldest lines go. */
function keep(held: Held, data: string): void {
  held.chunks.push(data);
  held.length += data.length;
  if (held.length < 2 * KEPT) return;
  const text = held.chunks.join('');
  const cut = text.indexOf('\n', text.length - KEPT);
  const rest = text.slice(cut < 0 ? text.length - KEPT : cut + 1);
  held.chunks = [rest];
  held.length = rest.length;
}
