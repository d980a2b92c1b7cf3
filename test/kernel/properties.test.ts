// Whatever is built and sent: TTL falls, nothing loops for ever, and every packet ends in exactly one way.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { SECOND } from '../../simulator/base/scheduler.ts';
import { writeSysctl } from '../../simulator/kernel/sysctl.ts';
import { createDevice, setUp } from '../../simulator/kernel/devices.ts';
import { insertRoute, RT_TABLE_MAIN, type RouteType } from '../../simulator/kernel/fib.ts';
import { ipLocalOut } from '../../simulator/kernel/ip-output.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import type { TraceEvent } from '../../simulator/trace/event.ts';
import { ETH_ARP, ETH_IPV4 } from '../../simulator/wire/packet.ts';
import { address, echoRequest, makeBridge, makeKernel, makeUniverse, namespace, wire } from './network.ts';

/** A line of routers 0 … n-1, net i between i and i+1 being 10.i.0.0/24, with what may be odd about each. */
interface Router {
  /** Has routes to all nets. */
  readonly knows: boolean;
  readonly forwards: boolean;
  readonly rpFilter: number;
  readonly proxyArp: boolean;
  readonly mtu: number;
  readonly extra: readonly { readonly net: number; readonly type: RouteType; readonly to: 'left' | 'right' }[];
  readonly bridged: boolean;
}

const mostly = fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) });

const router: fc.Arbitrary<Router> = fc.record({
  knows: mostly,
  forwards: mostly,
  rpFilter: fc.constantFrom(0, 0, 0, 1, 2),
  proxyArp: fc.boolean(),
  mtu: fc.constantFrom(1500, 1500, 1000, 576),
  extra: fc.array(
    fc.record({
      net: fc.integer({ min: 0, max: 8 }),
      type: fc.constantFrom<RouteType>(
        'unicast',
        'unicast',
        'unicast',
        'blackhole',
        'unreachable',
        'prohibit',
        'throw',
      ),
      to: fc.constantFrom('left' as const, 'right' as const),
    }),
    { maxLength: 4 },
  ),
  bridged: fc.boolean(),
});

const traffic = fc.record({
  from: fc.integer({ min: 0, max: 4 }),
  to: fc.constantFrom(
    '10.0.0.1',
    '10.0.0.2',
    '10.1.0.2',
    '10.2.0.2',
    '10.1.0.2',
    '10.2.0.2',
    '10.3.0.2',
    '10.3.0.77',
    '10.9.9.9',
    '10.1.0.255',
    '255.255.255.255',
    '224.0.0.1',
    '127.0.0.1',
  ),
  ttl: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 255 })),
  octets: fc.constantFrom(0, 56, 900, 1472, 3000),
  whole: fc.boolean(),
});

