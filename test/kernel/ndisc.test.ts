// What machines say of IPv6 by themselves: which frames, in which order, and what bridges learn of it.
import { expect, test } from 'vitest';
import { SECOND } from '../../simulator/base/scheduler.ts';
import { fdbEntries } from '../../simulator/kernel/fdb.ts';
import { mdbEntries } from '../../simulator/kernel/mdb.ts';
import { setUp } from '../../simulator/kernel/devices.ts';
import type { BridgeState, NetDevice } from '../../simulator/kernel/device.ts';
import { ETH_IPV6, type Packet } from '../../simulator/wire/packet.ts';
import { makeBridge, makeKernel, makeUniverse, namespace, wire } from './network.ts';

/** The ICMPv6 type of a frame: behind the header, and behind the hop-by-hop options of reports. */
function typeOf(packet: Packet): number {
  return packet.payload[6] === 0 ? packet.payload[48] : packet.payload[40];
}

/** The sum over pseudo header and message, which a right checksum makes 0xffff. */
function sumOf(packet: Packet): number {
  const bytes = packet.payload;
  const from = bytes[6] === 0 ? 48 : 40;
  let sum = bytes.length - from + 58;
  for (let at = 8; at < bytes.length; at += 2) if (at < 40 || at >= from) sum += bytes[at] * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

function loud(seconds: number) {
  const universe = makeUniverse();
  const kernel = makeKernel(universe);
  kernel.initNs.disableIpv6Default = 0;
  const [red, sw] = [namespace(kernel, 'red'), namespace(kernel, 'sw')];
  const [eth, port] = wire(red, 'eth0', null, sw, 'port0', null);
  const bridge = makeBridge(sw, 'br0', [port]);
  universe.scheduler.run(seconds * SECOND);
  const sent = universe.events.filter(
    (event) => event.kind === 'tx' && event.netns === 'red' && event.packet.etherType === ETH_IPV6,
  );
  return { universe, sent, eth, port, bridge };
}

test('a new address is reported, probed for, and routers are asked, ever more seldom', () => {
  const { sent } = loud(40);
  const types = sent.map((event) => typeOf(event.packet));
  expect(types.filter((type) => type === 143)).toHaveLength(4);
  expect(types.filter((type) => type === 135)).toHaveLength(1);
  const asked = sent.filter((event) => typeOf(event.packet) === 133).map((event) => event.at / SECOND);
  expect(asked.length).toBeGreaterThanOrEqual(4);
  const gaps = asked.slice(1).map((at, i) => at - (asked[i] as number));
  gaps.forEach((gap, i) => expect(gap).toBeGreaterThan(3.5 * 1.85 ** i));
  const probe = sent.find((event) => typeOf(event.packet) === 135)?.at ?? 0;
  expect(asked[0]).toBeGreaterThan(probe / SECOND + 0.9);
  for (const event of sent) expect(sumOf(event.packet)).toBe(0xffff);
});

test('bridges learn addresses and groups from it', () => {
  const { universe, eth, port, bridge } = loud(5);
  const state = bridge.bridge as BridgeState;
  const learned = fdbEntries(state.fdb, universe.scheduler.now, state.ageing).filter((entry) => entry.dynamic);
  expect(learned.map((entry) => [entry.mac, entry.port])).toEqual([[eth.mac, port]]);
  const groups = mdbEntries(state, universe.scheduler.now);
  expect(groups.some((entry) => entry.port === port && entry.group.startsWith('ff02::1:ff'))).toBe(true);
  expect(groups.some((entry) => entry.port === null && entry.group === 'ff02::6a')).toBe(true);
});

test('a device that goes down is silent', () => {
  const { universe, eth, sent } = loud(3);
  setUp(eth as NetDevice, false);
  const before = sent.length;
  universe.scheduler.run(100 * SECOND);
  const after = universe.events.filter(
    (event) => event.kind === 'tx' && event.netns === 'red' && event.packet.etherType === ETH_IPV6,
  );
  expect(after).toHaveLength(before);
});
