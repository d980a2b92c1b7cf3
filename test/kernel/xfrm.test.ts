// IPsec in the kernel: two machines on a wire, states and policies written as `ip xfrm` would, and what becomes of packets.
import { beforeEach, describe, expect, test } from 'vitest';
import { ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { ipLocalOut } from '../../simulator/kernel/ip-output.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import {
  deleteXfrmPolicy,
  deleteXfrmState,
  flushXfrmPolicies,
  newXfrmPolicy,
  newXfrmState,
  type XfrmPolicyRequest,
} from '../../simulator/kernel/netlink/xfrm.ts';
import { registerHook } from '../../simulator/kernel/hooks.ts';
import { NF_ACCEPT, NF_PRE_ROUTING } from '../../simulator/kernel/seams.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { procXfrmStat, type XfrmSelector } from '../../simulator/kernel/xfrm.ts';
import { PROTO_ESP, PROTO_ICMP, PROTO_UDP, type Packet } from '../../simulator/wire/packet.ts';
import { echoRequest, makeKernel, makeUniverse, wire } from './network.ts';

const A = ipv4('10.9.0.1');
const B = ipv4('10.9.0.2');
const KEY = '00112233445566778899aabbccddeeff01020304';
const ANY: XfrmSelector = { src: 0, srcPrefix: 0, dst: 0, dstPrefix: 0, protocol: 0, sport: 0, dport: 0 };
const TO_B: XfrmSelector = { ...ANY, dst: B, dstPrefix: 32 };

let universe: ReturnType<typeof makeUniverse>;
let a: NetworkNamespace;
let b: NetworkNamespace;
let bEth: NetDevice;
let seen: Packet[];

beforeEach(() => {
  universe = makeUniverse();
  a = makeKernel(universe, 'a').initNs;
  b = makeKernel(universe, 'b').initNs;
  // One wire between two kernels: a pair whose ends are moved apart.
  [, bEth] = wire(a, 'eth0', '10.9.0.1/24', b, 'eth0', '10.9.0.2/24');
  seen = [];
  bEth.taps.push((packet, _dev, direction) => {
    if (direction === 'in' && packet.etherType === 0x0800) seen.push(packet);
  });
});

function state(ns: NetworkNamespace, src: number, dst: number, spi: number, key = KEY): void {
  const made = newXfrmState(ns, {
    src,
    dst,
    spi,
    reqid: 7,
    mark: null,
    selector: ANY,
    key,
    icvBits: 64,
    origin: KERNEL_DEFAULT,
  });
  expect(made.ok).toBe(true);
}

function policy(more: Partial<XfrmPolicyRequest> = {}): XfrmPolicyRequest {
  const template = { src: A, dst: B, spi: 0x100, reqid: 7, mode: 'transport', optional: false } as const;
  return {
    direction: 'out',
    selector: TO_B,
    mark: null,
    priority: 0,
    action: 'allow',
    templates: [template],
    origin: KERNEL_DEFAULT,
    ...more,
  };
}

/** What the sender hears, and the ICMP that b delivers to itself. */
function ping(mark = 0): { sent: string; arrived: number; drops: string[] } {
  const request = echoRequest(universe, '10.9.0.2');
  request.mark = mark;
  const from = universe.events.length;
  const sent = ipLocalOut(a, request);
  universe.scheduler.run(universe.scheduler.now + 1e6);
  const events = universe.events.slice(from);
  return {
    sent: sent.ok ? 'ok' : sent.errno,
    arrived: seen.splice(0).filter(({ protocol }) => protocol === PROTO_ESP || protocol === PROTO_ICMP).length,
    drops: events.flatMap((event) => (event.kind === 'drop' ? [`${event.host} ${event.reason}`] : [])),
  };
}

function counter(ns: NetworkNamespace, name: string): number {
  return Number(new RegExp(`^Xfrm${name} +\\t(\\d+)$`, 'm').exec(procXfrmStat(ns))?.[1]);
}

