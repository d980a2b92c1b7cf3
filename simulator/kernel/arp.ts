/** ARP and the neighbour state machine. Mirrors net/ipv4/arp.c (RFC 826) and net/core/neighbour.c (NUD). */
import { BROADCAST_MAC } from '../base/address.ts';
import { kernelHabit, type Origin } from '../base/origin.ts';
import { SECOND } from '../base/scheduler.ts';
import { ARP_REPLY, ARP_REQUEST, ETH_ARP, type Packet } from '../wire/packet.ts';
import type { InterfaceAddress, NetDevice } from './device.ts';
import { fibLookup, type Route } from './fib.ts';
import { icmpSend } from './icmp.ts';
import { drop, emit } from './kernel.ts';
import { Neighbour, type NeighbourState } from './neighbour.ts';
import { notify } from './notify.ts';
import type { NetworkNamespace } from './netns.ts';
import { selectAddress } from './route.ts';
import { judgeSource } from './source.ts';
import { devQueueXmit } from './transmit.ts';
import { wheelTime } from './wheel.ts';

/** net.ipv4.neigh.default.*: retrans_time_ms, mcast_solicit, ucast_solicit, delay_first_probe_time, base_reachable_time, unres_qlen. */
const RETRANS = SECOND;
const PROBES = 3;
const DELAY_FIRST_PROBE = 5 * SECOND;
const BASE_REACHABLE = 30 * SECOND;
const QUEUE_LIMIT = 101;

const ASKED = kernelHabit('arp');

/** Sends `packet` to the neighbour `nextHop`; parks it while ARP asks. */
export function neighOutput(dev: NetDevice, nextHop: number, packet: Packet): void {
  const { ns } = dev;
  if (dev.noArp) {
    packet.dstMac = dev.mac;
    packet.srcMac = dev.mac;
    devQueueXmit(dev, packet);
    return;
  }
  const neighbour = ns.neighbours.get(dev, nextHop) ?? create(ns, dev, nextHop);
  neighbour.used = ns.kernel.now;
  if (neighbour.state === 'STALE') delay(neighbour);
  const unknown = neighbour.state === 'NONE' || neighbour.state === 'FAILED';
  const waits = unknown || neighbour.state === 'INCOMPLETE';
  if (ns.kernel.universe.trace !== null) {
    emit(ns, packet, { kind: 'neighbour', dev: dev.name, address: nextHop, state: unknown ? 'INCOMPLETE' : neighbour.state, mac: neighbour.mac, waits, origin: neighbour.origin });
  }
  if (waits) {
    if (neighbour.queue.length >= QUEUE_LIMIT) drop(ns, neighbour.queue.shift() as Packet, 'NEIGHBOUR_QUEUE_FULL', dev.name);
    neighbour.queue.push(packet);
    if (unknown) startProbing(neighbour);
    return;
  }
  packet.dstMac = neighbour.mac;
  packet.srcMac = dev.mac;
  devQueueXmit(dev, packet);
}

function create(ns: NetworkNamespace, dev: NetDevice, address: number): Neighbour {
  const neighbour = new Neighbour(address, dev, ASKED);
  ns.neighbours.add(neighbour);
  return neighbour;
}

/**
 * neigh_update: what is known of a neighbour changes. `override` lets a different MAC replace a valid one.
 * Parked packets leave when the new state is a valid one. Permanent entries change only by hand (`force`).
 */
export function neighUpdate(neighbour: Neighbour, state: NeighbourState, mac: number, options: { override?: boolean; force?: boolean; origin?: Origin } = {}): void {
  const { ns } = neighbour.dev;
  if (!options.force && (neighbour.state === 'PERMANENT' || neighbour.state === 'NOARP')) return;
  const wasValid = isValid(neighbour.state);
  if (wasValid && neighbour.mac !== mac && mac !== 0 && !options.override && !options.force) return;
  const changed = neighbour.mac !== mac;
  // A repeated unsolicited confirmation of the same address changes nothing (neigh_update: same lladdr, STALE).
  if (!options.force && wasValid && !changed && state === 'STALE' && neighbour.state !== 'FAILED') return;
  const told = neighbour.state !== state || (changed && mac !== 0);
  neighbour.timer?.cancel();
  neighbour.timer = null;
  neighbour.state = state;
  if (mac !== 0) neighbour.mac = mac;
  neighbour.updated = ns.kernel.now;
  neighbour.probes = 0;
  if (options.origin !== undefined) neighbour.origin = options.origin;
  if (state === 'REACHABLE') {
    neighbour.confirmed = ns.kernel.now;
    armReachable(neighbour);
  }
  if (told) neighNotify(neighbour);
  if (isValid(state)) flush(neighbour);
  else if (state === 'FAILED') fail(neighbour);
}

