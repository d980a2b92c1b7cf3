/**
 * Packet sockets: what a program sees of frames that pass a device. Mirrors packet(7), net/packet/af_packet.c, and what
 * libpcap does on top of it (pcap-linux.c): one device gives Ethernet frames, `any` gives "cooked" ones (LINUX_SLL2).
 *
 * A frame is turned into octets at the moment it passes, so whatever happens to the packet later does not show.
 */
import { BROADCAST_MAC, isGroupMac } from '../base/address.ts';
import { WaitQueue } from '../base/wait.ts';
import { put16, put32, put48 } from '../wire/bytes.ts';
import { encodeFrame, ETHERNET_HEADER } from '../wire/ethernet.ts';
import { LINK_ETHERNET, LINK_LINUX_SLL2 } from '../wire/pcap.ts';
import type { Packet } from '../wire/packet.ts';
import type { NetDevice } from './device.ts';
import type { NetworkNamespace } from './netns.ts';
import type { Tap } from './seams.ts';

/** PACKET_HOST and others (linux/if_packet.h). */
export const PACKET_HOST = 0;
export const PACKET_BROADCAST = 1;
export const PACKET_MULTICAST = 2;
export const PACKET_OTHERHOST = 3;
export const PACKET_OUTGOING = 4;

/** Octets of the cooked header. */
export const SLL2_HEADER = 20;

const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;

/** Frames kept for a reader that is slow; more are dropped and counted. */
const QUEUE_LIMIT = 8192;

/** A frame as the socket hands it out. */
export interface SocketFrame {
  /** Ethernet, or cooked header and packet; see {@link PacketSocket.linkType}. */
  readonly bytes: Uint8Array;
  /** Virtual microseconds. */
  readonly at: number;
  readonly ifindex: number;
  /** PACKET_* */
  readonly type: number;
}

/** Decides which frames the socket keeps (an attached BPF program). */
export type SocketFilter = (bytes: Uint8Array, type: number) => boolean;

export class PacketSocket {
  readonly linkType: number;
  /** Woken when a frame has come. */
  readonly readable = new WaitQueue();
  /** Frames that passed the filter, and those of them that found the queue full. */
  received = 0;
  dropped = 0;
  private queue: SocketFrame[] = [];
  private head = 0;
  private readonly ns: NetworkNamespace;
  private readonly dev: NetDevice | null;
  private readonly filter: SocketFilter | null;
  private readonly tap: Tap = (packet, dev, direction) => this.take(packet, dev, direction);
  private open = true;

  private readonly promiscuous: boolean;

  /** Opens a socket on one device (in promiscuous mode, unless told otherwise), or on all of a namespace when `dev` is null. */
  constructor(ns: NetworkNamespace, dev: NetDevice | null, filter: SocketFilter | null = null, promiscuous = true) {
    this.ns = ns;
    this.promiscuous = promiscuous && dev !== null;
    this.dev = dev;
    this.filter = filter;
    this.linkType = dev === null ? LINK_LINUX_SLL2 : LINK_ETHERNET;
    if (dev === null) ns.taps = [...ns.taps, this.tap];
    else {
      dev.taps = [...dev.taps, this.tap];
      if (this.promiscuous) dev.promiscuous++;
    }
  }

  /** The oldest frame not yet read. */
  read(): SocketFrame | undefined {
    const frame = this.queue[this.head];
    if (frame === undefined) return undefined;
    if (++this.head === this.queue.length) {
      this.queue = [];
      this.head = 0;
    }
    return frame;
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    // New arrays: a frame may be on its way through the old ones.
    if (this.dev === null) this.ns.taps = this.ns.taps.filter((tap) => tap !== this.tap);
    else {
      this.dev.taps = this.dev.taps.filter((tap) => tap !== this.tap);
      if (this.promiscuous) this.dev.promiscuous--;
    }
  }

  private take(packet: Packet, dev: NetDevice, direction: 'in' | 'out'): void {
    if (!this.open) return;
    // What goes out by lo comes in by it at once; libpcap shows it once.
    if (direction === 'out' && dev.kind === 'loopback') return;
    const type = packetType(packet, dev, direction);
    const frame = encodeFrame(packet);
    const bytes = this.dev === null ? cook(frame, packet, dev, type) : frame;
    if (this.filter !== null && !this.filter(bytes, type)) return;
    this.received++;
    if (this.queue.length - this.head >= QUEUE_LIMIT) {
      this.dropped++;
      return;
    }
    this.queue.push({ bytes, at: this.ns.kernel.now, ifindex: dev.ifindex, type });
    this.readable.wake();
  }
}

/** eth_type_trans */
function packetType(packet: Packet, dev: NetDevice, direction: 'in' | 'out'): number {
  if (direction === 'out') return PACKET_OUTGOING;
  if (dev.kind === 'loopback') return PACKET_HOST;
  if (packet.dstMac === BROADCAST_MAC) return PACKET_BROADCAST;
  if (isGroupMac(packet.dstMac)) return PACKET_MULTICAST;
  return packet.dstMac === dev.mac ? PACKET_HOST : PACKET_OTHERHOST;
}

/** struct sll2_header and what follows the Ethernet header. */
function cook(frame: Uint8Array, packet: Packet, dev: NetDevice, type: number): Uint8Array {
  const bytes = new Uint8Array(SLL2_HEADER + frame.length - ETHERNET_HEADER);
  put16(bytes, 0, packet.etherType);
  put32(bytes, 4, dev.ifindex);
  put16(bytes, 8, dev.kind === 'loopback' ? ARPHRD_LOOPBACK : ARPHRD_ETHER);
  bytes[10] = type;
  bytes[11] = 6;
  put48(bytes, 12, packet.srcMac);
  bytes.set(frame.subarray(ETHERNET_HEADER), SLL2_HEADER);
  return bytes;
}
