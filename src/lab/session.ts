/**
 * One world with its terminals, and the log that it follows: inputs that lie ahead are played when their moment comes,
 * and new ones are taken at the end of the log. Knows nothing of workers and ports; output waits here until somebody
 * takes it.
 */
import { World, type Externals, type InputEvent, type Scenario, type TerminalPort } from '../../simulator/index.ts';
import { isExact, type Instant, type Target } from './instant.ts';
import type { OpenTerminal, Size } from './protocol.ts';

/** Output kept of each terminal, in characters; older lines fall off. */
const KEPT = 400_000;

type Outcome = 'idle' | 'budget' | 'reached';

interface Held {
  readonly port: TerminalPort;
  chunks: string[];
  length: number;
  /** Chunks before this one have been taken. */
  taken: number;
  columns: number;
  rows: number;
  /** The shell has ended. */
  ended: boolean;
}

export interface SessionOptions {
  readonly externals?: Externals;
  /** Instead of the scenario's. */
  readonly seed?: number | undefined;
  /** A replica counts what happens to packets and keeps nothing of it, until it is looked at. */
  readonly replica?: boolean;
}

export class LabSession {
  readonly world: World;
  readonly #terminals = new Map<string, Held>();
  #ahead: readonly InputEvent[] = [];

  constructor(scenario: Scenario, options: SessionOptions = {}) {
    const { externals, seed, replica = false } = options;
    // Not createWorld: that one reads and checks, which was done when the page was built.
    this.world = new World(scenario, {
      trace: !replica,
      ...(externals === undefined ? {} : { externals }),
      ...(seed === undefined ? {} : { seed }),
    });
    if (replica) this.world.trace.countOnly();
  }

  /** Where the world stands. */
  get instant(): Instant {
    const { now, executed, inputLog } = this.world;
    return { at: now, executed, inputs: inputLog.length };
  }

  get now(): number {
    return this.world.now;
  }

  /** Sets the log to follow. Its beginning is what this world has taken already. */
  follow(log: readonly InputEvent[]): void {
    this.#ahead = log;
  }

  /** Inputs ahead that are still to be played. */
  get toPlay(): number {
    return this.#ahead.length - this.world.inputLog.length;
  }

  pendingExternal(): Promise<void> | undefined {
    return this.world.pendingExternal();
  }

  /** Virtual time of the next event or input ahead. */
  nextDue(): number | undefined {
    const due = this.world.nextDue();
    const next = this.#ahead[this.world.inputLog.length];
    return next === undefined ? due : Math.min(due ?? Infinity, next.at);
  }

  /** As World.run, and plays the inputs that lie ahead. */
  run(until: number, budget = Infinity): Outcome {
    return this.#play(until, budget, this.#ahead.length);
  }

  /** Goes on towards a target with at most `budget` events; answers whether it is there, or as near as it can come. */
  playTo(target: Target, budget: number): boolean {
    const { world } = this;
    if (!isExact(target)) return this.run(target.at, budget) !== 'budget';
    const events = Math.min(budget, target.executed - world.executed);
    if (events > 0 || world.inputLog.length < target.inputs) {
      const outcome = this.#play(target.at, events, target.inputs);
      const there = world.executed >= target.executed && world.inputLog.length >= target.inputs;
      if (!there) return outcome !== 'budget';
    }
    const due = world.nextDue();
    if (due === undefined || due > target.at) world.run(target.at); // only time passes
    return true;
  }

