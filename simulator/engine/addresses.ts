/** Addresses under which managers and nodes find each other. */
import { formatIpv4 } from '../base/address.ts';
import type { Host } from '../process/host.ts';
import { CONTROL_PORT } from '../swarm/manager.ts';

interface Endpoint {
  address: string;
  port: number;
}

/** `address:port` in its parts. */
export function endpoint(text: string): Endpoint {
  const [address = '', port = ''] = text.split(':');
  return { address, port: port === '' ? CONTROL_PORT : Number(port) };
}

/** The manager after `remote` in the list that a node has; the one it joined by stays, while it answers and is the only one. */
export function nextManager(
  remote: Endpoint | undefined,
  managers: readonly { readonly Addr: string }[],
  astray: boolean,
): Endpoint | undefined {
  const others = managers.map(({ Addr }) => endpoint(Addr));
  if (others.length === 0 || (others.length === 1 && remote !== undefined && !astray)) return remote;
  const at = others.findIndex(({ address }) => address === remote?.address);
  return others[(at + 1) % others.length];
}

/** Addresses of the interfaces that reach other machines. */
export function outwardAddresses(host: Host): { address: string; device: string }[] {
  const found: { address: string; device: string }[] = [];
  for (const dev of host.kernel.initNs.devices.values()) {
    if (dev.kind === 'bridge' || dev.kind === 'loopback' || dev.kind === 'veth' || !dev.up) continue;
    for (const entry of dev.addresses) found.push({ address: formatIpv4(entry.address), device: dev.name });
  }
  return found;
}
