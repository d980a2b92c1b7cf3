/**
 * What a program sees. A program is a generator: a system call that may block is a `yield*` of one of the methods
 * marked *blocking* below; everything else is a plain call. A signal that kills is `generator.return()`, so `finally`
 * cleans up as a real exit does. Mirrors the system calls of Linux where one exists; names are theirs.
 *
 * This file is the contract between process/ (which implements it) and shell/, tools/, services/, engine/ (which use it).
 */
import type { Errno } from '../base/errno.ts';
import type { Origin } from '../base/origin.ts';
import type { RandomStream } from '../base/random.ts';
import type { Result } from '../base/result.ts';
import type { WaitQueue } from '../base/wait.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';

/** What a program yields: sleep until one of the queues is woken, or `deadline` (virtual µs) has come, or a caught signal arrives. */
export interface Block {
  readonly queues: readonly WaitQueue[];
  readonly deadline: number | undefined;
}

/** Why a blocked program goes on. */
export type Wake = 'woken' | 'timeout' | 'interrupted';

/** A running program: yields blocks, returns its exit status (0…255). */
export type Program = Generator<Block, number, Wake>;

/** A blocking system call or a helper made of such: use with `yield*`. */
export type Blocking<T> = Generator<Block, T, Wake>;

export type Signal =
  | 'SIGHUP'
  | 'SIGINT'
  | 'SIGQUIT'
  | 'SIGKILL'
  | 'SIGUSR1'
  | 'SIGUSR2'
  | 'SIGPIPE'
  | 'SIGALRM'
  | 'SIGTERM'
  | 'SIGCHLD'
  | 'SIGCONT'
  | 'SIGSTOP'
  | 'SIGTSTP'
  | 'SIGTTIN'
  | 'SIGTTOU'
  | 'SIGWINCH';

/** An open file description behind a descriptor: regular file, pipe end, tty, socket or device. */
export interface OpenFile {
  /** For `ls -l /proc/PID/fd`, `lsof`: `pipe:[123]`, `/dev/pts/0`, `socket:[4711]`, a path. */
  readonly name: string;
  readonly isTty: boolean;
  /** What to wait for when read would block / write would block. */
  readonly readable: WaitQueue;
  readonly writable: WaitQueue;
  /** Non-blocking: up to `max` octets, an empty array at end of file, EAGAIN when there is nothing yet. */
  read(max: number): Result<Uint8Array>;
  /** Non-blocking: octets taken, EAGAIN when full, EPIPE when nobody reads. */
  write(bytes: Uint8Array): Result<number>;
  /** Moves the offset of a regular file; ESPIPE-like EINVAL on others. */
  seek?(offset: number): Result<number>;
  /** Of sockets: told when a process gets a descriptor for it. */
  openedBy?(origin: Origin): void;
  /** One more descriptor refers to it / one fewer; the last close releases it. */
  retain(): void;
  release(): void;
}

export interface Stat {
  readonly type: 'file' | 'directory' | 'symlink' | 'device' | 'fifo' | 'socket';
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly inode: number;
  readonly links: number;
  /** Virtual microseconds. */
  readonly mtime: number;
  /** Of symlinks. */
  readonly target?: string;
  /** Of device nodes. */
  readonly device?: { readonly major: number; readonly minor: number };
}

/** File calls, resolved against the process's root (containers have their own) and working directory. Never blocking. */
export interface FileCalls {
  open(path: string, mode: 'r' | 'w' | 'a' | 'r+'): Result<OpenFile>;
  /** Whole contents; for /proc and /sys views what they say now. */
  readFile(path: string): Result<Uint8Array>;
  readText(path: string): Result<string>;
  /** Creates or replaces. Writing to a /proc/sys view sets the knob. */
  writeFile(path: string, contents: string | Uint8Array): Result<undefined>;
  readdir(path: string): Result<string[]>;
  /** Follows symlinks; `lstat` does not. */
  stat(path: string): Result<Stat>;
  lstat(path: string): Result<Stat>;
  mkdir(path: string): Result<undefined>;
  rmdir(path: string): Result<undefined>;
  unlink(path: string): Result<undefined>;
  symlink(target: string, path: string): Result<undefined>;
  rename(from: string, to: string): Result<undefined>;
  chmod(path: string, mode: number): Result<undefined>;
  utimes(path: string): Result<undefined>;
  /** The network namespace a file stands for (/proc/PID/ns/net, /run/netns/NAME, /var/run/docker/netns/KEY). */
  netnsAt(path: string): Result<NetworkNamespace>;
  /** `mount --bind` of a namespace file, as `ip netns add` and dockerd do. */
  bindNetns(path: string, ns: NetworkNamespace): Result<undefined>;
  /** umount(2) of a bound namespace file: what was there before the mount is seen again. EINVAL when nothing is mounted. */
  unmount(path: string): Result<undefined>;
  /** A second name for a file. */
  link(target: string, path: string): Result<undefined>;
  /** Absolute path with `.`/`..` resolved. */
  absolute(path: string): string;
}

