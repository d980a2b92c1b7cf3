/** A packet's octets from its IP header on, for matches that look into them (string, u32, bpf). */
import { ipLength, type Packet } from '../wire/packet.ts';
import { writeIpv4 } from '../wire/ipv4.ts';

export function packetBytes(packet: Packet): Uint8Array {
  const bytes = new Uint8Array(ipLength(packet));
  writeIpv4(bytes, 0, packet);
  return bytes;
}
