/** The bridge device itself (net/bridge/br_device.c, br_if.c): carrier and MAC follow the ports; the data path is ../bridge.ts. */
import { KERNEL_DEFAULT } from '../../base/origin.ts';
import { brDevXmit } from '../bridge.ts';
import type { BridgeState, DeviceDriver, NetDevice } from '../device.ts';
import { makeFdbEntry } from '../fdb.ts';

/** Microseconds a learned address lives (br->ageing_time, 300 s). */
const AGEING = 300_000_000;

export const bridge: DeviceDriver = {
  kind: 'bridge',
  xmit(dev, packet) {
    brDevXmit(dev, packet);
  },
};

/** State of a bridge as `ip link add type bridge` makes it. */
export function newBridgeState(): BridgeState {
  return {
    ports: [],
    fdb: new Map(),
    ageing: AGEING,
    stp: false,
    forwardDelay: 1500,
    helloTime: 200,
    maxAge: 2000,
    priority: 32768,
    vlanFiltering: false,
    defaultPvid: 1,
    multicastSnooping: true,
    macSet: false,
    mtuSet: false,
  };
}

/** br_stp_recalculate_bridge_id and the carrier: call after ports came, went or changed. */
export function recomputeBridge(dev: NetDevice): void {
  const state = dev.bridge as BridgeState;
  if (!state.macSet && state.ports.length > 0) setBridgeMac(dev, Math.min(...state.ports.map((port) => port.mac)));
  dev.carrier = state.ports.some((port) => port.up && port.carrier);
  for (const port of state.ports) {
    if (port.port !== null) port.port.state = port.up && port.carrier && dev.up ? 'forwarding' : 'disabled';
  }
}

/** Changes the bridge's own address and its entry in the forwarding database. */
export function setBridgeMac(dev: NetDevice, mac: number): void {
  const state = dev.bridge as BridgeState;
  const old = state.fdb.get(dev.mac);
  if (old !== undefined && old.port === null) state.fdb.delete(dev.mac);
  dev.mac = mac;
  if (mac !== 0 && !state.fdb.has(mac)) state.fdb.set(mac, makeFdbEntry(mac, null, 'permanent', false, dev.ns.kernel.now, KERNEL_DEFAULT));
}
