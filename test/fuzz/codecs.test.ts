// parse(emit(p)) = p for the codecs that are not frames or DNS messages (those are in test/wire): HTTP/1.1, capture files,
// and what iptables-save writes; and the FIB against the plainest search there is.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { RandomStream } from '../../simulator/base/random.ts';
import { FibTable, type Route } from '../../simulator/kernel/fib.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { netfilterOf } from '../../simulator/netfilter/state.ts';
import { iptables, iptablesRestore, saveTableText, TABLE_NAMES } from '../../simulator/netfilter/index.ts';
import {
  decodeChunks,
  decodeHttpHead,
  encodeChunk,
  encodeHttp,
  httpBodyKind,
  httpHeader,
} from '../../simulator/wire/http1.ts';
import { pcapHeader, pcapRecord, readPcap } from '../../simulator/wire/pcap.ts';
import { makeKernel, makeUniverse, namespace } from '../kernel/network.ts';
import { diceOf, ruleDraft } from './rules.ts';

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
const text = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
const octets = fc.uint8Array({ maxLength: 300 });

/** What the rules of a namespace say, behind their text. */
function specs(ns: NetworkNamespace): unknown {
  return TABLE_NAMES.map((name) => {
    const { base, chains } = netfilterOf(ns)[name];
    return [...base, ...chains.values()].map((chain) => chain?.rules.map((rule) => rule.spec) ?? []);
  });
}

describe('parse(emit(p)) = p', () => {
  test('HTTP heads and bodies', () => {
    const header = fc.tuple(
      token.filter((name) => !/^(content-length|transfer-encoding)$/i.test(name)),
      text,
    );
    fc.assert(
      fc.property(text, fc.array(header, { maxLength: 6 }), octets, (line, headers, body) => {
        const all = [...headers, ['Content-Length', String(body.length)]] as const;
        const bytes = encodeHttp(line, all as never, body);
        const head = decodeHttpHead(bytes);
        expect(head?.startLine).toBe(line);
        expect(head?.headers).toEqual(all);
        expect(httpBodyKind(head?.headers ?? [])).toEqual({ length: body.length });
        expect(bytes.subarray(head?.length)).toEqual(body);
        for (const [name] of headers) {
          const first = headers.find(([other]) => other.toLowerCase() === name.toLowerCase());
          expect(httpHeader(head?.headers ?? [], name.toUpperCase())).toBe(first?.[1]);
        }
        for (let cut = 0; cut < (head?.length ?? 0); cut++)
          expect(decodeHttpHead(bytes.subarray(0, cut))).toBeUndefined();
      }),
    );
  });

  test('HTTP chunks, also when more follows', () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 5 });
    fc.assert(
      fc.property(pieces, octets, (chunks, rest) => {
        const coded = [...chunks, new Uint8Array(0)].flatMap((chunk) => [...encodeChunk(chunk)]);
        const found = decodeChunks(Uint8Array.from([...coded, ...rest]));
        expect(found).toEqual({ body: Uint8Array.from(chunks.flatMap((chunk) => [...chunk])), length: coded.length });
        expect(decodeChunks(Uint8Array.from(coded.slice(0, -1)))).toBeUndefined();
      }),
    );
  });

  test('capture files', () => {
    const frame = fc
      .record({ time: fc.integer({ min: 0, max: 4e15 }), bytes: fc.uint8Array({ maxLength: 80 }), more: fc.nat(2000) })
      .map(({ time, bytes, more }) => ({ time, bytes, length: bytes.length + more }));
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.constantFrom(1, 113, 276), (frames, linkType) => {
        const file = Uint8Array.from([
          ...pcapHeader(linkType, 262144),
          ...frames.flatMap((one) => [...pcapRecord(one)]),
        ]);
        expect(readPcap(file)).toEqual({ ok: true, value: { linkType, snaplen: 262144, frames, truncated: false } });
      }),
    );
  });

  test('iptables-save | iptables-restore is the identity', () => {
    const kernel = makeKernel(makeUniverse());
    let made = 0;
    // A rule is a seed of its own, so that a failure shrinks to the rules that it needs.
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), (seeds) => {
        const ns = namespace(kernel, `p${made++}`);
        iptables(ns, ['-N', 'mine'], KERNEL_DEFAULT);
        for (const seed of seeds) {
          const { table, chain, parts } = ruleDraft(diceOf(new RandomStream(seed, 'rule')));
          iptables(ns, ['-t', table, '-A', chain, '-c', '3', '4', ...parts.flat()], KERNEL_DEFAULT);
        }
        const saved = TABLE_NAMES.map((table) => saveTableText(ns, table, true)).join('');
        const copy = namespace(kernel, `p${made++}`);
        const options = {
          noFlush: false,
          counters: true,
          onlyTable: '' as const,
          test: false,
          backend: 'nft' as const,
        };
        expect(iptablesRestore(copy, saved, options, KERNEL_DEFAULT)).toMatchObject({ status: 0, stderr: '' });
        expect(TABLE_NAMES.map((table) => saveTableText(copy, table, true)).join('')).toBe(saved);
        expect(specs(copy)).toEqual(specs(ns));
      }),
      { numRuns: 150, seed: 5 },
    );
  });
});

