// What tcpdump prints of recorded captures, line by line as version 4.99.5 did, and of frames made here.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ipv4, parseMac } from '../../../simulator/base/address.ts';
import { encodeUtf8 } from '../../../simulator/base/utf8.ts';
import { makeKernel, makeUniverse, namespace } from '../../kernel/network.ts';
import { DNS_NXDOMAIN, dnsQuery, dnsReply, encodeDns } from '../../../simulator/wire/dns.ts';
import { encodeFrame } from '../../../simulator/wire/ethernet.ts';
import { Packet, PROTO_ICMP, PROTO_TCP, PROTO_UDP } from '../../../simulator/wire/packet.ts';
import { pcapHeader, pcapRecord } from '../../../simulator/wire/pcap.ts';
import { Run } from './harness.ts';

const NS = namespace(makeKernel(makeUniverse()), 'netns red');

function textOf(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
}

function tcpdump(options: string, file: Uint8Array, hosts = ''): Run {
  const files = new Map([['/tmp/x.pcap', file]]);
  if (hosts !== '') files.set('/etc/hosts', encodeUtf8(hosts));
  return new Run(NS, ['tcpdump', ...options.split(' ').filter(Boolean), '-r', '/tmp/x.pcap'], files);
}

describe('recorded captures', () => {
  test.each(['client-eth0', 'node2-eth0', 'overlay-vxlan0', 'esp'])('%s', (name) => {
    const capture = new Uint8Array(
      readFileSync(fileURLToPath(new URL(`../../wire/fixtures/${name}.pcap`, import.meta.url))),
    );
    const start = 'reading from file /tmp/x.pcap, link-type EN10MB (Ethernet), snapshot length 262144\n';
    const verbose = tcpdump('-nn -e -v', capture);
    expect(verbose.stdout).toBe(textOf(`recorded/${name}.verbose.txt`));
    expect(verbose).toMatchObject({ stderr: start, exit: 0 });
    if (name !== 'esp') expect(tcpdump('-nne', capture).stdout).toBe(textOf(`recorded/${name}.txt`));
  });
});

/** A capture of these packets, a second apart. */
function captureOf(...packets: Partial<Packet>[]): Uint8Array {
  const base = {
    srcMac: parseMac('02:42:0a:00:00:03') as number,
    dstMac: parseMac('02:42:0a:00:00:04') as number,
    src: ipv4('10.0.0.3'),
    dst: ipv4('10.0.0.4'),
  };
  const records = packets.map((fields, index) => {
    const bytes = encodeFrame(Object.assign(new Packet(), base, fields));
    return pcapRecord({ time: 1_700_000_000_000_000 + index * 1_500_000, length: bytes.length, bytes });
  });
  return Uint8Array.from([...pcapHeader(1, 262144), ...records.flatMap((record) => [...record])]);
}

const QUERY = dnsQuery(4711, 'web');
const udp = (sport: number, dport: number, payload: Uint8Array): Partial<Packet> => ({
  protocol: PROTO_UDP,
  sport,
  dport,
  payload,
});
const quoted = Object.assign(new Packet(), {
  src: ipv4('10.0.0.4'),
  dst: ipv4('10.9.0.1'),
  protocol: PROTO_UDP,
  sport: 5,
  dport: 53,
  payload: new Uint8Array(9),
});
const icmp = (icmpType: number, icmpCode: number, rest: Partial<Packet> = {}): Partial<Packet> => ({
  protocol: PROTO_ICMP,
  icmpType,
  icmpCode,
  quoted,
  ...rest,
});

