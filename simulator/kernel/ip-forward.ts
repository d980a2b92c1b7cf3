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
import { sendsRedirects } from './source.ts';
import type { NetworkNamespace } from './netns.ts';
import { xfrmOutput } from './xfrm-esp.ts';
import { xfrmLookup, xfrmPolicyCheck } from './xfrm.ts';

/** Routes a packet on: TTL, size, redirect, FORWARD. `route` is of type unicast; `onLink` says that the sender stands on the link it came by. */
export function ipForward(dev: NetDevice, packet: Packet, route: Route, onLink: boolean): void {
  const ns = dev.ns;
  const out = route.dev as NetDevice;
  if (ns.xfrm !== null && !secure(ns, packet)) return;
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
  // With net.ipv4.conf.*.shared_media, as by default, the next hop need not stand there.
  if (out === dev && onLink && sendsRedirects(dev) && redirectAllowed(ns, packet.src)) {
    icmpSend(ns, packet, 5, 1, 0, route.gateway === 0 ? packet.dst : route.gateway);
  }
  if (!nfHook(ns, NF_FORWARD, packet, dev, out)) return;
  if (ns.xfrm !== null && packet.bundle !== null) xfrmOutput(ns, packet, route);
  else ipOutput(ns, packet, route);
}

/** xfrm4_policy_check and xfrm4_route_forward. False, and the packet is reported dropped, when a policy lets it not in or not out. */
function secure(ns: NetworkNamespace, packet: Packet): boolean {
  if (!xfrmPolicyCheck(ns, packet, 'fwd')) return false;
  const secured = xfrmLookup(ns, packet);
  if (secured.ok) packet.bundle = secured.value;
  return secured.ok;
}
