/**
 * Maps wall time to a world's virtual time, at the pace that the learner chose. A busy world is advanced in slices of a
 * few milliseconds, so that a key (Ctrl-C) always gets in between, and falls behind the wall rather than freezing the
 * page. An errand (a step, a jump, skipped time) runs as fast as it can, whatever the pace, and ends standing still or
 * at the old pace.
 */
import type { LabSession } from './session.ts';

/** What the clock drives. */
export type Clocked = Pick<LabSession, 'now' | 'run' | 'nextDue' | 'pendingExternal'>;

/** What the clock needs of its surroundings; tests give it a wall of their own. */
export interface Wall {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** Runs `task` after `ms`, and answers how to call it off. */
  after(ms: number, task: () => void): () => void;
  /** Runs `task` soon, but lets messages in first. */
  soon(task: () => void): void;
}

/** Work that does not follow the wall. */
export interface Errand {
  /** Virtual time beyond which it does not go. */
  readonly until: number;
  /** Looked at after every event; without it the errand runs to `until`. */
  readonly arrived?: () => boolean;
  readonly done: (outcome: ErrandOutcome) => void;
}

export type ErrandOutcome = 'arrived' | 'limit' | 'stopped';

/** Longest stretch of work before messages are let in. */
const SLICE_MS = 8;
/** Events asked for between two looks at the wall. */
const SLICE_EVENTS = 400;
/** A machine that slept does not make the world jump by more than this. */
const LONGEST_JUMP_MS = 250;
/** Longest sleep of an idle world: shorter than that jump, or an idle world would fall behind. */
const LONGEST_WAIT_MS = 200;

/** Why time stands still. */
export type Hold = 'stopped' | 'paused' | 'undrawn' | 'hidden' | 'moving';
/** What an errand overrides. */
const OVERRIDDEN: readonly Hold[] = ['paused', 'hidden'];

export class WorldClock {
  #world: Clocked;
  readonly #wall: Wall;
  readonly #onSlice: () => void;
  readonly #holds = new Set<Hold>(['stopped']);
  #pace = 1;
  #lastWall: number;
  #target: number;
  #cancel: (() => void) | undefined;
  #scheduled = false;
  #waiting = false;
  #errand: Errand | undefined;

  /** @param onSlice called after every stretch of work, to send what it produced */
  constructor(world: Clocked, wall: Wall, onSlice: () => void) {
    this.#world = world;
    this.#wall = wall;
    this.#onSlice = onSlice;
    this.#lastWall = wall.now();
    this.#target = world.now;
  }

  /** Virtual seconds to a second of the wall. */
  get pace(): number {
    return this.#pace;
  }

  set pace(pace: number) {
    this.#follow();
    this.#pace = pace;
    this.#wake();
  }

  get errand(): Errand | undefined {
    return this.#errand;
  }

  /** Lets time pass from now on. */
  start(): void {
    this.release('stopped');
  }

  /** Time stands still until `start`. */
  stop(): void {
    this.hold('stopped');
  }

  holds(why: Hold): boolean {
    return this.#holds.has(why);
  }

  /** Time stands still until this reason is gone, and every other one. */
  hold(why: Hold): void {
    this.#holds.add(why);
    if (this.#runs()) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  release(why: Hold): void {
    if (!this.#holds.delete(why) || !this.#runs()) return;
    this.#resume();
  }

  /** Drives another world from now on. */
  swap(world: Clocked): void {
    this.cancelErrand();
    this.#world = world;
    this.#resume();
  }

  /** Runs an errand; one that is under way stops. */
  send(errand: Errand): void {
    this.cancelErrand();
    this.#errand = errand;
    this.#resume();
  }

  cancelErrand(): void {
    this.#finish('stopped');
  }

  /** Brings the world up to the wall as far as it can be, applies an input there, and lets time go on. */
  act(input: () => void): void {
    if (this.#follows()) {
      this.#follow();
      const due = this.#world.nextDue();
      if (due === undefined || due > this.#target) this.#world.run(this.#target); // nothing happens, time passes
    }
    input();
    this.#wake();
  }

  /** Whether time follows the wall at present. */
  #follows(): boolean {
    return this.#holds.size === 0 && this.#errand === undefined;
  }

  #runs(): boolean {
    const errand = this.#errand !== undefined;
    return [...this.#holds].every((why) => errand && OVERRIDDEN.includes(why));
  }

  /** Counts the wall from here. */
  #resume(): void {
    this.#lastWall = this.#wall.now();
    this.#target = this.#world.now;
    this.#wake();
  }

  #wake(): void {
    if (!this.#runs() || this.#scheduled || this.#waiting) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#scheduled = true;
    this.#wall.soon(() => {
      this.#scheduled = false;
      if (this.#runs()) this.#work();
    });
  }

  /** Moves the target by the wall time that passed since the last look. */
  #follow(): void {
    const wall = this.#wall.now();
    const passed = Math.min(wall - this.#lastWall, LONGEST_JUMP_MS);
    this.#lastWall = wall;
    const behind = this.#target - this.#world.now;
    // A world that cannot keep up stretches time: the debt never grows beyond one jump.
    if (behind < LONGEST_JUMP_MS * 1000 * this.#pace) this.#target += Math.round(passed * 1000 * this.#pace);
  }

  /** One slice of work, then either another one soon or a sleep until something is due. */
  #work(): void {
    const began = this.#wall.now();
    const more = this.#errand === undefined ? this.#followWall(began) : this.#runErrand(this.#errand, began);
    this.#onSlice();
    const external = this.#world.pendingExternal();
    if (external !== undefined) this.#standStill(external);
    else if (more || this.#errand !== undefined) this.#wake();
    else this.#sleep();
  }

  #followWall(began: number): boolean {
    this.#follow();
    let state = this.#world.run(this.#target, SLICE_EVENTS);
    while (state === 'budget' && this.#wall.now() - began < SLICE_MS) {
      if (this.#world.pendingExternal() !== undefined) break;
      state = this.#world.run(this.#target, SLICE_EVENTS);
    }
    return state === 'budget';
  }

  #runErrand(errand: Errand, began: number): boolean {
    const events = errand.arrived === undefined ? SLICE_EVENTS : 1;
    for (;;) {
      const state = this.#world.run(errand.until, events);
      if (errand.arrived?.() === true) return this.#finish('arrived');
      if (state !== 'budget') return this.#finish('limit');
      if (this.#world.pendingExternal() !== undefined || this.#wall.now() - began >= SLICE_MS) return true;
    }
  }

  #finish(outcome: ErrandOutcome): boolean {
    const errand = this.#errand;
    if (errand === undefined) return false;
    this.#errand = undefined;
    this.#lastWall = this.#wall.now();
    this.#target = this.#world.now;
    errand.done(outcome);
    return true;
  }

  /** A library is being loaded or asked: the world waits for it, and so does its time. */
  #standStill(external: Promise<void>): void {
    this.#waiting = true;
    const resume = (): void => {
      this.#waiting = false;
      this.#resume();
    };
    external.then(resume, resume);
  }

  #sleep(): void {
    if (!this.#runs()) return;
    const due = this.#world.nextDue();
    const wait = due === undefined ? LONGEST_WAIT_MS : (due - this.#target) / 1000 / this.#pace;
    this.#cancel = this.#wall.after(Math.max(0, Math.min(wait, LONGEST_WAIT_MS)), () => {
      this.#cancel = undefined;
      this.#wake();
    });
  }
}