/** neigh_update_notify */
function neighNotify(neighbour: Neighbour): void {
  const { ns } = neighbour.dev;
  if (ns.listeners.length > 0) notify(ns, { kind: 'neighbour', neighbour, deleted: false });
}

/** dst_confirm: progress above says that the neighbour is there. */
export function neighConfirm(dev: NetDevice, address: number): void {
  const neighbour = dev.ns.neighbours.get(dev, address);
  if (neighbour === undefined) return;
  if (neighbour.state === 'REACHABLE') neighbour.confirmed = dev.ns.kernel.now;
  else if (neighbour.state === 'DELAY' || neighbour.state === 'STALE' || neighbour.state === 'PROBE') neighUpdate(neighbour, 'REACHABLE', neighbour.mac, { force: true });
}

function isValid(state: NeighbourState): boolean {
  return state === 'REACHABLE' || state === 'STALE' || state === 'DELAY' || state === 'PROBE' || state === 'PERMANENT' || state === 'NOARP';
}

function flush(neighbour: Neighbour): void {
  const waiting = neighbour.queue;
  if (waiting.length === 0) return;
  neighbour.queue = [];
  for (const packet of waiting) {
    packet.dstMac = neighbour.mac;
    packet.srcMac = neighbour.dev.mac;
    devQueueXmit(neighbour.dev, packet);
  }
}

/** Nobody answered: everything parked is dropped and its senders are told (arp_error_report). */
function fail(neighbour: Neighbour): void {
  const { ns } = neighbour.dev;
  const waiting = neighbour.queue;
  neighbour.queue = [];
  if (waiting.length === 0) return;
  // What the errors cause comes after the other timers of this tick: a SYN sent again in it begins the next round.
  const { scheduler } = ns.kernel.universe;
  scheduler.at(scheduler.now + 2, () => {
    for (const packet of waiting) {
      drop(ns, packet, 'NEIGHBOUR_FAILED', neighbour.dev.name);
      icmpSend(ns, packet, 3, 1);
    }
  });
}

function armReachable(neighbour: Neighbour): void {
  const { scheduler, random } = neighbour.dev.ns.kernel.universe;
  const reachable = random.stream('neigh').between(BASE_REACHABLE / 2, (BASE_REACHABLE * 3) / 2);
  const check = (): void => {
    const due = neighbour.confirmed + reachable;
    if (scheduler.now < due) {
      neighbour.timer = scheduler.at(due, check);
      return;
    }
    neighbour.timer = null;
    neighbour.updated = scheduler.now;
    neighbour.state = 'STALE';
    if (neighbour.used > neighbour.confirmed && scheduler.now < neighbour.used + DELAY_FIRST_PROBE) delay(neighbour);
    else neighNotify(neighbour);
  };
  neighbour.timer = scheduler.at(neighbour.confirmed + reachable, check);
}

/** STALE and used: five seconds' grace for the layers above, then ask. */
function delay(neighbour: Neighbour): void {
  const { scheduler } = neighbour.dev.ns.kernel.universe;
  neighbour.timer?.cancel();
  neighbour.state = 'DELAY';
  neighbour.updated = scheduler.now;
  neighbour.timer = scheduler.after(DELAY_FIRST_PROBE, () => {
    neighbour.state = 'PROBE';
    neighbour.probes = 0;
    neighNotify(neighbour);
    probe(neighbour);
  });
}

/** The first packet for an unknown neighbour is parked already: ask for its address. */
function startProbing(neighbour: Neighbour): void {
  neighbour.state = 'INCOMPLETE';
  neighbour.probes = 0;
  neighbour.mac = 0;
  neighbour.updated = neighbour.dev.ns.kernel.now;
  probe(neighbour);
}

