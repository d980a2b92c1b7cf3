/** The underlay: one learning Ethernet switch that all machines are cabled to. The only thing between two kernels. */
import { isGroupMac } from '../base/address.ts';
import { type Packet } from '../wire/packet.ts';
import type { Cable, NetDevice } from './device.ts';
import { drop, type Universe } from './kernel.ts';
import { netifReceive } from './receive.ts';

/** Microseconds from one NIC to another. */
const LATENCY = 100;

/** Looks at a frame between two NICs; true lets it pass. For faults: cuts, filters, a smaller MTU on the wire. */
export type WireFilter = (packet: Packet, from: NetDevice, to: NetDevice) => boolean;

export class EthernetSwitch implements Cable {
  connected = true;
  readonly filters: WireFilter[] = [];
  private readonly universe: Universe;
  private readonly ports: NetDevice[] = [];
  private readonly table = new Map<number, NetDevice>();

  constructor(universe: Universe) {
    this.universe = universe;
  }

  /** Cables a NIC to the switch. */
  attach(dev: NetDevice): void {
    this.ports.push(dev);
    dev.cable = this;
  }

  /** The switch takes the frame: learns, then forwards or floods. */
  send(from: NetDevice, packet: Packet): void {
    this.table.set(packet.srcMac, from);
    const to = isGroupMac(packet.dstMac) ? undefined : this.table.get(packet.dstMac);
    if (to !== undefined) {
      if (to === from) drop(from.ns, packet, 'SWITCH_NO_PORT', from.name);
      else this.deliver(from, to, packet);
      return;
    }
    const others = this.ports.filter((port) => port !== from);
    if (others.length === 0) {
      drop(from.ns, packet, 'SWITCH_NO_PORT', from.name);
      return;
    }
    others.forEach((port, index) => this.deliver(from, port, index < others.length - 1 ? this.universe.packets.clone(packet) : packet));
  }

  private deliver(from: NetDevice, to: NetDevice, packet: Packet): void {
    for (const filter of this.filters) {
      if (filter(packet, from, to)) continue;
      drop(from.ns, packet, 'FAULT', 'wire');
      return;
    }
    this.universe.scheduler.after(LATENCY, () => netifReceive(to, packet));
  }
}
