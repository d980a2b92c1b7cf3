/**
 * Maps wall time to a world's virtual time. Virtual time follows the wall while the world keeps up; a busy
 * world is advanced in slices of a few milliseconds, so that a key (Ctrl-C) always gets in between, and
 * falls behind the wall rather than freezing the page.
 */
import type { World } from '../../simulator/index.ts';

/** What the clock drives. */
export type Clocked = Pick<World, 'now' | 'run' | 'nextDue' | 'pendingExternal'>;

/** What the clock needs of its surroundings; tests give it a wall of their own. */
export interface Wall {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** Runs `task` after `ms`, and answers how to call it off. */
  after(ms: number, task: () => void): () => void;
  /** Runs `task` soon, but lets messages in first. */
  soon(task: () => void): void;
}

/** Longest stretch of work before messages are let in. */
const SLICE_MS = 8;
/** Events asked for between two looks at the wall. */
const SLICE_EVENTS = 400;
/** A machine that slept does not make the world jump by more than this. */
const LONGEST_JUMP_MS = 250;
/** Longest sleep of an idle world, so that `now` stays close to the wall. */
const LONGEST_WAIT_MS = 1000;

export class WorldClock {
  readonly #world: Clocked;
  readonly #wall: Wall;
  readonly #onSlice: () => void;
  #lastWall: number;
  #target: number;
  #cancel: (() => void) | undefined;
  #scheduled = false;
  #waiting = false;
  #stopped = true;

  /** @param onSlice called after every stretch of work, to send what it produced */
  constructor(world: Clocked, wall: Wall, onSlice: () => void) {
    this.#world = world;
    this.#wall = wall;
    this.#onSlice = onSlice;
    this.#lastWall = wall.now();
    this.#target = world.now;
  }

  /** Lets time pass from now on. */
  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#lastWall = this.#wall.now();
    this.#target = this.#world.now;
    this.#wake();
  }

  /** Time stands still until `start`. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Brings the world up to the wall as far as it can be, applies an input there, and lets time go on. */
  act(input: () => void): void {
    this.#follow();
    const due = this.#world.nextDue();
    if (due === undefined || due > this.#target) this.#world.run(this.#target); // nothing happens, time passes
    input();
    this.#wake();
  }

  #wake(): void {
    if (this.#stopped || this.#scheduled || this.#waiting) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#scheduled = true;
    this.#wall.soon(() => {
      this.#scheduled = false;
      if (!this.#stopped) this.#work();
    });
  }

  /** Moves the target by the wall time that passed since the last look. */
  #follow(): void {
    const wall = this.#wall.now();
    const passed = Math.min(wall - this.#lastWall, LONGEST_JUMP_MS);
    this.#lastWall = wall;
    const behind = this.#target - this.#world.now;
    // A world that cannot keep up stretches time: the debt never grows beyond one jump.
    if (behind < LONGEST_JUMP_MS * 1000) this.#target += Math.round(passed * 1000);
  }

  /** One slice of work, then either another one soon or a sleep until something is due. */
  #work(): void {
    this.#follow();
    const began = this.#wall.now();
    let state = this.#world.run(this.#target, SLICE_EVENTS);
    while (state === 'budget' && this.#wall.now() - began < SLICE_MS) {
      if (this.#world.pendingExternal() !== undefined) break;
      state = this.#world.run(this.#target, SLICE_EVENTS);
    }
    this.#onSlice();
    const external = this.#world.pendingExternal();
    if (external !== undefined) this.#standStill(external);
    else if (state === 'budget') this.#wake();
    else this.#sleep();
  }

  /** A library is being loaded or asked: the world waits for it, and so does its time. */
  #standStill(external: Promise<void>): void {
    this.#waiting = true;
    const resume = (): void => {
      this.#waiting = false;
      this.#lastWall = this.#wall.now();
      this.#target = this.#world.now;
      this.#wake();
    };
    external.then(resume, resume);
  }

  #sleep(): void {
    if (this.#stopped) return;
    const due = this.#world.nextDue();
    const wait = due === undefined ? LONGEST_WAIT_MS : (due - this.#target) / 1000;
    this.#cancel = this.#wall.after(Math.max(0, Math.min(wait, LONGEST_WAIT_MS)), () => {
      this.#cancel = undefined;
      this.#wake();
    });
  }
}
