/** The page's copy of the world's input log: what is kept when the page is left. */
import type { InputEvent } from '../../simulator/index.ts';
import type { SavedWorld } from './protocol.ts';

/** The log as the worker reports it, piece by piece; what was saved before counts until the first report. */
export class LogCopy implements SavedWorld {
  #log: readonly InputEvent[];
  #reported = false;
  now: number;

  constructor(saved?: SavedWorld) {
    this.#log = saved?.log ?? [];
    this.now = saved?.now ?? 0;
  }

  get log(): readonly InputEvent[] {
    return this.#log;
  }

  /** Takes a report. The worker's first one repeats the replayed log, so it replaces what was saved. */
  add(events: readonly InputEvent[], now: number): void {
    this.#log = this.#reported ? [...this.#log, ...events] : events;
    this.#reported = true;
    this.now = now;
  }
}
