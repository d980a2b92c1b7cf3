/** IPv4, and what it carries: ICMP, ESP, IP in IP. Mirrors print-ip.c, print-ip-demux.c, print-icmp.c, print-esp.c. */
import { get16, get32 } from '../../wire/bytes.ts';
import { foldChecksum, sumWords } from '../../wire/checksum.ts';
import { PROTO_ESP, PROTO_ICMP, PROTO_IPIP, PROTO_SCTP, PROTO_TCP, PROTO_UDP } from '../../wire/packet.ts';
import { hex } from './hex.ts';
import { printTcp } from './print-tcp.ts';
import { printUdp } from './print-udp.ts';
import type { Printer } from './printer.ts';

/** The header of the packet that a layer above belongs to. */
export interface IpHeader {
  readonly src: number;
  readonly dst: number;
  readonly protocol: number;
  /** First of several fragments: checksums say nothing. */
  readonly fragment: boolean;
  /** Octets above the header that the packet claims; fewer may be there. */
  readonly length: number;
}

const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  [PROTO_ICMP]: 'ICMP',
  2: 'IGMP',
  [PROTO_IPIP]: 'IPIP',
  [PROTO_TCP]: 'TCP',
  [PROTO_UDP]: 'UDP',
  47: 'GRE',
  [PROTO_ESP]: 'ESP',
  51: 'AH',
  58: 'ICMPv6',
  [PROTO_SCTP]: 'SCTP',
};

/** ip_print */
export function printIpv4(printer: Printer, bytes: Uint8Array): string {
  const prefix = printer.options.link ? '' : 'IP ';
  if (bytes.length < 20) return `${prefix}[|ip]`;
  const header = (bytes[0] & 15) * 4;
  const length = get16(bytes, 2);
  const fragment = get16(bytes, 6);
  const offset = (fragment & 0x1fff) * 8;
  const ip: IpHeader = {
    src: get32(bytes, 12),
    dst: get32(bytes, 16),
    protocol: bytes[9],
    fragment: offset !== 0 || (fragment & 0x2000) !== 0,
    length: length - header,
  };
  const verbose = printer.options.verbose > 0 ? headerDetails(bytes, header, length, fragment, offset) : '';
  const body = bytes.subarray(header, length);
  if (offset !== 0) {
    const names: Readonly<Record<number, string>> = { [PROTO_ICMP]: 'icmp', [PROTO_TCP]: 'tcp', [PROTO_UDP]: 'udp' };
    const name = printer.options.numeric ? undefined : names[ip.protocol];
    return `${prefix}${verbose}${ends(printer, ip)} ${name ?? `ip-proto-${ip.protocol}`}`;
  }
  return `${prefix}${verbose}${demultiplex(printer, body, ip)}`;
}

function headerDetails(bytes: Uint8Array, header: number, length: number, fragment: number, offset: number): string {
  const tos = bytes[1];
  const ecn = ['', ',ECT(1)', ',ECT(0)', ',CE'][tos & 3];
  const flags = [fragment & 0x2000 ? '+' : '', fragment & 0x4000 ? 'DF' : '', fragment & 0x8000 ? 'rsvd' : ''].filter(
    Boolean,
  );
  const name = PROTOCOL_NAMES[bytes[9]] ?? 'unknown';
  const ttl = bytes[8] > 0 ? `, ttl ${bytes[8]}` : '';
  let text = `(tos 0x${tos.toString(16)}${ecn}${ttl}, id ${get16(bytes, 4)}, offset ${offset}, flags [${flags.join(', ') || 'none'}]`;
  text += `, proto ${name} (${bytes[9]}), length ${length}`;
  const sum = foldChecksum(sumWords(bytes, 0, header));
  if (sum !== 0) {
    const copy = bytes.slice(0, header);
    copy.fill(0, 10, 12);
    text += `, bad cksum ${get16(bytes, 10).toString(16)} (->${foldChecksum(sumWords(copy, 0, header)).toString(16)})!`;
  }
  return `${text})\n    `;
}

function ends(printer: Printer, ip: IpHeader): string {
  return `${printer.host(ip.src)} > ${printer.host(ip.dst)}:`;
}

