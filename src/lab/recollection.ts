/**
 * What a world that was brought back has not noted down. It is brought back without a trace, because that is the part of
 * a replay that nobody waits for; then a second world repeats the same log in idle time, notes everything, and hands it
 * over. Both worlds are the same to the byte, so the trace is as if it had been there all along.
 */
import type { InputEvent } from '../../simulator/index.ts';
import type { Instant } from './instant.ts';
import type { LabSession } from './session.ts';

/** Events run between two looks at the clock. */
const SLICE = 200;

export class Recollection {
  readonly #forgetful: LabSession;
  readonly #end: Instant;
  readonly #log: readonly InputEvent[];
  readonly #make: () => LabSession;
  #second: LabSession | undefined;

  /**
   * @param forgetful the world that was brought back; it takes notes from here on
   * @param log how it came here
   * @param make builds a fresh world that notes everything
   */
  constructor(forgetful: LabSession, log: readonly InputEvent[], make: () => LabSession) {
    this.#forgetful = forgetful;
    this.#end = forgetful.instant;
    this.#log = [...log];
    this.#make = make;
    forgetful.world.trace.enabled = true;
  }

  /** Works until `enough` says so; answers the second world once it has caught up and everything is handed over. */
  work(enough: () => boolean): LabSession | undefined {
    if (this.#second === undefined) {
      this.#second = this.#make();
      this.#second.follow(this.#log);
      return undefined;
    }
    while (!enough() && this.#second.pendingExternal() === undefined) {
      if (!this.#second.playTo(this.#end, SLICE)) continue;
      this.#forgetful.world.trace.precede(this.#second.world.trace);
      return this.#second;
    }
    return undefined;
  }

  /** Settles when a library that the second world asked has answered. */
  pendingExternal(): Promise<void> | undefined {
    return this.#second?.pendingExternal();
  }
}
