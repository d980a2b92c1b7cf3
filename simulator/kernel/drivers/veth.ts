/** The virtual Ethernet pair (drivers/net/veth.c): what enters one end leaves the other, in another namespace if so placed. */
import { ETH_IPV4, ipLength, type Packet } from '../../wire/packet.ts';
import type { DeviceDriver, NetDevice } from '../device.ts';
import { scrub } from '../ip-input.ts';
import { drop } from '../kernel.ts';
import { netifRx } from '../receive.ts';

export const veth: DeviceDriver = {
  kind: 'veth',
  xmit(dev, packet) {
    vethXmit(dev, packet);
  },
  changed(dev) {
    const { peer } = dev;
    if (peer === null) return;
    const both = dev.up && peer.up;
    dev.carrier = both;
    peer.carrier = both;
    if (both) {
      dev.hadCarrier = true;
      peer.hadCarrier = true;
    }
  },
};

function vethXmit(dev: NetDevice, packet: Packet): void {
  const { peer } = dev;
  if (peer === null || !peer.up) {
    dev.stats.txDropped++;
    drop(dev.ns, packet, 'DEVICE_DOWN', dev.name, peer?.stateOrigin ?? undefined);
    return;
  }
  // is_skb_forwardable: MTU plus room for one VLAN tag.
  if (packet.etherType === ETH_IPV4 && ipLength(packet) > peer.mtu + 4) {
    peer.stats.rxDropped++;
    drop(peer.ns, packet, 'DEVICE_MTU', peer.name);
    return;
  }
  if (peer.ns !== dev.ns) scrub(packet);
  else {
    packet.physIif = 0;
    packet.physOif = 0;
  }
  netifRx(peer, packet);
}
