/** UDP, and what its ports carry: DNS, VXLAN. Mirrors print-udp.c and print-vxlan.c. */
import { get16, get24 } from '../../wire/bytes.ts';
import { foldChecksum, pseudoHeaderSum, sumWords } from '../../wire/checksum.ts';
import { PROTO_UDP } from '../../wire/packet.ts';
import { VXLAN_HEADER, VXLAN_PORT } from '../../wire/vxlan.ts';
import { hex } from './hex.ts';
import { printDns } from './print-dns.ts';
import type { IpHeader } from './print-ip.ts';
import type { Printer } from './printer.ts';

const DNS_PORT = 53;
const MDNS_PORT = 5353;
const HEADER = 8;

/** udp_print */
export function printUdp(printer: Printer, bytes: Uint8Array, ip: IpHeader): string {
  const sport = get16(bytes, 0);
  const dport = get16(bytes, 2);
  const ends = `${printer.host(ip.src)}.${printer.port(sport, 'udp')} > ${printer.host(ip.dst)}.${printer.port(dport, 'udp')}: `;
  if (bytes.length < HEADER) return `${ends}[|udp]`;
  const length = get16(bytes, 4);
  const payload = bytes.subarray(HEADER, length);
  if (printer.options.quick) return `${ends}UDP, length ${length - HEADER}`;
  const checked = printer.options.verbose > 1 && !ip.fragment ? checksumText(bytes, ip) : '';
  if (sport === DNS_PORT || dport === DNS_PORT || sport === MDNS_PORT || dport === MDNS_PORT)
    return `${ends}${checked}${printDns(printer, payload)}`;
  if (dport === VXLAN_PORT && payload.length >= VXLAN_HEADER)
    return `${ends}${checked}${printVxlan(printer, payload, length - HEADER)}`;
  return `${ends}${checked}UDP, length ${length - HEADER}`;
}

function checksumText(bytes: Uint8Array, ip: IpHeader): string {
  const sum = get16(bytes, 6);
  if (sum === 0) return '[no cksum] ';
  if (bytes.length !== ip.length) return '';
  const copy = bytes.slice();
  copy.fill(0, 6, 8);
  const right = foldChecksum(sumWords(copy, 0, copy.length, pseudoHeaderSum(ip.src, ip.dst, PROTO_UDP, copy.length)));
  return sum === right || (sum === 0xffff && right === 0)
    ? '[udp sum ok] '
    : `[bad udp cksum 0x${hex(sum, 4)} -> 0x${hex(right, 4)}!] `;
}

/** vxlan_print: a line of its own for the frame inside. */
function printVxlan(printer: Printer, payload: Uint8Array, length: number): string {
  const flags = payload[0] & 0x08 ? 'I' : '.';
  const head = `VXLAN, flags [${flags}] (0x${hex(payload[0], 2)}), vni ${get24(payload, 4)}`;
  return `${head}\n${printer.ethernet(payload.subarray(VXLAN_HEADER), length - VXLAN_HEADER)}`;
}