describe('the FIB', () => {
  const devices = [
    { ifindex: 2, up: true },
    { ifindex: 3, up: true },
    { ifindex: 4, up: false },
  ] as unknown as NetDevice[];
  // Few networks, so that routes meet.
  const route = fc
    .record({
      type: fc.constantFrom<Route['type']>('unicast', 'unicast', 'local', 'blackhole'),
      network: fc.integer({ min: 0, max: 7 }),
      prefix: fc.constantFrom(0, 3, 8, 24, 32),
      dev: fc.constantFrom(...devices),
      metric: fc.integer({ min: 0, max: 2 }),
      tos: fc.constantFrom(0, 0, 0, 16),
    })
    .map(({ network, prefix, type, dev, metric, tos }): Route => {
      const destination = prefix === 0 ? 0 : ((network * 0x24924924) & (0xffffffff << (32 - prefix))) >>> 0;
      const leads = type === 'blackhole' ? null : dev;
      const plain = { table: 254, gateway: 0, source: 0, mtu: 0, onlink: false, origin: KERNEL_DEFAULT } as const;
      return { ...plain, type, destination, prefix, dev: leads, metric, tos, scope: 'link', protocol: 'boot' };
    });
  const question = fc.record({
    network: fc.integer({ min: 0, max: 7 }),
    oif: fc.constantFrom(0, 0, 2, 3, 4),
    tos: fc.constantFrom(0, 16),
  });

  /** The longest prefix, then the highest TOS, then the lowest metric, then the oldest, of those that are alive and meant. */
  function plainest(routes: readonly Route[], dst: number, oif: number, tos: number): Route | null {
    const fits = routes.filter(
      (one) =>
        (one.prefix === 0 || (one.destination ^ dst) >>> (32 - one.prefix) === 0) &&
        (one.dev === null || one.type === 'local' || (one.dev.up && (oif === 0 || one.dev.ifindex === oif))) &&
        (one.tos === 0 || one.tos === tos),
    );
    return fits.toSorted((a, b) => b.prefix - a.prefix || b.tos - a.tos || a.metric - b.metric)[0] ?? null;
  }

  test('a short table and a long one answer as the plainest search does, while routes come and go', () => {
    fc.assert(
      fc.property(
        fc.array(route, { maxLength: 60, size: 'max' }),
        fc.array(fc.nat(59), { maxLength: 40 }),
        fc.array(question, { minLength: 1, maxLength: 12 }),
        (routes, leaving, questions) => {
          const table = new FibTable(254);
          for (const one of routes) table.insert(one);
          const gone = new Set(leaving.flatMap((at) => routes[at] ?? []));
          for (const one of gone) expect(table.remove(one)).toBe(true);
          const left = routes.filter((one) => !gone.has(one));
          expect(table.routes).toHaveLength(left.length);
          for (const { network, oif, tos } of questions) {
            const dst = (network * 0x24924924) >>> 0;
            expect(table.lookup(dst, oif, tos)).toBe(plainest(left, dst, oif, tos));
          }
          for (const { destination, prefix } of routes)
            expect([...table.routesTo(destination, prefix)]).toEqual(
              left
                .filter((one) => one.destination === destination && one.prefix === prefix)
                .toSorted((a, b) => b.tos - a.tos || a.metric - b.metric),
            );
        },
      ),
      { numRuns: 400, seed: 2 },
    );
  });
});
