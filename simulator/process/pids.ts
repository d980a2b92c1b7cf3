/**
 * PID namespaces and process groups, after kernel/pid_namespace.c. Two levels: the host's, and one per container below
 * it. A process has a number in its own namespace and in the host's.
 */
import type { Process } from './process.ts';

/** Most processes of a host, living and dead (RLIMIT_NPROC): `:(){ :|:& };:` must not take the learner's browser along. */
export const MOST_PROCESSES = 1000;

/** fork(2) found no room: EAGAIN. Thrown, as almost nobody who forks can do without the child. */
export class ForkError extends Error {
  override readonly name = 'ForkError';
}

export class PidNamespace {
  /** Id of the container, '' for the host's. */
  readonly container: string;
  readonly processes = new Map<number, Process>();
  private next: number;

  constructor(container: string, first: number) {
    this.container = container;
    this.next = first;
  }

  /** Numbers below `pid` are taken by kernel threads, which are not emulated. */
  skipTo(pid: number): void {
    this.next = Math.max(this.next, pid);
  }

  /** Gives `process` its number here. */
  add(process: Process): number {
    while (this.processes.has(this.next)) this.next++;
    const pid = this.next++;
    this.processes.set(pid, process);
    return pid;
  }
}

/** A process group; `id` is the leader's number on the host, `local` its number in the leader's own namespace. */
export interface ProcessGroup {
  readonly id: number;
  readonly local: number;
}

/** A session: its leader's number on the host. */
export interface Session {
  readonly id: number;
}
