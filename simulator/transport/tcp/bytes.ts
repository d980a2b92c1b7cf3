/** A queue of octets that keeps the arrays it was given and copies only when a reader crosses from one to the next. */
import { NO_BYTES } from '../../wire/packet.ts';

export class ByteQueue {
  private chunks: Uint8Array[] = [];
  /** Octets of the first chunk already gone. */
  private offset = 0;
  length = 0;

  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.chunks.push(bytes);
    this.length += bytes.length;
  }

  /** `length` octets from `from` on, without taking them. Shares memory where it can; never write into it. */
  slice(from: number, length: number): Uint8Array {
    if (length <= 0) return NO_BYTES;
    let at = 0;
    let skip = from + this.offset;
    while (at < this.chunks.length && skip >= (this.chunks[at] as Uint8Array).length) {
      skip -= (this.chunks[at] as Uint8Array).length;
      at++;
    }
    const first = this.chunks[at];
    if (first === undefined) return NO_BYTES;
    if (skip + length <= first.length) {
      return skip === 0 && length === first.length ? first : first.subarray(skip, skip + length);
    }
    const bytes = new Uint8Array(Math.min(length, this.length - from));
    let filled = 0;
    while (filled < bytes.length) {
      const chunk = this.chunks[at++] as Uint8Array;
      const part = chunk.subarray(skip, skip + bytes.length - filled);
      bytes.set(part, filled);
      filled += part.length;
      skip = 0;
    }
    return bytes;
  }

  /** Forgets the first `length` octets. */
  drop(length: number): void {
    let left = Math.min(length, this.length);
    this.length -= left;
    while (left > 0) {
      const first = this.chunks[0] as Uint8Array;
      const rest = first.length - this.offset;
      if (left < rest) {
        this.offset += left;
        return;
      }
      left -= rest;
      this.chunks.shift();
      this.offset = 0;
    }
  }

  /** Takes up to `max` octets; a whole chunk is handed over as it is, so that a message costs no copy. */
  take(max: number): Uint8Array {
    const length = Math.min(max, this.length);
    const bytes = this.slice(0, length);
    this.drop(length);
    return bytes;
  }

  clear(): void {
    this.chunks = [];
    this.offset = 0;
    this.length = 0;
  }
}
