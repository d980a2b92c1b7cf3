/**
 * Path walking and the file calls of one process, after fs/namei.c and the system calls of man section 2. A mount view
 * is a root directory; a bind mount is the same node under a second name. Always as root: permission bits are shown,
 * and only read-only file systems refuse.
 */
import { done, ok, refuse, type Result } from '../base/result.ts';
import { decodeUtf8, encodeUtf8 } from '../base/utf8.ts';
import { WaitQueue } from '../base/wait.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import type { InodeCounter } from './nodes.ts';
import {
  DeviceNode,
  Directory,
  FileNode,
  MagicLink,
  NamespaceNode,
  SymlinkNode,
  TreeDirectory,
  type Node,
  type Viewer,
} from './nodes.ts';
import type { FileCalls, MountView, OpenFile, Stat } from './program.ts';

const MAX_LINKS = 40;
const NEVER = new WaitQueue();

/** A mount namespace: what `/` is. */
export class Mounts implements MountView {
  readonly name: string;
  readonly root: Directory;

  constructor(name: string, root: Directory) {
    this.name = name;
    this.root = root;
  }
}

/** Where a path leads: the directory that holds the last name, and what stands there. */
export interface Place {
  readonly parent: Directory;
  readonly name: string;
  readonly node: Node | undefined;
  /** Absolute, without links, `.` and `..`. */
  readonly path: string;
}

