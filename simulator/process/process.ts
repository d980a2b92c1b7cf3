/**
 * A process: what task_struct, files_struct and signal_struct hold, and the system calls of man section 2 over them.
 * Programs see it as {@link ProgramContext}.
 *
 * Deviations: one thread; fork runs a function rather than a copy of the caller; descriptors above 2 are handed to
 * children only when they are named (as if all were close-on-exec).
 */
import { encodeUtf8 } from '../base/utf8.ts';
import type { Origin } from '../base/origin.ts';
import type { RandomStream } from '../base/random.ts';
import { done, ok, refuse, type Result } from '../base/result.ts';
import type { Scheduler } from '../base/scheduler.ts';
import { WaitQueue } from '../base/wait.ts';
import { createNamespace } from '../kernel/namespaces.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { Host } from './host.ts';
import { ForkError, MOST_PROCESSES, PidNamespace, type ProcessGroup, type Session } from './pids.ts';
import { SIGNAL_NUMBERS } from './signals.ts';
import { DescriptorTable } from './descriptors.ts';
import type { Tty } from './tty.ts';
import type { Mounts } from './vfs.ts';
import { ProcessFiles } from './vfs.ts';
import { findProgram, which } from './exec.ts';
import type {
  Blocking,
  Capabilities,
  MountView,
  OpenFile,
  ProcessView,
  Program,
  ProgramContext,
  Signal,
  SpawnOptions,
  TerminalCalls,
  Tool,
  Wake,
} from './program.ts';

interface ChildReport {
  readonly pid: number;
  readonly status: number;
  readonly signal?: Signal;
  readonly stopped: boolean;
}

/** What a new process starts with. */
export interface ProcessStart {
  readonly argv: readonly string[];
  readonly parent: Process | undefined;
  readonly options: SpawnOptions;
  /** Controlling terminal of a new session. */
  readonly tty?: Tty;
}

export class Process extends DescriptorTable implements ProgramContext {
  readonly host: Host;
  protected readonly scheduler: Scheduler;
  argv: readonly string[];
  /** Number on the host. */
  readonly hostPid: number;
  readonly pidNamespace: PidNamespace;
  readonly pid: number;
  parent: Process | undefined;
  readonly offspring = new Set<Process>();
  readonly children = new WaitQueue();
  group: ProcessGroup;
  session: Session;
  terminal: Tty | undefined;
  readonly env: Map<string, string>;
  cwd: string;
  netns: NetworkNamespace;
  mounts: Mounts;
  hostname: string;
  readonly container: string;
  readonly uid: number;
  readonly capabilities: Capabilities;
  readonly startedAt: number;
  readonly fs: ProcessFiles;
  exitStatus = 0;
  exitSignal: Signal | undefined;
  onExit: ((status: number, signal: Signal | undefined) => void) | undefined;
  private stopReported = true;
  private readonly never = new WaitQueue();
  /** What was typed, or what started it, as the parent had it when this process began. */
  cause: Origin;
  private readsTerminal = false;
  private cachedOrigin: Origin | undefined;

  constructor(host: Host, start: ProcessStart) {
    super();
    const { parent, options } = start;
    this.host = host;
    this.scheduler = host.kernel.universe.scheduler;
    this.argv = start.argv;
    this.parent = parent;
    this.startedAt = this.scheduler.now;
    this.cause = options.cause ?? parent?.cause ?? host.origin;
    this.container = options.container ?? parent?.container ?? '';
    this.pidNamespace = this.namespaceFor(options);
    this.hostPid = host.pids.add(this);
    this.pid = this.pidNamespace === host.pids ? this.hostPid : this.pidNamespace.add(this);
    this.unkillable = this.pid === 1;
    parent?.offspring.add(this);
    this.env = new Map(options.env ?? parent?.env ?? []);
    this.cwd = options.cwd ?? parent?.cwd ?? '/';
    this.netns = options.netns ?? parent?.netns ?? host.kernel.initNs;
    this.mounts = (options.mounts as Mounts | undefined) ?? parent?.mounts ?? host.mounts;
    this.hostname = options.hostname ?? parent?.hostname ?? host.name;
    this.uid = options.uid ?? parent?.uid ?? 0;
    this.capabilities = options.capabilities ?? parent?.capabilities ?? 'all';
    if (parent !== undefined) this.inheritDispositions(parent);
    this.session = parent?.session ?? { id: this.hostPid };
    this.group = parent?.group ?? { id: this.hostPid, local: this.pid };
    this.terminal = parent?.terminal;
    if (start.tty !== undefined || options.session === 'new' || parent === undefined) this.newSession(start.tty);
    else if (options.group === 'new' || options.group === 'foreground')
      this.group = { id: this.hostPid, local: this.pid };
    if (options.group === 'foreground' && this.terminal !== undefined) this.terminal.foreground = this.group.id;
    this.fs = new ProcessFiles(this, host);
    this.inheritFiles(options.files);
  }

