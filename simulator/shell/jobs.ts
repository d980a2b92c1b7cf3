/** The shell's list of jobs, numbered as bash numbers them: one above the highest in use. */
import { SIGNAL_TEXTS } from '../process/signals.ts';
import type { Signal } from '../process/program.ts';

export interface Job {
  readonly id: number;
  readonly pids: readonly number[];
  /** Group leader, 0 when the shell does no job control. */
  readonly group: number;
  readonly text: string;
  state: 'running' | 'stopped' | 'done';
  /** By process: status once it ended. */
  readonly ended: Map<number, { readonly status: number; readonly signal: Signal | undefined }>;
  /** Its end was already shown. */
  told: boolean;
  readonly background: boolean;
}

export interface ChildReport {
  readonly pid: number;
  readonly status: number;
  readonly signal?: Signal;
  readonly stopped: boolean;
}

export class Jobs {
  readonly list: Job[] = [];
  /** Ids, most recently current last. */
  private order: number[] = [];

  add(pids: readonly number[], group: number, text: string, background: boolean): Job {
    const id = this.list.reduce((highest, job) => Math.max(highest, job.id), 0) + 1;
    const job: Job = { id, pids, group, text, state: 'running', ended: new Map(), told: false, background };
    this.list.push(job);
    this.makeCurrent(job);
    return job;
  }

  makeCurrent(job: Job): void {
    this.order = [...this.order.filter((id) => id !== job.id), job.id];
  }

  remove(job: Job): void {
    const at = this.list.indexOf(job);
    if (at >= 0) this.list.splice(at, 1);
    this.order = this.order.filter((id) => id !== job.id);
  }

  /** What a child's change means for its job. */
  note(report: ChildReport): Job | undefined {
    const job = this.list.find((candidate) => candidate.pids.includes(report.pid));
    if (job === undefined) return undefined;
    if (report.stopped) {
      job.state = 'stopped';
      this.makeCurrent(job);
    } else {
      job.ended.set(report.pid, { status: report.status, signal: report.signal });
      if (job.ended.size === job.pids.length) job.state = 'done';
    }
    return job;
  }

  get current(): Job | undefined {
    return this.list.find((job) => job.id === this.order.at(-1));
  }

  private get previous(): Job | undefined {
    return this.list.find((job) => job.id === this.order.at(-2));
  }

  /** The job that `spec` names: `%1`, `%%`, `%+`, `%-`, `%name`, or a process number. */
  find(spec: string): Job | undefined {
    if (/^\d+$/.test(spec)) return this.list.find((job) => job.pids.includes(Number(spec)));
    const name = spec.slice(1);
    if (name === '' || name === '%' || name === '+') return this.current;
    if (name === '-') return this.previous ?? this.current;
    if (/^\d+$/.test(name)) return this.list.find((job) => job.id === Number(name));
    return this.list.find((job) =>
      name.startsWith('?') ? job.text.includes(name.slice(1)) : job.text.startsWith(name),
    );
  }

  /** A line of `jobs`. */
  describe(job: Job, long = false): string {
    const mark = job === this.current ? '+' : job === this.previous ? '-' : ' ';
    const number = long ? ` ${job.pids[0]}` : '';
    const text = job.background && job.state === 'running' ? `${job.text} &` : job.text;
    return `[${job.id}]${mark} ${number} ${stateText(job).padEnd(24)}${text}\n`;
  }
}

/** Status of the job: its last process's. */
export function jobStatus(job: Job): number {
  return job.ended.get(job.pids.at(-1) ?? 0)?.status ?? 0;
}

function stateText(job: Job): string {
  if (job.state === 'stopped') return 'Stopped';
  if (job.state === 'running') return 'Running';
  const last = job.ended.get(job.pids.at(-1) ?? 0);
  if (last?.signal !== undefined) return SIGNAL_TEXTS[last.signal] ?? last.signal;
  return last === undefined || last.status === 0 ? 'Done' : `Exit ${last.status}`;
}
