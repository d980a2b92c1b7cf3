/**
 * A machine as its processes see it: kernel, process table, file systems, terminals, unix sockets. What a learner's
 * terminal and the headless runner talk to.
 */
import type { Origin } from '../base/origin.ts';
import { done, type Result } from '../base/result.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { createSys, fillDev } from './devfs.ts';
import { DEFAULT_PATH } from './exec.ts';
import type { ExternalDoor } from './external.ts';
import { CallbackFile, MemoryDevice } from './files.ts';
import { InodeCounter, SocketNode, type Directory, type Viewer } from './nodes.ts';
import { PidNamespace } from './pids.ts';
import { createProc } from './procfs.ts';
import { readOnlyNode } from './readonly.ts';
import type { ProcNetFiles } from './procnet.ts';
import { Process } from './process.ts';
import type { SysctlRegistry } from './procsys.ts';
import { hostFiles, RootBuilder, type RootSpec } from './rootfs.ts';
import { Tty } from './tty.ts';
import { Mounts, ProcessFiles } from './vfs.ts';
import type {
  DescriptorView,
  HostView,
  OpenFile,
  ProcessView,
  Program,
  ProgramContext,
  Signal,
  SpawnOptions,
  Tool,
} from './program.ts';
import { encodeUtf8, Utf8Decoder } from '../base/utf8.ts';

export interface HostOptions {
  /** Microseconds since 1970-01-01 UTC at the world's virtual time 0. */
  readonly epoch: number;
  readonly externals: ExternalDoor;
  readonly sysctl: SysctlRegistry;
  /** Files below /proc/net of the rooms above the kernel (`ip_vs`, `nf_conntrack`, `tcp` …). */
  readonly procNet?: ProcNetFiles;
  readonly resolvConf?: string;
  readonly hosts?: string;
  /** More files, by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly kernelRelease?: string;
  /** Who set the machine up. */
  readonly origin?: Origin;
  /** The machine before it was booted anew: its disk is this one's. */
  readonly before?: Host;
}

/** A terminal as its owner holds it: keys in, text out. */
export interface Terminal {
  readonly name: string;
  input(data: string): void;
  resize(columns: number, rows: number): void;
  /** Called with text for the screen. */
  onOutput: (text: string) => void;
  /** Called when the shell has ended. */
  onExit: (status: number) => void;
  /** Hangs up. */
  close(): void;
}

export interface ExecOptions {
  readonly onStdout?: (text: string) => void;
  readonly onStderr?: (text: string) => void;
  readonly onExit?: (status: number, signal: Signal | undefined) => void;
  /** With a terminal: stdout and stderr arrive together at onStdout. */
  readonly tty?: boolean;
  /** What standard input holds; empty by default. */
  readonly stdin?: string;
  readonly netns?: NetworkNamespace;
  /** Default /root. */
  readonly cwd?: string;
  /** Who asked for it; default the command itself, as if typed at the host. */
  readonly cause?: Origin;
}

/** A command that runs without a learner's terminal. */
export interface Running {
  readonly pid: number;
  /** Signals its process group. */
  kill(signal: Signal): void;
}

const FIRST_PID = 400;

export class Host implements HostView {
  readonly name: string;
  readonly kernel: Kernel;
  readonly externals: ExternalDoor;
  readonly sysctl: SysctlRegistry;
  readonly release: string;
  readonly pids = new PidNamespace('', 1);
  readonly terminals = new Map<number, Tty>();
  readonly inodes: InodeCounter;
  readonly mounts: Mounts;
  /** File calls as root of the host, for those who are no process (the scenario, the engine's set-up). */
  readonly fs: ProcessFiles;
  init: Process | undefined;
  private readonly sockets = new Map<string, object>();
  private readonly tools: readonly Tool[];
  private readonly options: HostOptions;
  private readonly proc: Directory;
  private readonly sys: Directory;
  private readonly dev: Directory;
  private bootedAt = 0;
  /** What the clock on the wall was moved by, microseconds. */
  private adjusted = 0;
  private executions = 0;
  /** Who set the machine up: the end of every chain of causes that begins with what runs here unasked. */
  readonly origin: Origin;