  private namespaceFor(options: SpawnOptions): PidNamespace {
    if (options.pidNamespace === 'new') return new PidNamespace(this.container, 1);
    const of = options.pidNamespaceOf;
    if (of !== undefined)
      return (this.parent?.pidNamespace ?? this.host.pids).processes.get(of)?.pidNamespace ?? this.host.pids;
    return this.parent?.pidNamespace ?? this.host.pids;
  }

  private newSession(tty: Tty | undefined): void {
    this.session = { id: this.hostPid };
    this.group = { id: this.hostPid, local: this.pid };
    this.terminal = tty;
    if (tty === undefined) return;
    tty.session = this.session.id;
    tty.foreground = this.group.id;
  }

  private inheritFiles(files: ReadonlyMap<number, OpenFile | null> | undefined): void {
    for (const fd of [0, 1, 2]) {
      const file = this.parent?.descriptors.get(fd);
      if (file !== undefined && files?.get(fd) === undefined && !files?.has(fd)) this.install(file, fd);
    }
    if (files !== undefined) for (const [fd, file] of files) if (file !== null) this.install(file, fd);
  }

  protected nextInode(): number {
    return this.host.inodes.take();
  }

  /** Begins to run `main`. */
  begin(main: (ctx: ProgramContext) => Program): void {
    this.start(main(this));
  }

  // ---- identity

  get ppid(): number {
    const { parent } = this;
    if (parent === undefined) return 0;
    return parent.pidIn(this.pidNamespace) ?? 0;
  }

  get pgid(): number {
    return this.groupIn(this.pidNamespace);
  }

  private groupIn(namespace: PidNamespace): number {
    if (namespace === this.host.pids) return this.group.id;
    return this.pidNamespace === namespace ? this.group.local : 0;
  }

  /** The number by which `namespace` knows this process; undefined when it cannot see it. */
  pidIn(namespace: PidNamespace): number | undefined {
    if (namespace === this.host.pids) return this.hostPid;
    return namespace === this.pidNamespace ? this.pid : undefined;
  }

  get now(): number {
    return this.scheduler.now;
  }

  get wallClock(): number {
    return this.host.wallClock;
  }

  get origin(): Origin {
    const { cause } = this;
    if (this.readsTerminal) return cause;
    const text = this.argv.join(' ');
    if (cause.by === 'command' && cause.text === text) return cause;
    if (this.cachedOrigin?.text !== text || this.cachedOrigin.cause !== cause) {
      const { terminal, line } = cause;
      const typed = terminal === undefined || line === undefined ? {} : { terminal, line };
      this.cachedOrigin = { by: 'command', text, ...typed, cause };
    }
    return this.cachedOrigin;
  }

  typed(text: string): void {
    if (this.terminal === undefined) return;
    this.readsTerminal = true;
    this.cause = this.terminal.note(text);
  }

  random(name: string): RandomStream {
    return this.host.kernel.universe.random.stream(`${this.host.name}/${name}`);
  }

  capable(capability: string): boolean {
    return this.capabilities === 'all' || this.capabilities.has(capability);
  }

  processes(): readonly ProcessView[] {
    return this.host.processesOf(this.pidNamespace);
  }

