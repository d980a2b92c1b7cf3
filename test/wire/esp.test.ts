// ESP bytes: AES-GCM against another implementation, the lengths of the recorded capture, and what an eavesdropper sees.
import { execFileSync, spawnSync } from 'node:child_process';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipv4 } from '../../simulator/base/address.ts';
import { decodeFrame, encodeFrame } from '../../simulator/wire/ethernet.ts';
import { AesGcm } from '../../simulator/wire/gcm.ts';
import { frameLength, Packet, PROTO_ESP, PROTO_ICMP, PROTO_UDP } from '../../simulator/wire/packet.ts';
import { PcapngWriter } from '../../simulator/wire/pcapng.ts';

const KEY = '8da5228363014d402f32fc85777e257c';
const SPI = 0xcfab4099;

/** The frame of a ping with `octets` of data on an encrypted overlay. */
function frame(octets: number, sequence = 1): Packet {
  const ping = new Packet();
  ping.src = ipv4('10.0.1.3');
  ping.dst = ipv4('10.0.1.4');
  ping.protocol = PROTO_ICMP;
  ping.icmpType = 8;
  ping.payload = new Uint8Array(octets).fill(0x41);
  const vxlan = new Packet();
  vxlan.src = ipv4('192.168.56.11');
  vxlan.dst = ipv4('192.168.56.12');
  vxlan.protocol = PROTO_UDP;
  vxlan.sport = 40000;
  vxlan.dport = 4789;
  vxlan.vni = 4097;
  vxlan.inner = ping;
  const outer = new Packet();
  outer.src = vxlan.src;
  outer.dst = vxlan.dst;
  outer.srcMac = 0x080027380011;
  outer.dstMac = 0x080027380012;
  outer.protocol = PROTO_ESP;
  outer.esp = { spi: SPI, sequence, key: KEY + SPI.toString(16), icvLength: 8 };
  outer.inner = vxlan;
  return outer;
}

test('AES-GCM is what OpenSSL makes of it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(16, 24, 32),
      fc.uint8Array({ minLength: 12, maxLength: 12 }),
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 20 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (length, nonce, plain, associated, seed) => {
        const key = seed.slice(0, length);
        const cipher = createCipheriv(`aes-${(length * 8) as 128}-gcm`, key, nonce);
        cipher.setAAD(associated);
        const sealed = [...cipher.update(plain), ...cipher.final()];
        const own = new AesGcm(key).seal(nonce, plain, associated);
        expect([...own.sealed]).toEqual(sealed);
        expect([...own.tag]).toEqual([...cipher.getAuthTag()]);
      },
    ),
    { numRuns: 60 },
  );
});

// Recorded: frames of 174 and 1514 octets for pings of 56 and 1396 (overlay-encrypted.json, step 54).
test.each([
  [56, 174],
  [1396, 1514],
  [57, 178],
  [58, 178],
  [59, 178],
  [60, 178],
])('a ping of %i octets is a frame of %i', (octets, expected) => {
  expect(frameLength(frame(octets))).toBe(expected);
  expect(encodeFrame(frame(octets))).toHaveLength(expected);
});

test('who has the key reads the packet; who has not, octets', () => {
  const bytes = encodeFrame(frame(56));
  const esp = bytes.subarray(34);
  const nonce = Buffer.concat([Buffer.from(SPI.toString(16), 'hex'), esp.subarray(8, 16)]);
  const opener = createDecipheriv('aes-128-gcm', Buffer.from(KEY, 'hex'), nonce, { authTagLength: 8 });
  opener.setAAD(esp.subarray(0, 8));
  opener.setAuthTag(esp.subarray(esp.length - 8));
  const plain = Buffer.concat([opener.update(esp.subarray(16, esp.length - 8)), opener.final()]);
  expect(plain.readUInt16BE(2)).toBe(4789);
  expect([plain.at(-2), plain.at(-1)]).toEqual([0, PROTO_UDP]);
  expect(plain.includes('A'.repeat(56))).toBe(true);

  expect(Buffer.from(bytes).includes('AAAA')).toBe(false);
  const read = decodeFrame(bytes) as Packet;
  expect([read.protocol, read.inner, read.esp, read.payload.length]).toEqual([PROTO_ESP, null, null, 140]);
  expect(encodeFrame(read)).toEqual(bytes);
});

test('equal packets are not equal on the wire', () => {
  const [one, two] = [encodeFrame(frame(56, 1)), encodeFrame(frame(56, 2))];
  expect(one.subarray(58)).not.toEqual(two.subarray(58));
});

describe.runIf(spawnSync('tshark', ['--version']).status === 0)('as tshark sees it', () => {
  const dissect = (...args: string[]): string[] => {
    const folder = mkdtempSync(join(tmpdir(), 'esp-'));
    try {
      const writer = new PcapngWriter();
      const place = writer.addInterface({ name: 'node1/eth0' });
      for (const sequence of [1, 2])
        writer.addPacket({ interface: place, time: sequence, bytes: encodeFrame(frame(56, sequence)) });
      writeFileSync(join(folder, 'esp.pcapng'), writer.bytes());
      return execFileSync('tshark', ['-n', '-r', join(folder, 'esp.pcapng'), ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
        .split('\n')
        .filter(Boolean);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test('ESP, nothing malformed', () => {
    expect(dissect('-Y', '_ws.malformed')).toEqual([]);
    expect(
      dissect('-T', 'fields', '-e', 'frame.protocols', '-e', 'ip.len', '-e', 'esp.spi', '-e', 'esp.sequence'),
    ).toEqual([1, 2].map((sequence) => `eth:ethertype:ip:esp\t160\t0xcfab4099\t${sequence}`));
  });

  test('with the key that `ip xfrm state` shows, all of it', () => {
    const fields = [
      'IPv4',
      '192.168.56.11',
      '192.168.56.12',
      '0xcfab4099',
      'AES-GCM with 8 octet ICV [RFC4106]',
      `0x${KEY}cfab4099`,
      'NULL',
      '',
    ];
    const association = `uat:esp_sa:${fields.map((field) => `"${field}"`).join(',')}`;
    expect(
      dissect(
        '-o',
        'esp.enable_encryption_decode:TRUE',
        '-o',
        association,
        '-T',
        'fields',
        '-e',
        'frame.protocols',
        '-e',
        'vxlan.vni',
        '-e',
        'icmp.type',
      ),
    ).toEqual(Array.from({ length: 2 }, () => 'eth:ethertype:ip:esp:udp:vxlan:eth:ethertype:ip:icmp:data\t4097\t8'));
  });
});
