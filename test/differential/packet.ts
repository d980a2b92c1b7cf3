// The packet of a probe, for the emulator as it is, for the real kernel as octets of the emulator's own codec.
import { ipv4 } from '../../simulator/base/address.ts';
import { encodeFrame } from '../../simulator/wire/ethernet.ts';
import { ICMP_ECHO, Packet, PROTO_ICMP, PROTO_TCP, PROTO_UDP } from '../../simulator/wire/packet.ts';
import type { Probe } from './case.ts';

const PROTOCOLS = { icmp: PROTO_ICMP, tcp: PROTO_TCP, udp: PROTO_UDP, other: 253 };

/** What probes carry. */
export function payloadOf(probe: Probe): Uint8Array {
  return new Uint8Array(probe.length).fill(0x61);
}

/** Fills `packet` with what the probe says. */
export function packetOf(probe: Probe, packet = new Packet()): Packet {
  packet.protocol = PROTOCOLS[probe.protocol];
  packet.src = ipv4(probe.src);
  packet.dst = ipv4(probe.dst);
  packet.ttl = probe.ttl;
  packet.tos = probe.tos;
  packet.ipId = probe.id;
  packet.dontFragment = probe.dontFragment;
  packet.payload = payloadOf(probe);
  packet.socketUid = 0;
  if (probe.protocol === 'icmp') {
    packet.icmpType = ICMP_ECHO;
    packet.icmpId = probe.sport;
    packet.icmpSeq = probe.sequence;
    return packet;
  }
  if (probe.protocol === 'other') return packet;
  packet.sport = probe.sport;
  packet.dport = probe.dport;
  if (probe.protocol === 'tcp') {
    packet.flags = probe.flags;
    packet.seq = probe.sequence;
    packet.ack = probe.ack;
    packet.window = 64240;
    packet.payload = new Uint8Array(0);
    if (probe.length > 0) packet.tcpOptions = { mss: 1460 };
  }
  return packet;
}

/** The octets of the IP packet. */
export function bytesOf(probe: Probe): Uint8Array {
  return encodeFrame(packetOf(probe)).subarray(14);
}
