/**
 * Many conversations in one process: each is a generator that blocks as a program does, and the process sleeps until one of them
 * can go on. What an event loop with callbacks does in the real servers.
 */
import type { Block, Blocking, ProgramContext, Wake } from '../process/program.ts';

interface Task {
  readonly steps: Blocking<void>;
  block: Block | undefined;
}

export class Coroutines {
  private readonly tasks = new Set<Task>();

  add(steps: Blocking<void>): void {
    this.tasks.add({ steps, block: undefined });
  }

  get size(): number {
    return this.tasks.size;
  }

  /** *blocking* Lets every conversation go on as far as it can, then sleeps once; 'interrupted' by a caught signal. */
  *turn(ctx: ProgramContext): Blocking<Wake> {
    for (const task of this.tasks) this.step(task, ctx.now);
    const queues = [];
    let deadline: number | undefined;
    for (const { block } of this.tasks) {
      if (block === undefined) continue;
      queues.push(...block.queues);
      if (block.deadline !== undefined) deadline = Math.min(deadline ?? Infinity, block.deadline);
    }
    return yield* ctx.wait(queues, deadline);
  }

  /** They are ended as by a signal: what they hold is closed. */
  end(): void {
    for (const { steps } of this.tasks) steps.return();
    this.tasks.clear();
  }

  private step(task: Task, now: number): void {
    const late = task.block?.deadline !== undefined && task.block.deadline <= now;
    const { done, value } = task.steps.next(late ? 'timeout' : 'woken');
    if (done === true) this.tasks.delete(task);
    else task.block = value;
  }
}
