/** The dummy device (drivers/net/dummy.c): swallows what is sent. */
import type { DeviceDriver } from '../device.ts';

export const dummy: DeviceDriver = { kind: 'dummy', xmit() {} };
