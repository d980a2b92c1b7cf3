/** Job control builtins: jobs, fg, bg, wait, kill, disown. */
import { strerror } from '../../base/errno.ts';
import { parseSignal } from '../../process/signals.ts';
import type { Blocking, Signal } from '../../process/program.ts';
import { foreground, reapJobs } from '../jobcontrol.ts';
import { jobStatus, type Job } from '../jobs.ts';
import type { Shell } from '../state.ts';
import { runPendingTraps } from '../traps.ts';
import { complain, listSignals } from './flow.ts';

export function* jobs(sh: Shell, args: readonly string[]): Blocking<number> {
  yield* reapJobs(sh, false);
  for (const job of [...sh.jobs.list]) {
    if (args[0] === '-p') yield* sh.ctx.out(`${job.pids[0]}\n`);
    else yield* sh.ctx.out(sh.jobs.describe(job, args[0] === '-l'));
    if (job.state === 'done') sh.jobs.remove(job);
  }
  return 0;
}

function* find(sh: Shell, name: string, spec: string | undefined): Blocking<Job | undefined> {
  const job = spec === undefined ? sh.jobs.current : sh.jobs.find(spec);
  if (job === undefined) yield* complain(sh, `${name}: ${spec ?? 'current'}: no such job`);
  return job;
}

export function* fg(sh: Shell, args: readonly string[]): Blocking<number> {
  if (!sh.options.monitor) return yield* complain(sh, 'fg: no job control');
  yield* reapJobs(sh, false);
  const job = yield* find(sh, 'fg', args[0]);
  if (job === undefined) return 1;
  if (job.state === 'done') {
    sh.jobs.remove(job);
    return yield* complain(sh, 'fg: job has terminated');
  }
  yield* sh.ctx.out(`${job.text}\n`);
  return yield* foreground(sh, job);
}

export function* bg(sh: Shell, args: readonly string[]): Blocking<number> {
  if (!sh.options.monitor) return yield* complain(sh, 'bg: no job control');
  const job = yield* find(sh, 'bg', args[0]);
  if (job === undefined) return 1;
  if (job.state === 'running') return yield* complain(sh, `bg: job ${job.id} already in background`, 0);
  job.state = 'running';
  yield* sh.ctx.out(`[${job.id}]+ ${job.text} &\n`);
  sh.ctx.killGroup(job.group, 'SIGCONT');
  return 0;
}

export function* disown(sh: Shell, args: readonly string[]): Blocking<number> {
  const job = yield* find(
    sh,
    'disown',
    args.find((arg) => !arg.startsWith('-')),
  );
  if (job === undefined) return 1;
  sh.jobs.remove(job);
  return 0;
}

/** Waits for jobs; a trapped signal ends it with 128 and its number. */
export function* wait(sh: Shell, args: readonly string[]): Blocking<number> {
  const words = args.filter((arg) => arg !== '-n' && arg !== '-f');
  if (args.includes('-n')) return yield* waitAny(sh);
  if (words.length === 0) {
    for (const job of [...sh.jobs.list]) if (job.state !== 'stopped') yield* waitJob(sh, job);
    return 0;
  }
  let status = 0;
  for (const word of words) {
    const job = sh.jobs.find(word);
    if (job !== undefined) status = yield* waitJob(sh, job);
    else if (/^\d+$/.test(word)) status = yield* complain(sh, `wait: pid ${word} is not a child of this shell`, 127);
    else if (word.startsWith('%')) status = yield* complain(sh, `wait: ${word}: no such job`, 127);
    else status = yield* complain(sh, `wait: \`${word}': not a pid or valid job spec`, 1);
  }
  return status;
}

function* waitAny(sh: Shell): Blocking<number> {
  for (;;) {
    yield* reapJobs(sh, false);
    const ended = sh.jobs.list.find((job) => job.state === 'done');
    if (ended !== undefined) return yield* waitJob(sh, ended);
    if (sh.jobs.list.length === 0) return 127;
    yield* sh.ctx.wait([sh.ctx.children]);
    yield* runPendingTraps(sh);
  }
}

function* waitJob(sh: Shell, job: Job): Blocking<number> {
  for (;;) {
    yield* reapJobs(sh, false);
    if (job.state === 'done') break;
    yield* sh.ctx.wait([sh.ctx.children]);
    yield* runPendingTraps(sh);
  }
  if (!sh.interactive) sh.jobs.remove(job);
  return jobStatus(job);
}

export function* kill(sh: Shell, args: readonly string[]): Blocking<number> {
  let signal: Signal | undefined = 'SIGTERM';
  let targets = args;
  const [first] = args;
  if (first === '-l' || first === '-L') return yield* listSignals(sh);
  if (first === '-s' || first === '-n') {
    signal = parseSignal(args[1] ?? '');
    if (signal === undefined && args[1] !== '0')
      return yield* complain(sh, `kill: ${args[1] ?? ''}: invalid signal specification`);
    targets = args.slice(2);
  } else if (first !== undefined && /^-./.test(first) && first !== '--') {
    signal = first === '-0' ? undefined : parseSignal(first.slice(1));
    if (signal === undefined && first !== '-0')
      return yield* complain(sh, `kill: ${first.slice(1)}: invalid signal specification`);
    targets = args.slice(1);
  }
  if (targets[0] === '--') targets = targets.slice(1);
  if (targets.length === 0)
    return yield* complain(
      sh,
      'kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]',
      2,
    );
  let status = 0;
  for (const target of targets) status = (yield* killOne(sh, target, signal)) === 0 ? status : 1;
  yield* sh.ctx.spend(0);
  yield* runPendingTraps(sh);
  return status;
}

function* killOne(sh: Shell, target: string, signal: Signal | undefined): Blocking<number> {
  if (target.startsWith('%')) {
    const job = yield* find(sh, 'kill', target);
    if (job === undefined) return 1;
    if (signal === undefined) return 0;
    for (const pid of job.group === 0 ? job.pids : []) sh.ctx.kill(pid, signal);
    if (job.group !== 0) sh.ctx.killGroup(job.group, signal);
    // A stopped job must go on to hear that it is to end.
    if (job.state === 'stopped' && signal !== 'SIGSTOP' && signal !== 'SIGTSTP') sh.ctx.killGroup(job.group, 'SIGCONT');
    return 0;
  }
  if (!/^-?\d+$/.test(target)) return yield* complain(sh, `kill: ${target}: arguments must be process or job IDs`);
  if (signal === undefined) {
    const alive = sh.ctx.processes().some((process) => process.pid === Number(target));
    return alive ? 0 : yield* complain(sh, `kill: (${target}) - ${strerror('ESRCH')}`);
  }
  const done = sh.ctx.kill(Number(target), signal);
  return done.ok ? 0 : yield* complain(sh, `kill: (${target}) - ${strerror(done.errno)}`);
}
