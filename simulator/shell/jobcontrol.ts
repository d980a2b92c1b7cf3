/** Starting and waiting for jobs, after bash's jobs.c: process groups, the terminal's foreground group, notifications. */
import { SIGNAL_TEXTS } from '../process/signals.ts';
import { MemoryDevice } from '../process/files.ts';
import type { Blocking } from '../process/program.ts';
import { subshell } from './execute.ts';
import { jobStatus, type Job } from './jobs.ts';
import { Leave, type Shell } from './state.ts';
import { runPendingTraps } from './traps.ts';

/** `command &` */
export function* startJob(sh: Shell, text: string, body: (child: Shell) => Blocking<number>): Blocking<void> {
  const { ctx } = sh;
  const monitor = sh.options.monitor;
  const files = sh.extraFiles();
  // Without job control the command reads nothing and does not hear ^C.
  if (!monitor) files.set(0, new MemoryDevice('/dev/null'));
  const now = sh.fork(ctx); // the child begins later, and `for n in a b; do echo $n & done` says a and b
  const pid = ctx.fork(
    '',
    function* (child) {
      if (!monitor) {
        child.catchSignal('SIGINT', 'ignore');
        child.catchSignal('SIGQUIT', 'ignore');
      }
      return yield* subshell(now.fork(child), body);
    },
    { files, group: monitor ? 'new' : 'inherit' },
  );
  sh.lastBackground = pid;
  const job = sh.jobs.add([pid], monitor ? pid : 0, text, true);
  if (sh.interactive) yield* ctx.err(`[${job.id}] ${pid}\n`);
}

/** Waits for a foreground job; the answer is its status. A stopped one goes to the list of jobs. */
export function* waitForeground(sh: Shell, pids: readonly number[], group: number, text: string): Blocking<number> {
  const ended = new Map<number, { status: number; signal?: string }>();
  const { ctx } = sh;
  for (const pid of pids) {
    for (;;) {
      const report = yield* ctx.waitpid(pid);
      if (report === undefined) {
        if (!isChild(sh, pid)) break;
        if (!sh.interactive) continue;
        // ^C reached the shell itself: what it waits for has its own group, or hears it too.
        yield* runPendingTraps(sh);
        continue;
      }
      if (report.stopped) {
        const job = sh.jobs.add(pids, group, text, false);
        job.state = 'stopped';
        takeTerminal(sh);
        yield* ctx.err(`\n${sh.jobs.describe(job)}`);
        return report.status;
      }
      ended.set(
        pid,
        report.signal === undefined ? { status: report.status } : { status: report.status, signal: report.signal },
      );
      break;
    }
  }
  if (group !== 0) takeTerminal(sh);
  return yield* settle(sh, pids, ended, text);
}

function isChild(sh: Shell, pid: number): boolean {
  return sh.ctx.processes().some((process) => process.pid === pid && process.ppid === sh.ctx.pid);
}

function* settle(
  sh: Shell,
  pids: readonly number[],
  ended: ReadonlyMap<number, { status: number; signal?: string }>,
  text: string,
): Blocking<number> {
  sh.pipeStatus = pids.map((pid) => ended.get(pid)?.status ?? 0);
  const last = ended.get(pids.at(-1) ?? 0);
  if (last?.signal === 'SIGINT' && sh.interactive) {
    yield* sh.ctx.err('\n');
    throw new Leave('interrupt', 130);
  }
  if (last?.signal !== undefined && last.signal !== 'SIGINT' && last.signal !== 'SIGPIPE') {
    const words = SIGNAL_TEXTS[last.signal as keyof typeof SIGNAL_TEXTS] ?? last.signal;
    const short = sh.interactive || last.signal === 'SIGTERM';
    yield* sh.ctx.err(
      short ? `${words}\n` : `${sh.prefix}${String(pids.at(-1)).padStart(5)} ${words.padEnd(24)}${text}\n`,
    );
  }
  const status = last?.status ?? 127;
  if (!sh.options.pipefail) return status;
  return sh.pipeStatus.findLast((one) => one !== 0) ?? 0;
}

/** The shell is the foreground group again. */
export function takeTerminal(sh: Shell): void {
  const { tty } = sh.ctx;
  if (!sh.options.monitor || tty === undefined) return;
  tty.setForeground(sh.ctx.pgid);
  tty.setMode('cooked');
}

/** Continues a job in the foreground (`fg`) and waits for it. */
export function* foreground(sh: Shell, job: Job): Blocking<number> {
  const { ctx } = sh;
  if (job.group !== 0) ctx.tty?.setForeground(job.group);
  sh.jobs.remove(job);
  if (job.state === 'stopped') ctx.killGroup(job.group, 'SIGCONT');
  const left = job.pids.filter((pid) => !job.ended.has(pid));
  const status = yield* waitForeground(sh, left, job.group, job.text);
  return left.length === 0 ? jobStatus(job) : status;
}

/** Learns which children ended; prints what became of background jobs when `tell` is set. */
export function* reapJobs(sh: Shell, tell: boolean): Blocking<void> {
  for (const report of sh.ctx.pollChildren()) sh.jobs.note(report);
  for (const job of [...sh.jobs.list]) {
    if (job.state !== 'done') continue;
    if (tell) {
      yield* sh.ctx.err(sh.jobs.describe(job));
      sh.jobs.remove(job);
    }
  }
}
