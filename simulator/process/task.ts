/**
 * A schedulable generator: what kernel/sched and kernel/signal.c do for one thread. Blocks on wait queues and deadlines,
 * is stopped and continued, and dies of signals by `generator.return()`.
 *
 * Deviations: no priorities and no preemption. A process that never blocks is charged for its system calls instead
 * ({@link Task.spend}) and sleeps off what it used, so that a runaway loop takes virtual time and can be interrupted.
 */
import type { Scheduler, Timer } from '../base/scheduler.ts';
import { defaultAction } from './signals.ts';
import type { Block, Blocking, Program, Signal, Wake } from './program.ts';

/** Units of work (about a system call each, a virtual microsecond) after which a process lets others run. */
const SLICE = 32;

export type TaskState = 'R' | 'S' | 'T' | 'Z';

function resume(task: Task, wake: Wake): void {
  task.run(wake);
}

export abstract class Task {
  private program: Program | undefined;
  private running = false;
  private queued = false;
  private stopped = false;
  private heldWake: Wake | undefined;
  private dying: Signal | undefined;
  private returned = false;
  private timer: Timer | undefined;
  private unsubscribe: (() => void)[] = [];
  private readonly dispositions = new Map<Signal, 'interrupt' | 'ignore'>();
  private readonly caught: Signal[] = [];
  /** A caught signal came while the process was not blocked: its next blocking call is interrupted. */
  private interrupt = false;
  private spent = 0;
  /** Virtual microseconds of work charged so far, for `time` and `ps`. */
  cpu = 0;
  dead = false;
  /** The first process of a PID namespace: default actions that would end it do nothing, SIGKILL apart. */
  unkillable = false;
  protected abstract readonly scheduler: Scheduler;

  get state(): TaskState {
    if (this.dead) return 'Z';
    if (this.stopped) return 'T';
    return this.running || this.queued ? 'R' : 'S';
  }

  /** Lets `program` run from the next turn of the scheduler on. */
  protected start(program: Program): void {
    this.program = program;
    this.queue('woken');
  }

  protected abstract exited(status: number, signal: Signal | undefined): void;
  /** The program threw. True when somebody was told, so that the world can go on. */
  protected abstract faulted(error: unknown): boolean;
  protected abstract stateChanged(what: 'stopped' | 'continued'): void;

  /** One turn: from a wake-up to the next block, or to the end. */
  run(wake: Wake): void {
    this.queued = false;
    if (this.dead || this.program === undefined) return;
    if (this.stopped && this.dying === undefined) {
      this.heldWake = wake;
      return;
    }
    let step: IteratorResult<Block, number>;
    this.running = true;
    try {
      if (this.dying !== undefined && !this.returned) {
        this.returned = true;
        step = this.program.return(0);
      } else step = this.program.next(wake);
      // A process killed by its own doing (kill $$, SIGPIPE) dies at its next system call.
      while (!step.done && this.dying !== undefined && (!this.returned || this.dying === 'SIGKILL')) {
        this.returned = true;
        step = this.program.return(0);
      }
    } catch (error) {
      // A bug of the emulator ends the program it happened in, and nothing else of the learner's world.
      this.running = false;
      const told = this.faulted(error);
      this.finish(134, undefined);
      if (!told) throw error;
      return;
    }
    this.running = false;
    if (step.done) this.finish(step.value, this.dying);
    else this.block(step.value);
  }

  private finish(status: number, signal: Signal | undefined): void {
    this.unblock();
    this.dead = true;
    this.program = undefined;
    this.exited(status & 255, signal);
  }

  private block(block: Block): void {
    if (this.interrupt && block.queues.length > 0) {
      this.interrupt = false;
      return this.queue('interrupted');
    }
    for (const queue of block.queues) this.unsubscribe.push(queue.add(this.woken));
    if (block.deadline !== undefined) this.timer = this.scheduler.at(block.deadline, this.timedOut);
  }

  private readonly woken = (): void => this.unblockInto('woken');

  private readonly timedOut = (): void => {
    this.unblock();
    this.run('timeout');
  };

  private unblock(): void {
    for (const undo of this.unsubscribe) undo();
    this.unsubscribe = [];
    this.timer?.cancel();
    this.timer = undefined;
  }

  private unblockInto(wake: Wake): void {
    this.unblock();
    this.queue(wake);
  }

  private queue(wake: Wake): void {
    if (this.queued) return;
    this.queued = true;
    this.scheduler.soon(resume, this as Task, wake);
  }

  /** Delivers `signal`: caught, ignored, or its default action. */
  post(signal: Signal): void {
    if (this.dead) return;
    const disposition = signal === 'SIGKILL' || signal === 'SIGSTOP' ? undefined : this.dispositions.get(signal);
    if (signal === 'SIGCONT') this.continue();
    if (disposition === 'ignore') return;
    if (disposition === 'interrupt') {
      this.caught.push(signal);
      if (!this.running && !this.queued && !this.stopped) this.unblockInto('interrupted');
      else if (this.stopped) this.heldWake = 'interrupted';
      else this.interrupt = true;
      return;
    }
    const action = defaultAction(signal);
    if (action === 'stop') this.stop();
    else if (action === 'terminate' && !(this.unkillable && signal !== 'SIGKILL')) this.terminate(signal);
  }

  private terminate(signal: Signal): void {
    if (this.dying === undefined || signal === 'SIGKILL') {
      this.dying = signal;
      this.returned = false;
    }
    if (this.running) return;
    this.unblock();
    this.queue('interrupted');
  }

  private stop(): void {
    if (this.stopped || this.unkillable) return;
    this.stopped = true;
    this.stateChanged('stopped');
  }

  private continue(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.stateChanged('continued');
    if (this.heldWake !== undefined) {
      const wake = this.heldWake;
      this.heldWake = undefined;
      this.unblockInto(wake);
    }
  }

  catchSignal(signal: Signal, action: 'interrupt' | 'ignore' | 'default' = 'interrupt'): void {
    if (action === 'default') this.dispositions.delete(signal);
    else this.dispositions.set(signal, action);
  }

  takeSignal(): Signal | undefined {
    return this.caught.shift();
  }

  isIgnored(signal: Signal): boolean {
    return this.dispositions.get(signal) === 'ignore';
  }

  /** Signals that are ignored stay so across fork and exec; caught ones fall back to their default (execve(2)). */
  protected inheritDispositions(parent: Task): void {
    for (const [signal, action] of parent.dispositions) if (action === 'ignore') this.dispositions.set(signal, action);
  }

  protected dropHandlers(): void {
    for (const [signal, action] of this.dispositions) if (action === 'interrupt') this.dispositions.delete(signal);
    this.caught.length = 0;
  }

  /** *blocking* Charges work; every {@link SLICE} units the process sleeps off what it used. */
  *spend(units = 1): Blocking<void> {
    this.spent += units;
    this.cpu += units;
    if (this.spent >= SLICE || this.dying !== undefined) {
      const deadline = this.scheduler.now + this.spent;
      this.spent = 0;
      yield { queues: [], deadline };
    }
  }
}
