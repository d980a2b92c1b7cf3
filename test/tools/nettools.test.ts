// arping, traceroute, tracepath and the net-tools, as recorded (kernel-ip) or as their manuals word it.
import { describe, expect, test } from 'vitest';
import { createDevice, setMaster, setUp } from '../../simulator/kernel/devices.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { SECOND } from '../../simulator/base/scheduler.ts';
import { NetLab } from './netlab.ts';

/** Times as words. */
function timeless(text: string): string {
  return text.replace(/\d+\.\d{3} ?ms/g, 'T ms');
}

function warm(): NetLab {
  const lab = new NetLab();
  lab.run(lab.a, 'ping -c 1 10.2.0.2');
  lab.scheduler.run(lab.scheduler.now + 10 * SECOND);
  return lab;
}

const RECORDED: readonly (readonly [command: string, stdout: string, stderr: string, status: number])[] = [
  [
    'traceroute -n 10.2.0.2',
    'traceroute to 10.2.0.2 (10.2.0.2), 30 hops max, 60 byte packets\n 1  10.1.0.1  T ms  T ms  T ms\n 2  10.2.0.2  T ms  T ms  T ms\n',
    '',
    0,
  ],
  [
    'traceroute -n -I 10.2.0.2',
    'traceroute to 10.2.0.2 (10.2.0.2), 30 hops max, 60 byte packets\n 1  10.1.0.1  T ms  T ms  T ms\n 2  10.2.0.2  T ms  T ms  T ms\n',
    '',
    0,
  ],
  [
    'traceroute -n -T -p 80 10.2.0.2',
    'traceroute to 10.2.0.2 (10.2.0.2), 30 hops max, 60 byte packets\n 1  10.1.0.1  T ms  T ms  T ms\n 2  10.2.0.2  T ms  T ms  T ms\n',
    '',
    0,
  ],
  [
    'traceroute -n 192.0.2.1',
    'traceroute to 192.0.2.1 (192.0.2.1), 30 hops max, 60 byte packets\n 1  10.1.0.1  T ms !N  T ms !N *\n',
    '',
    0,
  ],
  ['traceroute -Y 10.2.0.2', '', "Bad option `-Y' (argc 1)\n", 2],
  ['traceroute', '', 'Specify "host" missing argument.\n', 2],
  [
    'tracepath -n 10.2.0.2',
    ' 1?: [LOCALHOST]                      pmtu 1500\n 1:  10.1.0.1                                              T ms \n 1:  10.1.0.1                                              T ms \n 2:  10.2.0.2                                              T ms reached\n     Resume: pmtu 1500 hops 2 back 2 \n',
    '',
    0,
  ],
  [
    'arping -c 2 -w 3 -I e0 10.1.0.77',
    'ARPING 10.1.0.77 from 10.1.0.2 e0\nSent 2 probes (2 broadcast(s))\nReceived 0 response(s)\n',
    '',
    1,
  ],
  ['arping -c 1 -I nosuch 10.1.0.1', '', 'arping: Device nosuch not available.\n', 2],
  [
    'busybox traceroute -n 10.2.0.2',
    'traceroute to 10.2.0.2 (10.2.0.2), 30 hops max, 46 byte packets\n 1  10.1.0.1  T ms  T ms  T ms\n 2  10.2.0.2  T ms  T ms  T ms\n',
    '',
    0,
  ],
  [
    'busybox route -n',
    'Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n0.0.0.0         10.1.0.1        0.0.0.0         UG    0      0        0 e0\n10.1.0.0        0.0.0.0         255.255.255.0   U     0      0        0 e0\n',
    '',
    0,
  ],
  [
    'busybox netstat -rn',
    'Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n0.0.0.0         10.1.0.1        0.0.0.0         UG        0 0          0 e0\n10.1.0.0        0.0.0.0         255.255.255.0   U         0 0          0 e0\n',
    '',
    0,
  ],
  ['tc qdisc show', '', 'tc: traffic control is not emulated here: what is sent leaves at once\n', 1],
  ['nstat -az UdpNoPorts', '#kernel\nUdpNoPorts                      0                  0.0\n', '', 0],
];

