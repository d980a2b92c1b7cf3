// The codecs against themselves, against recorded frames, and against an independent dissector.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipv4, parseMac } from '../../simulator/base/address.ts';
import { encodeUtf8 } from '../../simulator/base/utf8.ts';
import { dnsQuery, dnsReply, encodeDns } from '../../simulator/wire/dns.ts';
import { decodeFrame, encodeFrame } from '../../simulator/wire/ethernet.ts';
import { frameLength, Packet, PROTO_ICMP, PROTO_TCP, PROTO_UDP } from '../../simulator/wire/packet.ts';
import { readPcap } from '../../simulator/wire/pcap.ts';
import { PcapngWriter } from '../../simulator/wire/pcapng.ts';
import { anyFrame } from './arbitrary.ts';

const FIXTURES = ['client-eth0', 'node2-eth0', 'overlay-vxlan0', 'esp'];

function framesOf(name: string): readonly Uint8Array[] {
  const file = readPcap(new Uint8Array(readFileSync(fileURLToPath(new URL(`fixtures/${name}.pcap`, import.meta.url)))));
  if (!file.ok) throw new Error(`no capture: ${name}`);
  return file.value.frames.map((frame) => frame.bytes);
}

describe('frames', () => {
  test('what is written is read back', () => {
    fc.assert(
      fc.property(anyFrame, (packet) => {
        const bytes = encodeFrame(packet);
        expect(bytes.length).toBe(frameLength(packet));
        expect(decodeFrame(bytes)).toEqual(packet);
      }),
      { numRuns: 400 },
    );
  });

  test.each(FIXTURES)('recorded frames of %s come out as they were', (name) => {
    const frames = framesOf(name);
    expect(frames.length).toBeGreaterThan(0);
    for (const bytes of frames) {
      const packet = decodeFrame(bytes) as Packet;
      // A sender that leaves checksums to its device is caught with only the sum of the pseudo header in them.
      if (packet.inner === null ? packet.malformed : packet.inner.malformed) continue;
      expect(withoutUdpSum(encodeFrame(packet))).toEqual(withoutUdpSum(bytes));
    }
  });

  test('a flipped bit is seen', () => {
    const frame = framesOf('client-eth0')[2];
    expect(decodeFrame(frame)?.malformed).toBe(false);
    for (const at of [20, 30, 40, 60]) {
      const broken = frame.slice();
      broken[at] ^= 0x10;
      expect(decodeFrame(broken)?.malformed).toBe(true);
    }
  });

  test('fragments carry the octets of the whole', () => {
    const whole = packet({
      protocol: PROTO_ICMP,
      icmpType: 8,
      icmpId: 7,
      icmpSeq: 1,
      payload: Uint8Array.from({ length: 100 }, (_, i) => i),
    });
    const body = encodeFrame(whole).subarray(34);
    const pieces = [0, 64].map((at) =>
      packet({
        protocol: PROTO_ICMP,
        whole,
        fragmentOffset: at,
        fragmentLength: Math.min(64, 108 - at),
        moreFragments: at === 0,
        ipId: 9,
      }),
    );
    const encoded = pieces.map((piece) => encodeFrame(piece));
    expect(encoded.map((bytes) => bytes.length)).toEqual([34 + 64, 34 + 44]);
    expect([...encoded[0].subarray(34), ...encoded[1].subarray(34)]).toEqual([...body]);
    for (const bytes of encoded) expect(encodeFrame(decodeFrame(bytes) as Packet)).toEqual(bytes);
  });
});

/** Outer UDP checksums of recorded VXLAN are left to the device too; a comparison does without. */
function withoutUdpSum(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  if (copy[12] === 8 && copy[13] === 0 && copy[23] === PROTO_UDP) copy.fill(0, 40, 42);
  return copy;
}

function packet(fields: Partial<Packet>): Packet {
  const base = {
    srcMac: parseMac('02:42:0a:00:00:03') as number,
    dstMac: parseMac('02:42:0a:00:00:04') as number,
    src: ipv4('10.0.0.3'),
    dst: ipv4('10.0.0.4'),
  };
  return Object.assign(new Packet(), base, fields);
}

