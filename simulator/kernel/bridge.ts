/**
 * The bridge's data path: br_handle_frame, br_forward, br_flood, br_pass_frame_up (net/bridge/br_input.c, br_forward.c)
 * and the part of br_netfilter that shows bridged IPv4 packets to iptables (net/bridge/br_netfilter_hooks.c).
 */
import { BROADCAST_MAC, isGroupMac } from '../base/address.ts';
import { kernelHabit, type Origin } from '../base/origin.ts';
import { ETH_IPV4, ETH_IPV6, frameLength, ipLength, type Packet } from '../wire/packet.ts';
import { neighOutput } from './arp.ts';
import type { BridgePort, BridgeState, NetDevice } from './device.ts';
import { fdbLearn, fdbLookup } from './fdb.ts';
import { fibLookup } from './fib.ts';
import { fragments, reassemble } from './fragment.ts';
import { nfHook } from './hooks.ts';
import { drop, emit } from './kernel.ts';
import { snoopReport } from './mdb.ts';
import { deliverUp } from './receive.ts';
import { NF_FORWARD, NF_POST_ROUTING, NF_PRE_ROUTING } from './seams.ts';
import { devQueueXmit } from './transmit.ts';

/** 01:80:c2:00:00:00 … 0f: never forwarded by a bridge (IEEE 802.1D). */
const RESERVED_GROUP = 0x0180c2000000;

const GROUP = kernelHabit('group');
const FLOOD = kernelHabit('flood');

/** A frame came in by a port of a bridge. */
export function brHandleFrame(dev: NetDevice, packet: Packet): void {
  const port = dev.port as BridgePort;
  const bridge = port.bridge;
  const { ns } = dev;
  if (isGroupMac(packet.srcMac)) {
    drop(ns, packet, 'IP_HEADER', dev.name);
    return;
  }
  if (packet.dstMac - (packet.dstMac % 16) === RESERVED_GROUP) {
    drop(ns, packet, 'BRIDGE_RESERVED_ADDRESS', dev.name);
    return;
  }
  if (port.state !== 'forwarding' && port.state !== 'learning') {
    drop(ns, packet, 'BRIDGE_PORT_STATE', dev.name);
    return;
  }
  if (packet.etherType === ETH_IPV4 && ns.knobs.bridge_nf_call_iptables !== 0) {
    if (packet.whole !== null && (ns.rooms.netfilter?.conntrackUsers ?? 0) > 0) {
      const whole = reassemble(ns, packet);
      if (whole === null) return;
      packet = whole;
    }
    const { dst } = packet;
    packet.physIif = dev.ifindex;
    packet.iif = bridge.ifindex;
    if (!nfHook(ns, NF_PRE_ROUTING, packet, bridge, null)) return;
    if (packet.dst !== dst && !redirectAfterDnat(dev, bridge, packet)) return;
  }
  brHandleFrameFinish(dev, packet);
}

/** nf_bridge->bridged_dnat: packets that only pass through the bridge device to learn their neighbour's MAC. */
const bridgedDnat = new WeakMap<Packet, { readonly dev: NetDevice; readonly srcMac: number }>();

/**
 * br_nf_pre_routing_finish: a packet whose destination was rewritten goes where routing says; back into the same
 * bridge with the new neighbour's MAC, or up to the bridge's own address to be routed. False when it is gone: with a
 * neighbour that has to be asked for first, it takes the way out of the bridge device and is taken back there.
 */