/** Asks again, or gives up after three. */
function probe(neighbour: Neighbour): void {
  const { scheduler } = neighbour.dev.ns.kernel.universe;
  if (neighbour.probes >= PROBES) {
    neighbour.timer = null;
    neighbour.state = 'FAILED';
    neighbour.updated = scheduler.now;
    neighNotify(neighbour);
    fail(neighbour);
    return;
  }
  solicit(neighbour);
  neighbour.timer = scheduler.at(wheelTime(scheduler.now, scheduler.now + RETRANS), () => probe(neighbour));
}

/** arp_solicit: broadcast while nothing is known, unicast to check what is. */
function solicit(neighbour: Neighbour): void {
  const { dev, address } = neighbour;
  const { ns } = dev;
  neighbour.probes++;
  const first = neighbour.queue[0];
  // arp_announce 0: the source of the packet that asks, if it is ours.
  const source = first !== undefined && ns.localAddresses.has(first.src) && announceable(dev, first.src, address) ? first.src : selectAddress(ns, dev, address);
  arpSend(dev, ARP_REQUEST, address, neighbour.state === 'PROBE' ? neighbour.mac : BROADCAST_MAC, source, dev.mac, 0, first?.id ?? 0, first?.flow ?? 0);
}

function announceable(dev: NetDevice, source: number, target: number): boolean {
  const level = Math.max(dev.conf.arp_announce, dev.ns.confAll.arp_announce);
  if (level === 0) return true;
  const entry = dev.addresses.find((one) => one.address === source);
  return level === 1 && entry !== undefined && (entry.address ^ target) >>> (32 - entry.prefix) === 0;
}

/** Builds and sends an ARP packet. `targetMac` stands in the ARP body, `destination` in the frame. */
export function arpSend(dev: NetDevice, operation: number, targetIp: number, destination: number, senderIp: number, senderMac: number, targetMac: number, parent = 0, flow = 0): void {
  const packet = dev.ns.kernel.universe.packets.make();
  packet.parent = parent;
  packet.flow = flow;
  packet.etherType = ETH_ARP;
  packet.dstMac = destination;
  packet.srcMac = dev.mac;
  packet.arpOperation = operation;
  packet.arpSenderMac = senderMac;
  packet.arpSenderIp = senderIp;
  packet.arpTargetMac = targetMac;
  packet.arpTargetIp = targetIp;
  devQueueXmit(dev, packet);
}

/** arp_process */
export function arpRcv(dev: NetDevice, packet: Packet): void {
  const { ns } = dev;
  if (dev.noArp) {
    drop(ns, packet, 'ARP_IGNORED', dev.name);
    return;
  }
  const { arpSenderIp: sender, arpTargetIp: target } = packet;
  if (packet.arpOperation === ARP_REQUEST) {
    if (sender === 0) {
      // Duplicate address detection: answered, nothing learned.
      if (answers(dev, sender, target)) arpSend(dev, ARP_REPLY, sender, packet.srcMac, target, dev.mac, packet.arpSenderMac, packet.id, packet.flow);
      return;
    }
    const route = inputRoute(dev, target, sender);
    const mine = route !== null && route.type === 'local';
    if (mine) {
      if (!answers(dev, sender, target) || filtered(dev, sender, target)) {
        drop(ns, packet, 'ARP_IGNORED', dev.name);
        return;
      }
      learnAsker(dev, packet);
      arpSend(dev, ARP_REPLY, sender, packet.arpSenderMac, target, dev.mac, packet.arpSenderMac, packet.id, packet.flow);
      return;
    }
    if (route !== null && route.type === 'unicast' && route.dev !== dev && proxies(dev, target)) {
      learnAsker(dev, packet);
      answerForAnother(dev, packet);
      return;
    }
  }
  let neighbour = ns.neighbours.get(dev, sender);
  if (neighbour === undefined && Math.max(dev.conf.arp_accept, ns.confAll.arp_accept) > 0 && sender === target) neighbour = create(ns, dev, sender);
  if (neighbour !== undefined) {
    const solicited = packet.arpOperation === ARP_REPLY && packet.dstMac === dev.mac;
    neighUpdate(neighbour, solicited ? 'REACHABLE' : 'STALE', packet.arpSenderMac, { override: true });
    return;
  }
  drop(ns, packet, 'ARP_IGNORED', dev.name);
}

