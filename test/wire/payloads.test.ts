// DNS and HTTP/1.1 payloads, and capture files.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../simulator/base/utf8.ts';
import { decodeDns, dnsQuery, dnsReply, encodeDns, reverseName } from '../../simulator/wire/dns.ts';
import {
  decodeChunks,
  decodeHttpHead,
  encodeChunk,
  encodeHttp,
  httpBodyKind,
  httpHeader,
  parseStatusLine,
} from '../../simulator/wire/http1.ts';
import { pcapHeader, pcapRecord, readPcap } from '../../simulator/wire/pcap.ts';

const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));

describe('DNS', () => {
  test('messages are read back, with names compressed', () => {
    fc.assert(
      fc.property(
        name,
        fc.integer({ min: 0, max: 0xffff }),
        fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 5 }),
        (host, id, addresses) => {
          const query = dnsQuery(id, host);
          const reply = dnsReply(query, [
            { name: host, type: 5, class: 1, ttl: 1, data: { target: `x.${host}` } },
            ...addresses.map((address) => ({ name: `x.${host}`, type: 1, class: 1, ttl: 600, data: { address } })),
          ]);
          expect(decodeDns(encodeDns(query))).toEqual(query);
          expect(decodeDns(encodeDns(reply))).toEqual(reply);
        },
      ),
    );
  });

  test('a query is as long as resolvers make it', () => {
    expect(encodeDns(dnsQuery(1, 'whoami')).length).toBe(12 + 8 + 4);
    expect(reverseName(0x0a000006)).toBe('6.0.0.10.in-addr.arpa');
  });

  test('rubbish is refused, also a name that points to itself', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => void decodeDns(bytes)));
    const loop = encodeDns(dnsQuery(1, 'a'));
    loop.set([0xc0, 12], 12);
    expect(decodeDns(loop)).toBeUndefined();
  });
});

describe('HTTP', () => {
  test('heads and bodies', () => {
    const bytes = encodeHttp(
      'HTTP/1.1 200 OK',
      [
        ['Content-Length', '3'],
        ['Content-Type', 'text/plain'],
      ],
      'abc',
    );
    const head = decodeHttpHead(bytes);
    expect(head?.startLine).toBe('HTTP/1.1 200 OK');
    expect(httpHeader(head?.headers ?? [], 'content-TYPE')).toBe('text/plain');
    expect(httpBodyKind(head?.headers ?? [])).toEqual({ length: 3 });
    expect(bytes.subarray(head?.length)).toEqual(encodeUtf8('abc'));
    expect(decodeHttpHead(bytes.subarray(0, (head?.length ?? 0) - 1))).toBeUndefined();
    expect(parseStatusLine('HTTP/1.1 404 Not Found')).toEqual({
      version: 'HTTP/1.1',
      status: 404,
      reason: 'Not Found',
    });
  });

  test('chunks', () => {
    const body = Uint8Array.from([
      ...encodeChunk(encodeUtf8('hello ')),
      ...encodeChunk(encodeUtf8('world')),
      ...encodeChunk(new Uint8Array(0)),
    ]);
    expect(decodeChunks(body)).toEqual({ body: encodeUtf8('hello world'), length: body.length });
    expect(decodeChunks(body.subarray(0, body.length - 2))).toBeUndefined();
  });
});

test('capture files are read back, a cut one as far as it goes', () => {
  const frame = { time: 1_700_000_000_123_456, length: 60, bytes: new Uint8Array(42).fill(7) };
  const file = Uint8Array.from([...pcapHeader(1, 262144), ...pcapRecord(frame), ...pcapRecord(frame)]);
  expect(readPcap(file)).toEqual({
    ok: true,
    value: { linkType: 1, snaplen: 262144, frames: [frame, frame], truncated: false },
  });
  expect(readPcap(file.subarray(0, file.length - 1))).toMatchObject({ value: { frames: [frame], truncated: true } });
  expect(readPcap(new Uint8Array(30))).toEqual({ ok: false, errno: 'EINVAL' });
});
