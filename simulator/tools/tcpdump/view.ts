/** A captured frame as filters look at it: where the network layer starts, whatever the link type. */
import { get16 } from '../../wire/bytes.ts';
import { ETHERNET_HEADER } from '../../wire/ethernet.ts';
import { ETH_IPV4, ETH_IPV6 } from '../../wire/packet.ts';
import { LINK_LINUX_SLL2 } from '../../wire/pcap.ts';
import { SLL2_HEADER } from '../../kernel/packet-socket.ts';

export interface FrameView {
  readonly bytes: Uint8Array;
  /** Octets on the wire. */
  readonly length: number;
  readonly linkType: number;
  readonly etherType: number;
  /** Offset of the network layer. */
  readonly network: number;
  /** Offset of the transport layer; -1 when there is none to look at (later fragments, other protocols). */
  readonly transport: number;
  /** IP protocol or IPv6 next header; -1 when it is not IP. */
  readonly protocol: number;
  readonly outgoing: boolean;
}

export function viewOf(bytes: Uint8Array, linkType: number, length = bytes.length): FrameView {
  const cooked = linkType === LINK_LINUX_SLL2;
  const network = cooked ? SLL2_HEADER : ETHERNET_HEADER;
  const etherType = get16(bytes, cooked ? 0 : 12);
  let protocol = -1;
  let transport = -1;
  if (etherType === ETH_IPV4) {
    protocol = bytes[network + 9] ?? -1;
    if ((get16(bytes, network + 6) & 0x1fff) === 0) transport = network + (bytes[network] & 15) * 4;
  } else if (etherType === ETH_IPV6) {
    protocol = bytes[network + 6] ?? -1;
    transport = network + 40;
  }
  return { bytes, length, linkType, etherType, network, transport, protocol, outgoing: cooked && bytes[10] === 4 };
}