/** ip_route_input as ARP asks it: null when there is no way, or the asker cannot stand there. */
function inputRoute(dev: NetDevice, target: number, sender: number): Route | null {
  const route = fibLookup(dev.ns, target, sender, 0, 0, dev.ifindex);
  if (route === null || judgeSource(dev.ns, dev, sender, target, 0, 0, route.type === 'unicast' ? route.dev : null) < 0) return null;
  return route;
}

/** neigh_event_ns: who asks is known from now on. */
function learnAsker(dev: NetDevice, request: Packet): void {
  const { ns } = dev;
  const neighbour = ns.neighbours.get(dev, request.arpSenderIp) ?? create(ns, dev, request.arpSenderIp);
  neighUpdate(neighbour, 'STALE', request.arpSenderMac, { override: true });
}

/** USER_HZ: the clock that net.ipv4.neigh.*.proxy_delay counts by. */
const TICK = SECOND / 100;

/** A broadcast question is answered only after a while (pneigh_enqueue). */
function answerForAnother(dev: NetDevice, request: Packet): void {
  const { universe } = dev.ns.kernel;
  if (universe.trace !== null) emit(dev.ns, request, { kind: 'arp-proxy', dev: dev.name, address: request.arpTargetIp, mac: dev.mac, origin: proxyOrigin(dev, request.arpTargetIp) });
  const answer = (): void => {
    if (dev.up && !dev.removed) arpSend(dev, ARP_REPLY, request.arpSenderIp, request.arpSenderMac, request.arpTargetIp, dev.mac, request.arpSenderMac, request.id, request.flow);
  };
  const delay = dev.conf.proxy_delay * TICK;
  if (request.dstMac === dev.mac || delay <= 0) answer();
  else universe.scheduler.after(universe.random.stream('arp-proxy').below(delay), answer);
}

/** Who told this device to answer for another: the entry, or who made the device that `proxy_arp` was set on. */
function proxyOrigin(dev: NetDevice, target: number): Origin {
  const entry = dev.ns.neighbours.get(dev, target);
  return entry?.proxy === true ? entry.origin : dev.origin;
}

/** Tells the link unasked of the device's addresses (inetdev_send_gratuitous_arp), where `arp_notify` wants it. */
export function notifyPeers(dev: NetDevice): void {
  if (dev.noArp || Math.max(dev.conf.arp_notify, dev.ns.confAll.arp_notify) === 0) return;
  for (const { address } of dev.addresses) arpSend(dev, ARP_REQUEST, address, BROADCAST_MAC, address, dev.mac, 0);
}

/** arp_filter: no answer where the way back does not lead by this device. */
function filtered(dev: NetDevice, sender: number, target: number): boolean {
  if (Math.max(dev.conf.arp_filter, dev.ns.confAll.arp_filter) === 0) return false;
  return fibLookup(dev.ns, sender, target, 0, 0, 0)?.dev !== dev;
}

/** arp_ignore: which requests for own addresses are answered here. */
function answers(dev: NetDevice, sender: number, target: number): boolean {
  const level = Math.max(dev.conf.arp_ignore, dev.ns.confAll.arp_ignore);
  if (level === 0) return dev.ns.localAddresses.has(target) || target >>> 24 === 127;
  const entry = dev.addresses.find((one) => one.address === target);
  if (level === 1) return entry !== undefined;
  // confirm_addr_indev: any network of the device that holds both will do.
  const holds = (one: InterfaceAddress, address: number): boolean => one.prefix === 0 || (one.peer ^ address) >>> (32 - one.prefix) === 0;
  if (level === 2) return entry !== undefined && dev.addresses.some((one) => holds(one, target) && holds(one, sender));
  return level < 8;
}

/** arp_fwd_proxy for all addresses, pneigh_lookup for those of `ip neigh add proxy`. */
function proxies(dev: NetDevice, target: number): boolean {
  if (dev.conf.forwarding === 0) return false;
  return dev.conf.proxy_arp !== 0 || dev.ns.confAll.proxy_arp !== 0 || dev.ns.neighbours.get(dev, target)?.proxy === true;
}
