// The requests of kernel/netlink/ and /proc/sys, beneath the tools.
import { describe, expect, test } from 'vitest';
import { ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { RandomStreams } from '../../simulator/base/random.ts';
import { ok } from '../../simulator/base/result.ts';
import { Scheduler } from '../../simulator/base/scheduler.ts';
import { addAddress } from '../../simulator/kernel/addresses.ts';
import { createDevice, setUp } from '../../simulator/kernel/devices.ts';
import { Kernel } from '../../simulator/kernel/kernel.ts';
import { createNamespace, destroyNamespace, initNamespace } from '../../simulator/kernel/namespaces.ts';
import { formatRoute } from '../../simulator/kernel/netlink/format.ts';
import { formatWords6, words6 } from '../../simulator/kernel/netlink/inet6.ts';
import { newLink } from '../../simulator/kernel/netlink/link.ts';
import { deleteRoute, getRoute, newRoute, type RouteRequest } from '../../simulator/kernel/netlink/route.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import {
  listSysctls,
  parseInteger,
  readSysctl,
  registerSysctls,
  sysctlName,
  sysctlPath,
  writeSysctl,
} from '../../simulator/kernel/sysctl.ts';
import { PacketFactory } from '../../simulator/wire/packet.ts';

const origin = KERNEL_DEFAULT;

function newNamespace(): NetworkNamespace {
  const kernel = new Kernel('node1', {
    scheduler: new Scheduler(),
    random: new RandomStreams(1),
    packets: new PacketFactory(),
    trace: null,
    traceSequence: 0,
    nextInode: 1,
    nextFlow: 1,
  });
  initNamespace(kernel.initNs);
  const ns = kernel.initNs;
  const made = createDevice(ns, { kind: 'ethernet', name: 'eth0', origin });
  if (!made.ok) throw new Error('eth0');
  setUp(made.value, true);
  addAddress(made.value, { address: ipv4('10.1.0.2'), prefix: 24, origin });
  return ns;
}

const ROUTE: RouteRequest = {
  type: 'unicast',
  destination: 0,
  prefix: 0,
  table: 254,
  gateway: 0,
  dev: null,
  source: 0,
  scope: 'universe',
  protocol: 'boot',
  metric: 0,
  mtu: 0,
  tos: 0,
  onlink: false,
  origin,
};

describe('routes', () => {
  test('a next hop must be on a link', () => {
    const ns = newNamespace();
    expect(newRoute(ns, { ...ROUTE, gateway: ipv4('10.9.0.1') }, 'add')).toEqual({
      ok: false,
      errno: 'ENETUNREACH',
      message: 'Nexthop has invalid gateway',
    });
    expect(newRoute(ns, { ...ROUTE, gateway: ipv4('10.1.0.1') }, 'add').ok).toBe(true);
    expect(newRoute(ns, { ...ROUTE, destination: ipv4('10.9.0.0'), prefix: 16 }, 'add')).toEqual({
      ok: false,
      errno: 'ENODEV',
    });
    expect(newRoute(ns, { ...ROUTE, destination: ipv4('10.9.0.1'), prefix: 16 }, 'add')).toMatchObject({
      message: 'Invalid prefix for given prefix length',
    });
  });

  test('one route per prefix and metric, unless appended; replace takes its place', () => {
    const ns = newNamespace();
    const first = { ...ROUTE, gateway: ipv4('10.1.0.1') };
    expect(newRoute(ns, first, 'add').ok).toBe(true);
    expect(newRoute(ns, { ...first, gateway: ipv4('10.1.0.9') }, 'add')).toEqual({ ok: false, errno: 'EEXIST' });
    expect(newRoute(ns, { ...first, gateway: ipv4('10.1.0.9') }, 'replace').ok).toBe(true);
    const answer = getRoute(ns, { dst: ipv4('8.8.8.8'), src: 0, mark: 0, tos: 0, oif: undefined, iif: undefined });
    expect(answer.ok && answer.value.gateway).toBe(ipv4('10.1.0.9'));
    expect(deleteRoute(ns, { destination: 0, prefix: 0, table: 254, tos: 0, gateway: ipv4('10.1.0.1') })).toEqual({
      ok: false,
      errno: 'ESRCH',
    });
    expect(deleteRoute(ns, { destination: 0, prefix: 0, table: 254, tos: 0 }).ok).toBe(true);
  });

  test('words', () => {
    const ns = newNamespace();
    const eth0 = ns.device('eth0');
    const route = ns.fib.table(254).routes[0];
    if (eth0 === undefined || route === undefined) throw new Error('no route');
    expect(formatRoute(ns, route)).toBe('10.1.0.0/24 dev eth0 proto kernel scope link src 10.1.0.2 ');
    eth0.carrier = false;
    expect(formatRoute(ns, route)).toBe('10.1.0.0/24 dev eth0 proto kernel scope link src 10.1.0.2 linkdown ');
    expect(
      formatRoute(
        ns,
        { ...route, type: 'blackhole', dev: null, source: 0, scope: 'universe', protocol: 'boot', table: 100 },
        { showTable: true },
      ),
    ).toBe('blackhole 10.1.0.0/24 table 100 ');
  });
});