/** The capabilities (man capabilities(7), without `CAP_`) that a process has: all of them, or these. */
export type Capabilities = 'all' | ReadonlySet<string>;

export interface SpawnOptions {
  /** Descriptors of the child; those not named are inherited 0, 1, 2; null is closed. The child gets its own references. */
  readonly files?: ReadonlyMap<number, OpenFile | null>;
  readonly env?: ReadonlyMap<string, string>;
  readonly cwd?: string;
  /** Network namespace of the child; default the parent's. */
  readonly netns?: NetworkNamespace;
  /** Mount view of the child (a container's); default the parent's. */
  readonly mounts?: MountView;
  /** UTS name of the child; default the parent's. */
  readonly hostname?: string;
  /** New process group; foreground when the parent's terminal should be given to it. */
  readonly group?: 'inherit' | 'new' | 'foreground';
  /** Of containers: the label `docker ps`/`ps` views need. */
  readonly container?: string;
  readonly uid?: number;
  /** Starts a session without a terminal (setsid). */
  readonly session?: 'new';
  /** First process of a PID namespace of its own: it sees itself as 1, and its end ends all in it. */
  readonly pidNamespace?: 'new';
  /** What its processes may do as root; default the parent's. */
  readonly capabilities?: Capabilities;
  /** Joins the PID namespace of this process (its number as the caller sees it), as `docker exec` does. */
  readonly pidNamespaceOf?: number;
  /** Why it is started, where the parent does not say: what it changes is put down to it. */
  readonly cause?: Origin;
}

/** A mount namespace: opaque to programs. */
export interface MountView {
  readonly name: string;
}

/** One line of `ps`. */
export interface ProcessView {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly uid: number;
  readonly state: 'R' | 'S' | 'T' | 'Z';
  readonly command: string;
  readonly argv: readonly string[];
  /** `pts/0`, or `?`. */
  readonly tty: string;
  /** Virtual microseconds. */
  readonly startedAt: number;
  readonly netns: NetworkNamespace;
  /** Id of the container it belongs to, '' for the host's own. */
  readonly container: string;
  /** Virtual microseconds of work so far. */
  readonly cpu: number;
  readonly hostname: string;
}

/** The machine a process runs on, as far as programs may see it. */
export interface HostView {
  readonly name: string;
  readonly kernel: Kernel;
  /** Servers on unix sockets by path, e.g. `/var/run/docker.sock` → the engine's API object. */
  readonly unixSockets: ReadonlyMap<string, object>;
  /** Names of executables on the host's PATH, sorted. */
  commands(): readonly string[];
  processes(): readonly ProcessView[];
  /** The tools behind {@link commands}, for `help` and `man`. */
  installed(): readonly Tool[];
  /** Every open descriptor of every process: whoever wants to name a socket's owner (`ss -p`) looks for its `socket:[inode]`. */
  descriptors(): readonly DescriptorView[];
  /** Virtual microseconds since boot. */
  readonly uptime: number;
  /** `uname -r` */
  readonly release: string;
}

/** One descriptor of one process. */
export interface DescriptorView {
  readonly pid: number;
  readonly command: string;
  readonly fd: number;
  /** See {@link OpenFile.name}. */
  readonly name: string;
}

/** The system calls of one process. */
export interface ProgramContext {
  readonly argv: readonly string[];
  readonly pid: number;
  readonly ppid: number;
  readonly env: Map<string, string>;
  cwd: string;
  /** The present network namespace; `setns` changes it. */
  netns: NetworkNamespace;
  readonly host: HostView;
  readonly fs: FileCalls;
  /** Process group, in the numbers of the own PID namespace. */
  readonly pgid: number;
  /** What the own PID namespace holds, in its numbers (`ps` in a container sees the container). */
  processes(): readonly ProcessView[];
  /** UTS hostname (containers have their own). */
  readonly hostname: string;
  /** Id of the container this process runs in, '' on the host. */
  readonly container: string;
  /** capable(9): whether the process has a capability (`NET_ADMIN`, `SYS_ADMIN` …); without one, calls end in EPERM. */
  capable(capability: string): boolean;
  /** Virtual microseconds since the world began. */
  readonly now: number;
  /** Virtual wall clock: microseconds since 1970-01-01 UTC, for `date`, log lines and tcpdump. */
  readonly wallClock: number;
  /** What to write as the origin of state this process changes: its command line, terminal and cause. */
  readonly origin: Origin;
  /** Of a shell that reads a terminal: what it runs from now on was typed there, as `text`. */
  typed(text: string): void;
  /** A seeded stream for this use (`ping-id`, `curl-port`, …). */
  random(name: string): RandomStream;

  /** Descriptors; undefined when not open. */
  file(fd: number): OpenFile | undefined;
  /** Gives `file` the lowest free descriptor (or `fd`). */
  install(file: OpenFile, fd?: number): number;
  close(fd: number): void;
  pipe(): { readonly read: OpenFile; readonly write: OpenFile };