describe('as recorded', () => {
  test.each(RECORDED)('%s', (command, stdout, stderr, status) => {
    const lab = warm();
    const outcome = lab.run(lab.a, command);
    expect({ ...outcome, stdout: timeless(outcome.stdout) }).toEqual({
      stdout,
      stderr: expect.stringContaining(stderr),
      status,
    });
  });
});

test('arping goes over to unicast, and tells its probes apart', () => {
  const lab = warm();
  const mac = (lab.r.device('ra')?.mac ?? 0).toString(16).padStart(12, '0').match(/../g)?.join(':').toUpperCase();
  const { stdout, status } = lab.run(lab.a, 'arping -c 2 -I e0 10.1.0.1');
  const line = `Unicast reply from 10.1.0.1 [${mac}]  T ms\n`;
  expect(timeless(stdout)).toBe(
    `ARPING 10.1.0.1 from 10.1.0.2 e0\n${line}${line}Sent 2 probes (1 broadcast(s))\nReceived 2 response(s)\n`,
  );
  expect(status).toBe(0);
  expect(lab.run(lab.a, 'arping -D -c 2 -I e0 10.1.0.1').status).toBe(1);
  expect(lab.run(lab.a, 'arping -D -c 1 -I e0 10.1.0.99').status).toBe(0);
});

test('a smaller MTU on the way is found', () => {
  const lab = warm();
  lab.run(lab.r, 'ip link set rb mtu 1400');
  const { stdout } = lab.run(lab.a, 'tracepath -n 10.2.0.2');
  expect(timeless(stdout)).toContain(' 2:  10.1.0.1                                              T ms pmtu 1400\n');
  expect(stdout).toMatch(/Resume: pmtu 1400 hops 2 back 2 \n$/);
});

test('arp and route change what ip shows', () => {
  const lab = warm();
  expect(lab.run(lab.a, 'arp -s 10.1.0.9 02:00:00:00:00:99').status).toBe(0);
  expect(lab.run(lab.a, 'ip neigh show 10.1.0.9').stdout).toBe('10.1.0.9 dev e0 lladdr 02:00:00:00:00:99 PERMANENT \n');
  expect(lab.run(lab.a, 'arp -n').stdout).toContain(
    '10.1.0.9                 ether   02:00:00:00:00:99   CM                    e0\n',
  );
  expect(lab.run(lab.a, 'arp -an').stdout).toContain('? (10.1.0.9) at 02:00:00:00:00:99 [ether] PERM on e0\n');
  expect(lab.run(lab.a, 'arp -d 10.1.0.9; arp -d 10.1.0.9')).toEqual({
    stdout: '',
    stderr: 'No ARP entry for 10.1.0.9\n',
    status: 255,
  });
  expect(lab.run(lab.a, 'route add -net 10.9.0.0/16 gw 10.1.0.1 metric 5').status).toBe(0);
  expect(lab.run(lab.a, 'ip route show 10.9.0.0/16').stdout).toBe('10.9.0.0/16 via 10.1.0.1 dev e0 metric 5 \n');
  expect(lab.run(lab.a, 'route del -net 10.9.0.0/16; route del -net 10.9.0.0/16').stderr).toBe(
    'SIOCDELRT: No such process\n',
  );
});

test('ifconfig shows and sets devices', () => {
  const lab = warm();
  expect(lab.run(lab.a, 'ifconfig e0 10.5.0.1 netmask 255.255.0.0 mtu 1400').status).toBe(0);
  const { stdout } = lab.run(lab.a, 'ifconfig e0');
  expect(stdout).toContain(
    'e0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1400\n        inet 10.5.0.1  netmask 255.255.0.0  broadcast 10.5.255.255\n',
  );
  expect(lab.run(lab.a, 'ifconfig nosuch')).toEqual({
    stdout: '',
    stderr: 'nosuch: error fetching interface information: Device not found\n',
    status: 1,
  });
  expect(lab.run(lab.a, 'busybox ifconfig lo').stdout).toContain(
    '          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n',
  );
});