const CASES: readonly (readonly [string, Partial<Packet>, string])[] = [
  ['DNS query', udp(40000, 53, encodeDns(QUERY)), 'IP 10.0.0.3.40000 > 10.0.0.4.53: 4711+ A? web. (21)'],
  [
    'DNS answer',
    udp(
      53,
      40000,
      encodeDns(dnsReply(QUERY, [{ name: 'web', type: 1, class: 1, ttl: 600, data: { address: ipv4('10.0.1.2') } }])),
    ),
    'IP 10.0.0.3.53 > 10.0.0.4.40000: 4711 1/0/0 A 10.0.1.2 (37)',
  ],
  [
    'no such name',
    udp(53, 40000, encodeDns(dnsReply(QUERY, [], DNS_NXDOMAIN))),
    'IP 10.0.0.3.53 > 10.0.0.4.40000: 4711 NXDomain 0/0/0 (21)',
  ],
  [
    'too short for DNS',
    udp(37002, 53, new Uint8Array(1)),
    'IP 10.0.0.3.37002 > 10.0.0.4.53: domain [length 1 < 12] (invalid)',
  ],
  ['other UDP', udp(5, 7946, new Uint8Array(12)), 'IP 10.0.0.3.5 > 10.0.0.4.7946: UDP, length 12'],
  ['port unreachable', icmp(3, 3), 'IP 10.0.0.3 > 10.0.0.4: ICMP 10.9.0.1 udp port 53 unreachable, length 45'],
  ['host unreachable', icmp(3, 1), 'IP 10.0.0.3 > 10.0.0.4: ICMP host 10.9.0.1 unreachable, length 45'],
  [
    'too big',
    icmp(3, 4, { icmpMtu: 1450 }),
    'IP 10.0.0.3 > 10.0.0.4: ICMP 10.9.0.1 unreachable - need to frag (mtu 1450), length 45',
  ],
  ['time exceeded', icmp(11, 0), 'IP 10.0.0.3 > 10.0.0.4: ICMP time exceeded in-transit, length 45'],
  [
    'redirect',
    icmp(5, 1, { icmpGateway: ipv4('10.0.0.9') }),
    'IP 10.0.0.3 > 10.0.0.4: ICMP redirect 10.9.0.1 to host 10.0.0.9, length 45',
  ],
  [
    'echo',
    { protocol: PROTO_ICMP, icmpType: 8, icmpId: 7, icmpSeq: 1, payload: new Uint8Array(56) },
    'IP 10.0.0.3 > 10.0.0.4: ICMP echo request, id 7, seq 1, length 64',
  ],
  [
    'a request of HTTP',
    {
      protocol: PROTO_TCP,
      sport: 5000,
      dport: 8080,
      seq: 9,
      ack: 3,
      flags: 0x18,
      window: 502,
      payload: encodeUtf8('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    },
    'IP 10.0.0.3.5000 > 10.0.0.4.8080: Flags [P.], seq 9:36, ack 3, win 502, length 27: HTTP: GET / HTTP/1.1',
  ],
  [
    'selective acknowledgement',
    { protocol: PROTO_TCP, sport: 5000, dport: 9000, ack: 3, flags: 0x10, tcpOptions: { sack: [[10, 20]] } },
    'IP 10.0.0.3.5000 > 10.0.0.4.9000: Flags [.], ack 3, win 0, options [nop,nop,sack 1 {10:20}], length 0',
  ],
  ['an unknown protocol', { protocol: 99, payload: new Uint8Array(3) }, 'IP 10.0.0.3 > 10.0.0.4:  ip-proto-99 3'],
  [
    'IP in IP',
    { protocol: 4, inner: Object.assign(new Packet(), { src: 1, dst: 2, protocol: PROTO_UDP, sport: 1, dport: 2 }) },
    'IP 10.0.0.3 > 10.0.0.4: IP 0.0.0.1.1 > 0.0.0.2.2: UDP, length 0',
  ],
  [
    'ARP reply',
    { etherType: 0x806, arpOperation: 2, arpSenderIp: ipv4('10.0.0.3'), arpSenderMac: 5 },
    'ARP, Reply 10.0.0.3 is-at 00:00:00:00:00:05, length 28',
  ],
];

describe('lines', () => {
  test.each(CASES)('%s', (_, packet, line) => {
    expect(tcpdump('-nt', captureOf(packet)).stdout).toBe(`${line}\n`);
  });

  test('a fragment says only what it is one of', () => {
    const whole = Object.assign(new Packet(), { protocol: PROTO_ICMP, icmpType: 8, payload: new Uint8Array(100) });
    const fragment = { protocol: PROTO_ICMP, whole, fragmentOffset: 64, fragmentLength: 44 };
    expect(tcpdump('-nt', captureOf(fragment)).stdout).toBe('IP 10.0.0.3 > 10.0.0.4: ip-proto-1\n');
    expect(tcpdump('-t', captureOf(fragment)).stdout).toBe('IP 10.0.0.3 > 10.0.0.4: icmp\n');
    expect(tcpdump('-ntv', captureOf(fragment)).stdout).toBe(
      'IP (tos 0x0, ttl 64, id 0, offset 64, flags [none], proto ICMP (1), length 64)\n    10.0.0.3 > 10.0.0.4: ip-proto-1\n',
    );
  });

  test('a quoted packet, all lines of HTTP, and checksums with -v and -vv', () => {
    expect(tcpdump('-ntv', captureOf(icmp(11, 0))).stdout).toBe(
      'IP (tos 0x0, ttl 64, id 0, offset 0, flags [none], proto ICMP (1), length 65)\n    10.0.0.3 > 10.0.0.4: ICMP time exceeded in-transit, length 45\n' +
        '\tIP (tos 0x0, ttl 64, id 0, offset 0, flags [none], proto UDP (17), length 37)\n    10.0.0.4.5 > 10.9.0.1.53: domain [length 9 < 12] (invalid)\n',
    );
    const request = {
      protocol: PROTO_TCP,
      sport: 5000,
      dport: 80,
      flags: 0x18,
      payload: encodeUtf8('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    };
    expect(tcpdump('-ntv', captureOf(request)).stdout).toMatch(
      /cksum 0x[0-9a-f]{4} \(correct\), seq 0:27, ack 0, win 0, length 27: HTTP, length: 27\n\tGET \/ HTTP\/1\.1\n\tHost: a\n\t\n$/,
    );
    expect(tcpdump('-ntvv', captureOf(udp(1, 2, new Uint8Array(4)))).stdout).toContain(
      ': [udp sum ok] UDP, length 4\n',
    );
    expect(tcpdump('-ntvv', captureOf({ ...udp(1, 2, new Uint8Array(4)), malformed: true })).stdout).toMatch(
      /: \[bad udp cksum 0x\w{4} -> 0x\w{4}!\] UDP/,
    );
    expect(tcpdump('-ntv', captureOf({ ...request, malformed: true })).stdout).toMatch(
      /cksum 0x\w{4} \(incorrect -> 0x\w{4}\)/,
    );
  });

  test('names of hosts and ports unless -n', () => {
    const capture = captureOf({ protocol: PROTO_TCP, sport: 5000, dport: 80, flags: 2 });
    const hosts = '127.0.0.1 localhost\n10.0.0.4 web # the server\n';
    expect(tcpdump('-t', capture, hosts).stdout).toBe(
      'IP 10.0.0.3.5000 > web.http: Flags [S], seq 0, win 0, length 0\n',
    );
    expect(tcpdump('-tn host web', capture, hosts)).toMatchObject({
      exit: 0,
      stdout: 'IP 10.0.0.3.5000 > 10.0.0.4.80: Flags [S], seq 0, win 0, length 0\n',
    });
    expect(tcpdump('-tn host localhost', capture, hosts)).toMatchObject({ exit: 0, stdout: '' });
  });

  test('octets', () => {
    const capture = captureOf(udp(1, 2, encodeUtf8('hello\nworld')));
    const words = '4500 0027 0000 0000 4011 66c0 0a00 0003';
    expect(tcpdump('-ntx', capture).stdout).toBe(
      `IP 10.0.0.3.1 > 10.0.0.4.2: UDP, length 11\n\t0x0000:  ${words}\n\t0x0010:  0a00 0004 0001 0002 0013 5a06 6865 6c6c\n\t0x0020:  6f0a 776f 726c 64\n`,
    );
    expect(tcpdump('-ntX', capture).stdout).toContain(
      '\n\t0x0020:  6f0a 776f 726c 64                        o.world\n',
    );
    expect(tcpdump('-ntXX', capture).stdout).toContain(
      '\n\t0x0000:  0242 0a00 0004 0242 0a00 0003 0800 4500  .B.....B......E.\n',
    );
    expect(tcpdump('-ntA', capture).stdout).toMatch(/\nE\.\.'\.\.\.\.@\.f[^]*hello\nworld\n$/);
  });

  test('time stamps', () => {
    const capture = captureOf(udp(1, 2, new Uint8Array(0)), udp(1, 2, new Uint8Array(0)), udp(1, 2, new Uint8Array(0)));
    const stamps = (options: string): string[] =>
      tcpdump(`-n ${options}`, capture)
        .stdout.trimEnd()
        .split('\n')
        .map((line) => line.split('IP')[0]);
    expect(stamps('')).toEqual(['22:13:20.000000 ', '22:13:21.500000 ', '22:13:23.000000 ']);
    expect(stamps('-t')).toEqual(['', '', '']);
    expect(stamps('-tt')).toEqual(['1700000000.000000 ', '1700000001.500000 ', '1700000003.000000 ']);
    expect(stamps('-ttt')).toEqual([' 00:00:00.000000 ', ' 00:00:01.500000 ', ' 00:00:01.500000 ']);
    expect(stamps('-tttt')[0]).toBe('2023-11-14 22:13:20.000000 ');
    expect(stamps('-ttttt')[2]).toBe(' 00:00:03.000000 ');
  });

  test('sequence numbers are relative after the first, absolute with -S', () => {
    const there = { protocol: PROTO_TCP, sport: 5000, dport: 8000, tcpOptions: null };
    const back = { ...there, src: ipv4('10.0.0.4'), dst: ipv4('10.0.0.3'), sport: 8000, dport: 5000 };
    const capture = captureOf(
      { ...there, flags: 2, seq: 1000 },
      { ...back, flags: 0x12, seq: 7000, ack: 1001 },
      { ...there, flags: 0x10, seq: 1001, ack: 7001 },
    );
    const numbers = (options: string): string[] =>
      tcpdump(`-nt ${options}`, capture)
        .stdout.trimEnd()
        .split('\n')
        .map((line) => /Flags.*(?=, win)/.exec(line)?.[0] ?? '');
    expect(numbers('')).toEqual(['Flags [S], seq 1000', 'Flags [S.], seq 7000, ack 1001', 'Flags [.], ack 1']);
    expect(numbers('-S')[2]).toBe('Flags [.], ack 7001');
    expect(tcpdump('-ntq', capture).stdout.split('\n')[0]).toBe('IP 10.0.0.3.5000 > 10.0.0.4.8000: tcp 0');
  });
});
