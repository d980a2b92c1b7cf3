// Packets through namespaces, bridges, routers and tunnels: what each hop does to them.
import { describe, expect, test } from 'vitest';
import { ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { SECOND } from '../../simulator/base/scheduler.ts';
import { writeSysctl } from '../../simulator/kernel/sysctl.ts';
import { createDevice, moveDevice, operState, setMaster, setMtu, setUp } from '../../simulator/kernel/devices.ts';
import { makeFdbEntry } from '../../simulator/kernel/fdb.ts';
import { ipLocalOut } from '../../simulator/kernel/ip-output.ts';
import { Neighbour } from '../../simulator/kernel/neighbour.ts';
import { EthernetSwitch } from '../../simulator/kernel/switch.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import type { TraceEvent } from '../../simulator/trace/event.ts';
import { address, defaultRoute, echoRequest, makeBridge, makeKernel, makeUniverse, namespace, wire } from './network.ts';

const SOON = 10 * SECOND;

function pick(events: readonly TraceEvent[], kind: TraceEvent['kind']): TraceEvent[] {
  return events.filter((event) => event.kind === kind);
}

function deliveries(events: readonly TraceEvent[], netns: string, type: number): TraceEvent[] {
  return events.filter((event) => event.kind === 'rx' && event.netns === netns && event.packet.protocol === 1 && event.packet.icmpType === type);
}

describe('two namespaces on a wire', () => {
  test('ARP first, then the echo comes back', () => {
    const universe = makeUniverse();
    const kernel = makeKernel(universe);
    const [red, blue] = [namespace(kernel, 'red'), namespace(kernel, 'blue')];
    wire(red, 'eth0', '10.1.1.2/24', blue, 'eth0', '10.1.1.3/24');
    expect(ipLocalOut(red, echoRequest(universe, '10.1.1.3')).ok).toBe(true);
    universe.scheduler.run(SOON);
    const frames = pick(universe.events, 'tx').map((event) => `${event.netns} ${event.packet.etherType === 0x806 ? `arp ${event.packet.arpOperation}` : `icmp ${event.packet.icmpType}`}`);
    // blue learned red as STALE from the request; five seconds after its first use it asks once more.
    expect(frames).toEqual(['red arp 1', 'blue arp 2', 'red icmp 8', 'blue icmp 0', 'blue arp 1', 'red arp 2']);
  });

  test('nobody answers: host unreachable from the own address after three seconds', () => {
    const universe = makeUniverse();
    const kernel = makeKernel(universe);
    const [red, blue] = [namespace(kernel, 'red'), namespace(kernel, 'blue')];
    wire(red, 'eth0', '10.1.1.2/24', blue, 'eth0', '10.1.1.3/24');
    ipLocalOut(red, echoRequest(universe, '10.1.1.77'));
    universe.scheduler.run(SOON);
    const [error] = deliveries(universe.events, 'red', 3);
    expect(error?.packet.icmpCode).toBe(1);
    expect(error?.packet.src).toBe(ipv4('10.1.1.2'));
    expect(error?.at).toBeGreaterThan(3 * SECOND);
    expect(red.neighbours.list()[0]?.state).toBe('FAILED');
  });

  test('without a route the sender is told at once', () => {
    const universe = makeUniverse();
    const red = namespace(makeKernel(universe), 'red');
    const answer = ipLocalOut(red, echoRequest(universe, '8.8.8.8'));
    expect(answer).toMatchObject({ ok: false, errno: 'ENETUNREACH' });
  });
});

describe('a router between', () => {
  function triangle(forwarding: number) {
    const universe = makeUniverse();
    const kernel = makeKernel(universe);
    const [red, router, green] = [namespace(kernel, 'red'), namespace(kernel, 'router'), namespace(kernel, 'green')];
    const [redEth] = wire(red, 'eth0', '10.1.1.2/24', router, 'r1', '10.1.1.1/24');
    const [greenEth] = wire(green, 'eth0', '10.1.2.2/24', router, 'r2', '10.1.2.1/24');
    defaultRoute(red, '10.1.1.1', redEth);
    defaultRoute(green, '10.1.2.1', greenEth);
    writeSysctl(router, 'net.ipv4.ip_forward', String(forwarding));
    return { universe, red, router, green };
  }

  test('TTL falls by one, the source stays', () => {
    const { universe, red } = triangle(1);
    ipLocalOut(red, echoRequest(universe, '10.1.2.2'));
    universe.scheduler.run(SOON);
    const [seen] = deliveries(universe.events, 'green', 8);
    expect(seen?.packet.ttl).toBe(63);
    expect(seen?.packet.src).toBe(ipv4('10.1.1.2'));
    expect(deliveries(universe.events, 'red', 0)).toHaveLength(1);
  });

  test('forwarding off: the packet ends in silence', () => {
    const { universe, red } = triangle(0);
    ipLocalOut(red, echoRequest(universe, '10.1.2.2'));
    universe.scheduler.run(SOON);
    expect(pick(universe.events, 'drop').map((event) => event.kind === 'drop' && `${event.netns} ${event.reason}`)).toEqual(['router IP_FORWARDING_OFF']);
    expect(deliveries(universe.events, 'red', 3)).toHaveLength(0);
  });

  test('TTL 1 dies at the router, which says so', () => {
    const { universe, red } = triangle(1);
    const packet = echoRequest(universe, '10.1.2.2');
    packet.ttl = 1;
    ipLocalOut(red, packet);
    universe.scheduler.run(SOON);
    const [error] = deliveries(universe.events, 'red', 11);
    expect(error?.packet.src).toBe(ipv4('10.1.1.1'));
  });

  test('too big and not to be cut: the next-hop MTU comes back', () => {
    const { universe, red, router } = triangle(1);
    setMtu(router.device('r2') as NetDevice, 1400);
    const packet = echoRequest(universe, '10.1.2.2', 1472);
    packet.dontFragment = true;
    ipLocalOut(red, packet);
    universe.scheduler.run(SOON);
    const [error] = deliveries(universe.events, 'red', 3);
    expect([error?.packet.icmpCode, error?.packet.icmpMtu]).toEqual([4, 1400]);
  });

  test('too big and may be cut: the pieces are put together again', () => {
    const { universe, red, router, green } = triangle(1);
    setMtu(router.device('r2') as NetDevice, 1400);
    setMtu(green.device('eth0') as NetDevice, 1400);
    ipLocalOut(red, echoRequest(universe, '10.1.2.2', 1472));
    universe.scheduler.run(SOON);
    expect(deliveries(universe.events, 'green', 8)).toHaveLength(2);
    expect(deliveries(universe.events, 'red', 0).map((event) => [event.packet.fragmentOffset, event.packet.moreFragments])).toEqual([
      [0, true],
      [1376, false],
    ]);
    expect(pick(universe.events, 'drop')).toEqual([]);
    expect(red.fragments.size).toBe(0);
  });

  test('strict reverse path filter drops what would not go back that way', () => {
    const { universe, red, router } = triangle(1);
    router.confAll.rp_filter = 1;
    const packet = echoRequest(universe, '10.1.2.2');
    packet.src = ipv4('10.1.2.99');
    ipLocalOut(red, packet);
    universe.scheduler.run(SOON);
    expect(pick(universe.events, 'drop').some((event) => event.kind === 'drop' && event.reason === 'IP_RPFILTER')).toBe(true);
  });
});

describe('a bridge', () => {
  test('floods what it does not know, then forwards what it has learned', () => {
    const universe = makeUniverse();
    const kernel = makeKernel(universe);
    const host = kernel.initNs;
    const names = ['red', 'blue', 'third'];
    const spaces = names.map((name) => namespace(kernel, name));
    const ports = spaces.map((ns, i) => wire(ns, 'eth0', `10.1.1.${i + 2}/24`, host, `v-${ns.name}`, null)[1]);
    const br0 = makeBridge(host, 'br0', ports, '10.1.1.1/24');
    ipLocalOut(spaces[0]!, echoRequest(universe, '10.1.1.3'));
    universe.scheduler.run(SECOND);
    const third = universe.events.filter((event) => event.kind === 'rx' && event.netns === 'third');
    expect(third.map((event) => event.packet.etherType)).toEqual([0x806]);
    expect(deliveries(universe.events, 'red', 0)).toHaveLength(1);
    expect(br0.mac).toBe(Math.min(...ports.map((port) => port.mac)));
    expect([...(br0.bridge?.fdb.values() ?? [])].filter((entry) => entry.dynamic)).toHaveLength(2);
  });

  test('loses its carrier with its last port', () => {
    const universe = makeUniverse();
    const kernel = makeKernel(universe);
    const red = namespace(kernel, 'red');
    const [inner, outer] = wire(red, 'eth0', null, kernel.initNs, 'v-red', null);
    const br0 = makeBridge(kernel.initNs, 'br0', [outer]);
    expect(operState(br0)).toBe('UP');
    setUp(inner, false);
    expect(operState(br0)).toBe('DOWN');
    expect(operState(outer)).toBe('DOWN');
  });
});

describe('an overlay over two machines', () => {
  test('proxy ARP, static entries, one VXLAN packet each way', () => {
    const universe = makeUniverse();
    const underlay = new EthernetSwitch(universe);
    const sides = [11, 12].map((last, side) => {
      const kernel = makeKernel(universe, `node${side + 1}`);
      const host = kernel.initNs;
      const eth = createDevice(host, { kind: 'ethernet', name: 'eth0', origin: KERNEL_DEFAULT });
      if (!eth.ok) throw new Error('eth0');
      underlay.attach(eth.value);
      address(eth.value, `192.168.56.${last}/24`);
      setUp(eth.value, true);
      const overlay = namespace(kernel, 'overlay');
      const tunnel = createDevice(host, { kind: 'vxlan', name: 'vxlan0', mtu: 1450, origin: KERNEL_DEFAULT, vxlan: { vni: 4097, dstPort: 4789, proxy: true } });
      if (!tunnel.ok) throw new Error('vxlan0');
      moveDevice(tunnel.value, overlay);
      const task = namespace(kernel, 'task');
      const [inner, port] = wire(task, 'eth0', `10.0.1.${side + 3}/24`, overlay, 'veth0', null);
      setUp(tunnel.value, true);
      makeBridge(overlay, 'br0', [tunnel.value, port], '10.0.1.1/24');
      return { host, overlay, task, tunnel: tunnel.value, inner };
    });
    const [one, two] = sides as [(typeof sides)[0], (typeof sides)[0]];
    for (const [near, far, vtep, remote] of [[one, two, '192.168.56.12', '10.0.1.4'], [two, one, '192.168.56.11', '10.0.1.3']] as const) {
      const entry = makeFdbEntry(far.inner.mac, null, 'permanent', false, 0, KERNEL_DEFAULT);
      entry.remotes = [{ address: ipv4(vtep), port: 4789, vni: 4097, ifindex: 0 }];
      near.tunnel.vxlan?.fdb.set(far.inner.mac, entry);
      const neighbour = new Neighbour(ipv4(remote), near.tunnel, KERNEL_DEFAULT);
      neighbour.state = 'PERMANENT';
      neighbour.mac = far.inner.mac;
      near.overlay.neighbours.add(neighbour);
    }
    ipLocalOut(one.task, echoRequest(universe, '10.0.1.4'));
    universe.scheduler.run(SECOND);
    expect(deliveries(universe.events, 'task', 0)).toHaveLength(1);
    const underlayArps = universe.events.filter((event) => event.kind === 'tx' && event.netns === 'host' && event.packet.etherType === 0x806 && event.packet.arpTargetIp >>> 24 === 10);
    expect(underlayArps).toHaveLength(0);
    const wrapped = pick(universe.events, 'encap');
    expect(wrapped.map((event) => event.packet.inner?.icmpType)).toEqual([8, 0]);
    // The flow dissector's hash is the same in both directions.
    expect(new Set(wrapped.map((event) => event.packet.sport)).size).toBe(1);
    expect(setMaster(one.tunnel, null).ok).toBe(true);
  });
});

describe('ARP in the name of others and unasked', () => {
  function proxied(options: { proxyArp: boolean; entry: boolean }) {
    const universe = makeUniverse();
    const kernel = makeKernel(universe);
    const [red, router, green] = [namespace(kernel, 'red'), namespace(kernel, 'router'), namespace(kernel, 'green')];
    wire(red, 'eth0', '10.1.1.2/8', router, 'r1', '10.1.1.1/24');
    const [greenEth] = wire(green, 'eth0', '10.1.2.2/24', router, 'r2', '10.1.2.1/24');
    defaultRoute(green, '10.1.2.1', greenEth);
    writeSysctl(router, 'net.ipv4.ip_forward', '1');
    const port = router.device('r1') as NetDevice;
    if (options.proxyArp) port.conf.proxy_arp = 1;
    if (options.entry) {
      const neighbour = new Neighbour(ipv4('10.1.2.2'), port, KERNEL_DEFAULT);
      neighbour.proxy = true;
      router.neighbours.add(neighbour);
    }
    ipLocalOut(red, echoRequest(universe, '10.1.2.2'));
    universe.scheduler.run(SOON);
    return { universe, red, port };
  }

  test.each([
    { proxyArp: true, entry: false, arrives: 1 },
    { proxyArp: false, entry: true, arrives: 1 },
    { proxyArp: false, entry: false, arrives: 0 },
  ])('%o', ({ arrives, ...options }) => {
    const { universe, red, port } = proxied(options);
    expect(deliveries(universe.events, 'green', 8)).toHaveLength(arrives);
    if (arrives === 1) expect(red.neighbours.list()[0]?.mac).toBe(port.mac);
  });

  test('arp_notify tells the link of an address when the device comes up', () => {
    const universe = makeUniverse();
    const kernel = makeKernel(universe);
    const [red, blue] = [namespace(kernel, 'red'), namespace(kernel, 'blue')];
    const [eth] = wire(red, 'eth0', '10.1.1.2/24', blue, 'eth0', '10.1.1.3/24');
    setUp(eth, false);
    eth.conf.arp_notify = 1;
    blue.confAll.arp_accept = 1;
    setUp(eth, true);
    universe.scheduler.run(SECOND);
    expect(blue.neighbours.list().map((one) => [one.address, one.mac])).toEqual([[ipv4('10.1.1.2'), eth.mac]]);
  });

  test('a link that loses its carrier forgets its neighbours, but not those written by hand', () => {
    const universe = makeUniverse();
    const kernel = makeKernel(universe);
    const [red, blue] = [namespace(kernel, 'red'), namespace(kernel, 'blue')];
    const [eth, far] = wire(red, 'eth0', '10.1.1.2/24', blue, 'eth0', '10.1.1.3/24');
    const byHand = new Neighbour(ipv4('10.1.1.9'), eth, KERNEL_DEFAULT);
    byHand.state = 'PERMANENT';
    byHand.mac = 0x020000000009;
    red.neighbours.add(byHand);
    ipLocalOut(red, echoRequest(universe, '10.1.1.3'));
    universe.scheduler.run(SECOND);
    expect(red.neighbours.list()).toHaveLength(2);
    setUp(far, false);
    expect(red.neighbours.list()).toEqual([byHand]);
  });
});

test('a tunnel that is a bridge port answers what is too big for the underlay itself', () => {
  const universe = makeUniverse();
  const kernel = makeKernel(universe);
  const [under, over, task, far] = [namespace(kernel, 'under'), namespace(kernel, 'over'), namespace(kernel, 'task'), namespace(kernel, 'far')];
  wire(under, 'eth0', '172.16.0.1/24', far, 'eth0', '172.16.0.2/24');
  const tunnel = createDevice(under, { kind: 'vxlan', name: 'vxlan0', origin: KERNEL_DEFAULT, vxlan: { vni: 42, dstPort: 4789, remote: ipv4('172.16.0.2') } });
  if (!tunnel.ok) throw new Error('vxlan0');
  moveDevice(tunnel.value, over);
  const [inner, port] = wire(task, 'eth0', '10.0.1.2/24', over, 'veth0', null);
  setUp(tunnel.value, true);
  makeBridge(over, 'br0', [tunnel.value, port]);
  const neighbour = new Neighbour(ipv4('10.0.1.9'), inner, KERNEL_DEFAULT);
  neighbour.state = 'PERMANENT';
  neighbour.mac = 0x020000000009;
  task.neighbours.add(neighbour);
  const packet = echoRequest(universe, '10.0.1.9', 1472);
  packet.dontFragment = true;
  ipLocalOut(task, packet);
  universe.scheduler.run(SECOND);
  const [error] = deliveries(universe.events, 'task', 3);
  expect([error?.packet.icmpCode, error?.packet.icmpMtu, error?.packet.src]).toEqual([4, 1450, ipv4('10.0.1.9')]);
  expect(pick(universe.events, 'encap')).toHaveLength(0);
  expect(task.pathMtus.get(ipv4('10.0.1.9'))?.mtu).toBe(1450);
});
