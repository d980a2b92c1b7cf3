/** One HTTP exchange: request out, head and body in, with the lines of -v. Mirrors curl 8.14.1 over HTTP/1.x. */
import { strerror } from '../../base/errno.ts';
import { decodeUtf8, encodeUtf8 } from '../../base/utf8.ts';
import type { Blocking, ProgramContext } from '../../process/program.ts';
import { receive, sendAll } from '../../transport/index.ts';
import { decodeChunks, decodeHttpHead, httpBodyKind, type HttpHead, httpHeader, parseStatusLine } from '../../wire/http1.ts';
import { NO_BYTES } from '../../wire/packet.ts';
import { type Clock, type Connection, type CurlError, elapsed } from './connect.ts';
import type { CurlOptions } from './options.ts';
import { type CurlUrl, hostHeader } from './url.ts';

/** Where the parts of an answer go. */
export interface Sinks {
  note(text: string): Blocking<void>;
  /** A line of -v with its direction, `> ` or `< `. */
  line(direction: string, text: string): Blocking<void>;
  head(text: string): Blocking<void>;
  body(bytes: Uint8Array): Blocking<void>;
  /** Called when octets came, for the progress meter. */
  progress(received: number, total: number | undefined): Blocking<void>;
}

export interface Exchange {
  error: CurlError | undefined;
  status: number;
  head: HttpHead | undefined;
  headSize: number;
  received: number;
  sent: number;
  /** The connection may be used again. */
  keep: boolean;
}

/** *blocking* Sends the request and takes the answer. */
export function* exchange(ctx: ProgramContext, options: CurlOptions, url: CurlUrl, connection: Connection, clock: Clock, sinks: Sinks): Blocking<Exchange> {
  const result: Exchange = { error: undefined, status: 0, head: undefined, headSize: 0, received: 0, sent: 0, keep: false };
  const { version, words } = ctx.host.kernel.platform.curl;
  const request = buildRequest(options, url, version);
  const old = words === 'port 7.74';
  if (!old) yield* sinks.note('using HTTP/1.x');
  for (const line of request.lines) yield* sinks.line('> ', `${line}\r\n`);
  yield* sinks.line('> ', '\r\n');
  const sent = yield* sendAll(ctx, connection.socket, request.bytes, clock.deadline);
  if (!sent.ok) return failed(result, sent.errno === 'EAGAIN' ? timedOut(ctx, clock, result, undefined) : { code: 55, text: `Send failure: ${strerror(sent.errno)}` });
  result.sent = request.bodyLength;
  if (!old) yield* sinks.note(request.bodyLength > 0 ? `upload completely sent off: ${request.bodyLength} bytes` : 'Request completely sent off');

  let buffer: Uint8Array = NO_BYTES;
  let head: HttpHead | undefined;
  while (head === undefined) {
    const bytes = yield* receive(ctx, connection.socket, 65536, clock.deadline);
    if (!bytes.ok) {
      const error = bytes.errno === 'EAGAIN' ? timedOut(ctx, clock, result, undefined) : { code: 56, text: `Recv failure: ${strerror(bytes.errno)}` };
      yield* sinks.note(error.text);
      return failed(result, error);
    }
    if (bytes.value.length === 0) {
      yield* sinks.note('Empty reply from server');
      return failed(result, { code: 52, text: 'Empty reply from server' });
    }
    if (old && buffer.length === 0) yield* sinks.note('Mark bundle as not supporting multiuse');
    if (buffer.length === 0) clock.startTransfer = (ctx.now - clock.start) / 1e6;
    buffer = join(buffer, bytes.value);
    if (buffer.length >= 5 && !startsWithHttp(buffer)) return failed(result, { code: 1, text: 'Received HTTP/0.9 when not allowed' });
    head = decodeHttpHead(buffer);
    if (head !== undefined && /^HTTP\/\d\.\d 1\d\d/.test(head.startLine)) {
      buffer = buffer.slice(head.length);
      head = buffer.length > 0 ? decodeHttpHead(buffer) : undefined;
    }
  }
  result.head = head;
  result.headSize = head.length;
  result.status = parseStatusLine(head.startLine)?.status ?? 0;
  const headText = decodeUtf8(buffer.subarray(0, head.length));
  for (const line of headText.split(/(?<=\n)/)) yield* sinks.line('< ', line);
  yield* sinks.head(headText);
  if (result.status >= 400 && options.fail === 'error') return failed(result, { code: 22, text: `The requested URL returned error: ${result.status}` });
  const closing = /close/i.test(httpHeader(head.headers, 'Connection') ?? '') || /^HTTP\/1\.0/.test(head.startLine);
  yield* takeBody(ctx, options, connection, clock, sinks, result, buffer.subarray(head.length));
  result.keep = result.error === undefined && !closing && (hasNoBody(options, result) || httpBodyKind(head.headers) !== 'close');
  if (result.error === undefined && result.status >= 400 && options.fail === 'body') result.error = { code: 22, text: `The requested URL returned error: ${result.status}` };
  return result;
}

function hasNoBody(options: CurlOptions, result: Exchange): boolean {
  return options.head || result.status === 204 || result.status === 304;
}

