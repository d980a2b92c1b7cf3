// `ip` as busybox has it, against what containers made of busybox printed.
import { expect, test } from 'vitest';
import { Machine, newUniverse } from './ip-machine.ts';

test('what a task of a service shows', () => {
  const machine = new Machine('node1', newUniverse(), '192.168.56.11/24', '08:00:27:38:00:11');
  for (const command of [
    'ip netns add t',
    'ip link add index 11 veth0 type veth peer name eth0 address 02:42:0a:00:00:08 mtu 1450 netns t',
    'ip -n t link set lo up',
    'ip -n t link set eth0 txqueuelen 0',
    'ip -n t addr add 10.0.0.8/24 brd + dev eth0',
    'ip link set veth0 up',
    'sysctl net.ipv4.ip_forward',
    'ip netns exec t sysctl -w net.ipv6.conf.eth0.disable_ipv6=1',
    'ip -n t link set eth0 up',
    'ip -n t route add default via 10.0.0.1',
  ]) {
    expect(machine.run(command), command).toMatchObject({ exit: 0, stderr: '' });
  }
  const peer = /^(\d+): veth0/m.exec(machine.run('ip link').stdout)?.[1] ?? '?';
  expect(machine.run('ip netns exec t busybox-ip a').stdout)
    .toBe(`1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
    inet6 ::1/128 scope host 
       valid_lft forever preferred_lft forever
2: eth0@if${peer}: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1450 qdisc noqueue 
    link/ether 02:42:0a:00:00:08 brd ff:ff:ff:ff:ff:ff
    inet 10.0.0.8/24 brd 10.0.0.255 scope global eth0
       valid_lft forever preferred_lft forever
`);
  expect(machine.run('ip netns exec t busybox-ip route').stdout).toBe(
    'default via 10.0.0.1 dev eth0 \n10.0.0.0/24 dev eth0 scope link  src 10.0.0.8 \n',
  );
});
