/**
 * IPv4 (RFC 791), and fragments.
 *
 * Deviation: no IP options; a header that has some is skipped over when read.
 */
import { get16, get32, put16, put32 } from './bytes.ts';
import { foldChecksum, sumWords } from './checksum.ts';
import { writeEsp } from './esp.ts';
import { readIcmp, writeIcmp } from './icmp.ts';
import { ipLength, Packet, PROTO_ESP, PROTO_ICMP, PROTO_IPIP, PROTO_TCP, PROTO_UDP } from './packet.ts';
import { readTcp, writeTcp } from './tcp.ts';
import { readUdp, writeUdp } from './udp.ts';

export const IPV4_HEADER = 20;

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;

/** The protocol of a stand-in for the whole of a fragment that was read: its payload is raw octets. */
const RAW = 255;

export function writeIpv4(bytes: Uint8Array, at: number, packet: Packet): void {
  const length = ipLength(packet);
  bytes[at] = 0x45;
  bytes[at + 1] = packet.tos;
  put16(bytes, at + 2, length);
  put16(bytes, at + 4, packet.ipId);
  const flags = (packet.dontFragment ? DONT_FRAGMENT : 0) | (packet.moreFragments ? MORE_FRAGMENTS : 0);
  put16(bytes, at + 6, flags | (packet.fragmentOffset >>> 3));
  bytes[at + 8] = packet.ttl;
  bytes[at + 9] = packet.protocol;
  put32(bytes, at + 12, packet.src);
  put32(bytes, at + 16, packet.dst);
  put16(bytes, at + 10, foldChecksum(sumWords(bytes, at, at + IPV4_HEADER)));
  if (packet.whole !== null) bytes.set(pieceOf(packet, packet.whole), at + IPV4_HEADER);
  else writeBody(bytes, at + IPV4_HEADER, packet, length - IPV4_HEADER);
}

/** The octets of the whole packet's body that a fragment carries. */
function pieceOf(fragment: Packet, whole: Packet): Uint8Array {
  const saved = whole.whole;
  whole.whole = null;
  const body = new Uint8Array(ipLength(whole) - IPV4_HEADER);
  writeBody(body, 0, whole, body.length);
  whole.whole = saved;
  return body.subarray(fragment.fragmentOffset, fragment.fragmentOffset + fragment.fragmentLength);
}

function writeBody(bytes: Uint8Array, at: number, packet: Packet, length: number): void {
  switch (packet.protocol) {
    case PROTO_TCP:
      writeTcp(bytes, at, packet, length);
      break;
    case PROTO_UDP:
      writeUdp(bytes, at, packet, length);
      break;
    case PROTO_ICMP:
      writeIcmp(bytes, at, packet, length);
      break;
    case PROTO_ESP:
      if (packet.inner !== null && packet.esp !== null) {
        const plain = new Uint8Array(ipLength(packet.inner) - IPV4_HEADER);
        writeBody(plain, 0, packet.inner, plain.length);
        writeEsp(bytes, at, packet.esp, plain, packet.inner.protocol);
      } else bytes.set(packet.payload, at);
      break;
    default:
      if (packet.inner !== null) writeIpv4(bytes, at, packet.inner);
      else bytes.set(packet.payload, at);
  }
}

/**
 * Reads an IPv4 packet into `packet`. `whole` is false inside an ICMP error, where the rest may be cut off: then a
 * missing end is filled with zeros and checksums are not looked at.
 */
export function readIpv4(bytes: Uint8Array, packet: Packet, whole: boolean): void {
  const header = (bytes[0] & 15) * 4;
  if (bytes.length < IPV4_HEADER || bytes[0] >>> 4 !== 4 || header < IPV4_HEADER) {
    packet.payload = bytes.slice();
    packet.malformed = true;
    return;
  }
  const length = get16(bytes, 2);
  const flags = get16(bytes, 6);
  packet.tos = bytes[1];
  packet.ipId = get16(bytes, 4);
  packet.dontFragment = (flags & DONT_FRAGMENT) !== 0;
  packet.moreFragments = (flags & MORE_FRAGMENTS) !== 0;
  packet.fragmentOffset = (flags & 0x1fff) * 8;
  packet.ttl = bytes[8];
  packet.protocol = bytes[9];
  packet.src = get32(bytes, 12);
  packet.dst = get32(bytes, 16);
  if (foldChecksum(sumWords(bytes, 0, header)) !== 0 && whole) packet.malformed = true;
  let body = bytes.subarray(header, length);
  if (body.length < length - header) {
    if (whole) packet.malformed = true;
    const filled = new Uint8Array(length - header);
    filled.set(body);
    body = filled;
  }
  if (packet.moreFragments || packet.fragmentOffset !== 0) {
    readFragment(body, packet);
    return;
  }
  readBody(body, packet, whole);
}

function readBody(body: Uint8Array, packet: Packet, whole: boolean): void {
  switch (packet.protocol) {
    case PROTO_TCP:
      readTcp(body, packet, whole);
      break;
    case PROTO_UDP:
      readUdp(body, packet, whole);
      break;
    case PROTO_ICMP:
      readIcmp(body, packet, whole);
      break;
    case PROTO_IPIP:
      packet.inner = new Packet();
      readIpv4(body, packet.inner, whole);
      break;
    default:
      packet.payload = body.slice();
  }
}

/** A fragment stands alone here: its whole is known only where the fragment has octets of it. */
function readFragment(body: Uint8Array, packet: Packet): void {
  const stand = new Packet();
  stand.protocol = RAW;
  const octets = new Uint8Array(packet.fragmentOffset + body.length);
  octets.set(body, packet.fragmentOffset);
  stand.payload = octets;
  packet.whole = stand;
  packet.fragmentLength = body.length;
  if (packet.fragmentOffset === 0 && (packet.protocol === PROTO_TCP || packet.protocol === PROTO_UDP)) {
    packet.sport = get16(body, 0);
    packet.dport = get16(body, 2);
  }
}
