/**
 * Nodes of the virtual file system (struct inode): what a name can stand for. Trees in memory, views that are computed
 * when they are read (procfs, sysfs), devices, sockets, namespaces (nsfs) and magic links (/proc/PID/fd, /proc/PID/ns).
 */
import type { Origin } from '../base/origin.ts';
import { done, ok, refuse, type Result } from '../base/result.ts';
import { encodeUtf8, utf8Length } from '../base/utf8.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { RegularFile, ViewOpenFile, type Contents } from './files.ts';
import type { OpenFile, Stat, Tool } from './program.ts';

/** Who looks: some names (/proc/self, /proc/net) mean something else to every process. */
export interface Viewer {
  readonly pid: number;
  readonly netns: NetworkNamespace;
  /** Id of the container, '' on the host. */
  readonly container: string;
  /** What to put a change down to, where a process looks. */
  readonly origin?: Origin;
}

export abstract class Node {
  abstract readonly type: Stat['type'];
  mode: number;
  uid = 0;
  gid = 0;
  mtime: number;
  links = 1;
  inode: number;
  /** Octets, as stat(2) says. */
  size = 0;

  constructor(mode: number, mtime: number, inode = 0) {
    this.mode = mode;
    this.mtime = mtime;
    this.inode = inode;
  }

  /** Opens it; the path is for the file's name. */
  open(_path: string, _mode: 'r' | 'w' | 'a' | 'r+', _viewer: Viewer): Result<OpenFile> {
    return refuse('ENXIO');
  }
}

/** Inode numbers of one file system; a world's trees are built in the same order every time. */
export class InodeCounter {
  private next: number;

  constructor(first: number) {
    this.next = first;
  }

  /** The first of `count` numbers in a row. */
  take(count = 1): number {
    this.next += count;
    return this.next - count;
  }
}

export class FileNode extends Node implements Contents {
  readonly type = 'file';
  private bytes: Uint8Array = new Uint8Array(0);
  /** Virtual now, for mtime. */
  private readonly clock: () => number;

  constructor(mode: number, clock: () => number, inode: number, contents: string | Uint8Array = '') {
    super(mode, clock(), inode);
    this.clock = clock;
    this.replace(contents);
  }

  replace(contents: string | Uint8Array): void {
    this.bytes = typeof contents === 'string' ? encodeUtf8(contents) : contents.slice();
    this.size = this.bytes.length;
    this.mtime = this.clock();
  }

  slice(from: number, to: number): Uint8Array {
    return this.bytes.slice(from, Math.min(to, this.size));
  }

  put(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (end > this.bytes.length) {
      const wider = new Uint8Array(Math.max(end, this.bytes.length * 2));
      wider.set(this.bytes.subarray(0, this.size));
      this.bytes = wider;
    }
    this.bytes.set(bytes, offset);
    this.size = Math.max(this.size, end);
    this.mtime = this.clock();
  }

  override open(path: string, mode: 'r' | 'w' | 'a' | 'r+'): Result<OpenFile> {
    if (mode === 'w') this.replace('');
    return ok(new RegularFile(path, this, mode));
  }
}

/** A program of the emulator, at a place on somebody's PATH. */
export class ExecutableNode extends Node {
  readonly type = 'file';
  readonly tool: Tool;
  private readonly text: string;

  constructor(tool: Tool, mtime: number, inode: number) {
    super(0o755, mtime, inode);
    this.tool = tool;
    this.text = `The emulated program ${tool.name}: ${tool.summary}\n`;
    this.size = utf8Length(this.text);
  }

  override open(path: string, mode: 'r' | 'w' | 'a' | 'r+'): Result<OpenFile> {
    return mode === 'r' ? ok(new ViewOpenFile(path, this.text, undefined)) : refuse('EACCES');
  }
}

export class SymlinkNode extends Node {
  readonly type = 'symlink';
  private readonly to: string | ((viewer: Viewer) => string);

  constructor(to: string | ((viewer: Viewer) => string), mtime: number, inode: number) {
    super(0o777, mtime, inode);
    this.to = to;
    this.size = typeof to === 'string' ? to.length : 0;
  }

  target(viewer: Viewer): string {
    return typeof this.to === 'string' ? this.to : this.to(viewer);
  }
}

/** A link that leads to a thing without a path: `net:[4026531840]`, `pipe:[17]`. */
export class MagicLink extends Node {
  readonly type = 'symlink';
  readonly text: string;
  readonly to: Node;

  constructor(text: string, to: Node, mtime: number, mode = 0o777) {
    super(mode, mtime);
    this.text = text;
    this.to = to;
  }
}

/** An open file seen through /proc/PID/fd or /dev/stdin: opening it gives the same description. */
export class OpenFileNode extends Node {
  readonly type: Stat['type'];
  readonly file: OpenFile;

  constructor(file: OpenFile, mtime: number) {
    super(0o600, mtime);
    this.file = file;
    this.type = file.isTty ? 'device' : file.name.startsWith('pipe:') ? 'fifo' : 'file';
  }

