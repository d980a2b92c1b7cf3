/** What the two programs that show traces share. */
import { tupleHash } from '../../netfilter/conntrack/entry.ts';
import type { Packet } from '../../wire/packet.ts';

/** The number a packet has in a trace: eight hexadecimal digits, the same as long as it is the same packet. */
export function traceId(packet: Packet): string {
  return tupleHash(packet.id, packet.flow, 0, 0, 255).toString(16).padStart(8, '0');
}