function redirectAfterDnat(dev: NetDevice, bridge: NetDevice, packet: Packet): boolean {
  const { ns } = bridge;
  const route = fibLookup(ns, packet.dst, packet.src, packet.mark, 0, bridge.ifindex, packet.tos);
  if (route !== null && route.type === 'unicast' && route.dev === bridge) {
    const hop = route.gateway !== 0 ? route.gateway : packet.dst;
    const neighbour = ns.neighbours.get(bridge, hop);
    // NUD_CONNECTED with a cached header, that is, one that was used before.
    if (neighbour !== undefined && (neighbour.state === 'REACHABLE' || neighbour.state === 'PERMANENT') && neighbour.used > 0) {
      packet.dstMac = neighbour.mac;
      return true;
    }
    bridgedDnat.set(packet, { dev, srcMac: packet.srcMac });
    neighOutput(bridge, hop, packet);
    return false;
  }
  packet.dstMac = bridge.mac;
  return true;
}

function brHandleFrameFinish(dev: NetDevice, packet: Packet): void {
  const port = dev.port as BridgePort;
  const bridge = port.bridge;
  const state = bridge.bridge as BridgeState;
  const { ns } = dev;
  const { now } = ns.kernel;
  if (port.learning) fdbLearn(state.fdb, packet.srcMac, dev, now);
  if (port.state === 'learning') {
    drop(ns, packet, 'BRIDGE_PORT_STATE', dev.name);
    return;
  }
  if (!bridge.up) {
    drop(ns, packet, 'DEVICE_DOWN', bridge.name, bridge.stateOrigin ?? undefined);
    return;
  }
  if (isGroupMac(packet.dstMac)) {
    snoopReport(state, dev, packet, now);
    const ports = floodPorts(state, dev, packet.dstMac);
    report(bridge, dev, packet, 'flood', ports, GROUP);
    flood(bridge, packet, ports, true);
    passUp(bridge, packet);
    return;
  }
  const entry = fdbLookup(state.fdb, packet.dstMac, now, state.ageing);
  if (entry !== undefined && entry.state === 'permanent') {
    report(bridge, dev, packet, 'up', [], entry.origin);
    passUp(bridge, packet);
    return;
  }
  // A bridge in promiscuous mode (somebody captures on it) also gets a copy of what is only passing.
  const copy = bridge.promiscuous > 0 ? ns.kernel.universe.packets.clone(packet) : null;
  if (entry !== undefined && entry.port !== null) {
    entry.used = now;
    report(bridge, dev, packet, 'forward', [entry.port], entry.origin);
    if (mayForward(dev, entry.port)) forward(bridge, entry.port, packet);
    else drop(ns, packet, 'BRIDGE_HAIRPIN', dev.name);
  } else {
    const ports = floodPorts(state, dev, packet.dstMac);
    report(bridge, dev, packet, 'flood', ports, FLOOD);
    flood(bridge, packet, ports, false);
  }
  if (copy !== null) passUp(bridge, copy);
}

/** Call sites that have nothing to say cost one branch. */
function report(bridge: NetDevice, from: NetDevice, packet: Packet, decision: 'up' | 'forward' | 'flood', ports: readonly NetDevice[], origin: Origin): void {
  if (bridge.ns.kernel.universe.trace === null) return;
  emit(bridge.ns, packet, { kind: 'bridge', bridge: bridge.name, from: from.name, decision, ports: ports.map((port) => port.name), origin });
}

/** br_pass_frame_up: the frame becomes one received by the bridge device itself. */
function passUp(bridge: NetDevice, packet: Packet): void {
  bridge.stats.rxPackets++;
  bridge.stats.rxBytes += frameLength(packet);
  packet.iif = bridge.ifindex;
  deliverUp(bridge, packet);
}

/** The ports a flooded frame leaves by, in order of enslavement. `from` is null for frames of the bridge itself. */
function floodPorts(state: BridgeState, from: NetDevice | null, dstMac: number): NetDevice[] {
  return state.ports.filter((dev) => {
    const port = dev.port as BridgePort;
    if (from !== null && !mayForward(from, dev)) return false;
    if (port.state !== 'forwarding' || !dev.up || !dev.carrier) return false;
    if (!isGroupMac(dstMac)) return port.flood;
    // What the bridge itself says to all goes everywhere.
    return from === null || (dstMac === BROADCAST_MAC ? port.bcastFlood : port.mcastFlood);
  });
}

