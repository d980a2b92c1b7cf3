/** What the primitives of a filter ask of a frame. Mirrors the generators of libpcap's gencode.c (gen_host, gen_port, gen_proto). */
import { BROADCAST_MAC, isGroupMac } from '../../base/address.ts';
import { get16, get32, get48 } from '../../wire/bytes.ts';
import {
  ETH_ARP,
  ETH_IPV4,
  ETH_IPV6,
  PROTO_ESP,
  PROTO_ICMP,
  PROTO_SCTP,
  PROTO_TCP,
  PROTO_UDP,
} from '../../wire/packet.ts';
import { LINK_ETHERNET } from '../../wire/pcap.ts';
import type { FrameView } from './view.ts';

export type Test = (view: FrameView) => boolean;

export type Direction = '' | 'src' | 'dst' | 'src or dst' | 'src and dst';

export interface Qualifiers {
  /** '' when none was given. */
  readonly protocol: string;
  readonly direction: Direction;
  readonly type: string;
}

const ETH_RARP = 0x8035;
const PROTO_ICMP6 = 58;

/** Protocol words: the ether type or IP protocol they mean. */
export const PROTOCOLS: Readonly<Record<string, { readonly etherType?: number; readonly number?: number }>> = {
  ether: {},
  link: {},
  ip: { etherType: ETH_IPV4 },
  ip6: { etherType: ETH_IPV6 },
  arp: { etherType: ETH_ARP },
  rarp: { etherType: ETH_RARP },
  tcp: { number: PROTO_TCP },
  udp: { number: PROTO_UDP },
  icmp: { number: PROTO_ICMP },
  icmp6: { number: PROTO_ICMP6 },
  igmp: { number: 2 },
  esp: { number: PROTO_ESP },
  ah: { number: 51 },
  sctp: { number: PROTO_SCTP },
  pim: { number: 103 },
  vrrp: { number: 112 },
};

/** Joins what is asked of a source and of a destination. */
function both(direction: Direction, source: Test, destination: Test): Test {
  switch (direction) {
    case 'src':
      return source;
    case 'dst':
      return destination;
    case 'src and dst':
      return (view) => source(view) && destination(view);
    default:
      return (view) => source(view) || destination(view);
  }
}

/** The protocol alone: `tcp`, `arp`, `ip`. */
export function testProtocol(word: string): Test {
  const { etherType, number } = PROTOCOLS[word];
  if (etherType !== undefined) return (view) => view.etherType === etherType;
  if (number === undefined) return () => true;
  // icmp and igmp belong to IPv4, icmp6 to IPv6; the others to both.
  if (word === 'icmp' || word === 'igmp') return (view) => view.etherType === ETH_IPV4 && view.protocol === number;
  return (view) => view.protocol === number;
}

/** `ip proto 50` */
export function testProtocolNumber(word: string, number: number): Test {
  const etherType = PROTOCOLS[word]?.etherType;
  if (etherType === undefined) return (view) => view.protocol === number;
  return (view) => view.etherType === etherType && view.protocol === number;
}

/** Addresses of IPv4 packets and of ARP. */
export function testAddress(qualifiers: Qualifiers, address: number, mask: number): Test {
  const wanted = (address & mask) >>> 0;
  const at = (etherType: number, offset: number): Test => {
    return (view) => view.etherType === etherType && (get32(view.bytes, view.network + offset) & mask) >>> 0 === wanted;
  };
  const ip = both(qualifiers.direction, at(ETH_IPV4, 12), at(ETH_IPV4, 16));
  const arp = both(qualifiers.direction, at(ETH_ARP, 14), at(ETH_ARP, 24));
  if (qualifiers.protocol === 'ip') return ip;
  if (qualifiers.protocol === 'arp') return arp;
  if (qualifiers.protocol === 'rarp') return () => false;
  return (view) => ip(view) || arp(view);
}

/** Ports of TCP, UDP and SCTP, or of the one that was named. */
export function testPort(qualifiers: Qualifiers, low: number, high: number): Test {
  const at = (offset: number): Test => {
    return (view) => {
      const port = get16(view.bytes, view.transport + offset);
      return port >= low && port <= high;
    };
  };
  const ports = both(qualifiers.direction, at(0), at(2));
  const { number, etherType } = PROTOCOLS[qualifiers.protocol] ?? {};
  return (view) => {
    const { protocol } = view;
    if (view.transport < 0) return false;
    if (etherType !== undefined && view.etherType !== etherType) return false;
    if (
      number !== undefined
        ? protocol !== number
        : protocol !== PROTO_TCP && protocol !== PROTO_UDP && protocol !== PROTO_SCTP
    )
      return false;
    return ports(view);
  };
}

export type LinkTest = 'broadcast' | 'multicast';

/** Link-layer tests; cooked frames have no destination to look at. */
export const LINK_LAYER = {
  broadcast: (view: FrameView): boolean => view.linkType === LINK_ETHERNET && get48(view.bytes, 0) === BROADCAST_MAC,
  multicast: (view: FrameView): boolean => view.linkType === LINK_ETHERNET && isGroupMac(get48(view.bytes, 0)),
  address: (mac: number, direction: Direction): Test =>
    both(
      direction,
      (view) => view.linkType === LINK_ETHERNET && get48(view.bytes, 6) === mac,
      (view) => view.linkType === LINK_ETHERNET && get48(view.bytes, 0) === mac,
    ),
};