  constructor(name: string, kernel: Kernel, tools: readonly Tool[], options: HostOptions) {
    this.name = name;
    this.kernel = kernel;
    this.tools = tools;
    this.options = options;
    this.origin = options.origin ?? { by: 'scenario', text: `machine ${name}` };
    this.externals = options.externals;
    this.sysctl = options.sysctl;
    this.release = options.kernelRelease ?? kernel.platform.kernel;
    this.inodes = options.before?.inodes ?? new InodeCounter(1000);
    const { before } = options;
    const builder = new RootBuilder(() => this.now, this.inodes, before?.mounts.root);
    const resolvConf = options.resolvConf ?? '';
    const hosts =
      options.hosts ?? `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t${name}\n`;
    if (before === undefined) builder.fill({ tools, files: { ...hostFiles(name, resolvConf, hosts), ...options.files } }, 'host');
    else {
      builder.empty('/run');
      builder.empty('/tmp');
      this.adjusted = before.adjusted;
    }
    this.proc = createProc(this, options.procNet ?? {});
    this.sys = createSys(this);
    this.dev = builder.directory('/dev');
    builder.put('/proc', this.proc);
    builder.put('/sys', this.sys);
    fillDev(this, this.dev);
    this.mounts = new Mounts('host', builder.root);
    this.fs = new ProcessFiles({ pid: 1, netns: kernel.initNs, container: '', cwd: '/', mounts: this.mounts }, this);
  }

  get now(): number {
    return this.kernel.now;
  }

  get wallClock(): number {
    return this.options.epoch + this.kernel.now + this.adjusted;
  }

  /** The clock on the wall jumps. */
  adjustClock(microseconds: number): void {
    this.adjusted += microseconds;
  }

  /** The end of everything that runs here, at once; nobody is told. */
  powerOff(): void {
    for (const process of [...this.pids.processes.values()].reverse()) if (!process.dead) process.post('SIGKILL');
  }

  /** Microseconds since boot. */
  get uptime(): number {
    return this.kernel.now - this.bootedAt;
  }

  get unixSockets(): ReadonlyMap<string, object> {
    return this.sockets;
  }

  /** Starts process 1, which adopts and reaps orphans. */
  boot(): void {
    this.bootedAt = this.now;
    const environment = new Map([['PATH', DEFAULT_PATH]]);
    const init = new Process(this, { argv: ['/sbin/init'], parent: undefined, options: { env: environment } });
    this.init = init;
    this.pids.skipTo(FIRST_PID);
    init.begin(reaper);
  }

  private get one(): Process {
    if (this.init === undefined) this.boot();
    return this.init as Process;
  }

  commands(): readonly string[] {
    return this.tools.flatMap((tool) => [tool.name, ...(tool.aliases ?? [])]).sort();
  }

  /** The tools that are installed, for `help` and `man`. */
  installed(): readonly Tool[] {
    return this.tools;
  }

  processes(): readonly ProcessView[] {
    return this.processesOf(this.pids);
  }

  processesOf(namespace: PidNamespace): readonly ProcessView[] {
    return [...namespace.processes.values()].map((process) => process.view(namespace)).sort((a, b) => a.pid - b.pid);
  }