/** should_deliver: not back where it came from (but hairpin), not between isolated ports. */
function mayForward(from: NetDevice, to: NetDevice): boolean {
  const target = to.port as BridgePort;
  if (from === to) return target.hairpin;
  return !((from.port as BridgePort).isolated && target.isolated);
}

function flood(bridge: NetDevice, packet: Packet, ports: readonly NetDevice[], keep: boolean): void {
  const { packets } = bridge.ns.kernel.universe;
  if (ports.length === 0 && !keep) drop(bridge.ns, packet, 'BRIDGE_NO_PORT', bridge.name);
  ports.forEach((dev, index) => forward(bridge, dev, keep || index < ports.length - 1 ? packets.clone(packet) : packet));
}

/** br_forward: FORWARD and POSTROUTING of iptables when bridge-nf is on, then out of the port. */
function forward(bridge: NetDevice, out: NetDevice, packet: Packet): void {
  const { ns } = bridge;
  if ((out.port as BridgePort).state !== 'forwarding' || !out.up) {
    drop(ns, packet, 'BRIDGE_PORT_STATE', out.name);
    return;
  }
  if (packet.physIif !== 0) {
    packet.physOif = out.ifindex;
    if (!nfHook(ns, NF_FORWARD, packet, bridge, bridge)) return;
    if (!nfHook(ns, NF_POST_ROUTING, packet, null, bridge)) return;
  }
  sendFromPort(out, packet);
}

/** br_nf_dev_queue_xmit: what was put together for connection tracking is cut again. br_dev_queue_push_xmit: other frames larger than the port's MTU are dropped without a word. */
function sendFromPort(out: NetDevice, packet: Packet): void {
  const { largestFragment } = packet;
  if (largestFragment !== 0 && packet.physIif !== 0) {
    const limit = Math.min(largestFragment, out.mtu);
    if (ipLength(packet) > limit) {
      for (const piece of fragments(out.ns, packet, limit)) devQueueXmit(out, piece);
      return;
    }
  }
  if (packet.etherType === ETH_IPV4 && ipLength(packet) > out.mtu) {
    drop(out.ns, packet, 'DEVICE_MTU', out.name);
    return;
  }
  devQueueXmit(out, packet);
}

/** br_dev_xmit: the host itself sends through the bridge. */
export function brDevXmit(bridge: NetDevice, packet: Packet): void {
  const state = bridge.bridge as BridgeState;
  const { ns } = bridge;
  const passing = packet.physIif !== 0 ? bridgedDnat.get(packet) : undefined;
  if (passing !== undefined) {
    // br_nf_pre_routing_finish_bridge_slow
    bridgedDnat.delete(packet);
    packet.srcMac = passing.srcMac;
    brHandleFrameFinish(passing.dev, packet);
    return;
  }
  const entry = isGroupMac(packet.dstMac) ? undefined : fdbLookup(state.fdb, packet.dstMac, ns.kernel.now, state.ageing);
  if (entry !== undefined && entry.port !== null && entry.state !== 'permanent') {
    const port = entry.port.port as BridgePort;
    if (port.state === 'forwarding' && entry.port.up) sendFromPort(entry.port, packet);
    else drop(ns, packet, 'BRIDGE_PORT_STATE', entry.port.name);
    return;
  }
  if (packet.etherType === ETH_IPV6) snoopReport(state, null, packet, ns.kernel.now);
  const ports = floodPorts(state, null, packet.dstMac);
  if (ports.length === 0) {
    drop(ns, packet, 'BRIDGE_NO_PORT', bridge.name);
    return;
  }
  const { packets } = ns.kernel.universe;
  ports.forEach((dev, index) => sendFromPort(dev, index < ports.length - 1 ? packets.clone(packet) : packet));
}
