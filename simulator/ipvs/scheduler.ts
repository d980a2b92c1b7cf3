/** What a scheduler is. After struct ip_vs_scheduler (include/net/ip_vs.h). One file each in schedulers/. */
import type { Kernel } from '../kernel/kernel.ts';
import type { Packet } from '../wire/packet.ts';
import type { IpvsService, RealServer } from './service.ts';

export interface IpvsScheduler {
  readonly name: string;
  /** Flags for `ipvsadm -b`, in the order of their bits. */
  readonly flags?: readonly string[];
  /** The service begins to use it. May keep what it wants in `service.schedulerData`. */
  init?(service: IpvsService): void;
  /** A real server was added or edited. */
  changed?(service: IpvsService, server: RealServer): void;
  /** A real server was taken out of `service.destinations`, where it stood at index `at`. */
  removed?(service: IpvsService, server: RealServer, at: number): void;
  /** The server for a new connection, or null when none is open. */
  schedule(service: IpvsService, packet: Packet, kernel: Kernel): RealServer | null;
}

/** hash_32 (include/linux/hash.h), the multiplicative hash of sh and dh: the upper `bits` of the product. */
export function hash32(value: number, bits: number): number {
  return Math.imul(value, 0x61c88647) >>> (32 - bits);
}
