/**
 * What IPv6 says on a link by itself when a device gets a link-local address: duplicate address detection (RFC 4862), reports
 * of multicast groups (MLDv2, RFC 3810) and router solicitations (RFC 4861, backing off as RFC 7559). Mirrors net/ipv6/addrconf.c
 * (addrconf_dad_*, addrconf_rs_timer), ndisc.c and mcast.c, with their timing. The frames are real: they cross bridges and
 * tunnels, are counted, and teach forwarding databases. Deviation: nothing here listens, so no address is ever found taken, no
 * router answers, and an address is shown as usable at once.
 */
import { parseMac } from '../base/address.ts';
import type { RandomStream } from '../base/random.ts';
import { MILLISECOND, SECOND } from '../base/scheduler.ts';
import { put16, put48 } from '../wire/bytes.ts';
import { foldChecksum, sumWords } from '../wire/checksum.ts';
import { ETH_IPV6, type Packet } from '../wire/packet.ts';
import type { NetDevice } from './device.ts';
import { solicitedNode, words6 } from './netlink/inet6.ts';
import { devQueueXmit } from './transmit.ts';

const IPV6_HEADER = 40;
const ICMPV6 = 58;
const ROUTER_SOLICITATION = 133;
const NEIGHBOUR_SOLICITATION = 135;
/** MLDv2 report. */
export const LISTENER_REPORT = 143;
const ALL_ROUTERS = words6('ff02::2');
const ALL_REPORTS = words6('ff02::16');
/** 33:33:00:00:00:16, where listeners report. */
export const REPORTS_MAC = parseMac('33:33:00:00:00:16') as number;
const UNSPECIFIED = [0, 0, 0, 0, 0, 0, 0, 0];

/** net.ipv6.conf.*: router_solicitation_delay, router_solicitation_interval, router_solicitation_max_interval; one DAD probe. */
const SOLICIT_DELAY = SECOND;
const SOLICIT_INTERVAL = 4 * SECOND;
const SOLICIT_MAX = 3600 * SECOND;
const DAD_WAIT = SECOND;

/** What is done, in the order in which it is done when two things are due at once. */
const STEPS: readonly ((dev: NetDevice, address: string) => void)[] = [
  (dev, address) => {
    sendReport(dev, UNSPECIFIED, solicitedNode(address));
    // A bridge that snoops listens to others that do (br_multicast_join_snoopers).
    if (dev.bridge?.multicastSnooping === true) sendReport(dev, UNSPECIFIED, 'ff02::6a');
  },
  (dev, address) => sendReport(dev, UNSPECIFIED, solicitedNode(address)),
  sendDuplicateProbe,
  (dev, address) => sendReport(dev, words6(address), solicitedNode(address)),
  sendRouterSolicitation,
  (dev, address) => sendReport(dev, words6(address), solicitedNode(address)),
];

/** The device has got the link-local address `address`: everything that follows from it is sent in its time. */
export function startAddressing(dev: NetDevice, address: string): void {
  stopAddressing(dev);
  const stream = streamOf(dev);
  const begin = stream.between(1, 4) * MILLISECOND;
  const probe = begin + stream.below(SOLICIT_DELAY);
  const again = begin + stream.below(SECOND);
  const ready = probe + DAD_WAIT;
  const due = [begin, again, probe, ready, ready + MILLISECOND, ready + 2 * MILLISECOND + stream.below(SECOND)];
  // One number a step, its time and its place in STEPS: every device of a large world has such a list.
  const plan = due.map((at, step) => at * STEPS.length + step).sort((a, b) => a - b);
  proceed(dev, address, plan, 0, 0);
}

/** Waits for the next step of the plan, one timer at a time; `now` counts from its beginning. */
function proceed(dev: NetDevice, address: string, plan: readonly number[], index: number, now: number): void {
  const next = plan[index];
  if (next === undefined) {
    solicitAgain(dev, address, Math.round(SOLICIT_INTERVAL * (0.9 + streamOf(dev).below(1000) / 5000)));
    return;
  }
  const at = Math.floor(next / STEPS.length);
  later(dev, Math.max(1, at - now), () => {
    (STEPS[next % STEPS.length] as (typeof STEPS)[number])(dev, address);
    proceed(dev, address, plan, index + 1, at);
  });
}

function solicitAgain(dev: NetDevice, address: string, interval: number): void {
  later(dev, interval, () => {
    sendRouterSolicitation(dev, address);
    solicitAgain(dev, address, Math.min(SOLICIT_MAX, Math.round(interval * (1.9 + streamOf(dev).below(1000) / 5000))));
  });
}

