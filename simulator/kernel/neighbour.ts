/** The ARP table and its states. Mirrors net/core/neighbour.c, net/ipv4/arp.c and RFC 826; behaviour is in arp.ts. */
import type { Origin } from '../base/origin.ts';
import type { Timer } from '../base/scheduler.ts';
import type { Packet } from '../wire/packet.ts';
import type { NetDevice } from './device.ts';

/** NUD_* states as `ip neigh` prints them. */
export type NeighbourState = 'NONE' | 'INCOMPLETE' | 'REACHABLE' | 'STALE' | 'DELAY' | 'PROBE' | 'FAILED' | 'NOARP' | 'PERMANENT';

export class Neighbour {
  readonly address: number;
  readonly dev: NetDevice;
  state: NeighbourState = 'NONE';
  /** 0 while unknown. */
  mac = 0;
  /** Packets parked until the answer comes (arp_queue), oldest first; at most 101 as unres_qlen. */
  queue: Packet[] = [];
  probes = 0;
  timer: Timer | null = null;
  /** Virtual microseconds: last confirmed, used, updated. */
  confirmed = 0;
  used = 0;
  updated = 0;
  /** `proxy` entries made by `ip neigh add proxy`. */
  proxy = false;
  origin: Origin;

  constructor(address: number, dev: NetDevice, origin: Origin) {
    this.address = address;
    this.dev = dev;
    this.origin = origin;
  }
}

/** Entries of one namespace, keyed by device and address. */
export class NeighbourTable {
  private readonly byDevice = new Map<NetDevice, Map<number, Neighbour>>();

  get(dev: NetDevice, address: number): Neighbour | undefined {
    return this.byDevice.get(dev)?.get(address);
  }

  add(neighbour: Neighbour): void {
    let entries = this.byDevice.get(neighbour.dev);
    if (entries === undefined) {
      entries = new Map();
      this.byDevice.set(neighbour.dev, entries);
    }
    entries.set(neighbour.address, neighbour);
  }

  /** Takes the entry out and stops its timer; parked packets are the caller's to drop. */
  remove(neighbour: Neighbour): void {
    neighbour.timer?.cancel();
    this.byDevice.get(neighbour.dev)?.delete(neighbour.address);
  }

  /** All entries, or those of one device. */
  list(dev?: NetDevice): Neighbour[] {
    if (dev !== undefined) return [...(this.byDevice.get(dev)?.values() ?? [])];
    return [...this.byDevice.values()].flatMap((entries) => [...entries.values()]);
  }
}
