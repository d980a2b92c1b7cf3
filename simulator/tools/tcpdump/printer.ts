/**
 * What tcpdump 4.99.5 prints of a frame. Mirrors print.c, print-ether.c, print-sll.c, print-arp.c; the layers above are in
 * the files beside. Works on octets, live or from a file, as the real one does.
 */
import { formatIpv4, formatMac } from '../../base/address.ts';
import { get16, get32, get48 } from '../../wire/bytes.ts';
import { ETHERNET_HEADER } from '../../wire/ethernet.ts';
import { ETH_ARP, ETH_IPV4, ETH_IPV6 } from '../../wire/packet.ts';
import { LINK_LINUX_SLL2 } from '../../wire/pcap.ts';
import { serviceName } from '../../wire/services.ts';
import { SLL2_HEADER } from '../../kernel/packet-socket.ts';
import { asciiDump, hex, hexAsciiDump, hexDump } from './hex.ts';
import { printIpv4 } from './print-ip.ts';
import { printIpv6 } from './print-ip6.ts';

/** How the letters of the dump options add up: 0 not given, 1 once, 2 twice (with the link layer). */
type Times = 0 | 1 | 2;

export interface PrintOptions {
  /** -e */
  readonly link: boolean;
  /** -v, -vv, -vvv */
  readonly verbose: number;
  /** -q */
  readonly quick: boolean;
  /** -S */
  readonly absolute: boolean;
  /** -n: no names of hosts and ports. */
  readonly numeric: boolean;
  readonly hex: Times;
  readonly hexAscii: Times;
  readonly ascii: Times;
  /** Name of a host, when it has one and names are wanted. */
  readonly nameOf: (address: number) => string | undefined;
  /** Name of an interface, for cooked frames. */
  readonly interfaceName: (ifindex: number) => string | undefined;
}

/** First sequence numbers of a TCP conversation, for the relative ones. */
export interface SequenceBase {
  seq: number;
  ack: number;
}

const ETHER_TYPE_NAMES: Readonly<Record<number, string>> = {
  [ETH_IPV4]: 'IPv4',
  [ETH_ARP]: 'ARP',
  [ETH_IPV6]: 'IPv6',
  0x8100: '802.1Q',
  0x88cc: 'LLDP',
};

/** sll_pkttype_values */
const SLL2_TYPES = ['In', 'B', 'M', 'P', 'Out'];

export class Printer {
  readonly options: PrintOptions;
  /** By the two ends; see print-tcp.ts. */
  readonly conversations = new Map<string, SequenceBase>();

  constructor(options: PrintOptions) {
    this.options = options;
  }

  /** The lines of a frame without time stamp, with a final newline. `length` is that on the wire. */
  frame(bytes: Uint8Array, linkType: number, length: number): string {
    const cooked = linkType === LINK_LINUX_SLL2;
    const text = cooked ? this.cooked(bytes, length) : this.ethernet(bytes, length);
    return `${text}${this.dump(bytes, cooked ? SLL2_HEADER : ETHERNET_HEADER)}\n`;
  }

  /** ether_print; also of frames inside VXLAN. */
  ethernet(bytes: Uint8Array, length: number): string {
    if (bytes.length < ETHERNET_HEADER) return '[|ether]';
    const etherType = get16(bytes, 12);
    const head = `${formatMac(get48(bytes, 6))} > ${formatMac(get48(bytes, 0))}, ethertype ${etherTypeText(etherType)}, length ${length}: `;
    const body = this.network(etherType, bytes.subarray(ETHERNET_HEADER));
    if (body === undefined) return `${head}${hexDump(bytes.subarray(ETHERNET_HEADER))}`;
    return this.options.link ? head + body : body;
  }

  /** sll2_print */
  private cooked(bytes: Uint8Array, length: number): string {
    const etherType = get16(bytes, 0);
    const ifindex = get32(bytes, 4);
    const name = (this.options.interfaceName(ifindex) ?? '?').padEnd(5);
    const direction = (SLL2_TYPES[bytes[10]] ?? '?').padEnd(3);
    const head = `ifindex ${ifindex} ${formatMac(get48(bytes, 12))} ethertype ${etherTypeText(etherType)}, length ${length}: `;
    const body = this.network(etherType, bytes.subarray(SLL2_HEADER));
    const text =
      body === undefined ? head + hexDump(bytes.subarray(SLL2_HEADER)) : this.options.link ? head + body : body;
    return `${name} ${direction} ${text}`;
  }

  /** ethertype_print; undefined for what is not known. */
  private network(etherType: number, bytes: Uint8Array): string | undefined {
    const prefix = (word: string): string => (this.options.link ? '' : word);
    switch (etherType) {
      case ETH_IPV4:
        return printIpv4(this, bytes);
      case ETH_ARP:
        return prefix('ARP, ') + this.arp(bytes);
      case ETH_IPV6:
        return prefix('IP6 ') + printIpv6(this.options, bytes);
      default:
        return undefined;
    }
  }

  /** arp_print */
  private arp(bytes: Uint8Array): string {
    const operation = get16(bytes, 6);
    const sender = this.host(get32(bytes, 14));
    const target = this.host(get32(bytes, 24));
    const targetMac = get48(bytes, 18);
    const verbose = this.options.verbose > 0 ? 'Ethernet (len 6), IPv4 (len 4), ' : '';
    let text = `Unknown (${operation}) `;
    if (operation === 1) {
      const known = targetMac === 0 || targetMac === 0xffffffffffff ? '' : ` (${formatMac(targetMac)})`;
      text = `Request who-has ${target}${known} tell ${sender}`;
    } else if (operation === 2) text = `Reply ${sender} is-at ${formatMac(get48(bytes, 8))}`;
    return `${verbose}${text}, length ${bytes.length}`;
  }

  private dump(bytes: Uint8Array, header: number): string {
    const { options } = this;
    const part = (times: Times): Uint8Array => (times > 1 ? bytes : bytes.subarray(header));
    if (options.hexAscii > 0) return hexAsciiDump(part(options.hexAscii));
    if (options.hex > 0) return hexDump(part(options.hex));
    if (options.ascii > 0) return asciiDump(part(options.ascii));
    return '';
  }

  /** An address or its name. */
  host(address: number): string {
    return (this.options.numeric ? undefined : this.options.nameOf(address)) ?? formatIpv4(address);
  }

  /** A port or its name. */
  port(port: number, protocol: 'tcp' | 'udp'): string {
    return (this.options.numeric ? undefined : serviceName(port, protocol)) ?? String(port);
  }
}

function etherTypeText(etherType: number): string {
  return `${ETHER_TYPE_NAMES[etherType] ?? 'Unknown'} (0x${hex(etherType, 4)})`;
}