/** ip_demux_print */
function demultiplex(printer: Printer, bytes: Uint8Array, ip: IpHeader): string {
  switch (ip.protocol) {
    case PROTO_TCP:
      return printTcp(printer, bytes, ip);
    case PROTO_UDP:
      return printUdp(printer, bytes, ip);
    case PROTO_ICMP:
      return `${ends(printer, ip)} ${printIcmp(printer, bytes, ip)}`;
    case PROTO_ESP:
      return `${ends(printer, ip)} ESP(spi=0x${hex(get32(bytes, 0), 8)},seq=0x${get32(bytes, 4).toString(16)}), length ${ip.length}`;
    case PROTO_IPIP:
      return `${ends(printer, ip)} ${printIpv4(printer, bytes)}`;
    default:
      return `${ends(printer, ip)}  ip-proto-${ip.protocol} ${ip.length}`;
  }
}

const UNREACHABLE: Readonly<Record<number, (host: string) => string>> = {
  0: (host) => `net ${host} unreachable`,
  1: (host) => `host ${host} unreachable`,
  5: (host) => `${host} unreachable - source route failed`,
  6: (host) => `net ${host} unreachable - unknown`,
  7: (host) => `host ${host} unreachable - unknown`,
  8: (host) => `${host} unreachable - source host isolated`,
  9: (host) => `net ${host} unreachable - admin prohibited`,
  10: (host) => `host ${host} unreachable - admin prohibited`,
  11: (host) => `net ${host} unreachable - tos prohibited`,
  12: (host) => `host ${host} unreachable - tos prohibited`,
  13: (host) => `host ${host} unreachable - admin prohibited filter`,
  14: (host) => `host ${host} unreachable - host precedence violation`,
  15: (host) => `host ${host} unreachable - precedence cutoff`,
};

/** icmp_print */
function printIcmp(printer: Printer, bytes: Uint8Array, ip: IpHeader): string {
  const type = bytes[0];
  const quoted = bytes.subarray(8);
  let text = `ICMP ${icmpText(printer, bytes, quoted)}, length ${ip.length}`;
  if (printer.options.verbose > 0 && !ip.fragment) {
    const sum = bytes.length === ip.length ? foldChecksum(sumWords(bytes, 0, bytes.length)) : 0;
    if (sum !== 0) {
      const copy = bytes.slice();
      copy.fill(0, 2, 4);
      text += ` (wrong icmp cksum ${get16(bytes, 2).toString(16)} (->${foldChecksum(sumWords(copy, 0, copy.length)).toString(16)})!)`;
    }
  }
  if (printer.options.verbose > 0 && [3, 4, 5, 11, 12].includes(type)) text += `\n\t${printIpv4(printer, quoted)}`;
  return text;
}

function icmpText(printer: Printer, bytes: Uint8Array, quoted: Uint8Array): string {
  const [type, code] = bytes;
  const host = printer.host(get32(quoted, 16));
  switch (type) {
    case 0:
    case 8:
      return `echo ${type === 8 ? 'request' : 'reply'}, id ${get16(bytes, 4)}, seq ${get16(bytes, 6)}`;
    case 3: {
      const protocol = quoted[9];
      if (code === 2) return `${host} protocol ${protocol} unreachable`;
      if (code === 3) {
        const port = get16(quoted, (quoted[0] & 15) * 4 + 2);
        if (protocol === PROTO_TCP) return `${host} tcp port ${printer.port(port, 'tcp')} unreachable`;
        if (protocol === PROTO_UDP) return `${host} udp port ${printer.port(port, 'udp')} unreachable`;
        return `${host} protocol ${protocol} port ${port} unreachable`;
      }
      if (code === 4) {
        const mtu = get16(bytes, 6);
        return `${host} unreachable - need to frag${mtu !== 0 ? ` (mtu ${mtu})` : ''}`;
      }
      return UNREACHABLE[code]?.(host) ?? `${host} unreachable - #${code}`;
    }
    case 4:
      return 'source quench';
    case 5: {
      const kind = ['net', 'host', 'tos net', 'tos host'][code];
      return kind === undefined
        ? `redirect-#${code} ${host} to net ${printer.host(get32(bytes, 4))}`
        : `redirect ${host} to ${kind} ${printer.host(get32(bytes, 4))}`;
    }
    case 9:
      return 'router advertisement';
    case 10:
      return 'router solicitation';
    case 11:
      return ['time exceeded in-transit', 'ip reassembly time exceeded'][code] ?? `time exceeded-#${code}`;
    case 12:
      return code !== 0 ? `parameter problem - code ${code}` : `parameter problem - octet ${bytes[4]}`;
    case 13:
      return `time stamp query id ${get16(bytes, 4)} seq ${get16(bytes, 6)}`;
    case 14:
      return `time stamp reply id ${get16(bytes, 4)} seq ${get16(bytes, 6)}`;
    default:
      return `type-#${type}`;
  }
}
