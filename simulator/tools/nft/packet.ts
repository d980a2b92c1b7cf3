/**
 * The headers of a traced packet as `nft monitor trace` prints them (nftables netlink.c, trace_print_packet), in the words of
 * 0.9.8 or 1.1. nft knows some combinations of TCP flags by name and shows others as a number; what 0.9.8 has no name for, it
 * shows as bits of a header and a number.
 */
import { formatIpv4, formatMac } from '../../base/address.ts';
import type { NftRelease } from '../../base/platform.ts';
import { NF_LOCAL_OUT } from '../../kernel/seams.ts';
import { wrappedElsewhere, type TraceStep } from '../../netfilter/index.ts';
import { protocolName } from '../../netfilter/names.ts';
import { get16 } from '../../wire/bytes.ts';
import { encodeFrame, ETHERNET_HEADER } from '../../wire/ethernet.ts';
import { IPV4_HEADER } from '../../wire/ipv4.ts';
import { ipLength, PROTO_ICMP, PROTO_TCP, PROTO_UDP, type Packet } from '../../wire/packet.ts';
import { UDP_HEADER } from '../../wire/udp.ts';

type Words = NftRelease['words'];

/** Octets of the link-layer and of the transport header that the kernel tells (NFT_TRACETYPE_LL_HSIZE, _TH_HSIZE). */
const LINK_OCTETS = 20;
const TRANSPORT_OCTETS = 20;

/** All headers, with a blank at the end. */
export function packetText(step: TraceStep, words: Words): string {
  const { packet, hook, input, output } = step;
  const elsewhere = wrappedElsewhere(step);
  let text = input !== null ? `iif "${input.name}" ` : elsewhere ? `iif ${packet.dev} ` : '';
  if (output !== null) text += `oif "${output.name}" `;
  // What a tunnel wraps is still in the buffer where the new link header will be.
  const left = packet.dev !== 0 && packet.inner !== null && words === '2021' ? packet.inner : null;
  if (left !== null && hook === NF_LOCAL_OUT) text += bits('ll', encodeFrame(left), 0, LINK_OCTETS);
  if ((input !== null && input.kind !== 'loopback') || elsewhere) {
    const { srcMac, dstMac } = elsewhere ? (packet.inner ?? packet) : packet;
    text += `ether saddr ${formatMac(srcMac)} ether daddr ${formatMac(dstMac)} `;
    if (left !== null && elsewhere) text += bits('ll', encodeFrame(left), ETHERNET_HEADER, LINK_OCTETS);
  }
  text += `ip saddr ${formatIpv4(packet.src)} ip daddr ${formatIpv4(packet.dst)} ip dscp ${dscpName(packet.tos >> 2)} ip ecn ${ECN[packet.tos & 3] ?? ''} `;
  text += `ip ttl ${packet.ttl} ip id ${packet.ipId} `;
  if (![PROTO_TCP, PROTO_UDP].includes(packet.protocol)) text += `ip protocol ${protocolName(packet.protocol)} `;
  return `${text}ip length ${ipLength(packet)} ${transportText(packet, words)}`;
}

const ECN = ['not-ect', 'ect1', 'ect0', 'ce'] as const;

/** `@BASE,FROM,LENGTH NUMBER`: octets of a header as one number. */
function bits(base: string, bytes: Uint8Array, from: number, to: number): string {
  const end = Math.min(to, bytes.length);
  if (end <= from) return '';
  let number = 0n;
  for (let at = from; at < end; at++) number = (number << 8n) | BigInt(bytes[at] as number);
  return `@${base},${8 * from},${8 * (end - from)} ${number} `;
}

function dscpName(dscp: number): string {
  return dscp % 8 === 0 ? `cs${dscp / 8}` : `0x${dscp.toString(16).padStart(2, '0')}`;
}

function transportText(packet: Packet, words: Words): string {
  if (packet.protocol === PROTO_TCP) {
    const named: Readonly<Record<number, string>> = { 1: 'fin', 2: 'syn', 4: 'rst', 8: 'psh', 16: 'ack', 32: 'urg' };
    const flags = named[packet.flags] ?? `0x${packet.flags.toString(16)}`;
    return `tcp sport ${packet.sport} tcp dport ${packet.dport} tcp flags == ${flags} tcp window ${packet.window} `;
  }
  if (packet.protocol === PROTO_UDP) {
    const header = encodeFrame(packet).subarray(ETHERNET_HEADER + IPV4_HEADER);
    const rest = words === '2021' ? bits('th', header, UDP_HEADER, TRANSPORT_OCTETS) : `udp checksum ${get16(header, 6)} `;
    return `udp sport ${packet.sport} udp dport ${packet.dport} udp length ${ipLength(packet) - IPV4_HEADER} ${rest}`;
  }
  if (packet.protocol === PROTO_ICMP)
    return `icmp type ${packet.icmpType === 8 ? 'echo-request' : packet.icmpType === 0 ? 'echo-reply' : packet.icmpType} icmp code ${packet.icmpCode} icmp id ${packet.icmpId} icmp sequence ${packet.icmpSeq} `;
  return '';
}
