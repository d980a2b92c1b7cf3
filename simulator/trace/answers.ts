/** Which packet answers which: what makes a request and its reply one journey. */
import {
  ETH_ARP,
  ICMP_ECHO,
  ICMP_ECHO_REPLY,
  PROTO_ICMP,
  PROTO_TCP,
  TCP_FIN,
  TCP_SYN,
  type Packet,
} from '../wire/packet.ts';

/** A packet of a conversation, as it was first seen. */
export interface Seen {
  readonly id: number;
  readonly packet: Packet;
}

/** The answer of each packet that has one, by id. `seen` is in order of first appearance. */
export function answersAmong(seen: readonly Seen[]): Map<number, number> {
  const answers = new Map<number, number>();
  for (const [at, { id, packet }] of seen.entries()) {
    const later = seen.slice(at + 1);
    const error = later.find((each) => each.packet.parent === id && isError(each.packet));
    const answer = error ?? answerTo(packet, later);
    if (answer !== undefined) answers.set(id, answer.id);
  }
  return answers;
}

function isError(packet: Packet): boolean {
  return packet.protocol === PROTO_ICMP && packet.quoted !== null;
}

function answerTo(packet: Packet, later: readonly Seen[]): Seen | undefined {
  if (packet.etherType === ETH_ARP) {
    return packet.arpOperation === 1
      ? later.find((each) => each.packet.arpOperation === 2 && each.packet.arpSenderIp === packet.arpTargetIp)
      : undefined;
  }
  if (packet.protocol === PROTO_TCP) return acknowledgement(packet, later);
  if (packet.protocol === PROTO_ICMP) {
    return packet.icmpType === ICMP_ECHO
      ? later.find(
          (each) =>
            each.packet.icmpType === ICMP_ECHO_REPLY &&
            each.packet.protocol === PROTO_ICMP &&
            each.packet.icmpSeq === packet.icmpSeq,
        )
      : undefined;
  }
  return later.find(
    (each) =>
      each.packet.protocol === packet.protocol &&
      each.packet.dport === packet.sport &&
      each.packet.sport !== packet.sport,
  );
}

/** Of a segment that takes sequence numbers: what acknowledges them, and rather one that says something than a bare ACK. */
function acknowledgement(packet: Packet, later: readonly Seen[]): Seen | undefined {
  const length =
    packet.payload.length + ((packet.flags & TCP_SYN) !== 0 ? 1 : 0) + ((packet.flags & TCP_FIN) !== 0 ? 1 : 0);
  if (length === 0) return undefined;
  const end = (packet.seq + length) >>> 0;
  const candidates = later.filter(
    (each) =>
      each.packet.protocol === PROTO_TCP &&
      each.packet.dport === packet.sport &&
      each.packet.sport !== packet.sport &&
      each.packet.ack === end,
  );
  return candidates.find((each) => each.packet.payload.length > 0) ?? candidates[0];
}
