/** The way in: netif_receive_skb (net/core/dev.c). One delivery is one entry of the scheduler's backlog. */
import { BROADCAST_MAC, isGroupMac } from '../base/address.ts';
import { ETH_ARP, ETH_IPV4, ETH_IPV6, frameLength, type Packet } from '../wire/packet.ts';
import { arpRcv } from './arp.ts';
import { brHandleFrame } from './bridge.ts';
import type { NetDevice } from './device.ts';
import { ipRcv } from './ip-input.ts';
import { drop, emit } from './kernel.ts';

/** Queues `packet` for reception at `dev` (netif_rx): it is handled in its own turn. */
export function netifRx(dev: NetDevice, packet: Packet): void {
  dev.ns.kernel.universe.scheduler.soon(netifReceive, dev, packet);
}

/** A frame has come in by `dev`. */
export function netifReceive(dev: NetDevice, packet: Packet): void {
  const ns = dev.ns;
  if (dev.removed || ns.dead || !dev.up) {
    dev.stats.rxDropped++;
    drop(ns, packet, 'DEVICE_DOWN', dev.name, dev.stateOrigin ?? undefined);
    return;
  }
  // A tunnel counts what it unwraps by itself (vxlan_rcv), not what its ARP proxy answers.
  if (dev.vxlan === null) {
    dev.stats.rxPackets++;
    dev.stats.rxBytes += frameLength(packet);
  }
  packet.iif = dev.ifindex;
  packet.dev = 0;
  deliverUp(dev, packet);
}

/** What follows the counters; a bridge hands frames for itself in here (br_pass_frame_up). */
export function deliverUp(dev: NetDevice, packet: Packet): void {
  const ns = dev.ns;
  if (dev.taps.length > 0) for (const tap of dev.taps) tap(packet, dev, 'in');
  if (ns.taps.length > 0) for (const tap of ns.taps) tap(packet, dev, 'in');
  if (ns.kernel.universe.trace !== null) emit(ns, packet, { kind: 'rx', dev: dev.name, origin: dev.origin });
  if (dev.port !== null) {
    brHandleFrame(dev, packet);
    return;
  }
  const mine = packet.dstMac === dev.mac || dev.kind === 'loopback';
  if (!mine && !isGroupMac(packet.dstMac)) {
    dev.stats.rxDropped++;
    drop(ns, packet, 'IP_NOT_FOR_US', dev.name);
    return;
  }
  if (packet.dstMac !== BROADCAST_MAC && isGroupMac(packet.dstMac)) dev.stats.multicast++;
  switch (packet.etherType) {
    case ETH_IPV4:
      ipRcv(dev, packet);
      return;
    case ETH_ARP:
      arpRcv(dev, packet);
      return;
    case ETH_IPV6:
      // IPv6 is shown but not routed: frames of it end here.
      return;
    default:
      dev.stats.rxDropped++;
      drop(ns, packet, 'DEVICE_UNKNOWN_PROTOCOL', dev.name);
  }
}