  /** Runs until `until`, taking inputs from the log up to the one numbered `stop`. */
  #play(until: number, budget: number, stop: number): Outcome {
    const { world } = this;
    for (;;) {
      const index = world.inputLog.length;
      const next = index < stop ? this.#ahead[index] : undefined;
      if (next === undefined || next.at > until) return world.run(until, budget);
      if (world.executed < next.executed) {
        const before = world.executed;
        const outcome = world.run(next.at, Math.min(budget, next.executed - before));
        budget -= world.executed - before;
        // Not enough events up to its moment means a log of another build; its time counts then.
        if (world.executed < next.executed && outcome === 'budget') return 'budget';
      }
      this.#apply(next);
    }
  }

  #apply(event: InputEvent): void {
    this.world.apply(event);
    const held = this.#terminals.get(event.terminal);
    if (event.kind === 'open') {
      const port = this.world.terminal(event.terminal);
      if (port !== undefined) this.#hold(port, event);
    } else if (event.kind === 'close') this.#terminals.delete(event.terminal);
    else if (event.kind === 'resize' && held !== undefined) Object.assign(held, sizeOf(event));
  }

  /**
   * Plays a log by its times alone, whatever number of events that takes: for one that was made by another build, or
   * whose runs of keys were merged. Inputs that the world refuses are counted and left out.
   */
  async playByTime(log: readonly InputEvent[], until: number): Promise<{ refused: number }> {
    let refused = 0;
    for (const event of log) {
      while (this.world.run(event.at, REPLAY_EVENTS) === 'budget') await this.world.pendingExternal();
      try {
        this.#apply({ ...event, executed: 0 });
      } catch {
        refused++;
      }
    }
    while (this.world.run(until, REPLAY_EVENTS) === 'budget') await this.world.pendingExternal();
    return { refused };
  }

  /** The open terminals, in the order in which they were opened. */
  terminals(): OpenTerminal[] {
    return [...this.#terminals.values()]
      .filter(({ ended }) => !ended)
      .map(({ port }) => ({ id: port.id, host: port.host }));
  }

  /** Opens a login shell and answers its id. */
  open(host: string, size: Size): string {
    return this.#hold(this.world.openTerminal(host, size), size);
  }

  /** Begins to keep what a terminal prints. */
  #hold(port: TerminalPort, size: Size): string {
    const held: Held = { port, chunks: [], length: 0, taken: 0, ...sizeOf(size), ended: false };
    port.onOutput = (data) => keep(held, data);
    port.onExit = () => (held.ended = true);
    this.#terminals.set(port.id, held);
    return port.id;
  }

  input(id: string, data: string): void {
    this.#terminals.get(id)?.port.input(data);
  }

  /** Sets the size of a terminal; nothing happens, and nothing is logged, when it has that size. */
  resize(id: string, size: Size): void {
    const held = this.#terminals.get(id);
    if (held === undefined || (held.columns === size.columns && held.rows === size.rows)) return;
    Object.assign(held, sizeOf(size));
    held.port.resize(size.columns, size.rows);
  }

  close(id: string): void {
    this.#terminals.get(id)?.port.close();
    this.#terminals.delete(id);
  }

  has(id: string): boolean {
    return this.#terminals.has(id);
  }

  /** Whether a terminal's shell has ended. */
  hasEnded(id: string): boolean {
    return this.#terminals.get(id)?.ended === true;
  }

  /** Takes what a terminal printed since the last call, or an empty string. */
  takeOutput(id: string): string {
    const held = this.#terminals.get(id);
    if (held === undefined || held.taken === held.chunks.length) return '';
    const text = held.chunks.slice(held.taken).join('');
    held.taken = held.chunks.length;
    return text;
  }

  /** Takes all that is kept of a terminal, for drawing it anew. */
  takeScreen(id: string): string {
    const held = this.#terminals.get(id);
    if (held === undefined) return '';
    held.chunks = [held.chunks.join('')];
    held.taken = 1;
    return held.chunks[0]!;
  }
}

/** Events run between two looks at whether a library must be waited for. */
const REPLAY_EVENTS = 20_000;

function sizeOf({ columns, rows }: Size): Size {
  return { columns, rows };
}

/** Adds output; when far too much waits, the oldest lines go. */
function keep(held: Held, data: string): void {
  held.chunks.push(data);
  held.length += data.length;
  if (held.length < 2 * KEPT) return;
  const fresh = held.chunks.slice(held.taken).join('').length;
  const text = held.chunks.join('');
  const cut = text.indexOf('\n', text.length - KEPT);
  const from = cut < 0 ? text.length - KEPT : cut + 1;
  const seen = Math.max(from, text.length - fresh);
  held.chunks = [text.slice(from, seen), text.slice(seen)];
  held.taken = 1;
  held.length = text.length - from;
}
