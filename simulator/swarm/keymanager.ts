/**
 * Makes the keys of the cluster's networks and replaces the oldest every 12 hours. Mirrors swarmkit manager/keymanager: three keys
 * for gossip and three for IPsec, each with a Lamport time that goes up with every key; the second oldest is the one in use.
 */
import type { RandomStream } from '../base/random.ts';
import { SECOND, type Scheduler, type Timer } from '../base/scheduler.ts';
import type { EncryptionKey } from './objects.ts';

const SUBSYSTEMS = ['networking:gossip', 'networking:ipsec'] as const;
const KEYS = 3;
/** Hexadecimal digits of 16 octets. */
const KEY_DIGITS = 32;
const ROTATION = 12 * 3600 * SECOND;

export class KeyManager {
  keys: readonly EncryptionKey[];
  private clock: number;
  private readonly random: RandomStream;
  private readonly scheduler: Scheduler;
  private stopped = false;
  private timer: Timer;

  /** `changed` is called after each rotation; `keys` are those that another leader has made. */
  constructor(scheduler: Scheduler, random: RandomStream, changed: () => void, keys: readonly EncryptionKey[] = []) {
    this.scheduler = scheduler;
    this.random = random;
    // genSkew: the clock starts at a random number of 16 bits.
    this.clock = keys.length > 0 ? Math.max(...keys.map((key) => key.LamportTime)) + 1 : random.below(0x10000);
    this.keys = keys.length > 0 ? keys : SUBSYSTEMS.flatMap((subsystem) => Array.from({ length: KEYS }, () => this.allocate(subsystem)));
    this.timer = this.again(changed);
  }

  private again(changed: () => void): Timer {
    return this.scheduler.after(ROTATION, () => {
      if (this.stopped) return;
      this.rotate();
      changed();
      this.timer = this.again(changed);
    });
  }

  private allocate(Subsystem: EncryptionKey['Subsystem']): EncryptionKey {
    return { Subsystem, Key: this.random.hex(KEY_DIGITS), LamportTime: this.clock++ };
  }

  /** The oldest key of each subsystem goes, and a new one comes. */
  rotate(): void {
    this.keys = SUBSYSTEMS.flatMap((subsystem) => {
      const own = this.keys
        .filter(({ Subsystem }) => Subsystem === subsystem)
        .sort((a, b) => a.LamportTime - b.LamportTime);
      return [...own.slice(own.length - KEYS + 1), this.allocate(subsystem)];
    });
  }

  stop(): void {
    this.stopped = true;
    this.timer.cancel();
  }
}
