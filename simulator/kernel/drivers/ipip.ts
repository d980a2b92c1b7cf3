/**
 * IP in IP (net/ipv4/ipip.c, RFC 2003): the catch-all device `tunl0` that each namespace has once the module is there. It
 * unwraps what comes for the namespace; what is routed into it without a remote end point has nowhere to go.
 *
 * Deviation: no other tunnels can be made (`ip tunnel add`).
 */
import { kernelHabit } from '../../base/origin.ts';
import type { Packet } from '../../wire/packet.ts';
import type { DeviceDriver, NetDevice } from '../device.ts';
import { createDevice } from '../devices.ts';
import { scrub } from '../ip-input.ts';
import { drop, emit, type Kernel } from '../kernel.ts';
import type { NetworkNamespace } from '../netns.ts';
import { netifRx } from '../receive.ts';

/** Octets of the outer header. */
export const IPIP_OVERHEAD = 20;

export const ipip: DeviceDriver = {
  kind: 'ipip',
  xmit(dev, packet) {
    dev.stats.txErrors++;
    drop(dev.ns, packet, 'IP_NO_ROUTE', dev.name);
  },
};

/** `modprobe ipip`: every namespace, and every later one, has its `tunl0`. */
export function loadIpip(kernel: Kernel): void {
  if (kernel.initNs.byName.has('tunl0')) return;
  for (const ns of kernel.namespaces) addFallback(ns);
  kernel.setups.push(addFallback);
}

function addFallback(ns: NetworkNamespace): void {
  createDevice(ns, { kind: 'ipip', name: 'tunl0', mac: 0, mtu: 1500 - IPIP_OVERHEAD, origin: kernelHabit('tunnel') });
}

/** ipip_rcv: the device that takes an IP-in-IP packet for this namespace; undefined when there is none that is up. */
export function ipipReceiver(ns: NetworkNamespace): NetDevice | undefined {
  const dev = ns.byName.get('tunl0');
  return dev?.kind === 'ipip' && dev.up ? dev : undefined;
}

/** ip_tunnel_rcv: the inner packet goes on as received by the tunnel. */
export function ipipRcv(dev: NetDevice, outer: Packet): void {
  const inner = outer.inner as Packet;
  scrub(inner);
  inner.dstMac = dev.mac;
  if (dev.ns.kernel.universe.trace !== null) emit(dev.ns, inner, { kind: 'decap', dev: dev.name, vni: 0, outer: outer.id, origin: dev.origin });
  netifRx(dev, inner);
}
