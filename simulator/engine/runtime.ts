/**
 * Starting processes in containers: what containerd and runc do. Mirrors runc's words when a program cannot be started.
 */
import type { Origin } from '../base/origin.ts';
import type { DaemonHabits } from '../eras/era.ts';
import { SECOND } from '../base/scheduler.ts';
import type { Errno } from '../base/errno.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { DEFAULT_PATH, findProgram } from '../process/exec.ts';
import { MemoryDevice } from '../process/files.ts';
import type { Host } from '../process/host.ts';
import type { Process } from '../process/process.ts';
import type { OpenFile, SpawnOptions } from '../process/program.ts';
import type { StandardFiles } from './api.ts';
import { capabilitiesOf } from './capabilities.ts';
import type { Container } from './container.ts';
import type { Probe } from './health.ts';
import { ContainerLog, LoggedOutput } from './logs.ts';

/** How long a container is given between SIGTERM and SIGKILL. */
export const STOP_TIMEOUT = 10 * SECOND;

export class Runtime {
  private readonly habits: DaemonHabits;
  private readonly host: Host;
  /** dockerd: programs are looked up as its children would find them. */
  private readonly daemon: Process;

  constructor(host: Host, daemon: Process, habits: DaemonHabits) {
    this.habits = habits;
    this.host = host;
    this.daemon = daemon;
  }

  /** PATH, HOSTNAME, then what image and request ask for, then HOME. */
  environment(container: Container, extra: readonly string[], tty: boolean): Map<string, string> {
    const env = new Map([['PATH', DEFAULT_PATH], ['HOSTNAME', container.config.Hostname]]);
    if (tty) env.set('TERM', 'xterm');
    for (const text of [...(container.config.Env ?? []), ...extra]) {
      const equals = text.indexOf('=');
      if (equals > 0) env.set(text.slice(0, equals), text.slice(equals + 1));
    }
    if (!env.has('HOME')) env.set('HOME', '/root');
    return env;
  }

  /** Starts the first process. Returns runc's words when that fails. */
  start(container: Container, ns: NetworkNamespace): string | undefined {
    const argv = [container.path, ...container.args];
    const tty = container.config.Tty ? terminalOf(container.files) : undefined;
    const stdin = container.files?.stdin ?? new MemoryDevice('/dev/null');
    container.stdout = new LoggedOutput(container.log, 'stdout', 'pipe:[1]', tty);
    container.stderr = tty === undefined ? new LoggedOutput(container.log, 'stderr', 'pipe:[2]') : container.stdout;
    if (tty === undefined && container.files?.stdout !== undefined) container.stdout.attach(container.files.stdout);
    if (tty === undefined && container.files?.stderr !== undefined) container.stderr.attach(container.files.stderr);
    const options: SpawnOptions = {
      netns: ns,
      ...(container.mounts === undefined ? {} : { mounts: container.mounts }),
      hostname: container.config.Hostname,
      container: container.id,
      capabilities: capabilitiesOf(container.hostConfig),
      pidNamespace: 'new',
      cause: container.origin,
      cwd: container.config.WorkingDir === '' ? '/' : container.config.WorkingDir,
      env: this.environment(container, [], container.config.Tty),
      files: new Map<number, OpenFile>([[0, tty ?? stdin], [1, container.stdout], [2, container.stderr]]),
      uid: 0,
    };
    const started = this.spawn(argv, options, container.files, tty !== undefined);
    if (typeof started === 'string') return `failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${started}: unknown`;
    container.process = started;
    return undefined;
  }

  /** Starts a further process in a running container. Returns runc's words when that fails. */
  exec(container: Container, argv: readonly string[], extra: { env: readonly string[]; cwd: string; tty: boolean; privileged: boolean; cause: Origin; output?: OpenFile }, files: StandardFiles | undefined): Process | string {
    const tty = extra.tty ? terminalOf(files) : undefined;
    const nothing = new MemoryDevice('/dev/null');
    const stdout = tty ?? files?.stdout ?? extra.output ?? nothing;
    const first = container.process;
    const options: SpawnOptions = {
      netns: first?.netns ?? this.host.kernel.initNs,
      ...(container.mounts === undefined ? {} : { mounts: container.mounts }),
      hostname: first?.hostname ?? container.config.Hostname,
      container: container.id,
      capabilities: extra.privileged ? 'all' : capabilitiesOf(container.hostConfig),
      ...(first === undefined ? {} : { pidNamespaceOf: first.hostPid }),
      cwd: extra.cwd !== '' ? extra.cwd : container.config.WorkingDir === '' ? '/' : container.config.WorkingDir,
      env: this.environment(container, extra.env, extra.tty),
      files: new Map<number, OpenFile>([[0, tty ?? files?.stdin ?? nothing], [1, stdout], [2, tty ?? files?.stderr ?? extra.output ?? nothing]]),
      uid: 0,
      cause: extra.cause,
    };
    const started = this.spawn(argv, options, files, tty !== undefined);
    const { before, after } = this.habits.execFailure;
    return typeof started === 'string' ? `OCI runtime exec failed: exec failed: ${before}${started}${after}` : started;
  }

  /** Runs a health check's command once; `done` gets its exit code and what it printed, or why it did not start. */
  probe(container: Container, argv: readonly string[], done: (exitCode: number | undefined, output: string) => void): Probe {
    const log = new ContainerLog(() => this.host.wallClock, () => undefined);
    const output = new LoggedOutput(log, 'stdout', 'pipe:[1]');
    const started = this.exec(container, argv, { env: [], cwd: '', tty: false, privileged: false, cause: container.origin, output }, undefined);
    if (typeof started === 'string') {
      done(undefined, started);
      return { kill: () => undefined };
    }
    started.onExit = (status) => {
      log.end();
      // From the backlog: the process is still on its way out.
      this.host.kernel.universe.scheduler.soon(() => done(status, log.entries.map(({ text }) => text).join('')), undefined, undefined);
    };
    return { kill: () => started.post('SIGKILL') };
  }

  private spawn(argv: readonly string[], options: SpawnOptions, files: StandardFiles | undefined, foreground: boolean): Process | string {
    const name = argv[0] ?? '';
    const program = findProgram(this.daemon, argv, options);
    if (!program.ok) return refusalWords(name, program.errno);
    if (foreground && files !== undefined) {
      // As the foreground group of the caller's terminal, so that its keys reach the container.
      const { caller } = files;
      const child = caller.spawn(argv, { ...options, group: 'foreground' });
      if (!child.ok) return refusalWords(name, child.errno);
      const process = [...this.host.pids.processes.values()].find((each) => each.parent?.hostPid === hostPidOf(this.host, caller) && each.pidIn((each.parent as Process).pidNamespace) === child.value);
      return process ?? 'no such process';
    }
    return this.host.daemon(program.value.argv, program.value.main, options);
  }
}

/** The caller as this host counts it. */
function hostPidOf(host: Host, caller: StandardFiles['caller']): number | undefined {
  for (const process of host.pids.processes.values()) if (process === caller) return process.hostPid;
  return undefined;
}

function terminalOf(files: StandardFiles | undefined): OpenFile | undefined {
  if (files?.stdin?.isTty === true) return files.stdin;
  return files?.stdout?.isTty === true ? files.stdout : undefined;
}

function refusalWords(name: string, errno: Errno): string {
  if (errno === 'ENOENT') return name.includes('/') ? `exec: "${name}": stat ${name}: no such file or directory` : `exec: "${name}": executable file not found in $PATH`;
  return errno === 'EACCES' ? `exec: "${name}": permission denied` : `exec ${name}: exec format error`;
}
