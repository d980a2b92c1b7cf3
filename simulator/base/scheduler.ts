/**
 * Virtual time. What is due *now* goes through a FIFO backlog (the kernel's softirq); what is due later
 * waits in a heap ordered by (time, sequence). Nothing else in a world makes anything happen.
 *
 * Unit: integer microseconds since the world began. Every backlog entry that runs costs {@link BACKLOG_COST}
 * of virtual time, so that time stamps along a packet's way are strictly increasing.
 */
export const MICROSECOND = 1;
export const MILLISECOND = 1000;
export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;

/** Virtual microseconds one backlog entry takes. */
export const BACKLOG_COST = 1;

/** A pending event of the heap; `cancel` is idempotent and O(1) (the entry is skipped when it comes up). */
export class Timer {
  cancelled = false;
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;

  constructor(at: number, sequence: number, run: () => void) {
    this.at = at;
    this.sequence = sequence;
    this.run = run;
  }

  cancel(): void {
    this.cancelled = true;
  }
}

type Task<A, B> = (a: A, b: B) => void;

/** Why {@link Scheduler.run} came back. */
export type RunOutcome = 'idle' | 'budget' | 'reached';

export class Scheduler {
  private time = 0;
  private sequence = 0;
  private readonly heap: Timer[] = [];
  // The backlog is a ring of (task, a, b) triples, so that a delivery allocates nothing.
  private ring: unknown[] = new Array<unknown>(3 * 1024).fill(undefined);
  private head = 0;
  private count = 0;
  /** Set by the world while it must stand still (an external library is answering). */
  paused = false;
  /** Events run since the world began. */
  executed = 0;

  /** Virtual now, microseconds. */
  get now(): number {
    return this.time;
  }

  /** Runs `run` at virtual time `at` (not before now). */
  at(at: number, run: () => void): Timer {
    const timer = new Timer(at < this.time ? this.time : at, this.sequence++, run);
    this.push(timer);
    return timer;
  }

  /** Runs `run` after `delay` microseconds. */
  after(delay: number, run: () => void): Timer {
    return this.at(this.time + delay, run);
  }

  /** Appends to the backlog: `task(a, b)` runs after everything queued before it, at the present time. */
  soon<A, B>(task: Task<A, B>, a: A, b: B): void {
    const capacity = this.ring.length / 3;
    if (this.count === capacity) this.grow();
    const slot = ((this.head + this.count) % (this.ring.length / 3)) * 3;
    this.ring[slot] = task;
    this.ring[slot + 1] = a;
    this.ring[slot + 2] = b;
    this.count++;
  }

  /** Virtual time of the next thing to happen, or undefined when nothing is pending. */
  nextDue(): number | undefined {
    if (this.count > 0) return this.time;
    this.dropCancelled();
    return this.heap[0]?.at;
  }

  /**
   * Runs events in order until none is due at or before `until`, or `budget` events have run.
   * On 'reached' and 'idle' the clock stands at `until` (never back).
   */
  run(until: number, budget = Infinity): RunOutcome {
    let left = budget;
    for (;;) {
      if (this.paused) return 'budget';
      if (left <= 0) return 'budget';
      // A due timer goes before the backlog only when the backlog is empty: softirqs first.
      if (this.count > 0) {
        if (this.time > until) return 'reached';
        const slot = this.head * 3;
        const task = this.ring[slot] as Task<unknown, unknown>;
        const a = this.ring[slot + 1];
        const b = this.ring[slot + 2];
        this.ring[slot] = this.ring[slot + 1] = this.ring[slot + 2] = undefined;
        this.head = (this.head + 1) % (this.ring.length / 3);
        this.count--;
        this.time += BACKLOG_COST;
        left--;
        this.executed++;
        task(a, b);
        continue;
      }
      this.dropCancelled();
      const timer = this.heap[0];
      if (timer === undefined || timer.at > until) {
        if (this.time < until && until !== Infinity) this.time = until;
        return timer === undefined ? 'idle' : 'reached';
      }
      this.pop();
      if (timer.at > this.time) this.time = timer.at;
      left--;
      this.executed++;
      timer.run();
    }
  }

  /** Moves the clock to `at` when nothing is due before; for replaying an input at its time. */
  advanceTo(at: number): void {
    if (this.count === 0 && this.time < at) {
      this.dropCancelled();
      const next = this.heap[0];
      if (next === undefined || next.at >= at) this.time = at;
    }
  }

  private grow(): void {
    const old = this.ring;
    const capacity = old.length / 3;
    const wider = new Array<unknown>(old.length * 2).fill(undefined);
    for (let i = 0; i < this.count; i++) {
      const from = ((this.head + i) % capacity) * 3;
      wider[i * 3] = old[from];
      wider[i * 3 + 1] = old[from + 1];
      wider[i * 3 + 2] = old[from + 2];
    }
    this.ring = wider;
    this.head = 0;
  }

  private dropCancelled(): void {
    while (this.heap[0]?.cancelled) this.pop();
  }

  private push(timer: Timer): void {
    const heap = this.heap;
    let i = heap.length;
    heap.push(timer);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = heap[parent] as Timer;
      if (!before(timer, above)) break;
      heap[i] = above;
      i = parent;
    }
    heap[i] = timer;
  }

  private pop(): void {
    const heap = this.heap;
    const last = heap.pop() as Timer;
    const length = heap.length;
    if (length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= length) break;
      if (child + 1 < length && before(heap[child + 1] as Timer, heap[child] as Timer)) child++;
      if (!before(heap[child] as Timer, last)) break;
      heap[i] = heap[child] as Timer;
      i = child;
    }
    heap[i] = last;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
