// Frames in words that can be compared. What is drawn by lot (sequence numbers, identifications, ports that NAT looked for) is
// shown as `*`, with its distance from the lot where that means something.
import { formatIpv4 } from '../../simulator/base/address.ts';
import {
  ETH_ARP,
  ETH_IPV4,
  ICMP_ECHO,
  ipLength,
  type Packet,
  PROTO_ICMP,
  PROTO_TCP,
  PROTO_UDP,
  TCP_ACK,
  TCP_SYN,
} from '../../simulator/wire/packet.ts';
import type { Case, KnownNumbers } from './case.ts';
import { identificationOf, knownNumbers } from './case.ts';

/** Octets after an initial sequence number that still belong to its connection. */
const WINDOW = 1 << 20;
const VXLAN_PORT = 4789;

/** Words for the frames of one case. Frames must be shown in the order in which they were seen. */
export class FrameWords {
  private readonly known: KnownNumbers;
  /** Initial sequence numbers that a kernel drew. */
  private readonly drawn: number[] = [];
  /** Sequence numbers of the probes. */
  private readonly given: ReadonlySet<number>;

  constructor(test: Case) {
    this.known = knownNumbers(test);
    this.given = new Set(test.probes.flatMap((probe) => [probe.sequence, probe.ack]));
  }

  /** Undefined for what is not compared: anything but ARP and IPv4. */
  text(packet: Packet): string | undefined {
    if (packet.etherType !== ETH_ARP && packet.etherType !== ETH_IPV4) return undefined;
    const macs = `${macText(packet.srcMac)}>${macText(packet.dstMac)}`;
    if (packet.etherType === ETH_ARP)
      return `${macs} arp ${packet.arpOperation} ${formatIpv4(packet.arpSenderIp)} ${macText(packet.arpSenderMac)} ${formatIpv4(packet.arpTargetIp)} ${macText(packet.arpTargetMac)}`;
    return `${macs} ${this.ip(packet, false)}`;
  }

  private ip(packet: Packet, quoted: boolean): string {
    const { src, dst, ttl, tos, dontFragment } = packet;
    const answer = packet.protocol === PROTO_ICMP && packet.icmpType !== ICMP_ECHO;
    const sent = !answer && this.known.identifications.has(identificationOf(packet));
    const id = sent || packet.ipId === 0 ? packet.ipId : '*';
    const head = `${formatIpv4(src)} > ${formatIpv4(dst)} ttl ${ttl} tos ${tos} id ${id}${dontFragment ? ' DF' : ''} length ${ipLength(packet)}`;
    if (packet.whole !== null || packet.moreFragments || packet.fragmentOffset !== 0)
      return `${head} protocol ${packet.protocol} fragment ${packet.fragmentOffset}${packet.moreFragments ? '+' : ''}`;
    switch (packet.protocol) {
      case PROTO_TCP:
        return `${head} tcp ${this.tcp(packet, quoted)}`;
      case PROTO_UDP:
        if (packet.inner !== null && !quoted)
          return `${formatIpv4(src)} > ${formatIpv4(dst)} ttl ${ttl} vxlan ${packet.vni} ${this.text(packet.inner) ?? '-'}`;
        return `${head} udp ${packet.dport === VXLAN_PORT ? '*' : this.port(packet.sport)} > ${this.port(packet.dport)}`;
      case PROTO_ICMP: {
        const type = `icmp ${packet.icmpType}/${packet.icmpCode}`;
        if (packet.quoted !== null && !quoted) {
          const more = `${packet.icmpMtu !== 0 ? ` mtu ${packet.icmpMtu}` : ''}${packet.icmpGateway !== 0 ? ` to ${formatIpv4(packet.icmpGateway)}` : ''}`;
          return `${head} ${type}${more} about [${this.ip(packet.quoted, true)}]`;
        }
        return `${head} ${type} id ${this.port(packet.icmpId)} seq ${packet.icmpSeq}`;
      }
      default:
        return `${head} protocol ${packet.protocol}`;
    }
  }

  private tcp(packet: Packet, quoted: boolean): string {
    const { flags, seq, ack, window } = packet;
    const ports = `${this.port(packet.sport)} > ${this.port(packet.dport)}`;
    if (quoted) return `${ports} seq ${this.number(seq)}`;
    if (flags & TCP_SYN && !this.given.has(seq) && !this.drawn.includes(seq)) this.drawn.push(seq);
    const options = packet.tcpOptions;
    const words = [
      options?.mss === undefined ? '' : ` mss ${options.mss}`,
      options?.windowScale === undefined ? '' : ` scale ${options.windowScale}`,
      options?.sackPermitted === true ? ' sack' : '',
      options?.timestamps === undefined ? '' : ' stamps',
      options?.sack === undefined ? '' : ` blocks ${options.sack.length}`,
    ];
    return `${ports} flags ${flags} seq ${this.number(seq)}${flags & TCP_ACK || ack !== 0 ? ` ack ${this.number(ack)}` : ''} window ${window}${words.join('')}`;
  }

  /** A sequence number, counted from the lot it belongs to. */
  private number(value: number): string {
    const place = this.place(value);
    if (place !== undefined) return `*+${place}`;
    for (const first of this.given) if ((value - first) >>> 0 < WINDOW) return String(value);
    // Of a segment that nobody has seen leave.
    return value === 0 ? '0' : '*';
  }

  private place(value: number): number | undefined {
    let nearest: number | undefined;
    for (const first of this.drawn) {
      const distance = (value - first) >>> 0;
      if (distance < (nearest ?? WINDOW)) nearest = distance;
    }
    return nearest;
  }

  private port(value: number): string {
    return this.known.ports.has(value) ? String(value) : '*';
  }
}

function macText(mac: number): string {
  if (mac === 0xffffffffffff) return 'all';
  return mac < 0x020000000000 ? mac.toString(16) : `m${(mac % 0x10000).toString(16)}`;
}
