/** Ethernet II frames. After IEEE 802.3; no VLAN tags, no padding to 60 octets (captures at a Linux host show none when sent). */
import { readArp, writeArp, ARP_LENGTH } from './arp.ts';
import { get16, get48, put16, put48 } from './bytes.ts';
import { readIpv4, writeIpv4 } from './ipv4.ts';
import { ETH_ARP, ETH_IPV4, frameLength, Packet } from './packet.ts';

export const ETHERNET_HEADER = 14;

/** The octets of a frame, checksums filled in. A packet marked malformed gets a wrong transport checksum. */
export function encodeFrame(packet: Packet): Uint8Array {
  const bytes = new Uint8Array(frameLength(packet));
  writeFrame(bytes, 0, packet);
  return bytes;
}

/** Writes a frame at `at`. */
export function writeFrame(bytes: Uint8Array, at: number, packet: Packet): void {
  put48(bytes, at, packet.dstMac);
  put48(bytes, at + 6, packet.srcMac);
  put16(bytes, at + 12, packet.etherType);
  if (packet.etherType === ETH_IPV4) writeIpv4(bytes, at + ETHERNET_HEADER, packet);
  else if (packet.etherType === ETH_ARP) writeArp(bytes, at + ETHERNET_HEADER, packet);
  else bytes.set(packet.payload, at + ETHERNET_HEADER);
}

/**
 * The packet of a frame, or undefined when it is shorter than an Ethernet header. What cannot be parsed above stays in
 * `payload`; wrong checksums and lengths set `malformed`. VXLAN is known by its port, 4789.
 */
export function decodeFrame(bytes: Uint8Array): Packet | undefined {
  if (bytes.length < ETHERNET_HEADER) return undefined;
  const packet = new Packet();
  packet.dstMac = get48(bytes, 0);
  packet.srcMac = get48(bytes, 6);
  packet.etherType = get16(bytes, 12);
  const body = bytes.subarray(ETHERNET_HEADER);
  if (packet.etherType === ETH_IPV4) readIpv4(body, packet, true);
  else if (packet.etherType === ETH_ARP && body.length >= ARP_LENGTH) readArp(body, packet);
  else packet.payload = body.slice();
  return packet;
}