test('without policies nothing of it is there', () => {
  expect(a.xfrm).toBeNull();
  expect(ping()).toEqual({ sent: 'ok', arrived: 1, drops: [] });
  expect(a.kernel.protocols[PROTO_ESP]).toBeUndefined();
  expect(procXfrmStat(a).split('\n')).toHaveLength(31);
});

test('wrapped, opened, counted; both packets share an IP header and a story', () => {
  state(a, A, B, 0x100);
  state(b, A, B, 0x100);
  newXfrmPolicy(a, policy());
  const request = echoRequest(universe, '10.9.0.2');
  ipLocalOut(a, request);
  universe.scheduler.run(universe.scheduler.now + 1e6);
  const [outer] = seen.splice(0) as [Packet];
  expect([outer.protocol, outer.esp?.spi, outer.esp?.sequence, outer.parent, outer.ipId]).toEqual([
    PROTO_ESP,
    0x100,
    1,
    request.id,
    request.ipId,
  ]);
  const kinds = universe.events.filter(({ kind }) => kind === 'encap' || kind === 'decap');
  expect(kinds.map((event) => [event.host, event.kind, event.packet.id])).toEqual([
    ['a', 'encap', outer.id],
    ['b', 'decap', request.id],
  ]);
  // 8 octets of ICMP header and 56 of data; no IP header.
  for (const ns of [a, b])
    expect(ns.xfrm?.states.map(({ bytes, packets, outgoing }) => [bytes, packets, outgoing])).toEqual([
      [64, 1, ns === a ? 1 : 0],
    ]);
  expect(ping()).toEqual({ sent: 'ok', arrived: 1, drops: [] });
  expect(a.xfrm?.states[0]?.outgoing).toBe(2);
});

describe('what goes wrong says so', () => {
  test.each<[string, () => void, ReturnType<typeof ping>, [NetworkNamespace | 'a' | 'b', string]]>([
    [
      'the policy finds no state',
      () => void newXfrmPolicy(a, policy()),
      { sent: 'ESRCH', arrived: 0, drops: ['a XFRM_NO_STATE'] },
      ['a', 'OutPolError'],
    ],
    [
      'the policy blocks',
      () => void newXfrmPolicy(a, policy({ action: 'block' })),
      { sent: 'EPERM', arrived: 0, drops: ['a XFRM_POLICY'] },
      ['a', 'OutPolBlock'],
    ],
    [
      'the other side knows another SPI only',
      () => (state(a, A, B, 0x100), state(b, A, B, 0x101), void newXfrmPolicy(a, policy())),
      { sent: 'ok', arrived: 1, drops: ['b XFRM_NO_STATE'] },
      ['b', 'InNoStates'],
    ],
    [
      'the other side has another key',
      () => (state(a, A, B, 0x100), state(b, A, B, 0x100, `ff${KEY.slice(2)}`), void newXfrmPolicy(a, policy())),
      { sent: 'ok', arrived: 1, drops: ['b XFRM_INTEGRITY'] },
      ['b', 'InStateProtoError'],
    ],
    [
      'the other side wants it protected',
      () => (state(b, A, B, 0x100), void newXfrmPolicy(b, policy({ direction: 'in' }))),
      { sent: 'ok', arrived: 1, drops: ['b XFRM_POLICY'] },
      ['b', 'InTmplMismatch'],
    ],
  ])('%s', (_name, prepare, expected, [where, name]) => {
    prepare();
    expect(ping()).toEqual(expected);
    expect(counter(where === 'a' ? a : b, name)).toBe(1);
  });

  test('a machine without IPsec answers "protocol unreachable"', () => {
    state(a, A, B, 0x100);
    newXfrmPolicy(a, policy());
    expect(ping().drops).toEqual(['b PROTOCOL_UNREACHABLE']);
  });
});

test('what came protected passes a policy that wants it so', () => {
  state(a, A, B, 0x100);
  state(b, A, B, 0x100);
  newXfrmPolicy(a, policy());
  newXfrmPolicy(b, policy({ direction: 'in' }));
  expect(ping()).toEqual({ sent: 'ok', arrived: 1, drops: [] });
});

