/** `-j LOG`: a line for dmesg. Mirrors libxt_LOG.c, xt_LOG.c and nf_log_syslog.c. */
import { formatIpv4 } from '../../base/address.ts';
import type { NetDevice } from '../../kernel/device.ts';
import type { NetworkNamespace } from '../../kernel/netns.ts';
import { PROTO_ICMP, PROTO_TCP, PROTO_UDP, ipLength, type Packet, type TcpOptions } from '../../wire/packet.ts';
import { CONTINUE, FLAG, parameterProblem, VALUE, type TargetExtension } from '../extension.ts';
import { printk } from '../klog.ts';
import { parseUnsigned, protocolName } from '../names.ts';

interface LogData {
  level: number;
  prefix: string;
  /** 1 sequence, 2 TCP options, 4 IP options, 8 uid, 32 MAC decode. */
  flags: number;
}

const LEVELS = ['emerg', 'alert', 'crit', 'error', 'warning', 'notice', 'info', 'debug'] as const;
const DEFAULT_LEVEL = 4;
const OPTION_FLAGS: Readonly<Record<string, number>> = {
  'log-tcp-sequence': 1,
  'log-tcp-options': 2,
  'log-ip-options': 4,
  'log-uid': 8,
  'log-macdecode': 32,
};

export const logTarget: TargetExtension<LogData> = {
  name: 'LOG',
  options: {
    'log-level': VALUE,
    'log-prefix': VALUE,
    'log-tcp-sequence': FLAG,
    'log-tcp-options': FLAG,
    'log-ip-options': FLAG,
    'log-uid': FLAG,
    'log-macdecode': FLAG,
  },
  init: () => ({ level: DEFAULT_LEVEL, prefix: '', flags: 0 }),
  parse(data, option, value) {
    if (option === 'log-prefix') {
      if (value.includes('\n')) return parameterProblem('LOG: Newlines not allowed in --log-prefix');
      data.prefix = value.slice(0, 29);
    } else if (option === 'log-level') {
      const named = LEVELS.findIndex(
        (name) => name === value.toLowerCase() || (value !== '' && name.startsWith(value.toLowerCase())),
      );
      const level = parseUnsigned(value, 7) ?? (named < 0 ? undefined : named);
      if (level === undefined) return parameterProblem(`log-level \`${value}' unknown`);
      data.level = level;
    } else data.flags |= OPTION_FLAGS[option] ?? 0;
    return undefined;
  },
  save(data) {
    let text = data.prefix === '' ? '' : ` --log-prefix ${quoted(data.prefix)}`;
    if (data.level !== DEFAULT_LEVEL) text += ` --log-level ${data.level}`;
    for (const [option, bit] of Object.entries(OPTION_FLAGS)) if (data.flags & bit) text += ` --${option}`;
    return text;
  },
  list(data, numeric) {
    const level = numeric ? String(data.level) : (LEVELS[data.level] as string);
    if (!numeric) {
      let words = ` LOG level ${level}`;
      for (const [option, bit] of Object.entries(OPTION_FLAGS)) if (data.flags & bit) words += ` ${option.slice(4)}`;
      return data.prefix === '' ? words : `${words} prefix "${data.prefix}"`;
    }
    return ` LOG flags ${data.flags} level ${level}${data.prefix === '' ? '' : ` prefix "${data.prefix}"`}`;
  },
  act(data, ns, packet, _hook, input, output) {
    printk(ns.kernel, data.prefix + logLine(data.flags, ns, packet, input, output));
    return CONTINUE;
  },
};

function quoted(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** nf_log_ip_packet, without the prefix. */
function logLine(
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
