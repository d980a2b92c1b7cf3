/**
 * A packet as the engine moves it: parsed, mutable, one owner. After the kernel's `struct sk_buff` plus the
 * headers it carries. Bytes exist only in the codecs beside this file.
 *
 * One flat class, all fields always present, so that every packet has one hidden class and a hop allocates nothing.
 * Which groups of fields mean something is told by `etherType` and `protocol`.
 */

/** EtherTypes in use. */
export const ETH_IPV4 = 0x0800;
export const ETH_ARP = 0x0806;
export const ETH_IPV6 = 0x86dd;

/** IP protocol numbers in use. */
export const PROTO_ICMP = 1;
export const PROTO_IPIP = 4;
export const PROTO_TCP = 6;
export const PROTO_UDP = 17;
export const PROTO_ESP = 50;
export const PROTO_SCTP = 132;

/** TCP flag bits as on the wire. */
export const TCP_FIN = 1;
export const TCP_SYN = 2;
export const TCP_RST = 4;
export const TCP_PSH = 8;
export const TCP_ACK = 16;
export const TCP_URG = 32;
export const TCP_ECE = 64;
export const TCP_CWR = 128;

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;

export const ICMP_ECHO_REPLY = 0;
export const ICMP_UNREACHABLE = 3;
export const ICMP_REDIRECT = 5;
export const ICMP_ECHO = 8;
export const ICMP_TIME_EXCEEDED = 11;
export const ICMP_PARAMETER_PROBLEM = 12;

/** No bytes; shared by all packets without a payload. */
export const NO_BYTES = new Uint8Array(0);

/** TCP options as a value; never changed once on a packet. */
export interface TcpOptions {
  /** Maximum segment size (SYN only). */
  readonly mss?: number;
  /** Window scale shift (SYN only). */
  readonly windowScale?: number;
  readonly sackPermitted?: boolean;
  /** RFC 7323 time stamps: value and echo reply. */
  readonly timestamps?: { readonly value: number; readonly echo: number };
  /** RFC 2018 blocks, [left, right) pairs. */
  readonly sack?: readonly (readonly [number, number])[];
}

/** What the kernel hangs on a packet of a tracked connection (`skb->_nfct`); the fields belong to netfilter/. */
export interface ConntrackReference {
  /** Unique in the world, shown by `conntrack -o id`. */
  readonly id: number;
}

/** The ESP header of a packet that the kernel has wrapped (RFC 4303), and what its bytes are made with; never changed once on a packet. */
export interface EspHeader {
  readonly spi: number;
  readonly sequence: number;
  /** Key and salt of rfc4106(gcm(aes)) in hexadecimal; the receiver reads with its own and compares. */
  readonly key: string;
  /** Octets of the integrity check value. */
  readonly icvLength: number;
}

/** Relation of a packet to its conntrack entry, after enum ip_conntrack_info. */
export const CT_NONE = 0;
export const CT_NEW = 1;
export const CT_ESTABLISHED = 2;
export const CT_RELATED = 3;
export const CT_ESTABLISHED_REPLY = 4;
export const CT_RELATED_REPLY = 5;
export const CT_UNTRACKED = 6;
export const CT_INVALID = 7;

export class Packet {
  /** Unique in the world. A packet keeps its id through namespaces, NAT and (as inner packet) VXLAN. */
  id = 0;
  /** The packet this one was copied from, wraps, answers or quotes; 0 when none. */
  parent = 0;
  /** Conversation: the id of the socket connection (or ping) it belongs to, kept through NAT; 0 when none. See trace/. */
  flow = 0;

  // Ethernet
  dstMac = 0;
  srcMac = 0;
  etherType = ETH_IPV4;

  // ARP (etherType ETH_ARP)
  arpOperation = 0;
  arpSenderMac = 0;
  arpSenderIp = 0;
  arpTargetMac = 0;
  arpTargetIp = 0;

  // IPv4 (etherType ETH_IPV4)
  src = 0;
  dst = 0;
  protocol = 0;
  ttl = 64;
  tos = 0;
  ipId = 0;
  dontFragment = false;
  moreFragments = false;
  /** Octets, a multiple of 8. */
  fragmentOffset = 0;
  /** Octets of the IP payload this fragment carries; only with `whole`. */
  fragmentLength = 0;
  /** Of a packet put together: its largest fragment in octets (frag_max_size), so that it is not cut more coarsely again; else 0. */
  largestFragment = 0;
  /** Of fragments: the packet that was cut. The transport fields above repeat it in the first fragment only. */
  whole: Packet | null = null;

