// `ip`, `sysctl` and `nsenter` against what a real machine printed, byte by byte, on states rebuilt from the recorded commands.
import { expect, test } from 'vitest';
import { Machine, newUniverse } from './ip-machine.ts';
import { CHANGES, FRESH, REFUSED, ROUTER, SETUP, type Step } from './ip-recorded.ts';

function newMachine(): Machine {
  const machine = new Machine('node1', newUniverse(), '192.168.56.11/24', '08:00:27:38:00:11', 'virtio/virtio3');
  // The recorded machine had one.
  machine.kernel.cpus = 1;
  return machine;
}

function replay(machine: Machine, steps: readonly Step[]): void {
  for (const [command, stdout, stderr, exit] of steps)
    expect({ command, ...machine.run(command) }).toEqual({ command, stdout, stderr, exit });
}

function router(): Machine {
  const machine = newMachine();
  for (const command of SETUP) expect(machine.run(command), command).toMatchObject({ exit: 0, stderr: '' });
  return machine;
}

test('a fresh machine', () => {
  replay(newMachine(), FRESH);
});

test('namespaces joined by veth pairs', () => {
  replay(router(), ROUTER);
});

test('addresses, routes, rules and neighbours', () => {
  const machine = router();
  // What earlier steps of the recording had left behind.
  machine.run('ip -n b link set e0 down');
  machine.run('ip -n b link set e0 up');
  machine.run('ip -n b route add default via 10.2.0.1');
  replay(machine, CHANGES);
});

test('refusals', () => {
  const machine = router();
  machine.run('ip -n a neigh add 10.1.0.51 lladdr 02:00:00:00:00:98 dev e0');
  for (const [command, stdout, stderr, exit] of REFUSED) {
    const outcome = machine.run(command);
    // A forgotten value of ip_forward is what the recorded namespace had inherited.
    expect({ command, ...outcome }).toEqual({ command, stdout, stderr, exit });
  }
});

test('a known option that is not emulated is refused in one line', () => {
  const machine = newMachine();
  for (const command of [
    'ip monitor file log',
    'ip link add x0 type vlan id 5',
    'ip -b file',
    'ip route add 10.0.0.0/8 nexthop via 1.2.3.4',
    'bridge mdb add dev br0 port eth0 grp 239.1.1.1',
  ]) {
    const { exit, stderr } = machine.run(command);
    expect(exit).not.toBe(0);
    expect(stderr).toMatch(/^(ip|bridge): .* is not emulated here\n$/);
  }
});

test('a moved device takes its index along when it is free, and its namespace gets an id', () => {
  const machine = newMachine();
  for (const command of [
    'ip netns add ov',
    'ip netns add sbox',
    'ip link add s0 type veth peer name veth0',
    'ip link set s0 netns sbox name eth0',
    'ip link set veth0 netns ov',
  ])
    machine.run(command);
  expect(machine.run('ip netns').stdout).toBe('sbox (id: 0)\nov (id: 1)\n');
  expect(machine.run('ip -n ov -br link').stdout).toMatch(/^veth0@if4 {8}DOWN/m);
  machine.run('ip link add vxlan0 type vxlan id 4096 dstport 4789 local 192.168.56.11 nolearning proxy l2miss l3miss');
  machine.run('ip link set vxlan0 netns ov');
  expect(machine.run('ip -n ov -d link show vxlan0').stdout).toMatch(
    / link-netnsid 1 promiscuity 0 .*\n {4}vxlan id 4096 local 192\.168\.56\.11 srcport 0 0 dstport 4789 ttl auto ageing 300 nolearning proxy l2miss l3miss addrgenmode/,
  );
});

test('JSON has the members of the text', () => {
  const machine = router();
  const routes = JSON.parse(machine.run('ip -n a -j route').stdout) as unknown;
  expect(routes).toEqual([
    { dst: 'default', gateway: '10.1.0.1', dev: 'e0', flags: [] },
    { dst: '10.1.0.0/24', dev: 'e0', protocol: 'kernel', scope: 'link', prefsrc: '10.1.0.2', flags: [] },
  ]);
  expect(machine.run('ip -j netns').stdout).toBe('[{"name":"b"},{"name":"r"},{"name":"a"}]\n');
});

test.each([
  [
    ['ip', ''],
    ['address', 'link', 'maddress', 'neigh', 'netns', 'route', 'rule', 'xfrm'],
  ],
  [['ip', 'li'], ['link']],
  [['ip', 'a', 's'], ['show']],
  [
    ['ip', '-n', ''],
    ['a', 'b', 'r'],
  ],
  [['ip', 'netns', 'exec', 'a', 'br'], ['bridge']],
  [
    ['ip', 'link', 'show', 'dev', ''],
    ['eth0', 'lo'],
  ],
  [['ip', 'addr', 'add', '10.0.0.1/8', 'dev', 'et'], ['eth0']],
  [
    ['ip', 'link', 'add', 'x', 'type', 'v'],
    ['veth', 'vxlan'],
  ],
  [
    ['bridge', 'fdb', 'show', 'dev', ''],
    ['eth0', 'lo'],
  ],
  [['sysctl', 'net.ipv4.ip_forward_'], ['net.ipv4.ip_forward_use_pmtu']],
  [['nsenter', '--net=/run/netns/r'], ['--net=/run/netns/r']],
])('Tab after %j', (words, expected) => {
  expect(router().complete(words)).toEqual(expected);
});

test('colours', () => {
  const { stdout } = router().run('ip -n a -c route');
  expect(stdout.split('\n')[0]).toBe(
    '\u001b[35mdefault \u001b[0mvia \u001b[35m10.1.0.1 \u001b[0mdev \u001b[36me0 \u001b[0m',
  );
});

test('devices on top of others are refused by their type', () => {
  const machine = newMachine();
  expect(machine.run('ip link add link eth0 name m0 type macvlan mode bridge')).toMatchObject({
    exit: 1,
    stderr: 'ip: link type macvlan is not emulated here\n',
  });
  expect(machine.run('ip link add link eth0 name v5 type vlan id 5')).toMatchObject({
    exit: 1,
    stderr: 'ip: link type vlan is not emulated here\n',
  });
});

test('an address with a lifetime says how long it stays, and may be given more', () => {
  const machine = newMachine();
  machine.run('ip addr add 10.5.1.1/24 brd + dev eth0 valid_lft 100 preferred_lft 50');
  expect(machine.run('ip -4 -o addr show dev eth0 to 10.5.1.1').stdout).toContain(
    'scope global dynamic eth0\\       valid_lft 100sec preferred_lft 50sec',
  );
  machine.run('ip addr change 10.5.1.1/24 dev eth0 valid_lft forever preferred_lft forever');
  expect(machine.run('ip -4 -o addr show dev eth0 to 10.5.1.1').stdout).toContain(
    'valid_lft forever preferred_lft forever',
  );
  expect(machine.run('ip addr add 10.5.1.2/24 dev eth0 valid_lft 10 preferred_lft 50').stderr).toBe(
    'preferred_lft is greater than valid_lft\n',
  );
});
