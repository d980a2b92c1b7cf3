/**
 * Capture files of many interfaces on one clock (draft-ietf-opsawg-pcapng): what a whole story is saved as. One interface
 * block for each place that was watched, a comment with each packet (verdicts, rules), names of addresses.
 *
 * Write only.
 */
import { encodeUtf8 } from '../base/utf8.ts';
import { LINK_ETHERNET } from './pcap.ts';

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const NAME_RESOLUTION = 4;
const ENHANCED_PACKET = 6;

const OPTION_COMMENT = 1;
const OPTION_SHB_USERAPPL = 4;
const OPTION_IF_NAME = 2;
const OPTION_IF_DESCRIPTION = 3;
const OPTION_EPB_FLAGS = 2;

export interface PcapngInterface {
  /** E.g. `node1/ingress_sbox/eth0`. */
  readonly name: string;
  readonly description?: string;
  /** Default LINK_ETHERNET. */
  readonly linkType?: number;
}

export interface PcapngPacket {
  /** Index in the order of {@link PcapngWriter.addInterface}. */
  readonly interface: number;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly bytes: Uint8Array;
  /** Octets on the wire when `bytes` is cut. */
  readonly length?: number;
  readonly comments?: readonly string[];
  readonly direction?: 'in' | 'out';
}

export class PcapngWriter {
  private readonly blocks: Uint8Array[] = [];
  private interfaces = 0;

  constructor(application = 'meshwalk') {
    const header = new Uint8Array(16);
    const view = new DataView(header.buffer);
    view.setUint32(0, 0x1a2b3c4d, true);
    view.setUint16(4, 1, true);
    // The length of the section is not given.
    view.setUint32(8, 0xffffffff, true);
    view.setUint32(12, 0xffffffff, true);
    this.block(SECTION_HEADER, header, [[OPTION_SHB_USERAPPL, encodeUtf8(application)]]);
  }

  /** Adds a place of capture; its index. */
  addInterface(place: PcapngInterface): number {
    const body = new Uint8Array(8);
    new DataView(body.buffer).setUint16(0, place.linkType ?? LINK_ETHERNET, true);
    const options: [number, Uint8Array][] = [[OPTION_IF_NAME, encodeUtf8(place.name)]];
    if (place.description !== undefined) options.push([OPTION_IF_DESCRIPTION, encodeUtf8(place.description)]);
    this.block(INTERFACE_DESCRIPTION, body, options);
    return this.interfaces++;
  }

  /** Names for IPv4 addresses, given as four octets each. */
  addNames(names: readonly { readonly address: number; readonly name: string }[]): void {
    const records: Uint8Array[] = names.map(({ address, name }) => {
      const text = encodeUtf8(name);
      const value = new Uint8Array(4 + text.length + 1);
      new DataView(value.buffer).setUint32(0, address);
      value.set(text, 4);
      return option(1, value);
    });
    this.block(NAME_RESOLUTION, join([...records, new Uint8Array(4)]), []);
  }

  addPacket(packet: PcapngPacket): void {
    const padded = (packet.bytes.length + 3) & ~3;
    const body = new Uint8Array(20 + padded);
    const view = new DataView(body.buffer);
    view.setUint32(0, packet.interface, true);
    view.setUint32(4, Math.floor(packet.time / 0x100000000), true);
    view.setUint32(8, packet.time % 0x100000000, true);
    view.setUint32(12, packet.bytes.length, true);
    view.setUint32(16, packet.length ?? packet.bytes.length, true);
    body.set(packet.bytes, 20);
    const options: [number, Uint8Array][] = (packet.comments ?? []).map((comment) => [
      OPTION_COMMENT,
      encodeUtf8(comment),
    ]);
    if (packet.direction !== undefined)
      options.push([OPTION_EPB_FLAGS, Uint8Array.of(packet.direction === 'in' ? 1 : 2, 0, 0, 0)]);
    this.block(ENHANCED_PACKET, body, options);
  }

  /** The whole file so far. */
  bytes(): Uint8Array {
    return join(this.blocks);
  }

  private block(type: number, body: Uint8Array, options: readonly (readonly [number, Uint8Array])[]): void {
    const tail =
      options.length === 0 ? [] : [...options.map(([code, value]) => option(code, value)), new Uint8Array(4)];
    const content = join([body, ...tail]);
    const bytes = new Uint8Array(12 + content.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, type, true);
    view.setUint32(4, bytes.length, true);
    bytes.set(content, 8);
    view.setUint32(bytes.length - 4, bytes.length, true);
    this.blocks.push(bytes);
  }
}

/** Code, length, value, padded to 32 bits. */
function option(code: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + ((value.length + 3) & ~3));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  bytes.set(value, 4);
  return bytes;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
