/** Pipes, after fs/pipe.c: 64 KiB of buffer, writes up to PIPE_BUF are atomic, EPIPE once nobody can read. */
import { ok, refuse, type Result } from '../base/result.ts';
import { FileBase, NOTHING } from './files.ts';

const CAPACITY = 65536;
const PIPE_BUF = 4096;

class Buffer {
  chunks: Uint8Array[] = [];
  length = 0;
  readerGone = false;
  writerGone = false;
}

class ReadEnd extends FileBase {
  readonly name: string;
  private readonly buffer: Buffer;
  other: FileBase | undefined;

  constructor(name: string, buffer: Buffer) {
    super();
    this.name = name;
    this.buffer = buffer;
  }

  read(max: number): Result<Uint8Array> {
    const { buffer } = this;
    const first = buffer.chunks[0];
    if (first === undefined) return buffer.writerGone ? ok(NOTHING) : refuse('EAGAIN');
    let taken: Uint8Array;
    if (first.length > max) {
      taken = first.subarray(0, max);
      buffer.chunks[0] = first.subarray(max);
    } else if (buffer.chunks.length === 1) {
      taken = first;
      buffer.chunks = [];
    } else taken = this.gather(max);
    buffer.length -= taken.length;
    this.other?.writable.wake();
    return ok(taken);
  }

  private gather(max: number): Uint8Array {
    const { buffer } = this;
    const bytes = new Uint8Array(Math.min(max, buffer.length));
    let at = 0;
    let used = 0;
    for (const chunk of buffer.chunks) {
      if (at + chunk.length > bytes.length) break;
      bytes.set(chunk, at);
      at += chunk.length;
      used++;
    }
    buffer.chunks.splice(0, used);
    const rest = buffer.chunks[0];
    if (rest !== undefined && at < bytes.length) {
      bytes.set(rest.subarray(0, bytes.length - at), at);
      buffer.chunks[0] = rest.subarray(bytes.length - at);
    }
    return bytes;
  }

  write(): Result<number> {
    return refuse('EBADF');
  }

  protected override closed(): void {
    this.buffer.readerGone = true;
    this.other?.writable.wake();
  }
}

class WriteEnd extends FileBase {
  readonly name: string;
  private readonly buffer: Buffer;
  other: FileBase | undefined;

  constructor(name: string, buffer: Buffer) {
    super();
    this.name = name;
    this.buffer = buffer;
  }

  read(): Result<Uint8Array> {
    return refuse('EBADF');
  }

  write(bytes: Uint8Array): Result<number> {
    const { buffer } = this;
    if (buffer.readerGone) return refuse('EPIPE');
    const free = CAPACITY - buffer.length;
    if (free === 0 || (bytes.length <= PIPE_BUF && free < bytes.length)) return refuse('EAGAIN');
    const taken = bytes.slice(0, free);
    if (taken.length > 0) {
      buffer.chunks.push(taken);
      buffer.length += taken.length;
      this.other?.readable.wake();
    }
    return ok(taken.length);
  }

  protected override closed(): void {
    this.buffer.writerGone = true;
    this.other?.readable.wake();
  }
}

/** A new pipe; `inode` names both ends as `pipe:[inode]`. Whoever keeps an end retains it. */
export function createPipe(inode: number): { read: FileBase; write: FileBase } {
  const buffer = new Buffer();
  const read = new ReadEnd(`pipe:[${inode}]`, buffer);
  const write = new WriteEnd(`pipe:[${inode}]`, buffer);
  read.other = write;
  write.other = read;
  return { read, write };
}