  // UDP, TCP
  sport = 0;
  dport = 0;
  seq = 0;
  ack = 0;
  flags = 0;
  /** The raw 16-bit window field. */
  window = 0;
  tcpOptions: TcpOptions | null = null;

  // ICMP
  icmpType = 0;
  icmpCode = 0;
  /** Echo: identifier. */
  icmpId = 0;
  /** Echo: sequence. */
  icmpSeq = 0;
  /** Unreachable code 4: next-hop MTU. */
  icmpMtu = 0;
  /** Redirect: the better gateway. */
  icmpGateway = 0;
  /** Errors: the packet quoted (IP header + 8 bytes count on the wire); owned by this packet. */
  quoted: Packet | null = null;

  /** Octets above the transport header (UDP/TCP data, echo data), or above Ethernet/IP for protocols not parsed here. Shared, never written. */
  payload: Uint8Array = NO_BYTES;

  // VXLAN: a UDP packet to the VXLAN port that carries a frame. `payload` is then empty.
  inner: Packet | null = null;
  vni = 0;

  /** ESP in transport mode: `inner` is then the packet as it was, with the same IP header. Null of ESP that was read from bytes. */
  esp: EspHeader | null = null;

  // What the kernel knows beside the bytes (sk_buff metadata)
  /** skb->mark; 0 again when the packet leaves its namespace. */
  mark = 0;
  /** ifindex of the receiving device in the present namespace (skb->skb_iif), 0 when locally made. */
  iif = 0;
  /** ifindex of the device that the buffer of a locally sent packet still names (skb->dev): IPVS's and tunnels' POSTROUTING hears of it. */
  dev = 0;
  /** ifindex of the bridge port it came in by (physindev of bridge-nf), else 0. */
  physIif = 0;
  /** ifindex of the bridge port it leaves by (physoutdev), else 0. */
  physOif = 0;
  ct: ConntrackReference | null = null;
  ctInfo = CT_NONE;
  /** skb->ipvs_property: IPVS has dealt with it in this namespace. */
  ipvs = false;
  /** The IPVS connection it belongs to, for `-m ipvs`; belongs to ipvs/. */
  ipvsConnection: object | null = null;
  /** The IPsec states that it was decrypted by, last first (skb_sec_path); belongs to kernel/xfrm. */
  secPath: readonly object[] | null = null;
  /** How it is to leave by IPsec (the dst's chain of transformations); belongs to kernel/xfrm. */
  bundle: object | null = null;
  /** `-j TRACE` was hit in this namespace (nf_trace). */
  nfTrace = false;
  /** The TCP checksum covers the pseudo header only, until a device without offloads sends the packet (CHECKSUM_PARTIAL). */
  partial = false;
  /** A broken checksum or length is an explicit fact here, as there are no bytes to be wrong. */
  malformed = false;
  /** uid of the sending socket for `-m owner`; -1 when there is none. */
  socketUid = -1;
}

/** Hands out packet ids; one per world. */
export class PacketFactory {
  private last = 0;

  /** A new empty packet with a fresh id. */
  make(): Packet {
    const packet = new Packet();
    packet.id = ++this.last;
    return packet;
  }

  /** A copy with a fresh id whose parent is the original. Payload bytes and options are shared; nested packets are copied. */
  clone(from: Packet): Packet {
    const packet = new Packet();
    copyFields(packet, from);
    packet.id = ++this.last;
    packet.parent = from.id;
    if (from.inner !== null) packet.inner = this.clone(from.inner);
    if (from.quoted !== null) packet.quoted = this.clone(from.quoted);
    return packet;
  }
}

