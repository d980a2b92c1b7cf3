/** RTM_NEWADDR, RTM_DELADDR for IPv4. Mirrors net/ipv4/devinet.c: checks and messages; the state is changed by devices.ts. */
import { inPrefix, maskOf } from '../../base/address.ts';
import type { Origin } from '../../base/origin.ts';
import { done, refuse, type Result } from '../../base/result.ts';
import type { AddressLifetime, InterfaceAddress, NetDevice } from '../device.ts';
import { addAddress as addToDevice, deleteAddress as deleteFromDevice } from '../addresses.ts';

export interface AddressRequest {
  readonly address: number;
  readonly prefix: number;
  /** Of a point-to-point address; left out it is the address itself. */
  readonly peer?: number | undefined;
  readonly broadcast: number;
  readonly scope: InterfaceAddress['scope'];
  readonly label: string;
  /** Seconds; left out: for ever. */
  readonly valid?: number | undefined;
  readonly preferred?: number | undefined;
  readonly origin: Origin;
}

/** Adds an address (`replace` lets it be there already). EEXIST. */
export function newAddress(dev: NetDevice, request: AddressRequest, replace = false): Result<undefined> {
  const present = dev.addresses.find((entry) => entry.address === request.address && entry.prefix === request.prefix);
  const lifetime = lifetimeOf(dev, request);
  if (present !== undefined) {
    if (!replace) return refuse('EEXIST', 'ipv4: Address already assigned');
    // check_lifetime: of an address that is there, only how long it stays may change.
    const { lifetime: _, ...same } = present;
    const fresh: InterfaceAddress = lifetime === undefined ? same : { ...same, lifetime };
    dev.addresses = dev.addresses.map((entry) => (entry === present ? fresh : entry));
    expire(dev, fresh);
    return done;
  }
  const { broadcast, peer, valid: _valid, preferred: _preferred, ...rest } = request;
  const added = addToDevice(dev, {
    ...rest,
    ...(broadcast === 0 ? {} : { broadcast }),
    ...(peer === undefined ? {} : { peer }),
    ...(lifetime === undefined ? {} : { lifetime }),
  });
  if (!added.ok) return added;
  const entry = dev.addresses.find((one) => one.address === request.address && one.prefix === request.prefix);
  if (entry !== undefined) expire(dev, entry);
  return done;
}

export const FOREVER = 4294967295;

function lifetimeOf(dev: NetDevice, { valid = FOREVER, preferred = FOREVER }: AddressRequest): AddressLifetime | undefined {
  if (valid === FOREVER && preferred === FOREVER) return undefined;
  return { valid, preferred, since: dev.ns.kernel.now };
}

/** An address whose time is over goes by itself, unless it was given more meanwhile. */
function expire(dev: NetDevice, entry: InterfaceAddress): void {
  if (entry.lifetime === undefined || entry.lifetime.valid === FOREVER) return;
  dev.ns.kernel.universe.scheduler.after(entry.lifetime.valid * 1_000_000, () => {
    if (dev.addresses.includes(entry)) deleteFromDevice(dev, entry.address, entry.prefix);
  });
}

/** Deletes the address with this prefix; without one, the first that has it. EADDRNOTAVAIL. */
export function deleteAddress(dev: NetDevice, address: number, prefix: number | undefined): Result<undefined> {
  const present = dev.addresses.find(
    (entry) => entry.address === address && (prefix === undefined || entry.prefix === prefix),
  );
  if (present === undefined) return refuse('EADDRNOTAVAIL', 'ipv4: Address not found');
  const gone = deleteFromDevice(dev, address, present.prefix);
  return gone.ok ? done : gone;
}

/**
 * Addresses in the order of a dump: primaries first, those of wider scope after those of narrower (inet_insert_ifa),
 * secondaries behind.
 */
export function dumpAddresses(dev: NetDevice): InterfaceAddress[] {
  const primaries: InterfaceAddress[] = [];
  for (const entry of dev.addresses) {
    if (entry.secondary) continue;
    let at = primaries.length;
    while (at > 0 && scopeOf(primaries[at - 1] as InterfaceAddress) < scopeOf(entry)) at--;
    primaries.splice(at, 0, entry);
  }
  return [...primaries, ...dev.addresses.filter((entry) => entry.secondary)];
}

/** enum rt_scope_t */
function scopeOf(entry: InterfaceAddress): number {
  return entry.scope === 'host' ? 254 : entry.scope === 'link' ? 253 : 0;
}

/** True when the address is in the network that `label`/`to` selections name. */
export function addressIn(entry: InterfaceAddress, network: number, prefix: number): boolean {
  return inPrefix(entry.address, (network & maskOf(prefix)) >>> 0, prefix);
}
