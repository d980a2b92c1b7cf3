/** The bridge device itself (net/bridge/br_device.c, br_if.c): carrier and MAC follow the ports; the data path is ../bridge.ts. */
import { kernelHabit } from '../../base/origin.ts';
import { brDevXmit } from '../bridge.ts';
import type { BridgePort, BridgeState, DeviceDriver, NetDevice } from '../device.ts';
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
    highestPort: 0,
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
    mdb: [],
    macSet: false,
    mtuSet: false,
  };
}

/** Everything that follows from the ports: call after one went, or the bridge itself changed. */
export function recomputeBridge(dev: NetDevice): void {
  const { ports } = dev.bridge as BridgeState;
  recomputeAddress(dev);
  updateCarrier(dev);
  for (const port of ports) updatePort(dev, port);
}

/** br_stp_recalculate_bridge_id: the lowest address of the ports, unless one was set by hand. */
export function recomputeAddress(dev: NetDevice): void {
  const { macSet, ports } = dev.bridge as BridgeState;
  if (macSet || ports.length === 0) return;
  let lowest = Infinity;
  for (const port of ports) lowest = Math.min(lowest, port.mac);
  setBridgeMac(dev, lowest);
}

/** One port went up or down: the carrier follows, and the port's state. */
export function portChanged(dev: NetDevice, port: NetDevice): void {
  updateCarrier(dev);
  updatePort(dev, port);
}

/** A port came, the last of the list: what follows costs the same however many there are. */
export function portAdded(dev: NetDevice, port: NetDevice): void {
  const { macSet, mtuSet, ports } = dev.bridge as BridgeState;
  const first = ports.length === 1;
  if (!mtuSet) dev.mtu = first ? port.mtu : Math.min(dev.mtu, port.mtu);
  if (!macSet && (first || port.mac < dev.mac)) setBridgeMac(dev, port.mac);
  portChanged(dev, port);
}

function updateCarrier(dev: NetDevice): void {
  dev.carrier = (dev.bridge as BridgeState).ports.some((port) => port.up && port.carrier);
}

function updatePort(dev: NetDevice, port: NetDevice): void {
  if (port.port !== null) port.port.state = port.up && port.carrier && dev.up ? 'forwarding' : 'disabled';
}

/** Changes the bridge's own address and its entry in the forwarding database. */
export function setBridgeMac(dev: NetDevice, mac: number): void {
  const state = dev.bridge as BridgeState;
  const old = state.fdb.get(dev.mac);
  if (old !== undefined && old.port === null) state.fdb.delete(dev.mac);
  dev.mac = mac;
  if (mac !== 0 && !state.fdb.has(mac)) state.fdb.set(mac, makeFdbEntry(mac, null, 'permanent', false, dev.ns.kernel.now, kernelHabit('own-address')));
}

/** br_mtu_auto_adjust: a bridge nobody gave an MTU takes the least of its ports. */
export function adjustBridgeMtu(dev: NetDevice): void {
  const state = dev.bridge as BridgeState;
  if (state.mtuSet) return;
  let least = Infinity;
  for (const port of state.ports) least = Math.min(least, port.mtu);
  dev.mtu = state.ports.length === 0 ? 1500 : least;
}

/** The lowest free port number; cost by kind as the kernel reads it from the link speed (veth 10 Gbit/s: 2). */
export function newPort(bridgeDevice: NetDevice, state: BridgeState, dev: NetDevice): BridgePort {
  const number = lowestFreePort(state);
  if (number > state.highestPort) state.highestPort = number;
  return {
    bridge: bridgeDevice,
    number,
    state: 'disabled',
    cost: dev.kind === 'veth' ? 2 : 100,
    priority: 32,
    hairpin: false,
    learning: true,
    flood: true,
    mcastFlood: true,
    bcastFlood: true,
    guard: false,
    fastLeave: false,
    rootBlock: false,
    isolated: false,
    neighSuppress: false,
    vlanTunnel: false,
    pvid: state.defaultPvid,
  };
}

/** The new port is in the list already. Without gaps, which is nearly always, it is the next. */
function lowestFreePort(state: BridgeState): number {
  if (state.highestPort === state.ports.length - 1) return state.ports.length;
  const used = new Set(state.ports.map((port) => port.port?.number));
  let number = 1;
  while (used.has(number)) number++;
  return number;
}
