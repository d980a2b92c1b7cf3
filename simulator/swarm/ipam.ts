/**
 * Address pools. Mirrors moby libnetwork/ipam and ipamutils: pools are cut from a few big blocks, addresses are handed
 * out from a pool either lowest free (networks of one host) or serially (networks of the swarm: the next address after
 * the one given last; freed ones return only after a wrap-around).
 */
import { formatCidr, inPrefix, parseCidr } from '../base/address.ts';

export interface Subnet {
  readonly address: number;
  readonly prefix: number;
}

/** The addresses of one subnet; network and broadcast address are never given. */
export class AddressPool {
  readonly subnet: Subnet;
  private readonly taken = new Set<number>();
  private readonly serial: boolean;
  private readonly first: number;
  private readonly last: number;
  private next: number;

  constructor(subnet: Subnet, order: 'serial' | 'lowest', range: Subnet = subnet) {
    this.subnet = subnet;
    this.serial = order === 'serial';
    const size = 2 ** (32 - subnet.prefix);
    const low = Math.max(range.address, subnet.address + (subnet.prefix < 31 ? 1 : 0));
    const high = Math.min(range.address + 2 ** (32 - range.prefix), subnet.address + size - (subnet.prefix < 31 ? 1 : 0));
    this.first = low;
    this.last = high - 1;
    this.next = low;
  }

  /** Takes exactly `address`; false when it is outside the subnet or taken. */
  take(address: number): boolean {
    if (!inPrefix(address, this.subnet.address, this.subnet.prefix) || this.taken.has(address)) return false;
    this.taken.add(address);
    return true;
  }

  /** The next address by the pool's order, or undefined when none is left. */
  allocate(): number | undefined {
    const count = this.last - this.first + 1;
    let candidate = this.serial ? this.next : this.first;
    for (let i = 0; i < count; i++) {
      if (candidate > this.last) candidate = this.first;
      if (!this.taken.has(candidate)) {
        this.taken.add(candidate);
        this.next = candidate + 1;
        return candidate;
      }
      candidate++;
    }
    return undefined;
  }

  release(address: number): void {
    this.taken.delete(address);
  }

  has(address: number): boolean {
    return this.taken.has(address);
  }
}

/** Hands out whole subnets from a list of predefined ones, first free first. */
export class SubnetPools {
  private readonly predefined: readonly Subnet[];
  private readonly used: Subnet[] = [];
  private next = 0;

  constructor(predefined: readonly Subnet[]) {
    this.predefined = predefined;
  }

  /** A predefined subnet that overlaps nothing in use or in `avoid`; serial, as pools freed return only after a wrap. */
  allocate(avoid: readonly Subnet[] = []): Subnet | undefined {
    for (let i = 0; i < this.predefined.length; i++) {
      const at = (this.next + i) % this.predefined.length;
      const subnet = this.predefined[at] as Subnet;
      if (this.overlaps(subnet) || avoid.some((other) => overlap(other, subnet))) continue;
      this.used.push(subnet);
      this.next = at + 1;
      return subnet;
    }
    return undefined;
  }

  /** As {@link allocate}, but always the first free one (networks of one host). */
  allocateLowest(avoid: readonly Subnet[] = []): Subnet | undefined {
    this.next = 0;
    return this.allocate(avoid);
  }

  /** Takes a subnet of one's own choice; false when it overlaps another. */
  take(subnet: Subnet): boolean {
    if (this.overlaps(subnet)) return false;
    this.used.push(subnet);
    return true;
  }

  release(subnet: Subnet): void {
    const at = this.used.findIndex((other) => other.address === subnet.address && other.prefix === subnet.prefix);
    if (at >= 0) this.used.splice(at, 1);
  }

  private overlaps(subnet: Subnet): boolean {
    return this.used.some((other) => overlap(other, subnet));
  }
}

/** True when the two subnets share an address. */
function overlap(a: Subnet, b: Subnet): boolean {
  return inPrefix(b.address, a.address, Math.min(a.prefix, b.prefix));
}

/** Cuts `block` (`10.0.0.0/8`) into subnets of `prefix`, lazily as far as `limit`. */
export function cut(block: string, prefix: number, limit = 4096): Subnet[] {
  const parsed = parseCidr(block) as Subnet;
  const size = 2 ** (32 - prefix);
  const count = Math.min(limit, 2 ** (prefix - parsed.prefix));
  return Array.from({ length: count }, (_, i) => ({ address: parsed.address + i * size, prefix }));
}

/** ipamutils.localScopeDefaultNetworks: what docker0, docker_gwbridge and `docker network create` take from. */
export function localPools(): Subnet[] {
  return [
    ...cut('172.17.0.0/16', 16),
    ...cut('172.18.0.0/16', 16),
    ...cut('172.19.0.0/16', 16),
    ...cut('172.20.0.0/14', 16),
    ...cut('172.24.0.0/14', 16),
    ...cut('172.28.0.0/14', 16),
    ...cut('192.168.0.0/16', 20),
  ];
}

/** `10.0.0.0/24`. */
export function formatSubnet(subnet: Subnet): string {
  return formatCidr(subnet.address, subnet.prefix);
}