  /** *blocking* Up to `max` octets; empty at end of file. */
  read(fd: number, max?: number): Blocking<Result<Uint8Array>>;
  /** *blocking* One line without its newline; undefined at end of file. A last line without newline counts. */
  readLine(fd: number): Blocking<string | undefined>;
  /** *blocking* Everything until end of file, as text. */
  readAll(fd: number): Blocking<string>;
  /** *blocking* Writes all. A broken pipe kills the process by SIGPIPE as it would. */
  write(fd: number, data: string | Uint8Array): Blocking<void>;
  /** *blocking* Writes all to standard output / error. */
  out(text: string | Uint8Array): Blocking<void>;
  err(text: string): Blocking<void>;

  /** *blocking* Charges work of `units` (about virtual µs) to the process: loops that make no system call must call it. */
  spend(units?: number): Blocking<void>;
  /** *blocking* Until the sleep is over; 'interrupted' by a caught signal. */
  sleep(micros: number): Blocking<Wake>;
  /** *blocking* Until a queue is woken, the deadline (virtual µs) comes, or a caught signal arrives. */
  wait(queues: readonly WaitQueue[], deadline?: number): Blocking<Wake>;
  /** From now on `signal` interrupts blocking calls (see {@link takeSignal}) instead of its default action; 'ignore' discards it. */
  catchSignal(signal: Signal, action?: 'interrupt' | 'ignore' | 'default'): void;
  /** The oldest caught signal not yet taken. */
  takeSignal(): Signal | undefined;

  /** Starts argv[0] (looked up in PATH of the child's mounts, or a path) as a child. ENOENT, EACCES, EAGAIN. */
  spawn(argv: readonly string[], options?: SpawnOptions): Result<number>;
  /** Starts a program given as a function (subshells, servers inside the engine). Throws ForkError when there are too many processes. */
  fork(name: string, main: (ctx: ProgramContext) => Program, options?: SpawnOptions): number;
  /** Becomes another program (execve): to be ended by `return yield* program`. ENOENT, EACCES, ENOEXEC. */
  exec(argv: readonly string[], env?: ReadonlyMap<string, string>): Result<Program>;
  /** *blocking* Waits for a child: exit status, or 128+signal. 'stopped' when ^Z stopped it. */
  waitpid(
    pid: number,
  ): Blocking<{ readonly status: number; readonly signal?: Signal; readonly stopped: boolean } | undefined>;
  kill(pid: number, signal: Signal): Result<undefined>;
  /** Signals every process of a group. ESRCH when there is none. */
  killGroup(pgid: number, signal: Signal): Result<undefined>;
  /** The children that ended or were stopped since they were last waited for, without waiting (WNOHANG). */
  pollChildren(): readonly {
    readonly pid: number;
    readonly status: number;
    readonly signal?: Signal;
    readonly stopped: boolean;
  }[];
  /** Woken when a child ends or stops. */
  readonly children: WaitQueue;
  /** Puts a child (or the caller, pid 0) into group `pgid` (0: its own). */
  setpgid(pid: number, pgid: number): void;
  /** Leaves session and terminal, and leads a new session. */
  setsid(): void;
  setns(ns: NetworkNamespace): void;
  /** Enters another mount namespace (`nsenter -m`). */
  setMounts(mounts: MountView): void;
  /** An unnamed new network namespace on this host (unshare(CLONE_NEWNET)). */
  newNetns(name: string): NetworkNamespace;

  /** The mount view; opaque. */
  readonly mounts: MountView;
  setHostname(name: string): void;
  /** The executable that a PATH search for `name` finds (or the path itself). ENOENT, EACCES. */
  which(name: string): Result<{ readonly path: string; readonly tool: Tool | undefined }>;
  /** The controlling terminal, if any. */
  readonly tty: TerminalCalls | undefined;
  /** *blocking* Calls an external, promise-based library (jq, awk, sed): the world stands still until it answers. */
  external(library: string, request: unknown): Blocking<unknown>;
}

/** ioctls on a terminal. */
export interface TerminalCalls {
  readonly columns: number;
  readonly rows: number;
  /** `raw` for line editors and full-screen programs. */
  setMode(mode: 'cooked' | 'raw'): void;
  /** tcsetpgrp */
  setForeground(pgid: number): void;
  /** tcgetpgrp, 0 when there is none. */
  readonly foreground: number;
}

/** A command that can be started by name. One file each in tools/, listed in tools/index.ts. */
export interface Tool {
  readonly name: string;
  /** Other names it answers to (argv[0] tells which). */
  readonly aliases?: readonly string[];
  /** Where it lives, default `/usr/bin`. */
  readonly directory?: string;
  /** One line for `help`. */
  readonly summary: string;
  main(ctx: ProgramContext): Program;
  /** Words that could complete the last of `words` (Tab). `words[0]` is the command. Pure look at state, never blocking. */
  complete?(words: readonly string[], ctx: ProgramContext): readonly string[];
}

/** For tools: prints `text` to stderr and gives the exit status. */
export function* fail(ctx: ProgramContext, text: string, status = 1): Blocking<number> {
  yield* ctx.err(text.endsWith('\n') ? text : `${text}\n`);
  return status;
}

export type { Errno };
