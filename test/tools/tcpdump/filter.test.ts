// The filter language: which frames an expression takes, and libpcap's words for those it does not.
import { describe, expect, test } from 'vitest';
import { ipv4, parseMac } from '../../../simulator/base/address.ts';
import { compileFilter } from '../../../simulator/tools/tcpdump/filter.ts';
import { viewOf } from '../../../simulator/tools/tcpdump/view.ts';
import { encodeFrame } from '../../../simulator/wire/ethernet.ts';
import { Packet, PROTO_ICMP, PROTO_TCP, PROTO_UDP } from '../../../simulator/wire/packet.ts';

function frame(fields: Partial<Packet>): Uint8Array {
  const base = {
    srcMac: parseMac('02:42:0a:00:00:03') as number,
    dstMac: parseMac('02:42:0a:00:00:04') as number,
    src: ipv4('10.0.0.3'),
    dst: ipv4('10.0.0.4'),
  };
  return encodeFrame(Object.assign(new Packet(), base, fields));
}

const inner = Object.assign(new Packet(), { src: 1, dst: 2, protocol: PROTO_TCP, sport: 1, dport: 8000 });
const whole = Object.assign(new Packet(), { protocol: PROTO_UDP, sport: 1, dport: 9, payload: new Uint8Array(100) });

/** A letter for each frame, so that an expectation is a word. */
const FRAMES: Readonly<Record<string, Uint8Array>> = {
  a: frame({
    etherType: 0x806,
    dstMac: 0xffffffffffff,
    arpOperation: 1,
    arpSenderIp: ipv4('10.0.0.3'),
    arpTargetIp: ipv4('10.0.0.9'),
  }),
  s: frame({ protocol: PROTO_TCP, sport: 5000, dport: 8000, flags: 2 }),
  r: frame({
    src: ipv4('10.0.0.4'),
    dst: ipv4('10.0.0.3'),
    protocol: PROTO_TCP,
    sport: 8000,
    dport: 5000,
    flags: 0x12,
  }),
  d: frame({
    dst: ipv4('192.168.56.11'),
    protocol: PROTO_UDP,
    sport: 40000,
    dport: 53,
    ttl: 3,
    payload: new Uint8Array(1200),
  }),
  v: frame({ protocol: PROTO_UDP, sport: 50000, dport: 4789, vni: 4096, inner }),
  i: frame({ protocol: PROTO_ICMP, icmpType: 8 }),
  f: frame({ protocol: PROTO_UDP, whole, fragmentOffset: 64, fragmentLength: 44 }),
  e: frame({ protocol: 50, payload: new Uint8Array(20) }),
  x: frame({ etherType: 0x86dd, payload: Uint8Array.from({ length: 48 }, (_, i) => (i === 6 ? 58 : 0)) }),
};

function taken(expression: string): string {
  const test = compileFilter(expression, {
    resolve: (name) => (name === 'web' ? ipv4('10.0.0.4') : undefined),
    linkType: 1,
  });
  if (typeof test === 'string') return test;
  return Object.entries(FRAMES)
    .filter(([, bytes]) => test(viewOf(bytes, 1)))
    .map(([letter]) => letter)
    .join('');
}

describe('an expression takes', () => {
  test.each([
    ['', 'asrdvifex'],
    ['arp', 'a'],
    ['ip', 'srdvife'],
    ['tcp', 'sr'],
    ['udp', 'dvf'],
    ['icmp', 'i'],
    ['icmp6', 'x'],
    ['esp', 'e'],
    ['ip proto 50', 'e'],
    ['ip proto \\tcp', 'sr'],
    ['ether proto 0x806', 'a'],
    ['tcp or arp', 'asr'],
    ['not ip', 'ax'],
    ['! ip && arp', 'a'],
    ['tcp port 8000', 'sr'],
    ['tcp dst port 8000', 's'],
    ['src port 8000', 'r'],
    ['port 53', 'd'],
    ['port domain', 'd'],
    ['udp port 4789', 'v'],
    ['portrange 4000-9000', 'srv'],
    ['port 53 or 8000', 'srd'],
    ['port (53 or 8000)', 'srd'],
    ['tcp port 8000 or arp or udp port 4789', 'asrv'],
    ['host 10.0.0.9', 'a'],
    ['host 192.168.56.11 and udp', 'd'],
    ['host web', 'srvife'],
    ['src host 10.0.0.4', 'r'],
    ['src or dst host 10.0.0.4', 'srvife'],
    ['src and dst net 10.0.0.0/24', 'asrvife'],
    ['arp host 10.0.0.3', 'a'],
    ['ip host 10.0.0.3', 'srdvife'],
    ['net 192.168.56.0/24', 'd'],
    ['net 192.168', 'd'],
    ['dst net 192.168.0.0 mask 255.255.0.0', 'd'],
    ['10.0.0.9', 'a'],
    ['ether host 02:42:0a:00:00:04', 'srdvifex'],
    ['ether dst ff:ff:ff:ff:ff:ff', 'a'],
    ['broadcast', 'a'],
    ['ether multicast', 'a'],
    ['greater 1200', 'd'],
    ['less 42', 'aif'.replace('f', '')],
    ['len > 1000', 'd'],
    ['tcp[tcpflags] & tcp-syn != 0', 'sr'],
    ['tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn', 's'],
    ['tcp[13] = 18', 'r'],
    ['ip[8] < 5', 'd'],
    ['ip[6:2] & 0x1fff != 0', 'f'],
    ['icmp[icmptype] == icmp-echo', 'i'],
    ['udp[2:2] = 4789', 'v'],
    ['udp port 4789 and udp[11] & 0xff = 0', 'v'],
    // What is inside VXLAN, at its place in the outer packet.
    ['udp[8+4:4] >> 8 = 4096', 'v'],
    ['ether[12:2] = 0x806', 'a'],
    // and and or bind equally, from the left.
    ['arp or tcp and port 5000', 'sr'],
    ['arp or (tcp and port 5000)', 'asr'],
    ['not (tcp or udp) and ip', 'ie'],
  ])('%s', (expression, letters) => {
    expect([...taken(expression)].sort().join('')).toBe([...letters].sort().join(''));
  });
});

describe('an expression is refused', () => {
  const SYNTAX = "can't parse filter expression: syntax error";
  test.each([
    ['tcp port', SYNTAX],
    ['and tcp', SYNTAX],
    ['tcp)', SYNTAX],
    ['(tcp', SYNTAX],
    ['tcp port 80 {', SYNTAX],
    ['port 99999', 'illegal port number 99999 > 65535'],
    ['port nosuch', "unknown port 'nosuch'"],
    ['host nosuch', "unknown host 'nosuch'"],
    ['net 10.0.0.1/24', 'non-network bits set in "10.0.0.1/24"'],
    ['net 10.0.0.0/33', 'mask length must be <= 32'],
    ['tcp[0:3] = 1', 'data size must be 1, 2, or 4'],
    ['host 02:42:0a:00:00:04', 'ethernet address used in non-ether expression'],
    ['vlan 5', 'filter vlan is not emulated here'],
  ])('%s', (expression, words) => {
    expect(taken(expression)).toBe(words);
  });
});
