/** ip_forward. Mirrors net/ipv4/ip_forward.c. */
import { ipLength, type Packet } from '../wire/packet.ts';
import type { NetDevice } from './device.ts';
import type { Route } from './fib.ts';
import { nfHook } from './hooks.ts';
import { icmpSend, redirectAllowed } from './icmp.ts';
import { ipOutput } from './ip-output.ts';
import { drop } from './kernel.ts';
import { NF_FORWARD } from './seams.ts';
import { routeMtu } from './route.ts';

/** Routes a packet on: TTL, size, redirect, FORWARD. `route` is of type unicast. */
export function ipForward(dev: NetDevice, packet: Packet, route: Route): void {
  const ns = dev.ns;
  const out = route.dev as NetDevice;
  if (packet.ttl <= 1) {
    icmpSend(ns, packet, 11, 0);
    drop(ns, packet, 'IP_TTL_EXPIRED', dev.name);
    return;
  }
  const mtu = routeMtu(ns, route, packet.dst, true);
  if (packet.dontFragment && ipLength(packet) > mtu) {
    icmpSend(ns, packet, 3, 4, mtu);
    drop(ns, packet, 'PACKET_TOO_BIG', out.name);
    return;
  }
  packet.ttl--;
  if (out === dev && sendsRedirects(dev) && onSameLink(dev, packet.src, route.gateway === 0 ? packet.dst : route.gateway) && redirectAllowed(ns, packet.src)) {
    icmpSend(ns, packet, 5, 1, 0, route.gateway === 0 ? packet.dst : route.gateway);
  }
  if (!nfHook(ns, NF_FORWARD, packet, dev, out)) return;
  ipOutput(ns, packet, route);
}

function sendsRedirects(dev: NetDevice): boolean {
  return dev.conf.send_redirects !== 0 || dev.ns.confAll.send_redirects !== 0;
}

/** ip_fib_check_default / inet_addr_onlink: sender and next hop stand on one of the device's networks. */
function onSameLink(dev: NetDevice, a: number, b: number): boolean {
  return dev.addresses.some((entry) => (entry.address ^ a) >>> (32 - entry.prefix) === 0 && (entry.address ^ b) >>> (32 - entry.prefix) === 0 && entry.prefix !== 0);
}
