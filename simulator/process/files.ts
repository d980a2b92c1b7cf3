/** Open file descriptions (struct file): reference counting, the memory devices, and files over nodes of the VFS. */
import { ok, refuse, type Result } from '../base/result.ts';
import { WaitQueue } from '../base/wait.ts';
import { encodeUtf8, decodeUtf8 } from '../base/utf8.ts';
import type { RandomStream } from '../base/random.ts';
import type { OpenFile } from './program.ts';

export const NOTHING = new Uint8Array(0);

/** Counts descriptors; `closed` runs when the last one goes. */
export abstract class FileBase implements OpenFile {
  abstract readonly name: string;
  readonly isTty: boolean = false;
  readonly readable = new WaitQueue();
  readonly writable = new WaitQueue();
  protected references = 0;

  abstract read(max: number): Result<Uint8Array>;
  abstract write(bytes: Uint8Array): Result<number>;

  retain(): void {
    this.references++;
  }

  release(): void {
    if (this.references > 0 && --this.references === 0) this.closed();
  }

  /** The last descriptor was closed. */
  protected closed(): void {
    this.readable.wake();
    this.writable.wake();
  }
}

/** What {@link RegularFile} needs of the node it reads and writes. */
export interface Contents {
  readonly size: number;
  slice(from: number, to: number): Uint8Array;
  put(offset: number, bytes: Uint8Array): void;
}

/** A regular file with its offset; O_APPEND writes at the end. */
export class RegularFile extends FileBase {
  readonly name: string;
  private readonly contents: Contents;
  private readonly append: boolean;
  private readonly readOnly: boolean;
  private offset = 0;

  constructor(name: string, contents: Contents, mode: 'r' | 'w' | 'a' | 'r+') {
    super();
    this.name = name;
    this.contents = contents;
    this.append = mode === 'a';
    this.readOnly = mode === 'r';
  }

  read(max: number): Result<Uint8Array> {
    const bytes = this.contents.slice(this.offset, this.offset + max);
    this.offset += bytes.length;
    return ok(bytes);
  }

  write(bytes: Uint8Array): Result<number> {
    if (this.readOnly) return refuse('EBADF');
    if (this.append) this.offset = this.contents.size;
    this.contents.put(this.offset, bytes);
    this.offset += bytes.length;
    return ok(bytes.length);
  }

  seek(offset: number): Result<number> {
    this.offset = offset;
    return ok(offset);
  }
}

/** A file whose text is made when it is opened, and which takes writes as whole texts (procfs, sysfs). */
export class ViewOpenFile extends FileBase {
  readonly name: string;
  private readonly bytes: Uint8Array;
  private readonly take: ((text: string) => Result<undefined>) | undefined;
  private offset = 0;

  constructor(name: string, text: string, take: ((text: string) => Result<undefined>) | undefined) {
    super();
    this.name = name;
    this.bytes = encodeUtf8(text);
    this.take = take;
  }

  read(max: number): Result<Uint8Array> {
    const bytes = this.bytes.slice(this.offset, this.offset + max);
    this.offset += bytes.length;
    return ok(bytes);
  }

  write(bytes: Uint8Array): Result<number> {
    if (this.take === undefined) return refuse('EIO');
    const taken = this.take(decodeUtf8(bytes));
    return taken.ok ? ok(bytes.length) : taken;
  }

  seek(offset: number): Result<number> {
    this.offset = offset;
    return ok(offset);
  }
}

/** /dev/null, /dev/zero, /dev/full and /dev/urandom. */
export class MemoryDevice extends FileBase {
  readonly name: string;
  private readonly random: RandomStream | undefined;

  constructor(name: string, random?: RandomStream) {
    super();
    this.name = name;
    this.random = random;
  }

  read(max: number): Result<Uint8Array> {
    if (this.name === '/dev/null') return ok(NOTHING);
    const bytes = new Uint8Array(Math.min(max, 65536));
    if (this.random !== undefined) for (let i = 0; i < bytes.length; i++) bytes[i] = this.random.below(256);
    return ok(bytes);
  }

  write(bytes: Uint8Array): Result<number> {
    return this.name === '/dev/full' ? refuse('ENOSPC') : ok(bytes.length);
  }
}

/** A file that only collects or passes on what is written: the outer end of a headless run. */
export class CallbackFile extends FileBase {
  readonly name: string;
  private readonly take: (bytes: Uint8Array) => void;

  constructor(name: string, take: (bytes: Uint8Array) => void) {
    super();
    this.name = name;
    this.take = take;
  }

  read(): Result<Uint8Array> {
    return ok(NOTHING);
  }

  write(bytes: Uint8Array): Result<number> {
    this.take(bytes);
    return ok(bytes.length);
  }
}
