/**
 * The descriptor table of a process (files_struct) and the calls over it: read, write, and line-wise reading with what was
 * read ahead kept per open file.
 */
import type { Origin } from '../base/origin.ts';
import { ok, refuse, type Result } from '../base/result.ts';
import { Utf8Decoder, encodeUtf8 } from '../base/utf8.ts';
import { createPipe } from './pipe.ts';
import { Task } from './task.ts';
import type { Blocking, OpenFile } from './program.ts';

const CHUNK = 65536;

interface Lines {
  text: string;
  readonly decoder: Utf8Decoder;
}

export abstract class DescriptorTable extends Task {
  readonly descriptors = new Map<number, OpenFile>();
  private readonly lines = new Map<OpenFile, Lines>();

  protected abstract nextInode(): number;
  abstract readonly origin: Origin;
  /** *blocking* Before every read: a process in the background may not read its terminal. */
  protected abstract beforeReading(file: OpenFile): Blocking<void>;

  file(fd: number): OpenFile | undefined {
    return this.descriptors.get(fd);
  }

  install(file: OpenFile, fd?: number): number {
    let slot = fd ?? 0;
    if (fd === undefined) while (this.descriptors.has(slot)) slot++;
    file.openedBy?.(this.origin);
    file.retain();
    const before = this.descriptors.get(slot);
    this.descriptors.set(slot, file);
    before?.release();
    return slot;
  }

  close(fd: number): void {
    const file = this.descriptors.get(fd);
    if (file === undefined) return;
    this.descriptors.delete(fd);
    this.lines.delete(file);
    file.release();
  }

  pipe(): { readonly read: OpenFile; readonly write: OpenFile } {
    return createPipe(this.nextInode());
  }

  *read(fd: number, max = CHUNK): Blocking<Result<Uint8Array>> {
    const file = this.descriptors.get(fd);
    if (file === undefined) return refuse('EBADF');
    const lines = this.lines.get(file);
    if (lines !== undefined && lines.text !== '') {
      const bytes = encodeUtf8(lines.text);
      lines.text = '';
      return ok(bytes);
    }
    yield* this.spend();
    for (;;) {
      yield* this.beforeReading(file);
      const read = file.read(max);
      if (read.ok || read.errno !== 'EAGAIN') return read;
      if ((yield { queues: [file.readable], deadline: undefined }) === 'interrupted') return refuse('EINTR');
    }
  }

  private linesOf(file: OpenFile): Lines {
    let lines = this.lines.get(file);
    if (lines === undefined) this.lines.set(file, (lines = { text: '', decoder: new Utf8Decoder() }));
    return lines;
  }

  *readLine(fd: number): Blocking<string | undefined> {
    const file = this.descriptors.get(fd);
    if (file === undefined) return undefined;
    const lines = this.linesOf(file);
    let from = 0;
    for (;;) {
      const end = lines.text.indexOf('\n', from);
      if (end >= 0) {
        const line = lines.text.slice(0, end);
        lines.text = lines.text.slice(end + 1);
        return line;
      }
      from = lines.text.length;
      const kept = lines.text;
      lines.text = '';
      const read = yield* this.read(fd);
      lines.text = kept;
      if (!read.ok || read.value.length === 0) {
        lines.text = '';
        return kept === '' ? undefined : kept;
      }
      lines.text += lines.decoder.decode(read.value);
    }
  }

  *readAll(fd: number): Blocking<string> {
    const file = this.descriptors.get(fd);
    if (file === undefined) return '';
    const lines = this.linesOf(file);
    const texts = [lines.text];
    lines.text = '';
    for (;;) {
      const read = yield* this.read(fd);
      if (!read.ok || read.value.length === 0) return texts.join('');
      texts.push(lines.decoder.decode(read.value));
    }
  }

  *write(fd: number, data: string | Uint8Array): Blocking<void> {
    const file = this.descriptors.get(fd);
    let bytes = typeof data === 'string' ? encodeUtf8(data) : data;
    if (file === undefined || bytes.length === 0) return;
    yield* this.spend(1 + (bytes.length >> 10));
    for (;;) {
      const written = file.write(bytes);
      if (written.ok) {
        if (written.value >= bytes.length) return;
        bytes = bytes.subarray(written.value);
        continue;
      }
      if (written.errno === 'EPIPE') {
        this.post('SIGPIPE');
        yield* this.spend(0);
        return;
      }
      if (written.errno !== 'EAGAIN') return;
      yield { queues: [file.writable], deadline: undefined };
    }
  }

  out(text: string | Uint8Array): Blocking<void> {
    return this.write(1, text);
  }

  err(text: string): Blocking<void> {
    return this.write(2, text);
  }
}
