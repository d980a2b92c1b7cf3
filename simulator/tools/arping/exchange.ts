/** ARP packets of a program: sent by a packet socket of type ETH_P_ARP, and what comes back. Shared by both arpings. */
import { BROADCAST_MAC } from '../../base/address.ts';
import { arpSend } from '../../kernel/arp.ts';
import type { NetDevice } from '../../kernel/device.ts';
import { PACKET_OUTGOING, PacketSocket } from '../../kernel/packet-socket.ts';
import { selectAddress } from '../../kernel/route.ts';
import type { ProgramContext } from '../../process/program.ts';
import { get16, get48 } from '../../wire/bytes.ts';
import { readArp } from '../../wire/arp.ts';
import { ARP_REPLY, ARP_REQUEST, ETH_ARP, Packet } from '../../wire/packet.ts';

const ETHERNET_HEADER = 14;

export interface ArpMessage {
  readonly operation: number;
  readonly senderIp: number;
  readonly senderMac: number;
  readonly targetIp: number;
  readonly targetMac: number;
  /** Destination of the frame. */
  readonly to: number;
  /** Virtual microseconds. */
  readonly at: number;
}

export class ArpExchange {
  readonly dev: NetDevice;
  private readonly socket: PacketSocket;

  constructor(ctx: ProgramContext, dev: NetDevice) {
    this.dev = dev;
    const arpOnly = (bytes: Uint8Array, type: number): boolean =>
      type !== PACKET_OUTGOING && get16(bytes, 12) === ETH_ARP;
    this.socket = new PacketSocket(ctx.netns, dev, arpOnly, false);
  }

  get readable(): PacketSocket['readable'] {
    return this.socket.readable;
  }

  /** The oldest ARP packet that has come. */
  take(): ArpMessage | undefined {
    const frame = this.socket.read();
    if (frame === undefined) return undefined;
    const packet = new Packet();
    readArp(frame.bytes.subarray(ETHERNET_HEADER), packet);
    return {
      operation: packet.arpOperation,
      senderIp: packet.arpSenderIp,
      senderMac: packet.arpSenderMac,
      targetIp: packet.arpTargetIp,
      targetMac: packet.arpTargetMac,
      to: get48(frame.bytes, 0),
      at: frame.at,
    };
  }

  /** Asks for `target`; `to` is where the frame goes. */
  ask(source: number, target: number, to: number = BROADCAST_MAC): void {
    arpSend(this.dev, ARP_REQUEST, target, to, source, this.dev.mac, to);
  }

  /** Says unasked that `address` is here; as a reply (-A) or as a request (-U). */
  announce(address: number, reply: boolean): void {
    arpSend(
      this.dev,
      reply ? ARP_REPLY : ARP_REQUEST,
      address,
      BROADCAST_MAC,
      address,
      this.dev.mac,
      reply ? this.dev.mac : BROADCAST_MAC,
    );
  }

  close(): void {
    this.socket.close();
  }
}

/** The address that asks for `target` by `dev`; 0 when it has none. */
export function askingAddress(ctx: ProgramContext, dev: NetDevice, target: number): number {
  return selectAddress(ctx.netns, dev, target);
}
