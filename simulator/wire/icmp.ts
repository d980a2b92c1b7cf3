/** ICMP (RFC 792; next-hop MTU of RFC 1191). */
import { get16, get32, put16, put32 } from './bytes.ts';
import { foldChecksum, sumWords } from './checksum.ts';
import { IPV4_HEADER, readIpv4, writeIpv4 } from './ipv4.ts';
import {
  ICMP_ECHO,
  ICMP_ECHO_REPLY,
  ICMP_PARAMETER_PROBLEM,
  ICMP_REDIRECT,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
  ipLength,
  Packet,
} from './packet.ts';

export const ICMP_HEADER = 8;

/** True of the types that quote the packet they are about. */
export function isIcmpError(type: number): boolean {
  return (
    type === ICMP_UNREACHABLE ||
    type === ICMP_REDIRECT ||
    type === ICMP_TIME_EXCEEDED ||
    type === ICMP_PARAMETER_PROBLEM ||
    type === 4
  );
}

export function writeIcmp(bytes: Uint8Array, at: number, packet: Packet, length: number): void {
  bytes[at] = packet.icmpType;
  bytes[at + 1] = packet.icmpCode;
  if (packet.icmpType === ICMP_ECHO || packet.icmpType === ICMP_ECHO_REPLY) {
    put16(bytes, at + 4, packet.icmpId);
    put16(bytes, at + 6, packet.icmpSeq);
  } else if (packet.icmpType === ICMP_REDIRECT) put32(bytes, at + 4, packet.icmpGateway);
  else put16(bytes, at + 6, packet.icmpMtu);
  if (packet.quoted === null) bytes.set(packet.payload, at + ICMP_HEADER);
  else bytes.set(quotation(packet.quoted).subarray(0, length - ICMP_HEADER), at + ICMP_HEADER);
  put16(bytes, at + 2, foldChecksum(sumWords(bytes, at, at + length)) ^ (packet.malformed ? 0x5555 : 0));
}

/** The quoted packet from its IP header on. */
function quotation(quoted: Packet): Uint8Array {
  const bytes = new Uint8Array(ipLength(quoted));
  writeIpv4(bytes, 0, quoted);
  return bytes;
}

export function readIcmp(bytes: Uint8Array, packet: Packet, whole: boolean): void {
  packet.icmpType = bytes[0];
  packet.icmpCode = bytes[1];
  if (whole && (bytes.length < ICMP_HEADER || foldChecksum(sumWords(bytes, 0, bytes.length)) !== 0))
    packet.malformed = true;
  if (packet.icmpType === ICMP_ECHO || packet.icmpType === ICMP_ECHO_REPLY) {
    packet.icmpId = get16(bytes, 4);
    packet.icmpSeq = get16(bytes, 6);
  } else if (packet.icmpType === ICMP_REDIRECT) packet.icmpGateway = get32(bytes, 4);
  else packet.icmpMtu = get16(bytes, 6);
  const body = bytes.subarray(ICMP_HEADER);
  if (!isIcmpError(packet.icmpType) || body.length < IPV4_HEADER) {
    packet.payload = body.slice();
    return;
  }
  packet.quoted = new Packet();
  readIpv4(body, packet.quoted, false);
}