/** Joins `path` to `cwd` and takes out `.`, `..` and double slashes by text alone (the shell's logical path). */
export function normalise(path: string, cwd: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Walks `path`. The last name may be missing; every other must be a directory. */
export function walk(root: Directory, cwd: string, path: string, viewer: Viewer, follow: boolean): Result<Place> {
  if (path === '') return refuse('ENOENT');
  let todo = (path.startsWith('/') ? path : `${cwd}/${path}`).split('/').filter((part) => part !== '' && part !== '.');
  const mustBeDirectory = path.endsWith('/') || path.endsWith('/.');
  const trail: { name: string; node: Directory }[] = [{ name: '', node: root }];
  let links = 0;
  for (;;) {
    const here = trail[trail.length - 1]!;
    const name = todo.shift();
    if (name === undefined) {
      const parent = trail[trail.length - 2] ?? here;
      return ok({ parent: parent.node, name: here.name, node: here.node, path: pathOf(trail) });
    }
    if (name === '..') {
      if (trail.length > 1) trail.pop();
      continue;
    }
    let node = here.node.lookup(name, viewer);
    const last = todo.length === 0;
    if (node instanceof SymlinkNode && (!last || follow || mustBeDirectory)) {
      if (++links > MAX_LINKS) return refuse('ELOOP');
      const target = node.target(viewer);
      if (target.startsWith('/')) trail.length = 1;
      todo = [...target.split('/').filter((part) => part !== '' && part !== '.'), ...todo];
      continue;
    }
    if (node instanceof MagicLink && (!last || follow)) node = node.to;
    if (node instanceof Directory) {
      trail.push({ name, node });
      continue;
    }
    if (!last) return refuse(node === undefined ? 'ENOENT' : 'ENOTDIR');
    if (mustBeDirectory && node !== undefined) return refuse('ENOTDIR');
    return ok({ parent: here.node, name, node, path: `${pathOf(trail).replace(/\/$/, '')}/${name}` });
  }
}

function pathOf(trail: readonly { name: string }[]): string {
  return trail.length === 1 ? '/' : trail.map((step) => step.name).join('/');
}

/** What the file calls need of the process they belong to. */
export interface FileOwner extends Viewer {
  cwd: string;
  readonly mounts: Mounts;
}

/** What the file calls need of the machine. */
export interface FileSystemClock {
  readonly now: number;
  readonly inodes: InodeCounter;
}

export class ProcessFiles implements FileCalls {
  private readonly owner: FileOwner;
  private readonly machine: FileSystemClock;

  constructor(owner: FileOwner, machine: FileSystemClock) {
    this.owner = owner;
    this.machine = machine;
  }

  /** Walks `path` from the process's root and working directory. */
  walk(path: string, follow = true): Result<Place> {
    return walk(this.owner.mounts.root, this.owner.cwd, path, this.owner, follow);
  }

  /** The node at `path`; ENOENT when there is none. */
  node(path: string, follow = true): Result<Node> {
    const place = this.walk(path, follow);
    if (!place.ok) return place;
    return place.value.node === undefined ? refuse('ENOENT') : ok(place.value.node);
  }

  private readonly clock = (): number => this.machine.now;

  open(path: string, mode: 'r' | 'w' | 'a' | 'r+'): Result<OpenFile> {
    const place = this.walk(path);
    if (!place.ok) return place;
    let { node } = place.value;
    if (node === undefined) {
      if (mode === 'r' || mode === 'r+') return refuse('ENOENT');
      if (path.endsWith('/')) return refuse('EISDIR');
      node = new FileNode(0o644, this.clock, this.machine.inodes.take());
      const added = this.add(place.value, node);
      if (!added.ok) return added;
    }
    if (node instanceof Directory) return mode === 'r' ? ok(new DirectoryFile(place.value.path)) : refuse('EISDIR');
    return node.open(place.value.path, mode, this.owner);
  }

  private add(place: Place, node: Node): Result<undefined> {
    const added = place.parent.set(place.name, node);
    // procfs and sysfs: nothing can be created there.
    return added.ok || added.errno === 'EROFS' ? added : refuse('ENOENT');
  }

  readFile(path: string): Result<Uint8Array> {
    const file = this.open(path, 'r');
    if (!file.ok) return file;
    const read = file.value.read(Infinity);
    if (!read.ok || !(file.value instanceof DirectoryFile)) return read;
    return refuse('EISDIR');
  }

  readText(path: string): Result<string> {
    const bytes = this.readFile(path);
    return bytes.ok ? ok(decodeUtf8(bytes.value)) : bytes;
  }

  writeFile(path: string, contents: string | Uint8Array): Result<undefined> {
    const file = this.open(path, 'w');
    if (!file.ok) return file;
    const written = file.value.write(typeof contents === 'string' ? encodeUtf8(contents) : contents);
    return written.ok ? done : written;
  }

  readdir(path: string): Result<string[]> {
    const node = this.node(path);
    if (!node.ok) return node;
    return node.value instanceof Directory ? ok(node.value.list(this.owner)) : refuse('ENOTDIR');
  }

  stat(path: string): Result<Stat> {
    const node = this.node(path);
    return node.ok ? ok(this.statOf(node.value)) : node;
  }

  lstat(path: string): Result<Stat> {
    const node = this.node(path, false);
    return node.ok ? ok(this.statOf(node.value)) : node;
  }

  private statOf(node: Node): Stat {
    const { type, mode, uid, gid, size, inode, links, mtime } = node;
    const stat = { type, mode, uid, gid, size, inode, links, mtime };
    if (node instanceof SymlinkNode) return { ...stat, target: node.target(this.owner) };
    if (node instanceof MagicLink) return { ...stat, target: node.text };
    if (node instanceof DeviceNode) return { ...stat, device: { major: node.major, minor: node.minor } };
    return stat;
  }

  mkdir(path: string): Result<undefined> {
    const place = this.walk(path.replace(/(?<=.)\/+$/, ''));
    if (!place.ok) return place;
    if (place.value.node !== undefined) return refuse('EEXIST');
    const directory = new TreeDirectory(0o755, this.clock, this.machine.inodes.take());
    place.value.parent.links++;
    return this.add(place.value, directory);
  }

  rmdir(path: string): Result<undefined> {
    const place = this.walk(path, false);
    if (!place.ok) return place;
    const { node, parent, name } = place.value;
    if (node === undefined) return refuse('ENOENT');
    if (!(node instanceof Directory)) return refuse('ENOTDIR');
    if (node.list(this.owner).length > 0) return refuse('ENOTEMPTY');
    parent.links--;
    return parent.remove(name);
  }

  unlink(path: string): Result<undefined> {
    const place = this.walk(path, false);
    if (!place.ok) return place;
    const { node, parent, name } = place.value;
    if (node === undefined) return refuse('ENOENT');
    if (node instanceof Directory) return refuse('EISDIR');
    if (node instanceof NamespaceNode && node.covers !== undefined) return refuse('EBUSY');
    return parent.remove(name);
  }

  symlink(target: string, path: string): Result<undefined> {
    const place = this.walk(path, false);
    if (!place.ok) return place;
    if (place.value.node !== undefined) return refuse('EEXIST');
    return this.add(place.value, new SymlinkNode(target, this.machine.now, this.machine.inodes.take()));
  }

  link(target: string, path: string): Result<undefined> {
    const node = this.node(target, false);
    if (!node.ok) return node;
    if (node.value instanceof Directory) return refuse('EPERM');
    const place = this.walk(path, false);
    if (!place.ok) return place;
    if (place.value.node !== undefined) return refuse('EEXIST');
    node.value.links++;
    return this.add(place.value, node.value);
  }

  rename(from: string, to: string): Result<undefined> {
    const source = this.walk(from, false);
    if (!source.ok) return source;
    const { node } = source.value;
    if (node === undefined) return refuse('ENOENT');
    const target = this.walk(to, false);
    if (!target.ok) return target;
    if (target.value.path.startsWith(`${source.value.path}/`)) return refuse('EINVAL');
    const removed = source.value.parent.remove(source.value.name);
    return removed.ok ? this.add(target.value, node) : removed;
  }

  chmod(path: string, mode: number): Result<undefined> {
    const node = this.node(path);
    if (!node.ok) return node;
    node.value.mode = mode & 0o7777;
    return done;
  }

  utimes(path: string): Result<undefined> {
    const node = this.node(path);
    if (!node.ok) return node;
    node.value.mtime = this.machine.now;
    return done;
  }

  netnsAt(path: string): Result<NetworkNamespace> {
    const node = this.node(path);
    if (!node.ok) return node;
    return node.value instanceof NamespaceNode ? ok(node.value.netns) : refuse('EINVAL');
  }

  bindNetns(path: string, ns: NetworkNamespace): Result<undefined> {
    const place = this.walk(path);
    if (!place.ok) return place;
    let { node } = place.value;
    if (node instanceof Directory) return refuse('ENOTDIR');
    node ??= new FileNode(0o644, this.clock, this.machine.inodes.take());
    return this.add(place.value, new NamespaceNode(ns, this.machine.now, node));
  }

  unmount(path: string): Result<undefined> {
    const place = this.walk(path);
    if (!place.ok) return place;
    const { node, parent, name } = place.value;
    if (node === undefined) return refuse('ENOENT');
    if (!(node instanceof NamespaceNode) || node.covers === undefined) return refuse('EINVAL');
    return parent.set(name, node.covers);
  }

  bind(path: string, node: Node): Result<undefined> {
    const place = this.walk(path);
    return place.ok ? this.add(place.value, node) : place;
  }

  absolute(path: string): string {
    return normalise(path, this.owner.cwd);
  }
}

/** A directory opened for reading: read(2) answers EISDIR. */
class DirectoryFile implements OpenFile {
  readonly name: string;
  readonly isTty = false;
  readonly readable = NEVER;
  readonly writable = NEVER;

  constructor(name: string) {
    this.name = name;
  }

  read(): Result<Uint8Array> {
    return refuse('EISDIR');
  }

  write(): Result<number> {
    return refuse('EBADF');
  }

  retain(): void {
    // nothing is held open
  }

  release(): void {
    // nothing is held open
  }
}