test('behind NAT the checksum of what is inside does not hold', () => {
  state(a, A, B, 0x100);
  state(b, A, B, 0x100);
  newXfrmPolicy(a, policy());
  registerHook(b, {
    name: 'nat on the way',
    hook: NF_PRE_ROUTING,
    priority: 0,
    run: (_ns, packet) => {
      if (packet.protocol === PROTO_ESP) packet.src = ipv4('10.9.0.77');
      return NF_ACCEPT;
    },
  });
  const datagram = universe.packets.make();
  datagram.protocol = PROTO_UDP;
  datagram.dst = B;
  datagram.dport = 4789;
  ipLocalOut(a, datagram);
  universe.scheduler.run(universe.scheduler.now + 1e6);
  expect(universe.events.flatMap((event) => (event.kind === 'drop' ? [event.reason] : []))).toEqual([
    'TRANSPORT_CHECKSUM',
  ]);
  expect(b.xfrm?.states[0]?.packets).toBe(1);
});

test('a mark decides which packets a policy is for; the lower priority wins, then the older', () => {
  state(a, A, B, 0x100);
  state(b, A, B, 0x100);
  newXfrmPolicy(a, policy({ mark: { value: 5, mask: 0xff } }));
  const wrapped = (mark: number): boolean => {
    const before = a.xfrm?.states[0]?.outgoing;
    ping(mark);
    return a.xfrm?.states[0]?.outgoing !== before;
  };
  expect([wrapped(0), wrapped(5), wrapped(0x105), wrapped(6)]).toEqual([false, true, true, false]);
  newXfrmPolicy(a, policy({ priority: 10, action: 'block' }));
  expect(ping(5).sent).toBe('ok');
  expect(ping(0).sent).toBe('EPERM');
});

test('a large packet is cut after it was wrapped, and put together before it is opened', () => {
  state(a, A, B, 0x100);
  state(b, A, B, 0x100);
  newXfrmPolicy(a, policy());
  ipLocalOut(a, echoRequest(universe, '10.9.0.2', 1460));
  universe.scheduler.run(universe.scheduler.now + 1e6);
  expect(seen.map(({ protocol, whole }) => [protocol, whole?.esp?.sequence])).toEqual([
    [PROTO_ESP, 1],
    [PROTO_ESP, 1],
  ]);
  expect(b.xfrm?.states[0]?.packets).toBe(1);
});

test('requests are refused as the kernel refuses them', () => {
  state(a, A, B, 0x100);
  const again = {
    src: A,
    dst: B,
    spi: 0x100,
    reqid: 0,
    mark: null,
    selector: ANY,
    key: KEY,
    icvBits: 64,
    origin: KERNEL_DEFAULT,
  };
  expect(newXfrmState(a, again)).toMatchObject({ errno: 'EEXIST' });
  expect(newXfrmState(a, { ...again, spi: 0x101, key: KEY.slice(2) })).toMatchObject({ errno: 'EINVAL' });
  expect(newXfrmState(a, { ...again, spi: 0x101, icvBits: 65 })).toMatchObject({ errno: 'EINVAL' });
  expect(deleteXfrmState(a, B, 0x101)).toMatchObject({ errno: 'ESRCH' });
  expect(newXfrmPolicy(a, policy()).ok && newXfrmPolicy(a, policy())).toMatchObject({ errno: 'EEXIST' });
  newXfrmPolicy(a, policy({ mark: { value: 1, mask: 1 } }));
  expect(a.xfrm?.policies.map(({ index }) => index)).toEqual([9, 1]);
  newXfrmPolicy(a, policy({ priority: 3 }), true);
  expect(a.xfrm?.policies.map(({ index, priority }) => [index, priority])).toEqual([
    [1, 3],
    [9, 0],
  ]);
  expect(deleteXfrmPolicy(a, policy({ selector: ANY }))).toMatchObject({ errno: 'ENOENT' });
  flushXfrmPolicies(a);
  expect(deleteXfrmState(a, B, 0x100).ok).toBe(true);
  expect([a.xfrm?.states.length, a.xfrm?.policies.length, a.xfrm?.bySpi.size]).toEqual([0, 0, 0]);
});
