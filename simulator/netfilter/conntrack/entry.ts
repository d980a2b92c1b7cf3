/**
 * What connection tracking remembers: tuples as numbers, one entry per conversation.
 * Mirrors include/net/netfilter/nf_conntrack.h and nf_conntrack_tuple.h.
 */
import type { Origin } from '../../base/origin.ts';
import type { ConntrackReference } from '../../wire/packet.ts';
import { PROTO_ICMP } from '../../wire/packet.ts';
import { TcpTrack } from './tcp-track.ts';

/** IP_CT_DIR_ORIGINAL and IP_CT_DIR_REPLY. */
export const ORIGINAL = 0;
export const REPLY = 1;

/** enum ip_conntrack_status. */
export const IPS_EXPECTED = 1;
export const IPS_SEEN_REPLY = 2;
export const IPS_ASSURED = 4;
export const IPS_CONFIRMED = 8;
export const IPS_SRC_NAT = 16;
export const IPS_DST_NAT = 32;
export const IPS_NAT_MASK = IPS_SRC_NAT | IPS_DST_NAT;
export const IPS_SRC_NAT_DONE = 128;
export const IPS_DST_NAT_DONE = 256;
export const IPS_DYING = 512;

/**
 * One direction of a conversation. Of ICMP, `sport` is the identifier and `dport` type * 256 + code, so that all
 * protocols compare the same five numbers.
 */
export class TupleHash {
  src = 0;
  dst = 0;
  sport = 0;
  dport = 0;
  protocol = 0;
  hash = 0;
  next: TupleHash | null = null;
  readonly entry: ConntrackEntry;
  readonly direction: number;

  constructor(entry: ConntrackEntry, direction: number) {
    this.entry = entry;
    this.direction = direction;
  }

  set(src: number, dst: number, sport: number, dport: number, protocol: number): void {
    this.src = src;
    this.dst = dst;
    this.sport = sport;
    this.dport = dport;
    this.protocol = protocol;
    this.hash = tupleHash(src, dst, sport, dport, protocol);
  }
}

export class ConntrackEntry implements ConntrackReference {
  /** A number that looks like the kernel's (a hash), shown by `-o id`. */
  readonly id: number;
  /** Order of birth in its table. */
  readonly sequence: number;
  readonly original: TupleHash;
  readonly reply: TupleHash;
  status = 0;
  mark = 0;
  /** Virtual microseconds. */
  expires = 0;
  /** UDP: from when on traffic both ways counts as a stream. */
  streamFrom = 0;
  /** ifindex MASQUERADE bound it to; 0 when it did not. */
  masqueradeIfindex = 0;
  /** Who wrote the rules that decided its translation: of the source, of the destination. */
  sourceOrigin: Origin | null = null;
  destinationOrigin: Origin | null = null;
  /** Something `conntrack -E` reports changed during this packet. */
  changed = false;
  readonly tcp: TcpTrack | null;

  constructor(id: number, sequence: number, tcp: boolean) {
    this.id = id;
    this.sequence = sequence;
    this.original = new TupleHash(this, ORIGINAL);
    this.reply = new TupleHash(this, REPLY);
    this.tcp = tcp ? new TcpTrack() : null;
  }

  tuple(direction: number): TupleHash {
    return direction === ORIGINAL ? this.original : this.reply;
  }
}

/** A 32-bit mix of a tuple's numbers; integer arithmetic only. */
export function tupleHash(src: number, dst: number, sport: number, dport: number, protocol: number): number {
  let h = Math.imul(src, 0x9e3779b1) ^ Math.imul(dst, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) ^ Math.imul((sport << 16) | dport, 0xc2b2ae35) ^ protocol;
  h = Math.imul(h ^ (h >>> 13), 0x297a2d39);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The answering ICMP type, or undefined for types that are not asked and answered (icmp_invmap). */
export function inverseIcmpType(type: number): number | undefined {
  switch (type) {
    case 8:
      return 0;
    case 0:
      return 8;
    case 13:
    case 15:
    case 17:
      return type + 1;
    case 14:
    case 16:
    case 18:
      return type - 1;
    default:
      return undefined;
  }
}

/** Sets `into` to the tuple that answers `of` (nf_ct_invert_tuple). */
export function setInverse(into: TupleHash, of: TupleHash): void {
  if (of.protocol === PROTO_ICMP) {
    into.set(of.dst, of.src, of.sport, inverseIcmpPort(of.dport), PROTO_ICMP);
  } else {
    into.set(of.dst, of.src, of.dport, of.sport, of.protocol);
  }
}

/** type * 256 + code with the type inverted. */
export function inverseIcmpPort(typeAndCode: number): number {
  return ((inverseIcmpType(typeAndCode >> 8) ?? typeAndCode >> 8) << 8) | (typeAndCode & 255);
}
