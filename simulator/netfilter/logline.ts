/** A packet as a line of the kernel's log: nf_log_syslog.c. Mirrors nf_log_ip_packet and what it calls. */
import { formatIpv4 } from '../base/address.ts';
import type { NetDevice } from '../kernel/device.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { PROTO_ICMP, PROTO_TCP, PROTO_UDP, ipLength, type Packet, type TcpOptions } from '../wire/packet.ts';
import { protocolName } from './names.ts';

/** NF_LOG_DEFAULT_MASK: sequence numbers, TCP options, IP options, uid. */
export const LOG_EVERYTHING = 15;

/** nf_log_ip_packet, without the prefix. */
export function logLine(
  flags: number,
  ns: NetworkNamespace,
  packet: Packet,
  input: NetDevice | null,
  output: NetDevice | null,
): string {
  let line = `IN=${input?.name ?? ''} OUT=${output?.name ?? ''} `;
  const physIn = packet.physIif === 0 ? undefined : ns.devices.get(packet.physIif)?.name;
  const physOut = packet.physOif === 0 ? undefined : ns.devices.get(packet.physOif)?.name;
  if (physIn !== undefined) line += `PHYSIN=${physIn} `;
  if (physOut !== undefined) line += `PHYSOUT=${physOut} `;
  if (input !== null)
    line += input.kind === 'loopback' ? `MAC=${macDump(0, 0)} ` : `MAC=${macDump(packet.dstMac, packet.srcMac)} `;
  line += ipPart(flags, packet);
  return packet.mark === 0 ? line : `${line}MARK=0x${packet.mark.toString(16)} `;
}

function macDump(destination: number, source: number): string {
  const octets = `${destination.toString(16).padStart(12, '0')}${source.toString(16).padStart(12, '0')}0800`;
  return (octets.match(/../g) as string[]).join(':');
}

function ipPart(flags: number, packet: Packet): string {
  const { tos } = packet;
  let text = `SRC=${formatIpv4(packet.src)} DST=${formatIpv4(packet.dst)} LEN=${ipLength(packet)} `;
  text += `TOS=0x${hex2(tos & 0x1e)} PREC=0x${hex2(tos & 0xe0)} TTL=${packet.ttl} ID=${packet.ipId} `;
  if (packet.dontFragment) text += 'DF ';
  if (packet.moreFragments) text += 'MF ';
  if (packet.fragmentOffset !== 0) text += `FRAG:${packet.fragmentOffset >> 3} `;
  switch (packet.protocol) {
    case PROTO_TCP:
      text += tcpPart(flags, packet);
      break;
    case PROTO_UDP:
      text += `PROTO=UDP ${packet.fragmentOffset !== 0 ? '' : `SPT=${packet.sport} DPT=${packet.dport} LEN=${ipLength(packet) - 20} `}`;
      break;
    case PROTO_ICMP:
      text += icmpPart(packet);
      break;
    default:
      text += `PROTO=${protocolName(packet.protocol) === 'esp' ? 'ESP' : packet.protocol} `;
  }
  if (flags & 8 && packet.socketUid >= 0) text += `UID=${packet.socketUid} GID=${packet.socketUid} `;
  return text;
}

function tcpPart(flags: number, packet: Packet): string {
  let text = 'PROTO=TCP ';
  if (packet.fragmentOffset !== 0) return text;
  text += `SPT=${packet.sport} DPT=${packet.dport} `;
  if (flags & 1) text += `SEQ=${packet.seq} ACK=${packet.ack} `;
  text += `WINDOW=${packet.window} RES=0x00 `;
  for (const [bit, name] of [
    [128, 'CWR'],
    [64, 'ECE'],
    [32, 'URG'],
    [16, 'ACK'],
    [8, 'PSH'],
    [4, 'RST'],
    [2, 'SYN'],
    [1, 'FIN'],
  ] as const) {
    if (packet.flags & bit) text += `${name} `;
  }
  text += 'URGP=0 ';
  if (flags & 2 && packet.tcpOptions !== null) text += `OPT (${optionBytes(packet.tcpOptions)}) `;
  return text;
}

/** Options as Linux lays them out (tcp_options_write), in upper-case hexadecimal. */
function optionBytes(options: TcpOptions): string {
  const { mss, sackPermitted, timestamps, windowScale } = options;
  let text = mss === undefined ? '' : `0204${hexOf(mss, 4)}`;
  if (timestamps !== undefined) {
    text += `${sackPermitted ? '0402' : '0101'}080A${hexOf(timestamps.value, 8)}${hexOf(timestamps.echo, 8)}`;
  } else if (sackPermitted) text += '01010402';
  if (windowScale !== undefined) text += `010303${hexOf(windowScale, 2)}`;
  return text;
}

function icmpPart(packet: Packet): string {
  let text = 'PROTO=ICMP ';
  if (packet.fragmentOffset !== 0) return text;
  text += `TYPE=${packet.icmpType} CODE=${packet.icmpCode} `;
  switch (packet.icmpType) {
    case 0:
    case 8:
      return `${text}ID=${packet.icmpId} SEQ=${packet.icmpSeq} `;
    case 3:
    case 4:
    case 11:
      if (packet.quoted !== null) text += `[${ipPart(0, packet.quoted)}] `;
      return packet.icmpType === 3 && packet.icmpCode === 4 ? `${text}MTU=${packet.icmpMtu} ` : text;
    default:
      return text;
  }
}

function hex2(value: number): string {
  return hexOf(value, 2);
}

function hexOf(value: number, width: number): string {
  return (value >>> 0).toString(16).toUpperCase().padStart(width, '0');
}
