// `bridge` and vxlan devices, against excerpts of a recording.
import { beforeEach, expect, test } from 'vitest';
import { Machine, newUniverse } from './ip-machine.ts';

const SETUP = [
  'ip netns add u1',
  'ip netns add w1',
  'ip netns add t1',
  'ip link add e0 address 02:00:00:00:01:aa netns u1 type veth peer name p1',
  'ip -n u1 link add vx1 type vxlan id 4097 dstport 4789 proxy l2miss l3miss',
  'ip -n u1 link set vx1 address 8e:27:f8:de:31:07',
  'ip -n u1 link set vx1 netns w1 name vxlan0',
  'ip -n w1 link add br0 type bridge',
  'ip -n w1 link set vxlan0 master br0',
  'ip link add e0 address 02:42:0a:32:00:01 mtu 1450 netns t1 type veth peer name veth0 address 62:77:48:a1:a1:07 mtu 1450 netns w1',
  'ip -n w1 link set veth0 master br0',
  'ip -n w1 link set veth0 up',
  'ip -n t1 link set e0 up',
  'ip -n w1 link set vxlan0 up',
  'ip -n w1 link set br0 up',
];

let machine: Machine;

beforeEach(() => {
  machine = new Machine('node1', newUniverse(), '192.168.56.11/24', '08:00:27:38:00:11');
  for (const command of SETUP) expect(machine.run(command), command).toEqual({ stdout: '', stderr: '', exit: 0 });
});

const inW1 = (command: string): string => machine.run(`ip netns exec w1 ${command}`).stdout;

test('the database of a bridge: device filters, ports newest first, a copy for the default VLAN', () => {
  expect(inW1('bridge fdb show')).toBe(`33:33:00:00:00:01 dev br0 self permanent
01:00:5e:00:00:6a dev br0 self permanent
33:33:00:00:00:6a dev br0 self permanent
01:00:5e:00:00:01 dev br0 self permanent
33:33:ff:a1:a1:07 dev br0 self permanent
8e:27:f8:de:31:07 dev vxlan0 vlan 1 master br0 permanent
8e:27:f8:de:31:07 dev vxlan0 master br0 permanent
62:77:48:a1:a1:07 dev veth0 vlan 1 master br0 permanent
62:77:48:a1:a1:07 dev veth0 master br0 permanent
33:33:00:00:00:01 dev veth0 self permanent
01:00:5e:00:00:01 dev veth0 self permanent
33:33:ff:a1:a1:07 dev veth0 self permanent
`);
});

test('bridge link looks the other end’s index up at home, as its messages do not say where it is', () => {
  expect(inW1('ip -br link show veth0')).toMatch(/^veth0@if2 /);
  expect(inW1('bridge link'))
    .toBe(`3: vxlan0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 master br0 state forwarding priority 32 cost 100 
4: veth0@br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 master br0 state forwarding priority 32 cost 2 
`);
});

test('entries of a vxlan device come in the order of its hash table', () => {
  for (const last of ['03', '06', '04', '07']) {
    expect(
      machine.run(`ip netns exec w1 bridge fdb add 02:42:0a:00:00:${last} dev vxlan0 dst 192.168.56.12 self permanent`)
        .exit,
    ).toBe(0);
  }
  const macs = inW1('bridge fdb show dev vxlan0')
    .split('\n')
    .filter((line) => line.includes(' dst '))
    .map((line) => line.slice(0, 17));
  expect(macs).toEqual(['02:42:0a:00:00:03', '02:42:0a:00:00:07', '02:42:0a:00:00:06', '02:42:0a:00:00:04']);
});

test.each([
  ['bridge fdb add 02:42:0a:32:00:02 dev vxlan0 dst 172.16.0.2 self permanent', 0, ''],
  [
    'bridge fdb add 02:42:0a:32:00:02 dev vxlan0 dst 172.16.0.2 self permanent',
    255,
    'RTNETLINK answers: File exists\n',
  ],
  ['bridge fdb append 02:42:0a:32:00:02 dev vxlan0 dst 172.16.0.3 self permanent', 0, ''],
  ['bridge fdb del 02:42:0a:32:00:02 dev vxlan0 dst 172.16.0.3', 0, ''],
  ['bridge fdb del 02:42:0a:32:00:09 dev vxlan0 dst 172.16.0.3', 255, 'RTNETLINK answers: No such file or directory\n'],
  ['bridge fdb add 02:42:0a:32:00:09 dev vxlan0', 255, 'RTNETLINK answers: Invalid argument\n'],
  ['bridge fdb add 02:42:0a:32:00:09 dev nosuch dst 172.16.0.3', 255, 'Cannot find device "nosuch"\n'],
  ['bridge fdb add zz:42 dev vxlan0 dst 172.16.0.3', 255, 'Invalid mac address zz:42\n'],
  ['bridge nosuch', 255, 'Object "nosuch" is unknown, try "bridge help".\n'],
  ['bridge fdb nosuch', 255, 'Command "nosuch" is unknown, try "bridge fdb help".\n'],
])('%s', (command, exit, stderr) => {
  if (exit !== 0 || command.includes('append') || command.includes('del'))
    machine.run('ip netns exec w1 bridge fdb add 02:42:0a:32:00:02 dev vxlan0 dst 172.16.0.2 self permanent');
  expect(machine.run(`ip netns exec w1 ${command}`)).toEqual({ stdout: '', stderr, exit });
});

test('only group addresses may have several end points', () => {
  machine.run('ip netns exec w1 bridge fdb add 02:42:0a:32:00:02 dev vxlan0 dst 172.16.0.2 self permanent');
  machine.run('ip netns exec w1 bridge fdb append 02:42:0a:32:00:02 dev vxlan0 dst 172.16.0.3 self permanent');
  machine.run('ip netns exec w1 bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 172.16.0.2');
  machine.run('ip netns exec w1 bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 172.16.0.3');
  expect(inW1('bridge fdb show dev vxlan0')).toBe(`8e:27:f8:de:31:07 vlan 1 master br0 permanent
8e:27:f8:de:31:07 master br0 permanent
00:00:00:00:00:00 dst 172.16.0.2 link-netnsid 0 self permanent
00:00:00:00:00:00 dst 172.16.0.3 link-netnsid 0 self permanent
02:42:0a:32:00:02 dst 172.16.0.2 link-netnsid 0 self permanent
`);
});

test('a bridge takes the least MTU of its ports until it is given one', () => {
  expect(inW1('ip link show br0')).toContain(' mtu 1450 ');
  machine.run('ip -n w1 link set veth0 mtu 1500');
  expect(inW1('ip link show br0')).toContain(' mtu 1500 ');
  machine.run('ip -n w1 link set br0 mtu 1400');
  machine.run('ip -n w1 link set veth0 mtu 1450');
  expect(inW1('ip link show br0')).toContain(' mtu 1400 ');
});

test('a VNI and port are there once per underlay', () => {
  expect(machine.run('ip -n u1 link add v2 type vxlan id 4097 dstport 4789')).toEqual({
    stdout: '',
    stderr: 'Error: A VXLAN device with the specified VNI already exists.\n',
    exit: 2,
  });
});
