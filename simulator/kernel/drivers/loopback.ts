/** The loopback device (drivers/net/loopback.c): what is sent is received. */
import type { DeviceDriver } from '../device.ts';
import { netifRx } from '../receive.ts';

export const loopback: DeviceDriver = {
  kind: 'loopback',
  xmit(dev, packet) {
    packet.physIif = 0;
    packet.ipvs = false;
    netifRx(dev, packet);
  },
};
