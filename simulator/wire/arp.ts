/** ARP for IPv4 over Ethernet (RFC 826). */
import { get16, get32, get48, put16, put32, put48 } from './bytes.ts';
import { ETH_IPV4, type Packet } from './packet.ts';

/** Octets of the body. */
export const ARP_LENGTH = 28;

export function writeArp(bytes: Uint8Array, at: number, packet: Packet): void {
  put16(bytes, at, 1);
  put16(bytes, at + 2, ETH_IPV4);
  bytes[at + 4] = 6;
  bytes[at + 5] = 4;
  put16(bytes, at + 6, packet.arpOperation);
  put48(bytes, at + 8, packet.arpSenderMac);
  put32(bytes, at + 14, packet.arpSenderIp);
  put48(bytes, at + 18, packet.arpTargetMac);
  put32(bytes, at + 24, packet.arpTargetIp);
}

export function readArp(bytes: Uint8Array, packet: Packet): void {
  packet.arpOperation = get16(bytes, 6);
  packet.arpSenderMac = get48(bytes, 8);
  packet.arpSenderIp = get32(bytes, 14);
  packet.arpTargetMac = get48(bytes, 18);
  packet.arpTargetIp = get32(bytes, 24);
}
