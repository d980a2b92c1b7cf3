/** The underlay: one learning Ethernet switch that all machines are cabled to. The only thing between two kernels. */
import { isGroupMac } from '../base/address.ts';
import type { Origin } from '../base/origin.ts';
import { type Packet } from '../wire/packet.ts';
import type { Cable, NetDevice } from './device.ts';
import { carrierOf } from './devices.ts';
import { drop, type Universe } from './kernel.ts';
import { netifReceive } from './receive.ts';

/** Microseconds from one NIC to another. */
const LATENCY = 100;

/** What becomes of one frame between two NICs, as the faults have it. */
export interface Fate {
  lost: boolean;
  /** Microseconds more on the way; the order stays. */
  wait: number;
  /** Microseconds in which others may overtake it. */
  held: number;
  /** Further copies that arrive. */
  copies: number;
}

/** Something wrong on the wire: looks at each frame and has its say in its fate. It may change the packet, as a NAT would. */
export interface WireFault {
  readonly origin: Origin;
  meet(packet: Packet, from: NetDevice, to: NetDevice, fate: Fate): void;
}

export class EthernetSwitch implements Cable {
  connected = true;
  readonly faults: WireFault[] = [];
  private readonly universe: Universe;
  private readonly ports: NetDevice[] = [];
  private readonly table = new Map<number, NetDevice>();
  /** Machines whose cable is pulled; how often, as several faults may do so. */
  private readonly unplugged = new Map<string, number>();
  /** When the last frame that kept its place arrives, by sender and receiver. */
  private readonly last = new Map<NetDevice, Map<NetDevice, number>>();

  constructor(universe: Universe) {
    this.universe = universe;
  }

  /** Cables a NIC to the switch. */
  attach(dev: NetDevice): void {
    this.ports.push(dev);
    dev.cable = this;
    dev.carrier = !this.unplugged.has(dev.ns.kernel.host);
  }

  /** The machine is gone, with its NIC. */
  detach(dev: NetDevice): void {
    this.ports.splice(this.ports.indexOf(dev), 1);
    this.last.delete(dev);
    dev.cable = null;
    for (const [mac, port] of this.table) if (port === dev) this.table.delete(mac);
  }

  /** Pulls a machine's cable. */
  unplug(host: string, origin: Origin): void {
    this.unplugged.set(host, (this.unplugged.get(host) ?? 0) + 1);
    this.carrier(host, false, origin);
    for (const [mac, port] of this.table) if (port.ns.kernel.host === host) this.table.delete(mac);
  }

  plug(host: string, origin: Origin): void {
    const left = (this.unplugged.get(host) ?? 0) - 1;
    if (left > 0) this.unplugged.set(host, left);
    else {
      this.unplugged.delete(host);
      this.carrier(host, true, origin);
    }
  }

  private carrier(host: string, on: boolean, origin: Origin): void {
    for (const dev of this.ports) if (dev.ns.kernel.host === host) carrierOf(dev, on, origin);
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
    const others = this.ports.filter((port) => port !== from && port.carrier);
    if (others.length === 0) {
      drop(from.ns, packet, 'SWITCH_NO_PORT', from.name);
      return;
    }
    others.forEach((port, index) => this.deliver(from, port, index < others.length - 1 ? this.universe.packets.clone(packet) : packet));
  }

  private deliver(from: NetDevice, to: NetDevice, packet: Packet): void {
    if (this.faults.length > 0) return this.deliverBadly(from, to, packet);
    this.universe.scheduler.after(LATENCY, () => netifReceive(to, packet));
  }

  private deliverBadly(from: NetDevice, to: NetDevice, packet: Packet): void {
    const { scheduler, packets } = this.universe;
    const fate: Fate = { lost: false, wait: 0, held: 0, copies: 0 };
    for (const fault of this.faults) {
      fault.meet(packet, from, to, fate);
      if (!fate.lost) continue;
      drop(from.ns, packet, 'FAULT', 'wire', fault.origin);
      return;
    }
    let at = scheduler.now + LATENCY + fate.wait;
    if (fate.held > 0) at += fate.held;
    else {
      const arrivals = this.last.get(from) ?? new Map<NetDevice, number>();
      this.last.set(from, arrivals);
      at = Math.max(at, arrivals.get(to) ?? 0);
      arrivals.set(to, at);
    }
    for (let n = 0; n < fate.copies; n++) {
      const copy = packets.clone(packet);
      scheduler.at(at, () => netifReceive(to, copy));
    }
    scheduler.at(at, () => netifReceive(to, packet));
  }
}