/** One of each kind of frame. */
function samples(): Packet[] {
  const syn = packet({
    protocol: PROTO_TCP,
    sport: 41150,
    dport: 8000,
    seq: 1322113116,
    flags: 2,
    window: 64240,
    dontFragment: true,
    tcpOptions: { mss: 1460, sackPermitted: true, timestamps: { value: 756116077, echo: 0 }, windowScale: 7 },
  });
  const get = packet({
    protocol: PROTO_TCP,
    sport: 41151,
    dport: 80,
    seq: 1,
    ack: 1,
    flags: 0x18,
    window: 502,
    payload: encodeUtf8('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  });
  const query = dnsQuery(4711, 'whoami.example', 1);
  const reply = dnsReply(query, [
    { name: 'whoami.example', type: 1, class: 1, ttl: 600, data: { address: ipv4('10.0.1.2') } },
  ]);
  const dns = (message: Uint8Array, sport: number, dport: number): Packet =>
    packet({ protocol: PROTO_UDP, sport, dport, payload: message });
  return [
    packet({
      etherType: 0x0806,
      arpOperation: 1,
      arpSenderMac: 1,
      arpSenderIp: ipv4('10.0.0.3'),
      arpTargetIp: ipv4('10.0.0.4'),
    }),
    syn,
    get,
    dns(encodeDns(query), 40000, 53),
    dns(encodeDns(reply), 53, 40000),
    packet({ protocol: PROTO_UDP, sport: 54365, dport: 4789, vni: 4096, inner: syn }),
    packet({ protocol: PROTO_ICMP, icmpType: 8, icmpId: 1, icmpSeq: 1, payload: new Uint8Array(56) }),
    packet({
      protocol: PROTO_ICMP,
      icmpType: 3,
      icmpCode: 4,
      icmpMtu: 1450,
      quoted: packet({ protocol: PROTO_UDP, sport: 1, dport: 2, payload: new Uint8Array(1400) }),
    }),
    packet({ protocol: PROTO_ICMP, icmpType: 11, quoted: syn }),
  ];
}

const hasTshark = spawnSync('tshark', ['--version']).status === 0;

describe.runIf(hasTshark)('as tshark sees them', () => {
  test('a pcapng of every kind of frame has nothing malformed and no bad checksum', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pcapng-'));
    try {
      const writer = new PcapngWriter();
      writer.addNames([{ address: ipv4('10.0.0.3'), name: 'lb' }]);
      const places = [
        writer.addInterface({ name: 'node1/eth0' }),
        writer.addInterface({ name: 'node2/eth0', description: 'underlay' }),
      ];
      for (const [index, each] of samples().entries()) {
        for (const place of places) {
          writer.addPacket({
            interface: place,
            time: 1_700_000_000_000_000 + index * 1000 + place,
            bytes: encodeFrame(each),
            comments: [`verdict ${index}`],
            direction: 'in',
          });
        }
      }
      const path = join(folder, 'all.pcapng');
      writeFileSync(path, writer.bytes());
      const check = ['ip', 'tcp', 'udp'].flatMap((name) => ['-o', `${name}.check_checksum:TRUE`]);
      const dissect = (...args: string[]): string[] =>
        execFileSync('tshark', ['-n', '-r', path, ...check, ...args], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        })
          .split('\n')
          .filter(Boolean);
      expect(dissect('-Y', '_ws.malformed')).toEqual([]);
      expect(
        dissect(
          '-Y',
          'ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0',
        ),
      ).toEqual([]);
      const fields = dissect(
        '-T',
        'fields',
        '-e',
        'frame.interface_name',
        '-e',
        'frame.comment',
        '-e',
        'frame.protocols',
      );
      expect(fields).toHaveLength(samples().length * 2);
      expect(fields[0]).toBe('node1/eth0\tverdict 0\teth:ethertype:arp');
      expect(fields.find((line) => line.includes('vxlan'))).toContain(
        'eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:tcp',
      );
      const good = dissect('-Y', 'tcp.checksum.status == 1 && !icmp', '-T', 'fields', '-e', 'ip.checksum.status');
      expect(good.length).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
