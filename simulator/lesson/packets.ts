/** A filter on packets of the trace: `{ protocol: udp, dport: 4789, vni: 42, inner: { protocol: icmp } }`. */
import { z } from 'zod/mini';
import { formatIpv4 } from '../base/address.ts';
import type { TraceEvent } from '../trace/event.ts';
import { ETH_ARP, type Packet, PROTO_ESP, PROTO_ICMP, PROTO_TCP, PROTO_UDP } from '../wire/packet.ts';

const port = z.number().check(z.int(), z.minimum(0), z.maximum(65535));
const ipv4 = z.string().check(z.regex(/^\d+\.\d+\.\d+\.\d+$/, 'an IPv4 address'));

const flat = {
  protocol: z.optional(z.enum(['icmp', 'tcp', 'udp', 'arp', 'esp'])),
  src: z.optional(ipv4),
  dst: z.optional(ipv4),
  sport: z.optional(port),
  dport: z.optional(port),
  mark: z.optional(z.number().check(z.int(), z.minimum(0))),
  ttl: z.optional(z.number().check(z.int(), z.minimum(0), z.maximum(255))),
};

/** The schema of a filter. A field that is not given matches all. */
export const packetFilter = z.strictObject({
  ...flat,
  /** VXLAN network identifier of a wrapped packet. */
  vni: z.optional(z.number().check(z.int(), z.minimum(0))),
  /** What a wrapped packet carries. */
  inner: z.optional(z.strictObject(flat)),
});

export type PacketFilter = z.infer<typeof packetFilter>;

function protocolOf(packet: Packet): string {
  if (packet.etherType === ETH_ARP) return 'arp';
  const names: Readonly<Record<number, string>> = {
    [PROTO_ICMP]: 'icmp',
    [PROTO_TCP]: 'tcp',
    [PROTO_UDP]: 'udp',
    [PROTO_ESP]: 'esp',
  };
  return names[packet.protocol] ?? `protocol ${packet.protocol}`;
}

/** Whether a packet passes a filter. */
export function matches(filter: PacketFilter, packet: Packet): boolean {
  const { protocol, src, dst, sport, dport, mark, ttl, vni, inner } = filter;
  return (
    (protocol === undefined || protocolOf(packet) === protocol) &&
    (src === undefined || formatIpv4(packet.src) === src) &&
    (dst === undefined || formatIpv4(packet.dst) === dst) &&
    (sport === undefined || packet.sport === sport) &&
    (dport === undefined || packet.dport === dport) &&
    (mark === undefined || packet.mark === mark) &&
    (ttl === undefined || packet.ttl === ttl) &&
    (vni === undefined || (packet.inner !== null && packet.vni === vni)) &&
    (inner === undefined || (packet.inner !== null && matches(inner, packet.inner)))
  );
}

/** A packet in few words: `udp 192.168.56.11:4000 → 192.168.56.12:4789 (vni 42: icmp 10.0.0.2 → 10.0.0.3)`. */
export function packetText(packet: Packet): string {
  const protocol = protocolOf(packet);
  if (protocol === 'arp') return `arp ${formatIpv4(packet.arpSenderIp)} → ${formatIpv4(packet.arpTargetIp)}`;
  const ports = protocol === 'tcp' || protocol === 'udp';
  const end = (address: number, number: number): string => `${formatIpv4(address)}${ports ? `:${number}` : ''}`;
  const own = `${protocol} ${end(packet.src, packet.sport)} → ${end(packet.dst, packet.dport)}`;
  return packet.inner === null ? own : `${own} (vni ${packet.vni}: ${packetText(packet.inner)})`;
}

/** The conversations that a trace tells of, each as its events in order. ARP and the like count as one. */
export function conversations(events: readonly TraceEvent[]): TraceEvent[][] {
  const flows = new Map<number, TraceEvent[]>();
  for (const event of events) {
    const list = flows.get(event.packet.flow);
    if (list === undefined) flows.set(event.packet.flow, [event]);
    else list.push(event);
  }
  return [...flows.values()];
}
