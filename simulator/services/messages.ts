/** HTTP/1.1 messages over a socket (RFC 9112): a head with its fields, and a body by length, chunks or the end of the stream. */
import type { Result } from '../base/result.ts';
import { ok, refuse } from '../base/result.ts';
import { decodeUtf8, encodeUtf8 } from '../base/utf8.ts';
import type { Blocking } from '../process/program.ts';
import { receive, type Sleeper, type TcpSocket } from '../transport/index.ts';

export type Fields = [name: string, value: string][];

export interface Message {
  /** `GET / HTTP/1.1`, `HTTP/1.1 200 OK`. */
  readonly start: string;
  readonly fields: Fields;
  readonly body: Uint8Array;
}

const MOST_HEAD = 16_384;

export function field(fields: Fields, name: string): string | undefined {
  return fields.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

/** Sets a field, in its place when it is there; '' takes it away. */
export function setField(fields: Fields, name: string, value: string): void {
  const index = fields.findIndex(([key]) => key.toLowerCase() === name.toLowerCase());
  if (index < 0) {
    if (value !== '') fields.push([name, value]);
  } else if (value === '') fields.splice(index, 1);
  else fields[index] = [name, value];
}

/** A cookie of a request. */
export function cookie(fields: Fields, name: string): string | undefined {
  for (const part of (field(fields, 'cookie') ?? '').split(';')) {
    const [key = '', ...value] = part.trim().split('=');
    if (key === name) return value.join('=');
  }
  return undefined;
}

export function bytesOf({ start, fields, body }: Message): Uint8Array {
  const head = encodeUtf8(`${start}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  return joined(head, body);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** Reads message after message from one connection. */
export class MessageReader {
  private readonly ctx: Sleeper;
  private readonly socket: TcpSocket;
  private rest = new Uint8Array(0);

  constructor(ctx: Sleeper, socket: TcpSocket) {
    this.ctx = ctx;
    this.socket = socket;
  }

  /** *blocking* The next message; undefined when the peer is done. `bodiless`: the answer to HEAD. */
  *next(deadline?: number, bodiless = false): Blocking<Result<Message | undefined>> {
    let end: number;
    while ((end = headEnd(this.rest)) < 0) {
      if (this.rest.length > MOST_HEAD) return refuse('EMSGSIZE');
      const more = yield* this.more(deadline);
      if (!more.ok) return more;
      if (!more.value) return this.rest.length === 0 ? ok(undefined) : refuse('ECONNRESET');
    }
    const [start = '', ...lines] = decodeUtf8(this.rest.subarray(0, end)).split('\r\n');
    this.rest = this.rest.slice(end + 4);
    const fields = lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, Math.max(colon, 0)), line.slice(colon + 1).trim()];
    });
    const body = yield* this.body(start, fields, bodiless, deadline);
    return body.ok ? ok({ start, fields, body: body.value }) : body;
  }

  private *body(start: string, fields: Fields, bodiless: boolean, deadline?: number): Blocking<Result<Uint8Array>> {
    const isAnswer = start.startsWith('HTTP/');
    if (bodiless || (isAnswer && /^HTTP\/1\.\d (1\d\d|204|304)/.test(start))) return ok(new Uint8Array(0));
    if (/chunked/i.test(field(fields, 'transfer-encoding') ?? '')) return yield* this.chunks(deadline);
    const length = field(fields, 'content-length');
    if (length === undefined && !isAnswer) return ok(new Uint8Array(0));
    const wanted = length === undefined ? Infinity : Number(length);
    while (this.rest.length < wanted) {
      const more = yield* this.more(deadline);
      if (!more.ok) return more;
      if (!more.value) {
        if (length !== undefined) return refuse('ECONNRESET');
        break;
      }
    }
    return ok(this.take(Math.min(wanted, this.rest.length)));
  }

  private *chunks(deadline?: number): Blocking<Result<Uint8Array>> {
    let at = 0;
    for (;;) {
      const line = decodeUtf8(this.rest.subarray(at, at + 20));
      const size = /^([0-9a-f]+)[^\r]*\r\n/i.exec(line);
      const length = size === null ? Infinity : parseInt(size[1] ?? '', 16);
      const end = at + (size?.[0].length ?? 0) + length + 2;
      if (this.rest.length >= end) {
        at = end;
        if (length === 0) return ok(this.take(at));
        continue;
      }
      const more = yield* this.more(deadline);
      if (!more.ok) return more;
      if (!more.value) return refuse('ECONNRESET');
    }
  }

  private take(length: number): Uint8Array {
    const taken = this.rest.slice(0, length);
    this.rest = this.rest.slice(length);
    return taken;
  }

  private *more(deadline?: number): Blocking<Result<boolean>> {
    const bytes = yield* receive(this.ctx, this.socket, 65_536, deadline);
    if (!bytes.ok) return bytes;
    this.rest = joined(this.rest, bytes.value) as Uint8Array<ArrayBuffer>;
    return ok(bytes.value.length > 0);
  }
}

function headEnd(bytes: Uint8Array): number {
  for (let i = 0; i + 3 < bytes.length; i++)
    if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i;
  return -1;
}
