/** A physical NIC: its frames go onto the cable, to the switch of the underlay. */
import type { DeviceDriver } from '../device.ts';
import { scrub } from '../ip-input.ts';
import { drop } from '../kernel.ts';

export const ethernet: DeviceDriver = {
  kind: 'ethernet',
  xmit(dev, packet) {
    if (dev.cable === null) {
      drop(dev.ns, packet, 'DEVICE_NO_CARRIER', dev.name);
      return;
    }
    scrub(packet);
    dev.cable.send(dev, packet);
  },
};