function build(routers: readonly Router[]) {
  const universe = makeUniverse();
  const kernel = makeKernel(universe);
  const spaces: NetworkNamespace[] = routers.map((_, i) => namespace(kernel, `r${i}`));
  const left: (NetDevice | undefined)[] = [];
  const right: (NetDevice | undefined)[] = [];
  for (let i = 0; i + 1 < spaces.length; i++) {
    const [a, b] = [spaces[i] as NetworkNamespace, spaces[i + 1] as NetworkNamespace];
    const bridged = (routers[i] as Router).bridged;
    const [x, y] = wire(a, 'right', bridged ? null : `10.${i}.0.1/24`, b, 'left', `10.${i}.0.2/24`);
    right[i] = bridged ? makeBridge(a, 'br', [x], `10.${i}.0.1/24`) : x;
    left[i + 1] = y;
  }
  routers.forEach((one, i) => {
    const ns = spaces[i] as NetworkNamespace;
    writeSysctl(ns, 'net.ipv4.ip_forward', one.forwards ? '1' : '0');
    ns.confAll.rp_filter = one.rpFilter;
    ns.confAll.proxy_arp = one.proxyArp ? 1 : 0;
    // Of the cable to the right; where a bridge is in between, the other end has not heard of it.
    const cable = ns.device('right');
    if (cable !== undefined)
      for (const dev of one.bridged ? [cable] : [cable, left[i + 1]]) if (dev !== undefined) dev.mtu = one.mtu;
    // What is odd comes first; towards each other on purpose: loops must die of their TTL.
    const known = one.knows ? [0, 1, 2, 3].filter((net) => net !== i && net !== i - 1) : [];
    const ways = known.map((net) => ({
      net,
      type: 'unicast' as const,
      to: net < i ? ('left' as const) : ('right' as const),
    }));
    for (const { net, type, to } of [...one.extra, ...ways]) {
      const dev = to === 'left' ? left[i] : right[i];
      if (dev === undefined) continue;
      const gateway = to === 'left' ? ipv4(`10.${i - 1}.0.1`) : ipv4(`10.${i}.0.2`);
      const leads = type === 'unicast';
      insertRoute(ns.fib, {
        type,
        destination: ipv4(`10.${net}.0.0`),
        prefix: 24,
        table: RT_TABLE_MAIN,
        gateway: leads ? gateway : 0,
        dev: leads ? dev : null,
        source: 0,
        scope: 'universe',
        protocol: 'boot',
        metric: 0,
        mtu: 0,
        tos: 0,
        onlink: false,
        origin: KERNEL_DEFAULT,
      });
    }
  });
  return { universe, spaces };
}

/** How the packet's way ended: dropped, handed up, or parked; copies and fragments are packets of their own. */
function ends(events: readonly TraceEvent[], id: number): string[] {
  return events
    .filter((event) => event.packet.id === id && event.kind === 'drop')
    .map((event) => (event.kind === 'drop' ? event.reason : ''));
}

test('TTL falls, nothing loops for ever, and no packet dies twice', () => {
  fc.assert(
    fc.property(
      fc.array(router, { minLength: 3, maxLength: 5, size: 'max' }),
      fc.array(traffic, { minLength: 1, maxLength: 6, size: 'max' }),
      (routers, sends) => {
        const { universe, spaces } = build(routers);
        for (const { from, to, ttl, octets, whole } of sends) {
          const packet = echoRequest(universe, to, octets);
          packet.ttl = ttl;
          packet.dontFragment = whole;
          ipLocalOut(spaces[from % spaces.length] as NetworkNamespace, packet);
        }
        const outcome = universe.scheduler.run(200 * SECOND, 400_000);
        expect(outcome).not.toBe('budget');
        const lastTtl = new Map<number, { ttl: number; netns: string }>();
        const dropped = new Map<number, number>();
        for (const event of universe.events) {
          const { packet } = event;
          if (event.kind === 'drop') dropped.set(packet.id, (dropped.get(packet.id) ?? 0) + 1);
          if (event.kind !== 'tx' || packet.etherType !== ETH_IPV4) continue;
          const before = lastTtl.get(packet.id);
          if (before !== undefined) {
            expect(packet.ttl).toBeLessThanOrEqual(before.ttl);
            if (before.netns !== event.netns) expect(packet.ttl).toBeLessThan(before.ttl);
          }
          lastTtl.set(packet.id, { ttl: packet.ttl, netns: event.netns });
        }
        for (const [id, times] of dropped)
          expect({ id, times, reasons: ends(universe.events, id) }).toEqual({
            id,
            times: 1,
            reasons: ends(universe.events, id),
          });
      },
    ),
    { numRuns: 150, seed: 7 },
  );
});

