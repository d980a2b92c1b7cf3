/** The way out of a device: dev_queue_xmit (net/core/dev.c). Queues are not emulated: what is sent leaves at once. */
import { completeChecksum, frameLength, type Packet } from '../wire/packet.ts';
import type { NetDevice } from './device.ts';
import { drop, emit } from './kernel.ts';

/** Sends a finished frame. Taps see it here, after POSTROUTING. */
export function devQueueXmit(dev: NetDevice, packet: Packet): void {
  const ns = dev.ns;
  if (!dev.up) {
    dev.stats.txDropped++;
    drop(ns, packet, 'DEVICE_DOWN', dev.name, dev.stateOrigin ?? undefined);
    return;
  }
  if (!dev.carrier) {
    dev.stats.txCarrier++;
    dev.stats.txDropped++;
    drop(ns, packet, 'DEVICE_NO_CARRIER', dev.name, dev.cableOrigin ?? dev.peer?.stateOrigin ?? undefined);
    return;
  }
  // Of all devices only a real one has no offloads here.
  if (dev.kind === 'ethernet') completeChecksum(packet);
  if (dev.taps.length > 0) for (const tap of dev.taps) tap(packet, dev, 'out');
  if (ns.taps.length > 0) for (const tap of ns.taps) tap(packet, dev, 'out');
  if (ns.kernel.universe.trace !== null) emit(ns, packet, { kind: 'tx', dev: dev.name, origin: dev.origin });
  // A tunnel counts what it wraps by itself (vxlan_xmit_one), not what its ARP proxy swallows.
  if (dev.vxlan === null) {
    dev.stats.txPackets++;
    dev.stats.txBytes += frameLength(packet);
  }
  dev.driver.xmit(dev, packet);
}