/** *blocking* The body by length, in chunks or until the connection ends. */
function* takeBody(ctx: ProgramContext, options: CurlOptions, connection: Connection, clock: Clock, sinks: Sinks, result: Exchange, first: Uint8Array): Blocking<void> {
  if (hasNoBody(options, result)) return;
  const kind = httpBodyKind((result.head as HttpHead).headers);
  const total = typeof kind === 'object' ? kind.length : undefined;
  let waiting: Uint8Array = NO_BYTES;
  let next = first;
  for (;;) {
    if (next.length > 0) {
      if (kind === 'chunked') {
        waiting = join(waiting, next);
        const chunks = decodeChunks(waiting);
        if (chunks !== undefined) {
          yield* deliver(sinks, result, chunks.body, undefined);
          return;
        }
      } else {
        const part = total !== undefined ? next.subarray(0, total - result.received) : next;
        yield* deliver(sinks, result, part, total);
      }
    }
    if (total !== undefined && result.received >= total) return;
    const bytes = yield* receive(ctx, connection.socket, 65536, clock.deadline);
    if (!bytes.ok) {
      result.error = bytes.errno === 'EAGAIN' ? timedOut(ctx, clock, result, total) : { code: 56, text: `Recv failure: ${strerror(bytes.errno)}` };
      yield* sinks.note(result.error.text);
      return;
    }
    next = bytes.value;
    if (next.length > 0) continue;
    if (total !== undefined) result.error = { code: 18, text: `end of response with ${total - result.received} bytes missing` };
    else if (kind === 'chunked') result.error = { code: 18, text: 'transfer closed with outstanding read data remaining' };
    return;
  }
}

function* deliver(sinks: Sinks, result: Exchange, bytes: Uint8Array, total: number | undefined): Blocking<void> {
  if (bytes.length === 0) return;
  result.received += bytes.length;
  yield* sinks.body(bytes);
  yield* sinks.progress(result.received, total);
}

function failed(result: Exchange, error: CurlError): Exchange {
  result.error = error;
  return result;
}

function timedOut(ctx: ProgramContext, clock: Clock, result: Exchange, total: number | undefined): CurlError {
  const what = total !== undefined ? `${result.received} out of ${total} bytes received` : `${result.received} bytes received`;
  return { code: 28, text: `Operation timed out after ${elapsed(ctx, clock)} milliseconds with ${what}` };
}

function startsWithHttp(bytes: Uint8Array): boolean {
  return decodeUtf8(bytes.subarray(0, 5)) === 'HTTP/';
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

/** The request's head as lines, and all of it as octets. */
function buildRequest(options: CurlOptions, url: CurlUrl, release: string): { lines: string[]; bytes: Uint8Array; bodyLength: number } {
  const posting = options.data !== undefined && !options.dataAsQuery;
  const body = posting ? (options.data as string) : '';
  const method = options.method !== '' ? options.method : options.head ? 'HEAD' : posting ? 'POST' : 'GET';
  const query = options.dataAsQuery && options.data !== undefined ? `${url.target.includes('?') ? '&' : '?'}${options.data}` : '';
  const own: [string, string][] = [['Host', hostHeader(url)]];
  const user = options.user !== '' ? options.user : url.user;
  if (user !== '') own.push(['Authorization', `Basic ${base64(encodeUtf8(user))}`]);
  own.push(['User-Agent', options.userAgent === '' ? `curl/${release}` : options.userAgent], ['Accept', '*/*']);
  const bytes = encodeUtf8(body);
  const extra: [string, string][] = posting ? [['Content-Length', String(bytes.length)], ['Content-Type', 'application/x-www-form-urlencoded']] : [];
  const given = options.headers.map((header) => {
    const [, name, value] = /^([^:;]+)[:;]\s*(.*)$/s.exec(header) ?? ['', header, ''];
    return { name: name as string, value: value as string, text: header };
  });
  const overridden = (name: string): boolean => given.some((header) => header.name.toLowerCase() === name.toLowerCase());
  const lines = [`${method} ${url.target}${query} HTTP/1.${options.http10 ? 0 : 1}`];
  for (const [name, value] of own) {
    // A header of the same name takes its place: Host stays where it was, others move to the end, as curl has it.
    const replacement = name === 'Host' ? given.find((header) => header.name.toLowerCase() === 'host') : undefined;
    if (replacement !== undefined) lines.push(replacement.text);
    else if (!overridden(name) && value !== '') lines.push(`${name}: ${value}`);
  }
  for (const header of given) if (header.name.toLowerCase() !== 'host' && (header.value !== '' || header.text.endsWith(';'))) lines.push(header.text.replace(/;$/, ':'));
  for (const [name, value] of extra) if (!overridden(name)) lines.push(`${name}: ${value}`);
  return { lines, bytes: encodeUtf8(`${lines.join('\r\n')}\r\n\r\n${body}`), bodyLength: bytes.length };
}

function base64(bytes: Uint8Array): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
    text += i + 1 < bytes.length ? alphabet.charAt((group >> 6) & 63) : '=';
    text += i + 2 < bytes.length ? alphabet.charAt(group & 63) : '=';
  }
  return text;
}