  descriptors(): readonly DescriptorView[] {
    const list: DescriptorView[] = [];
    for (const process of this.pids.processes.values()) {
      const command = process.argv[0]?.replace(/^.*\//, '') ?? '';
      for (const [fd, file] of process.descriptors) list.push({ pid: process.hostPid, command, fd, name: file.name });
    }
    return list;
  }

  /** Processes by number as `viewer` sees them. */
  pidsOf(viewer: Viewer): Map<number, Process> {
    if (viewer.container === '') return this.pids.processes;
    for (const process of this.pids.processes.values()) {
      if (process.container === viewer.container) return process.pidNamespace.processes;
    }
    return this.pids.processes;
  }

  /** The process of that number on the host. */
  process(pid: number): Process | undefined {
    return this.pids.processes.get(pid);
  }

  /** sethostname(2) in the host's UTS namespace; the machine keeps the name the scenario knows it by. */
  setHostname(name: string): void {
    for (const process of this.pids.processes.values()) if (process.container === '') process.hostname = name;
  }

  /** Signals a group by its number on the host; false when it is empty. */
  signalGroup(id: number, signal: Signal): boolean {
    const members = [...this.pids.processes.values()].filter((process) => process.group.id === id && !process.dead);
    for (const member of members) member.post(signal);
    return members.length > 0;
  }

  /** Takes a reaped process out of the tables. */
  forget(process: Process): void {
    this.pids.processes.delete(process.hostPid);
    process.pidNamespace.processes.delete(process.pid);
  }

  /** The leader of a session with a terminal ended: the terminal is free and its group hears SIGHUP. */
  endSession(leader: Process): void {
    const { terminal } = leader;
    if (terminal === undefined) return;
    for (const process of this.pids.processes.values()) {
      if (process.session.id !== leader.hostPid || process === leader || process.dead) continue;
      if (process.group.id === terminal.foreground) process.post('SIGHUP');
    }
    terminal.foreground = 0;
    terminal.session = 0;
  }

  /** Publishes a server on a unix socket, and takes it away with `undefined`. */
  setUnixSocket(path: string, api: object | undefined): void {
    if (api === undefined) {
      this.sockets.delete(path);
      this.fs.unlink(path);
      return;
    }
    this.sockets.set(path, api);
    this.makeDirectories(path.slice(0, path.lastIndexOf('/')));
    this.fs.bind(path, new SocketNode(0o660, this.now, this.inodes.take()));
  }

  /** mkdir -p as root of the host. */
  makeDirectories(path: string): Result<undefined> {
    return makePath(this.fs, path);
  }

  /** The same inside a mount view. */
  makeDirectoriesIn(mounts: Mounts, path: string): Result<undefined> {
    return makePath(this.filesOf(mounts), path);
  }

  /** A mount view of its own for a container: the image's tree, with /proc, /sys and /dev. */
  createMounts(name: string, spec: RootSpec): Mounts {
    const builder = new RootBuilder(() => this.now, this.inodes);
    builder.fill(spec, 'image');
    builder.put('/proc', this.proc);
    builder.put('/sys', this.sys);
    fillDev(this, builder.directory('/dev'));
    return new Mounts(name, builder.root);
  }

  /** `-v from:to[:ro]`: the host's file or directory is also seen in `mounts`, where the place to see it is made. */
  bindMount(from: string, mounts: Mounts, to: string, readOnly = false): Result<undefined> {
    const node = this.fs.node(from);
    if (!node.ok) return node;
    const files = this.filesOf(mounts);
    const parent = makePath(files, to.slice(0, to.lastIndexOf('/')));
    return parent.ok ? files.bind(to, readOnly ? readOnlyNode(node.value) : node.value) : parent;
  }

  /** File calls as root inside a mount view. */
  filesOf(mounts: Mounts): ProcessFiles {
    return new ProcessFiles({ pid: 1, netns: this.kernel.initNs, container: '', cwd: '/', mounts }, this);
  }

  /** Starts a program that is no child of a terminal (dockerd, a container's first process). Answers the process. */
  daemon(argv: readonly string[], main: (ctx: ProgramContext) => Program, options: SpawnOptions = {}): Process {
    const process = new Process(this, {
      argv,
      parent: this.one,
      options: { session: 'new', env: this.rootEnvironment(), ...options },
    });
    for (const fd of [0, 1, 2]) if (process.file(fd) === undefined) process.install(new MemoryDevice('/dev/null'), fd);
    process.begin(main);
    return process;
  }

  private rootEnvironment(): Map<string, string> {
    return new Map([
      ['HOME', '/root'],
      ['LOGNAME', 'root'],
      ['PATH', DEFAULT_PATH],
      ['SHELL', '/bin/bash'],
      ['USER', 'root'],
    ]);
  }

  private newTty(title: string, columns: number, rows: number): Tty {
    let number = 0;
    while (this.terminals.has(number)) number++;
    const tty = new Tty(number, title, columns, rows, this);
    this.terminals.set(number, tty);
    return tty;
  }

  /** Opens a login shell on a terminal of its own. `title` is what origins call it. */
  openTerminal(size: { columns: number; rows: number; title?: string; argv?: readonly string[] }): Terminal {
    const tty = this.newTty(size.title ?? this.name, size.columns, size.rows);
    const number = Number(tty.shortName.slice(4));
    const env = this.rootEnvironment().set('TERM', 'xterm-256color');
    const terminal: Terminal = {
      name: tty.shortName,
      input: (data) => tty.input(data),
      resize: (columns, rows) => tty.resize(columns, rows),
      onOutput: () => undefined,
      onExit: () => undefined,
      close: () => {
        if (tty.hungUp) return;
        tty.hangUp();
        const session = tty.session;
        for (const process of this.pids.processes.values()) if (process.session.id === session) process.post('SIGHUP');
        this.terminals.delete(number);
      },
    };
    tty.onOutput = (text) => terminal.onOutput(text);
    const files = new Map<number, OpenFile>([0, 1, 2].map((fd) => [fd, tty]));
    const shell = this.runShell(size.argv ?? ['bash', '-i'], { env, files, cwd: '/root' }, tty);
    shell.onExit = (status) => {
      terminal.onExit(status);
      terminal.close();
    };
    return terminal;
  }

  private runShell(argv: readonly string[], options: SpawnOptions, tty: Tty | undefined): Process {
    const shell = this.one.which(argv[0] ?? '');
    const start = { argv, parent: this.one, options: { session: 'new', ...options } } as const;
    const process = new Process(this, tty === undefined ? start : { ...start, tty });
    process.begin((ctx) =>
      shell.ok && shell.value.tool !== undefined ? shell.value.tool.main(ctx) : missing(ctx, argv[0] ?? ''),
    );
    return process;
  }

  /** Runs a command line as the recording rig did: `/bin/bash -c LINE`, as root, in /root. */
  exec(commandLine: string, options: ExecOptions = {}): Running {
    const argv = ['/bin/bash', '-c', commandLine];
    const env = this.rootEnvironment();
    const onStdout = options.onStdout ?? (() => undefined);
    let shell: Process;
    const cwd = options.cwd ?? '/root';
    const cause = options.cause ?? { by: 'command', text: commandLine, terminal: this.name, line: ++this.executions };
    const place = options.netns === undefined ? { env, cwd, cause } : { env, cwd, cause, netns: options.netns };
    if (options.tty === true) {
      const tty = this.newTty(this.name, 80, 24);
      tty.onOutput = onStdout;
      if (options.stdin !== undefined) tty.input(options.stdin);
      shell = this.runShell(
        argv,
        { ...place, env: env.set('TERM', 'xterm'), files: new Map([0, 1, 2].map((fd) => [fd, tty])) },
        tty,
      );
    } else {
      const files = new Map<number, OpenFile>([
        [0, this.inputOf(options.stdin ?? '')],
        [1, textSink('pipe:[1]', onStdout)],
        [2, textSink('pipe:[2]', options.onStderr ?? (() => undefined))],
      ]);
      shell = this.runShell(argv, { ...place, files }, undefined);
    }
    shell.onExit = (status, signal) => options.onExit?.(status, signal);
    const group = shell.group.id;
    return { pid: shell.hostPid, kill: (signal) => void this.signalGroup(group, signal) };
  }

  private inputOf(text: string): OpenFile {
    if (text === '') return new MemoryDevice('/dev/null');
    const { read, write } = this.one.pipe();
    write.retain();
    write.write(encodeUtf8(text));
    write.release();
    return read;
  }
}

function makePath(files: ProcessFiles, path: string): Result<undefined> {
  let here = '';
  for (const name of path.split('/')) {
    if (name === '') continue;
    here += `/${name}`;
    const made = files.mkdir(here);
    if (!made.ok && made.errno !== 'EEXIST') return made;
  }
  return done;
}

function textSink(name: string, take: (text: string) => void): OpenFile {
  const decoder = new Utf8Decoder();
  return new CallbackFile(name, (bytes) => take(decoder.decode(bytes)));
}

function* reaper(ctx: ProgramContext): Program {
  for (;;) {
    ctx.pollChildren();
    yield* ctx.wait([ctx.children]);
  }
}

function* missing(ctx: ProgramContext, name: string): Program {
  yield* ctx.err(`${name}: command not found\n`);
  return 127;
}
