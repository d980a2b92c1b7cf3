/** What is said of a device's state: operstate (RFC 2863) and flags, as net/core/link_watch.c and `ip link` have them. */
import type { NetDevice } from './device.ts';

/** RFC 2863 state as `ip link` shows it. */
export function operState(dev: NetDevice): 'UP' | 'DOWN' | 'UNKNOWN' | 'LOWERLAYERDOWN' {
  if (dev.kind === 'loopback' || dev.kind === 'dummy' || dev.kind === 'vxlan' || dev.kind === 'ipip') return dev.up ? 'UNKNOWN' : 'DOWN';
  if (!dev.up) return 'DOWN';
  if (dev.carrier) return 'UP';
  // A veth whose other end was never up has no lower layer yet; once it had carrier and lost it, it is DOWN.
  return dev.kind === 'veth' && !dev.hadCarrier ? 'LOWERLAYERDOWN' : 'DOWN';
}

/** Flags in the order of `ip link`. */
export function deviceFlags(dev: NetDevice): string[] {
  const flags: string[] = [];
  if (dev.up && !dev.carrier) flags.push('NO-CARRIER');
  if (dev.kind === 'loopback') flags.push('LOOPBACK');
  else if (dev.kind !== 'ipip') flags.push('BROADCAST');
  if (dev.noArp) flags.push('NOARP');
  if (dev.promiscuousByHand) flags.push('PROMISC');
  if (dev.multicast) flags.push('MULTICAST');
  if (dev.up) flags.push('UP');
  if (dev.up && dev.carrier) flags.push('LOWER_UP');
  return flags;
}
