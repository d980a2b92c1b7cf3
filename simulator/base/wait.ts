/**
 * Wait queues, after include/linux/wait.h: whoever sleeps for a condition adds a waiter; whoever changes the
 * condition wakes all. A waiter looks at the condition again itself (there are no lost or spurious promises).
 */
export class WaitQueue {
  private waiters: (() => void)[] = [];

  /** Adds a waiter that is called once, at the next {@link wake}. Returns the way to take it out again. */
  add(waiter: () => void): () => void {
    this.waiters.push(waiter);
    return () => {
      const at = this.waiters.indexOf(waiter);
      if (at >= 0) this.waiters.splice(at, 1);
    };
  }

  /** Calls and removes all waiters. */
  wake(): void {
    if (this.waiters.length === 0) return;
    const waiters = this.waiters;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }

  /** True when somebody waits. */
  get busy(): boolean {
    return this.waiters.length > 0;
  }
}
