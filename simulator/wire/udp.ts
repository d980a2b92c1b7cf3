/** UDP (RFC 768). Checksums are always computed, also for VXLAN's outer packets (a vxlan device's `udpcsum`, the default). */
import { get16, put16 } from './bytes.ts';
import { foldChecksum, pseudoHeaderSum, sumWords } from './checksum.ts';
import { type Packet, PROTO_UDP } from './packet.ts';
import { readVxlan, VXLAN_PORT, writeVxlan } from './vxlan.ts';

export const UDP_HEADER = 8;

export function writeUdp(bytes: Uint8Array, at: number, packet: Packet, length: number): void {
  put16(bytes, at, packet.sport);
  put16(bytes, at + 2, packet.dport);
  put16(bytes, at + 4, length);
  if (packet.inner !== null) writeVxlan(bytes, at + UDP_HEADER, packet.vni, packet.inner);
  else bytes.set(packet.payload, at + UDP_HEADER);
  const sum = foldChecksum(
    sumWords(bytes, at, at + length, pseudoHeaderSum(packet.src, packet.dst, PROTO_UDP, length)),
  );
  // Zero means "none", so a sum of zero is sent as its other form.
  put16(bytes, at + 6, (sum === 0 ? 0xffff : sum) ^ (packet.malformed ? 0x5555 : 0));
}

export function readUdp(bytes: Uint8Array, packet: Packet, whole: boolean): void {
  packet.sport = get16(bytes, 0);
  packet.dport = get16(bytes, 2);
  const body = bytes.subarray(UDP_HEADER);
  if (whole && (get16(bytes, 4) !== bytes.length || bytes.length < UDP_HEADER)) packet.malformed = true;
  if (whole && get16(bytes, 6) !== 0) {
    const sum = sumWords(bytes, 0, bytes.length, pseudoHeaderSum(packet.src, packet.dst, PROTO_UDP, bytes.length));
    if (foldChecksum(sum) !== 0) packet.malformed = true;
  }
  if (whole && packet.dport === VXLAN_PORT && readVxlan(body, packet)) return;
  packet.payload = body.slice();
}
