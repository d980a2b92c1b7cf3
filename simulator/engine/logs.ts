/**
 * What a container prints: kept as its log (json-file driver), and passed on to whoever is attached. The container's standard
 * output is this file; when nobody reads on the attached side it waits, as a full pipe would make it.
 */
import { ok, type Result } from '../base/result.ts';
import { Utf8Decoder } from '../base/utf8.ts';
import { WaitQueue } from '../base/wait.ts';
import type { OpenFile } from '../process/program.ts';
import type { LogEntry, LogOptions, LogReader } from './api.ts';

const NEVER = new WaitQueue();

export class ContainerLog {
  readonly entries: LogEntry[] = [];
  /** True once nothing more will come. */
  ended = false;
  private readonly wallClock: () => number;
  private readonly changed: () => void;
  private readonly partial = { stdout: '', stderr: '' };
  private readonly decoders = { stdout: new Utf8Decoder(), stderr: new Utf8Decoder() };

  constructor(wallClock: () => number, changed: () => void) {
    this.wallClock = wallClock;
    this.changed = changed;
  }

  /** Lines are entries of their own; what has no newline yet waits for it. */
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    const text = this.partial[stream] + this.decoders[stream].decode(bytes);
    const lines = text.split('\n');
    this.partial[stream] = lines.pop() as string;
    for (const line of lines) this.entries.push({ stream, at: this.wallClock(), text: `${line}\n` });
    if (lines.length > 0) this.changed();
  }

  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.partial[stream] !== '') this.entries.push({ stream, at: this.wallClock(), text: this.partial[stream] });
      this.partial[stream] = '';
    }
    this.ended = true;
    this.changed();
  }

  read(options: LogOptions): LogReader {
    return new Reader(this, options);
  }
}

class Reader implements LogReader {
  private readonly log: ContainerLog;
  private readonly options: LogOptions;
  private at: number;

  constructor(log: ContainerLog, options: LogOptions) {
    this.log = log;
    this.options = options;
    this.at = 0;
    if (options.tail !== undefined) {
      const wanted = log.entries.map((entry, index) => ({ entry, index })).filter(({ entry }) => this.wants(entry));
      this.at = wanted.length <= options.tail ? 0 : (wanted[wanted.length - options.tail]?.index ?? log.entries.length);
    }
  }

  private wants(entry: LogEntry): boolean {
    const { stdout, stderr, since, until } = this.options;
    if (since !== undefined && entry.at < since) return false;
    if (until !== undefined && entry.at > until) return false;
    return entry.stream === 'stdout' ? stdout : stderr;
  }

  next(): readonly LogEntry[] {
    const fresh = this.log.entries.slice(this.at).filter((entry) => this.wants(entry));
    this.at = this.log.entries.length;
    return fresh;
  }

  get ended(): boolean {
    return this.at >= this.log.entries.length && (!this.options.follow || this.log.ended);
  }

  close(): void {
    this.at = this.log.entries.length;
  }
}

/** Standard output or error of a container's first process. */
export class LoggedOutput implements OpenFile {
  readonly name: string;
  readonly isTty: boolean;
  readonly readable: WaitQueue;
  /** Whoever is attached; several, for `docker attach` beside `docker run`. */
  readonly attached: OpenFile[] = [];
  private readonly log: ContainerLog;
  private readonly stream: 'stdout' | 'stderr';
  private readonly tty: OpenFile | undefined;

  constructor(log: ContainerLog, stream: 'stdout' | 'stderr', name: string, tty?: OpenFile) {
    this.log = log;
    this.stream = stream;
    this.name = tty?.name ?? name;
    this.isTty = tty !== undefined;
    this.tty = tty;
    this.readable = tty?.readable ?? NEVER;
    if (tty !== undefined) this.attach(tty);
  }

  get writable(): WaitQueue {
    return this.attached[0]?.writable ?? NEVER;
  }

  attach(file: OpenFile): void {
    file.retain();
    this.attached.push(file);
  }

  detach(file: OpenFile): void {
    const at = this.attached.indexOf(file);
    if (at < 0) return;
    this.attached.splice(at, 1);
    file.release();
  }

  read(max: number): Result<Uint8Array> {
    return this.tty?.read(max) ?? ok(new Uint8Array(0));
  }

  /** The first who is attached sets the pace; others get what they can take. */
  write(bytes: Uint8Array): Result<number> {
    let taken = bytes;
    const [first] = this.attached;
    if (first !== undefined) {
      const written = first.write(bytes);
      if (written.ok) taken = bytes.subarray(0, written.value);
      else if (written.errno === 'EAGAIN') return written;
      else this.detach(first);
    }
    for (const other of this.attached.slice(1)) other.write(taken);
    this.log.write(this.stream, taken);
    return ok(taken.length);
  }

  retain(): void {
    // Held by the container, not by descriptors.
  }

  release(): void {
    // See retain.
  }

  /** The container has ended: those attached see the end of their stream. */
  close(): void {
    for (const file of [...this.attached]) this.detach(file);
  }
}