function later(dev: NetDevice, delay: number, run: () => void): void {
  dev.addressing = dev.ns.kernel.universe.scheduler.after(delay, run);
}

function streamOf(dev: NetDevice): RandomStream {
  return dev.ns.kernel.universe.random.stream(`ndisc/${dev.ns.kernel.host}`);
}

/** The address is gone. */
export function stopAddressing(dev: NetDevice): void {
  dev.addressing?.cancel();
  dev.addressing = null;
}

function groupMac(words: readonly number[]): number {
  return 0x333300000000 + (words[6] as number) * 0x10000 + (words[7] as number);
}

/** An IPv6 packet with an ICMPv6 message of `body` octets behind `head` octets of extension headers; the caller fills it. */
function makeMessage(
  dev: NetDevice,
  src: readonly number[],
  dst: readonly number[],
  head: number,
  body: number,
  hopLimit: number,
): Packet {
  const packet = dev.ns.kernel.universe.packets.make();
  const bytes = new Uint8Array(IPV6_HEADER + head + body);
  bytes[0] = 0x60;
  put16(bytes, 4, head + body);
  bytes[6] = head === 0 ? ICMPV6 : 0;
  bytes[7] = hopLimit;
  for (let i = 0; i < 8; i++) {
    put16(bytes, 8 + 2 * i, src[i] as number);
    put16(bytes, 24 + 2 * i, dst[i] as number);
  }
  packet.etherType = ETH_IPV6;
  packet.srcMac = dev.mac;
  packet.dstMac = groupMac(dst);
  packet.payload = bytes;
  return packet;
}

function send(dev: NetDevice, packet: Packet, head: number): void {
  const bytes = packet.payload;
  const from = IPV6_HEADER + head;
  const sum = sumWords(bytes, 8, IPV6_HEADER, bytes.length - from + ICMPV6);
  put16(bytes, from + 2, foldChecksum(sumWords(bytes, from, bytes.length, sum)));
  if (dev.up && dev.carrier && !dev.removed) devQueueXmit(dev, packet);
}

function sendRouterSolicitation(dev: NetDevice, address: string): void {
  const packet = makeMessage(dev, words6(address), ALL_ROUTERS, 0, 16, 255);
  const bytes = packet.payload;
  bytes[IPV6_HEADER] = ROUTER_SOLICITATION;
  bytes[IPV6_HEADER + 8] = 1; // source link-layer address
  bytes[IPV6_HEADER + 9] = 1;
  put48(bytes, IPV6_HEADER + 10, dev.mac);
  send(dev, packet, 0);
}

/** With the nonce of enhanced duplicate address detection (RFC 7527). */
function sendDuplicateProbe(dev: NetDevice, address: string): void {
  const stream = streamOf(dev);
  const nonce = stream.uint32();
  const more = stream.below(65536);
  const packet = makeMessage(dev, UNSPECIFIED, words6(solicitedNode(address)), 0, 32, 255);
  const bytes = packet.payload;
  bytes[IPV6_HEADER] = NEIGHBOUR_SOLICITATION;
  words6(address).forEach((word, i) => put16(bytes, IPV6_HEADER + 8 + 2 * i, word));
  bytes[IPV6_HEADER + 24] = 14;
  bytes[IPV6_HEADER + 25] = 1;
  put16(bytes, IPV6_HEADER + 26, nonce >>> 16);
  put16(bytes, IPV6_HEADER + 28, nonce & 0xffff);
  put16(bytes, IPV6_HEADER + 30, more);
  send(dev, packet, 0);
}

/** One record: the filter mode of `group` changed to EXCLUDE nobody, which is a join. */
function sendReport(dev: NetDevice, src: readonly number[], group: string): void {
  const head = 8;
  const packet = makeMessage(dev, src, ALL_REPORTS, head, 28, 1);
  const bytes = packet.payload;
  bytes.set([ICMPV6, 0, 5, 2, 0, 0, 1, 0], IPV6_HEADER); // hop-by-hop: router alert, padding
  const at = IPV6_HEADER + head;
  bytes[at] = LISTENER_REPORT;
  put16(bytes, at + 6, 1);
  bytes[at + 8] = 4;
  words6(group).forEach((word, i) => put16(bytes, at + 12 + 2 * i, word));
  send(dev, packet, head);
}