  view(namespace: PidNamespace): ProcessView {
    return {
      pid: this.pidIn(namespace) ?? 0,
      ppid: this.parent?.pidIn(namespace) ?? 0,
      pgid: this.groupIn(namespace),
      uid: this.uid,
      state: this.state,
      command: this.argv[0]?.replace(/^.*\//, '') ?? '',
      argv: this.argv,
      tty: this.terminal?.shortName ?? '?',
      startedAt: this.startedAt,
      netns: this.netns,
      container: this.container,
      cpu: this.cpu,
      hostname: this.hostname,
    };
  }

  /** A process in the background that reads its terminal is stopped (SIGTTIN). */
  protected *beforeReading(file: OpenFile): Blocking<void> {
    if (file !== this.terminal) return;
    const { terminal } = this;
    while (
      terminal !== undefined &&
      !terminal.hungUp &&
      terminal.foreground !== 0 &&
      terminal.foreground !== this.group.id
    ) {
      if (this.isIgnored('SIGTTIN')) return;
      this.host.signalGroup(this.group.id, 'SIGTTIN');
      yield { queues: [], deadline: this.now };
    }
  }

  // ---- time and signals

  *sleep(micros: number): Blocking<Wake> {
    return yield { queues: [this.never], deadline: this.now + micros };
  }

  *wait(queues: readonly WaitQueue[], deadline?: number): Blocking<Wake> {
    // No charge here: a turn given up between the caller's look at the condition and the sleep would lose the wake-up.
    return yield { queues: queues.length === 0 ? [this.never] : queues, deadline };
  }

  kill(pid: number, signal: Signal): Result<undefined> {
    if (pid < 0) return this.killGroup(-pid, signal);
    const target = pid === 0 ? undefined : this.pidNamespace.processes.get(pid);
    if (pid === 0) return this.killGroup(this.pgid, signal);
    if (target === undefined) return refuse('ESRCH');
    target.post(signal);
    return done;
  }

  killGroup(pgid: number, signal: Signal): Result<undefined> {
    const id = this.hostGroup(pgid);
    return id !== undefined && this.host.signalGroup(id, signal) ? done : refuse('ESRCH');
  }

  private hostGroup(pgid: number): number | undefined {
    if (this.pidNamespace === this.host.pids) return pgid;
    for (const process of this.pidNamespace.processes.values())
      if (process.group.local === pgid) return process.group.id;
    return undefined;
  }

  setpgid(pid: number, pgid: number): void {
    const target = pid === 0 ? this : this.pidNamespace.processes.get(pid);
    if (target === undefined) return;
    if (pgid === 0 || pgid === target.pid) target.group = { id: target.hostPid, local: target.pid };
    else {
      const id = this.hostGroup(pgid);
      if (id !== undefined) target.group = { id, local: pgid };
    }
  }

  setsid(): void {
    this.newSession(undefined);
  }

  // ---- children

  spawn(argv: readonly string[], options: SpawnOptions = {}): Result<number> {
    const program = findProgram(this, argv, options);
    if (!program.ok) return program;
    if (this.host.pids.processes.size >= MOST_PROCESSES) return refuse('EAGAIN');
    const child = new Process(this.host, { argv: program.value.argv, parent: this, options });
    child.begin(program.value.main);
    return ok(child.pidIn(this.pidNamespace) ?? 0);
  }

  fork(name: string, main: (ctx: ProgramContext) => Program, options: SpawnOptions = {}): number {
    if (this.host.pids.processes.size >= MOST_PROCESSES) throw new ForkError('too many processes');
    const argv = name === '' ? this.argv : name.split(' ');
    const child = new Process(this.host, { argv, parent: this, options });
    child.begin(main);
    return child.pidIn(this.pidNamespace) ?? 0;
  }

  exec(argv: readonly string[], env?: ReadonlyMap<string, string>): Result<Program> {
    const program = findProgram(this, argv, env === undefined ? {} : { env });
    if (!program.ok) return program;
    this.argv = program.value.argv;
    if (env !== undefined && env !== this.env) {
      this.env.clear();
      for (const [name, value] of env) this.env.set(name, value);
    }
    this.dropHandlers();
    return ok(program.value.main(this));
  }

  which(name: string): Result<{ readonly path: string; readonly tool: Tool | undefined }> {
    return which(this.fs, name, this.env.get('PATH'));
  }

  private child(pid: number): Process | undefined {
    for (const child of this.offspring) if (child.pidIn(this.pidNamespace) === pid) return child;
    return undefined;
  }

  private report(child: Process): ChildReport | undefined {
    const pid = child.pidIn(this.pidNamespace) ?? 0;
    if (child.dead) {
      child.reap();
      const { exitStatus: status, exitSignal: signal } = child;
      return signal === undefined ? { pid, status, stopped: false } : { pid, status, signal, stopped: false };
    }
    if (child.state === 'T' && !child.stopReported) {
      child.stopReported = true;
      return { pid, status: 128 + SIGNAL_NUMBERS.SIGTSTP, stopped: true };
    }
    return undefined;
  }

  *waitpid(pid: number): Blocking<ChildReport | undefined> {
    for (;;) {
      const wanted = pid === -1 ? [...this.offspring] : [this.child(pid)];
      if (wanted.length === 0 || wanted[0] === undefined) return undefined;
      for (const child of wanted) {
        const report = child && this.report(child);
        if (report !== undefined) return report;
      }
      if ((yield { queues: [this.children], deadline: undefined }) === 'interrupted') return undefined;
    }
  }

  pollChildren(): readonly ChildReport[] {
    return [...this.offspring].map((child) => this.report(child)).filter((report) => report !== undefined);
  }

  /** Takes a dead process out of the table. */
  private reap(): void {
    this.parent?.offspring.delete(this);
    this.host.forget(this);
  }

  protected exited(status: number, signal: Signal | undefined): void {
    this.exitSignal = signal;
    this.exitStatus = signal === undefined ? status : 128 + SIGNAL_NUMBERS[signal];
    for (const fd of [...this.descriptors.keys()]) this.close(fd);
    if (this.terminal !== undefined && this.session.id === this.hostPid) this.host.endSession(this);
    if (this.pid === 1 && this.pidNamespace !== this.host.pids) {
      for (const process of [...this.pidNamespace.processes.values()]) if (process !== this) process.post('SIGKILL');
    }
    const heir = this.host.init;
    for (const child of this.offspring) {
      child.parent = heir;
      heir?.offspring.add(child);
      if (child.dead) heir?.children.wake();
    }
    this.offspring.clear();
    this.onExit?.(this.exitStatus, signal);
    const { parent } = this;
    if (parent === undefined || parent.dead) return this.reap();
    parent.post('SIGCHLD');
    parent.children.wake();
  }

  protected override faulted(error: unknown): boolean {
    const { fault } = this.host.kernel.universe;
    if (fault === undefined) return false;
    const text = error instanceof Error ? error.message : String(error);
    this.file(2)?.write(encodeUtf8(`${this.argv[0] ?? ''}: a fault of the emulator, not yours: ${text}\n`));
    fault(error, `${this.host.name}: ${this.argv.join(' ')}`);
    return true;
  }

  protected stateChanged(what: 'stopped' | 'continued'): void {
    this.stopReported = what === 'continued';
    this.parent?.children.wake();
  }

  // ---- namespaces, terminal, the outside

  setns(ns: NetworkNamespace): void {
    this.netns = ns;
  }

  setMounts(mounts: MountView): void {
    this.mounts = mounts as Mounts;
    this.cwd = '/';
  }

  setHostname(name: string): void {
    this.hostname = name;
    if (this.container === '') this.host.setHostname(name);
  }

  newNetns(name: string): NetworkNamespace {
    return createNamespace(this.host.kernel, name);
  }

  get tty(): TerminalCalls | undefined {
    const { terminal } = this;
    if (terminal === undefined) return undefined;
    const local = (id: number): number => (id === this.group.id ? this.pgid : id);
    return {
      columns: terminal.columns,
      rows: terminal.rows,
      foreground: local(terminal.foreground),
      setMode: (mode) => terminal.setMode(mode),
      setForeground: (pgid) => {
        const id = pgid === this.pgid ? this.group.id : this.hostGroup(pgid);
        if (id !== undefined) terminal.foreground = id;
      },
    };
  }

  *external(library: string, request: unknown): Blocking<unknown> {
    const call = this.host.externals.call(library, request);
    while (!call.answered) yield { queues: [call.queue], deadline: undefined };
    if (call.failure !== undefined) throw new ExternalFailure(call.failure);
    return call.answer;
  }
}

/** An external library gave no answer; the tool that asked prints why. */
export class ExternalFailure {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}