test('a link is refused when its name is taken where it is asked for, even if it is to live elsewhere', () => {
  const ns = newNamespace();
  const other = createNamespace(ns.kernel, 'tmp');
  const request = {
    name: 'eth0',
    ns: other,
    origin,
    link: { kind: 'veth', peer: { name: 'tmp0', ns: undefined } },
  } as const;
  expect(newLink(ns, request)).toEqual({ ok: false, errno: 'EEXIST' });
  expect(newLink(ns, { ...request, name: 'eth1' }).ok).toBe(true);
  expect([other.device('eth1')?.ifindex, ns.device('tmp0')?.ifindex]).toEqual([2, 3]);
});

test('a namespace that died has no id any more', () => {
  const ns = newNamespace();
  const other = createNamespace(ns.kernel, 'red');
  newLink(ns, { name: 'v0', origin, link: { kind: 'veth', peer: { name: 'v1', ns: other } } });
  expect(ns.nsids.get(other)).toBe(0);
  destroyNamespace(other);
  expect(ns.nsids.size).toBe(0);
});

test.each([
  ['fe80:0:0:0:42:74ff:fe26:dcb2', 'fe80::42:74ff:fe26:dcb2'],
  ['::1', '::1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
])('IPv6 text %s', (text, short) => {
  expect(formatWords6(words6(text))).toBe(short);
});

describe('sysctl', () => {
  test('names and paths', () => {
    expect(sysctlPath('net.ipv4.conf.eth0/5.rp_filter')).toBe('net/ipv4/conf/eth0.5/rp_filter');
    expect(sysctlPath('net/ipv4/ip_forward')).toBe('net/ipv4/ip_forward');
    expect(sysctlName('net/ipv4/conf/eth0.5/rp_filter')).toBe('net.ipv4.conf.eth0/5.rp_filter');
  });

  test('every listed file can be read', () => {
    const ns = newNamespace();
    const paths = listSysctls(ns);
    expect(paths).toContain('net/ipv4/conf/eth0/rp_filter');
    expect(paths.filter((path) => !readSysctl(ns, path).ok)).toEqual([]);
  });

  test('ip_forward is conf.all.forwarding and sets all devices', () => {
    const ns = newNamespace();
    expect(writeSysctl(ns, 'net/ipv4/ip_forward', '1').ok).toBe(true);
    expect(readSysctl(ns, 'net/ipv4/conf/eth0/forwarding')).toEqual(ok('1'));
    expect(writeSysctl(ns, 'net/ipv4/conf/all/forwarding', '0').ok).toBe(true);
    expect(ns.knobs.ip_forward).toBe(0);
  });

  test.each([
    ['net/ipv4/ip_forward', 'abc', 'EINVAL'],
    ['net/ipv4/ip_default_ttl', '256', 'EINVAL'],
    ['net/ipv4/ip_local_port_range', '5 4', 'EINVAL'],
    ['net/ipv4/nosuch', '1', 'ENOENT'],
    ['net/ipv4/conf/nosuch/rp_filter', '1', 'ENOENT'],
    ['kernel/osrelease', 'x', 'EACCES'],
  ])('%s = %s: %s', (path, text, errno) => {
    expect(writeSysctl(newNamespace(), path, text)).toEqual({ ok: false, errno });
  });

  test('numbers as procfs reads them', () => {
    expect(['0x10', '010', ' 5\n', '-1', '1x', ''].map(parseInteger)).toEqual([16, 8, 5, -1, undefined, undefined]);
  });

  test('rooms add files', () => {
    const ns = newNamespace();
    registerSysctls([{ path: 'net/test/one', read: () => '1' }]);
    expect(readSysctl(ns, 'net.test.one')).toEqual(ok('1'));
    expect(listSysctls(ns)).toContain('net/test/one');
  });
});