/** Copies every field, nested packets by reference. Written out: three times as fast as Object.assign on this path. */
export function copyFields(to: Packet, from: Packet): void {
  to.id = from.id;
  to.parent = from.parent;
  to.flow = from.flow;
  to.dstMac = from.dstMac;
  to.srcMac = from.srcMac;
  to.etherType = from.etherType;
  to.arpOperation = from.arpOperation;
  to.arpSenderMac = from.arpSenderMac;
  to.arpSenderIp = from.arpSenderIp;
  to.arpTargetMac = from.arpTargetMac;
  to.arpTargetIp = from.arpTargetIp;
  to.src = from.src;
  to.dst = from.dst;
  to.protocol = from.protocol;
  to.ttl = from.ttl;
  to.tos = from.tos;
  to.ipId = from.ipId;
  to.dontFragment = from.dontFragment;
  to.moreFragments = from.moreFragments;
  to.fragmentOffset = from.fragmentOffset;
  to.fragmentLength = from.fragmentLength;
  to.largestFragment = from.largestFragment;
  to.whole = from.whole;
  to.sport = from.sport;
  to.dport = from.dport;
  to.seq = from.seq;
  to.ack = from.ack;
  to.flags = from.flags;
  to.window = from.window;
  to.tcpOptions = from.tcpOptions;
  to.icmpType = from.icmpType;
  to.icmpCode = from.icmpCode;
  to.icmpId = from.icmpId;
  to.icmpSeq = from.icmpSeq;
  to.icmpMtu = from.icmpMtu;
  to.icmpGateway = from.icmpGateway;
  to.quoted = from.quoted;
  to.payload = from.payload;
  to.inner = from.inner;
  to.vni = from.vni;
  to.esp = from.esp;
  to.mark = from.mark;
  to.iif = from.iif;
  to.dev = from.dev;
  to.physIif = from.physIif;
  to.physOif = from.physOif;
  to.ct = from.ct;
  to.ctInfo = from.ctInfo;
  to.ipvs = from.ipvs;
  to.ipvsConnection = from.ipvsConnection;
  to.secPath = from.secPath;
  to.bundle = from.bundle;
  to.nfTrace = from.nfTrace;
  to.partial = from.partial;
  to.malformed = from.malformed;
  to.socketUid = from.socketUid;
}

/** skb_checksum_help: what was left to the hardware is done now, in what a tunnel carries as well. */
export function completeChecksum(packet: Packet): void {
  packet.partial = false;
  if (packet.inner !== null) completeChecksum(packet.inner);
}

/** The packet as a device without offloads sends it; itself when it is so already. */
export function asOnTheWire(packet: Packet): Packet {
  if (!packet.partial && (packet.inner === null || !packet.inner.partial)) return packet;
  const copy = new Packet();
  copyFields(copy, packet);
  copy.partial = false;
  if (copy.inner !== null) copy.inner = asOnTheWire(copy.inner);
  return copy;
}

/** Octets of the TCP header of `packet`, options padded to 4 as Linux lays them out. */
export function tcpHeaderLength(packet: Packet): number {
  const options = packet.tcpOptions;
  if (options === null) return 20;
  let length = 0;
  if (options.mss !== undefined) length += 4;
  // Linux packs SACK-permitted into the two pad octets of the time stamp option.
  if (options.timestamps !== undefined) length += 12;
  else if (options.sackPermitted) length += 4;
  if (options.windowScale !== undefined) length += 4;
  if (options.sack !== undefined && options.sack.length > 0) length += 4 + 8 * options.sack.length;
  return 20 + length;
}

/** Total length of the IPv4 packet in octets (the header's `tot_len`). */
export function ipLength(packet: Packet): number {
  if (packet.whole !== null) return 20 + packet.fragmentLength;
  switch (packet.protocol) {
    case PROTO_TCP:
      return 20 + tcpHeaderLength(packet) + packet.payload.length;
    case PROTO_UDP:
      return packet.inner !== null ? 20 + 8 + 8 + frameLength(packet.inner) : 20 + 8 + packet.payload.length;
    case PROTO_ICMP:
      return packet.quoted !== null ? 20 + 8 + quotedLength(packet.quoted) : 20 + 8 + packet.payload.length;
    case PROTO_ESP:
      return packet.inner !== null && packet.esp !== null ? 20 + espLength(ipLength(packet.inner) - 20, packet.esp.icvLength) : 20 + packet.payload.length;
    default:
      return packet.inner !== null ? 20 + ipLength(packet.inner) : 20 + packet.payload.length;
  }
}

/** Octets of ESP around `length` octets: SPI, sequence, IV (8), padding to 4 with its length and the next header, check value. */
function espLength(length: number, icvLength: number): number {
  return 16 + ((length + 5) & ~3) + icvLength;
}

/** Octets of an ICMP error's quotation: as Linux does, as much as fits 576 octets in all (icmp_send: 576 - 20 - 8). */
export function quotedLength(quoted: Packet): number {
  return Math.min(ipLength(quoted), 548);
}

/** Length of the Ethernet frame in octets, without preamble and FCS; what device byte counters count. */
export function frameLength(packet: Packet): number {
  switch (packet.etherType) {
    case ETH_IPV4:
      return 14 + ipLength(packet);
    case ETH_ARP:
      return 14 + 28;
    default:
      return 14 + packet.payload.length;
  }
}