test('no packet disappears: each is dropped with a reason, handed up, cut, copied or waits', () => {
  fc.assert(
    fc.property(
      fc.array(router, { minLength: 3, maxLength: 5, size: 'max' }),
      fc.array(traffic, { minLength: 1, maxLength: 6, size: 'max' }),
      (routers, sends) => {
        const { universe, spaces } = build(routers);
        // Whoever is handed a packet by the kernel has taken delivery.
        const delivered = new Set<number>();
        for (const ns of spaces) {
          const icmp = ns.kernel.protocols[1];
          if (icmp === undefined) continue;
          ns.kernel.protocols[1] = {
            protocol: 1,
            receive: (where, packet) => {
              delivered.add(packet.id);
              icmp.receive(where, packet);
            },
            error: icmp.error,
          };
          break;
        }
        for (const { from, to, ttl, octets, whole } of sends) {
          const packet = echoRequest(universe, to, octets);
          packet.ttl = ttl;
          packet.dontFragment = whole;
          ipLocalOut(spaces[from % spaces.length] as NetworkNamespace, packet);
        }
        universe.scheduler.run(200 * SECOND, 400_000);
        const seen = new Set<number>();
        const parents = new Set<number>();
        const gone = new Set<number>();
        for (const event of universe.events) {
          const { packet } = event;
          if (packet.etherType !== ETH_IPV4) continue;
          seen.add(packet.id);
          // What an ICMP error is about has not lived on in it.
          if (packet.protocol !== 1 || !ICMP_ERRORS.includes(packet.icmpType)) parents.add(packet.parent);
          if (event.kind === 'drop') gone.add(packet.id);
        }
        const parked = new Set(
          spaces.flatMap((ns) =>
            ns.neighbours.list().flatMap((neighbour) => neighbour.queue.map((packet) => packet.id)),
          ),
        );
        const incomplete = new Set(
          spaces.flatMap((ns) =>
            [...ns.fragments.values()].flatMap((queue) => queue.pieces.map((packet) => packet.id)),
          ),
        );
        for (const id of seen) {
          const known =
            delivered.has(id) ||
            gone.has(id) ||
            parked.has(id) ||
            incomplete.has(id) ||
            parents.has(id) ||
            reassembled(universe.events, id);
          expect({ id, known, way: known ? '' : wayOf(universe.events, id) }).toEqual({ id, known: true, way: '' });
        }
      },
    ),
    { numRuns: 100, seed: 11 },
  );
});

const ICMP_ERRORS: readonly number[] = [3, 5, 11, 12];

/** A fragment ends in the packet it was put together to. */
function reassembled(events: readonly TraceEvent[], id: number): boolean {
  return events.some(
    (event) => event.packet.id === id && (event.packet.moreFragments || event.packet.fragmentOffset > 0),
  );
}

function wayOf(events: readonly TraceEvent[], id: number): string {
  return events
    .filter((event) => event.packet.id === id)
    .map(
      (event) =>
        `${event.netns} ${event.kind}${'dev' in event ? ` ${event.dev}` : ''} ${event.packet.dst.toString(16)}`,
    )
    .join('; ');
}

test('frames in a circle of bridges without STP die when the budget says so, not the machine', () => {
  const universe = makeUniverse();
  const kernel = makeKernel(universe);
  const [a, b] = [namespace(kernel, 'a'), namespace(kernel, 'b')];
  const [x1, y1] = wire(a, 'p1', null, b, 'p1', null);
  const [x2, y2] = wire(a, 'p2', null, b, 'p2', null);
  makeBridge(a, 'br0', [x1, x2], '10.0.0.1/24');
  makeBridge(b, 'br0', [y1, y2], '10.0.0.2/24');
  universe.trace = null;
  ipLocalOut(a, echoRequest(universe, '10.0.0.9'));
  expect(universe.scheduler.run(SECOND, 20_000)).toBe('budget');
});

test('a device that swallows says nothing, and is where a packet may end', () => {
  const universe = makeUniverse();
  const red = namespace(makeKernel(universe), 'red');
  const made = createDevice(red, { kind: 'dummy', name: 'd0', origin: KERNEL_DEFAULT });
  if (!made.ok) throw new Error(made.errno);
  address(made.value, '10.0.0.1/24');
  setUp(made.value, true);
  ipLocalOut(red, echoRequest(universe, '10.0.0.2'));
  universe.scheduler.run(SECOND);
  expect(made.value.stats.txPackets).toBe(1);
  expect(universe.events.filter((event) => event.packet.etherType === ETH_ARP)).toHaveLength(0);
});