  override open(): Result<OpenFile> {
    return ok(this.file);
  }
}

/** A network namespace as a file (nsfs); `covers` is what the bind mount hides. */
export class NamespaceNode extends Node {
  readonly type = 'file';
  readonly netns: NetworkNamespace;
  readonly covers: Node | undefined;

  constructor(netns: NetworkNamespace, mtime: number, covers?: Node) {
    super(0o444, mtime, netns.inode);
    this.netns = netns;
    this.covers = covers;
  }

  override open(path: string): Result<OpenFile> {
    return ok(new ViewOpenFile(path, '', undefined));
  }
}

export class SocketNode extends Node {
  readonly type = 'socket';
}

export class DeviceNode extends Node {
  readonly type = 'device';
  readonly major: number;
  readonly minor: number;
  private readonly make: (viewer: Viewer) => Result<OpenFile>;

  constructor(major: number, minor: number, mode: number, mtime: number, make: (viewer: Viewer) => Result<OpenFile>) {
    super(mode, mtime);
    this.major = major;
    this.minor = minor;
    this.make = make;
  }

  override open(_path: string, _mode: string, viewer: Viewer): Result<OpenFile> {
    return this.make(viewer);
  }
}

/** A file that says what is true now; `write` takes a whole text, without it the file is read-only. */
export class ViewFile extends Node {
  readonly type = 'file';
  private readonly show: (viewer: Viewer) => string;
  private readonly take: ((text: string, viewer: Viewer) => Result<undefined>) | undefined;

  constructor(
    mtime: number,
    show: (viewer: Viewer) => string,
    take?: (text: string, viewer: Viewer) => Result<undefined>,
    mode?: number,
  ) {
    super(mode ?? (take === undefined ? 0o444 : 0o644), mtime);
    this.show = show;
    this.take = take;
  }

  override open(path: string, mode: 'r' | 'w' | 'a' | 'r+', viewer: Viewer): Result<OpenFile> {
    const { take } = this;
    if (mode !== 'r' && take === undefined) return refuse('EACCES');
    return ok(
      new ViewOpenFile(
        path,
        mode === 'w' || mode === 'a' ? '' : this.show(viewer),
        take && ((text) => take(text, viewer)),
      ),
    );
  }
}

/** Anything with names in it. */
export abstract class Directory extends Node {
  readonly type = 'directory';

  abstract lookup(name: string, viewer: Viewer): Node | undefined;
  abstract list(viewer: Viewer): string[];

  /** Puts `node` under `name`; procfs and sysfs refuse. */
  set(_name: string, _node: Node): Result<undefined> {
    return refuse('EPERM');
  }

  remove(_name: string): Result<undefined> {
    return refuse('EPERM');
  }
}

export class TreeDirectory extends Directory {
  private readonly known = new Map<string, Node>();
  private pending: (() => void) | undefined;
  private readonly clock: () => number;

  constructor(mode: number, clock: () => number, inode: number) {
    super(mode, clock(), inode);
    this.clock = clock;
    this.links = 2;
    this.size = 4096;
  }

  /** Makes entries when somebody first looks: nobody ever looks into most machines' /usr/bin. */
  later(fill: () => void): void {
    const before = this.pending;
    this.pending = () => {
      before?.();
      fill();
    };
  }

  private get entries(): Map<string, Node> {
    const { pending, mtime } = this;
    if (pending !== undefined) {
      this.pending = undefined;
      pending();
      this.mtime = mtime;
    }
    return this.known;
  }

  lookup(name: string): Node | undefined {
    return this.entries.get(name);
  }

  list(): string[] {
    return [...this.entries.keys()];
  }

  override set(name: string, node: Node): Result<undefined> {
    this.entries.set(name, node);
    this.mtime = this.clock();
    return done;
  }

  override remove(name: string): Result<undefined> {
    this.entries.delete(name);
    this.mtime = this.clock();
    return done;
  }

  get empty(): boolean {
    return this.entries.size === 0;
  }
}

/** A directory whose names are computed. */
export class ViewDirectory extends Directory {
  private readonly find: (name: string, viewer: Viewer) => Node | undefined;
  private readonly names: (viewer: Viewer) => string[];

  constructor(
    mtime: number,
    names: (viewer: Viewer) => string[],
    find: (name: string, viewer: Viewer) => Node | undefined,
    mode = 0o555,
  ) {
    super(mode, mtime);
    this.names = names;
    this.find = find;
    this.links = 2;
  }

  lookup(name: string, viewer: Viewer): Node | undefined {
    return this.find(name, viewer);
  }

  list(viewer: Viewer): string[] {
    return this.names(viewer);
  }
}

/** A fixed directory of views. */
export function viewDirectory(mtime: number, entries: Readonly<Record<string, Node>>): ViewDirectory {
  const names = Object.keys(entries);
  return new ViewDirectory(
    mtime,
    () => names,
    (name) => (Object.hasOwn(entries, name) ? entries[name] : undefined),
  );
}
