/** HTTP/1.1 messages as octets (RFC 9112): heads, bodies with a length or in chunks. */
import { decodeUtf8, encodeUtf8 } from '../base/utf8.ts';

/** Header fields in order; names keep their letters, look-ups ignore case. */
export type HttpHeaders = readonly (readonly [string, string])[];

/** The head of a request or response, and where the body starts. */
export interface HttpHead {
  /** `GET / HTTP/1.1` or `HTTP/1.1 200 OK`. */
  readonly startLine: string;
  readonly headers: HttpHeaders;
  /** Octets of head, empty line included. */
  readonly length: number;
}

/** The octets of a message. */
export function encodeHttp(startLine: string, headers: HttpHeaders, body: Uint8Array | string = ''): Uint8Array {
  const head = encodeUtf8(`${startLine}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  const octets = typeof body === 'string' ? encodeUtf8(body) : body;
  const bytes = new Uint8Array(head.length + octets.length);
  bytes.set(head);
  bytes.set(octets, head.length);
  return bytes;
}

/** The head at the start of `bytes`; undefined while the empty line has not come. */
export function decodeHttpHead(bytes: Uint8Array): HttpHead | undefined {
  const end = endOfHead(bytes);
  if (end < 0) return undefined;
  const [startLine, ...fields] = decodeUtf8(bytes.subarray(0, end)).split(/\r?\n/);
  const headers: [string, string][] = [];
  for (const field of fields) {
    const colon = field.indexOf(':');
    if (colon > 0) headers.push([field.slice(0, colon), field.slice(colon + 1).trim()]);
  }
  return { startLine, headers, length: end };
}

/** The value of a header field. */
export function httpHeader(headers: HttpHeaders, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return headers.find(([each]) => each.toLowerCase() === wanted)?.[1];
}

/** Method, target and version of a request line; undefined when it is none. */
export function parseRequestLine(
  line: string,
): { readonly method: string; readonly target: string; readonly version: string } | undefined {
  const match = /^([!-~]+) ([!-~]+) (HTTP\/\d\.\d)$/.exec(line);
  return match === null ? undefined : { method: match[1], target: match[2], version: match[3] };
}

/** Version, status and reason of a status line; undefined when it is none. */
export function parseStatusLine(
  line: string,
): { readonly version: string; readonly status: number; readonly reason: string } | undefined {
  const match = /^(HTTP\/\d\.\d) (\d{3})(?: (.*))?$/.exec(line);
  return match === null ? undefined : { version: match[1], status: Number(match[2]), reason: match[3] ?? '' };
}

/** How a body ends: after a number of octets, in chunks, or with the connection. */
export function httpBodyKind(headers: HttpHeaders): { readonly length: number } | 'chunked' | 'close' {
  if (httpHeader(headers, 'Transfer-Encoding')?.toLowerCase().includes('chunked')) return 'chunked';
  const length = httpHeader(headers, 'Content-Length');
  return length !== undefined && /^\d+$/.test(length) ? { length: Number(length) } : 'close';
}

/** One chunk; of no octets it is the last. */
export function encodeChunk(octets: Uint8Array): Uint8Array {
  const size = encodeUtf8(`${octets.length.toString(16)}\r\n`);
  const bytes = new Uint8Array(size.length + octets.length + 2);
  bytes.set(size);
  bytes.set(octets, size.length);
  bytes.set([13, 10], size.length + octets.length);
  return bytes;
}

/** A whole chunked body; undefined while the last chunk has not come. `length` is what it took of `bytes`. */
export function decodeChunks(bytes: Uint8Array): { readonly body: Uint8Array; readonly length: number } | undefined {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf(10, at);
    if (lineEnd < 0) return undefined;
    const size = parseInt(decodeUtf8(bytes.subarray(at, lineEnd)), 16);
    const from = lineEnd + 1;
    if (Number.isNaN(size) || from + size + 2 > bytes.length) return undefined;
    at = from + size + 2;
    if (size === 0) break;
    parts.push(bytes.subarray(from, from + size));
  }
  const body = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let to = 0;
  for (const part of parts) {
    body.set(part, to);
    to += part.length;
  }
  return { body, length: at };
}

/** Octets up to and with the empty line, or -1. */
function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    const next = bytes[at + 1];
    if (next === 10) return at + 2;
    if (next === 13 && bytes[at + 2] === 10) return at + 3;
  }
  return -1;
}