test('brctl and ethtool name what belongs together', () => {
  const lab = warm();
  expect(lab.run(lab.a, 'brctl addbr br7; brctl addif br7 e0; brctl show br7').stdout).toMatch(
    /^bridge name\tbridge id\t\tSTP enabled\tinterfaces\nbr7\t\t8000\.[0-9a-f]{12}\tno\t\te0\n$/,
  );
  expect(lab.run(lab.a, 'brctl addif br7 nosuch').stderr).toBe('interface nosuch does not exist!\n');
  expect(lab.run(lab.a, 'ethtool -S e0').stdout).toMatch(
    /^NIC statistics:\n {5}peer_ifindex: \d+\n {5}rx_queue_0_xdp_packets: 0\n/,
  );
  expect(lab.run(lab.a, 'ethtool -S br7')).toEqual({ stdout: '', stderr: 'no stats available\n', status: 94 });
});

test('counters of drops count', () => {
  const lab = warm();
  lab.run(lab.a, 'traceroute -n -q 1 10.2.0.2');
  const { stdout } = lab.run(lab.b, 'nstat -az UdpNoPorts');
  expect(Number(/UdpNoPorts +(\d+)/.exec(stdout)?.[1])).toBeGreaterThan(0);
  expect(lab.run(lab.b, 'nstat -az IpInReceives').stderr).toContain('not emulated here');
});

describe('ip monitor', () => {
  /** What it says while a command runs. */
  function told(lab: NetLab, what: string, command: string): string {
    return lab.run(lab.a, `timeout -s INT 5 ip monitor ${what} & sleep 1; ${command}; wait`).stdout;
  }

  test('routes, addresses and links', () => {
    const lab = warm();
    expect(told(lab, 'route', 'ip route add 10.9.0.0/16 via 10.1.0.1; ip route del 10.9.0.0/16')).toBe(
      '10.9.0.0/16 via 10.1.0.1 dev e0 \nDeleted 10.9.0.0/16 via 10.1.0.1 dev e0 \n',
    );
    expect(told(lab, 'addr', 'ip addr add 10.1.0.7/24 dev e0')).toBe(
      '2: e0    inet 10.1.0.7/24 scope global secondary e0\n       valid_lft forever preferred_lft forever\n',
    );
    expect(told(lab, 'all', 'ip rule add from 10.9.9.9 table 7')).toBe('[RULE]32765:\tfrom 10.9.9.9 lookup 7 \n');
    expect(told(lab, 'link', 'ip link add d0 type dummy')).toMatch(
      /^\d+: d0: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN group default \n {4}link\/ether [0-9a-f:]{17} brd ff:ff:ff:ff:ff:ff\n$/,
    );
  });

  test('neighbours', () => {
    const lab = warm();
    expect(
      told(lab, 'neigh', 'ip neigh add 10.1.0.50 lladdr 02:00:00:00:00:50 dev e0; ip neigh del 10.1.0.50 dev e0'),
    ).toContain(
      '10.1.0.50 dev e0 lladdr 02:00:00:00:00:50 PERMANENT \n10.1.0.50 dev e0 FAILED \nDeleted 10.1.0.50 dev e0 FAILED \n',
    );
    expect(told(lab, 'neigh', 'ping -c 1 -W 4 10.1.0.60')).toContain('10.1.0.60 dev e0 FAILED \n');
  });

  test('misses of a tunnel', () => {
    const lab = warm();
    const tunnel = createDevice(lab.a, {
      kind: 'vxlan',
      name: 'vx0',
      origin: KERNEL_DEFAULT,
      vxlan: { vni: 42, dstPort: 4789, proxy: true, l2miss: true, l3miss: true },
    });
    const bridge = createDevice(lab.a, { kind: 'bridge', name: 'br0', origin: KERNEL_DEFAULT });
    if (!tunnel.ok || !bridge.ok) throw new Error('no devices');
    setMaster(tunnel.value, bridge.value);
    for (const dev of [tunnel.value, bridge.value]) setUp(dev, true);
    lab.run(lab.a, 'ip addr add 10.7.0.1/24 dev br0');
    expect(told(lab, 'neigh dev vx0', 'ping -c 1 -W 1 10.7.0.9')).toContain('miss 10.7.0.9 dev vx0 STALE \n');
    lab.run(lab.a, 'ip neigh replace 10.7.0.9 lladdr 02:00:00:00:07:09 dev br0');
    expect(told(lab, 'neigh dev vx0', 'ping -c 1 -W 1 10.7.0.9')).toContain(
      'miss dev vx0 lladdr 02:00:00:00:07:09 STALE \n',
    );
  });
});
