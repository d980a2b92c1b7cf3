/**
 * A read-only bind mount (mount --bind -o ro): the same files and directories, which refuse with EROFS to be changed. Mirrors
 * mnt_want_write of fs/namespace.c. Deviates: links, devices and namespaces below it are the originals, whose contents are
 * not of the file system that is mounted.
 */
import { refuse, type Result } from '../base/result.ts';
import { Directory, FileNode, Node, type Viewer } from './nodes.ts';
import type { OpenFile } from './program.ts';

/** `node` as it is seen through a read-only mount. */
export function readOnlyNode(node: Node): Node {
  if (node instanceof Directory) return new ReadOnlyDirectory(node);
  return node instanceof FileNode ? new ReadOnlyFile(node) : node;
}

class ReadOnlyDirectory extends Directory {
  private readonly real: Directory;

  constructor(real: Directory) {
    super(real.mode, real.mtime, real.inode);
    this.real = real;
    this.links = real.links;
    this.size = real.size;
  }

  lookup(name: string, viewer: Viewer): Node | undefined {
    const node = this.real.lookup(name, viewer);
    return node === undefined ? undefined : readOnlyNode(node);
  }

  list(viewer: Viewer): string[] {
    return this.real.list(viewer);
  }

  override set(): Result<undefined> {
    return refuse('EROFS');
  }

  override remove(): Result<undefined> {
    return refuse('EROFS');
  }
}

class ReadOnlyFile extends Node {
  readonly type = 'file';
  private readonly real: FileNode;

  constructor(real: FileNode) {
    super(real.mode, real.mtime, real.inode);
    this.real = real;
    this.size = real.size;
    this.links = real.links;
  }

  override open(path: string, mode: 'r' | 'w' | 'a' | 'r+'): Result<OpenFile> {
    return mode === 'r' ? this.real.open(path, mode) : refuse('EROFS');
  }
}
