// The data plane of a service with a published port, against recordings/routing-mesh.json (docker 26.1.5): rules, devices with
// their numbers, addresses, peers, load balancers, listeners; before the service, with it, scaled, and without it.
import { beforeAll, describe, expect, test } from 'vitest';
import { readSysctl } from '../../simulator/kernel/sysctl.ts';
import { Machines, value } from './machines.ts';
import { balancers, devices, listeners, peers, routes } from './views.ts';

const NODES = ['node1', 'node2', 'node3'] as const;

const FILTER = [
  '-A FORWARD -j DOCKER-USER',
  '-A FORWARD -j DOCKER-ISOLATION-STAGE-1',
  '-A FORWARD -o docker_gwbridge -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A FORWARD -o docker_gwbridge -j DOCKER',
  '-A FORWARD -i docker_gwbridge ! -o docker_gwbridge -j ACCEPT',
  '-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A FORWARD -o docker0 -j DOCKER',
  '-A FORWARD -i docker0 ! -o docker0 -j ACCEPT',
  '-A FORWARD -i docker0 -o docker0 -j ACCEPT',
  '-A FORWARD -i docker_gwbridge -o docker_gwbridge -j DROP',
  '-A DOCKER-ISOLATION-STAGE-1 -i docker_gwbridge ! -o docker_gwbridge -j DOCKER-ISOLATION-STAGE-2',
  '-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2',
  '-A DOCKER-ISOLATION-STAGE-1 -j RETURN',
  '-A DOCKER-ISOLATION-STAGE-2 -o docker_gwbridge -j DROP',
  '-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP',
  '-A DOCKER-ISOLATION-STAGE-2 -j RETURN',
  '-A DOCKER-USER -j RETURN',
];

const MESH_FILTER = [
  '-A DOCKER-INGRESS -p tcp -m tcp --dport 8000 -j ACCEPT',
  '-A DOCKER-INGRESS -p tcp -m tcp --sport 8000 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
];

const NAT = [
  '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER-INGRESS',
  '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
  '-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER-INGRESS',
  '-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER',
  '-A POSTROUTING -o docker_gwbridge -m addrtype --src-type LOCAL -j MASQUERADE',
  '-A POSTROUTING -s 172.18.0.0/16 ! -o docker_gwbridge -j MASQUERADE',
  '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
  '-A DOCKER -i docker_gwbridge -j RETURN',
  '-A DOCKER -i docker0 -j RETURN',
];

/** Ports of the embedded DNS server differ from run to run. */
const withoutPorts = (rules: string[]): string[] => rules.map((rule) => rule.replace(/127\.0\.0\.11:\d+/, '127.0.0.11:P').replace(/--sport \d{4,5} -j SNAT/, '--sport P -j SNAT'));

const DNS_RULES = [
  '-A DOCKER_OUTPUT -d 127.0.0.11/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination 127.0.0.11:P',
  '-A DOCKER_OUTPUT -d 127.0.0.11/32 -p udp -m udp --dport 53 -j DNAT --to-destination 127.0.0.11:P',
  '-A DOCKER_POSTROUTING -s 127.0.0.11/32 -p tcp -m tcp --sport P -j SNAT --to-source :53',
  '-A DOCKER_POSTROUTING -s 127.0.0.11/32 -p udp -m udp --sport P -j SNAT --to-source :53',
];

const peer = (last: number, node: number): string => `10.0.0.${last} 02:42:0a:00:00:${last.toString(16).padStart(2, '0')} 192.168.56.1${node}`;
const overlayFile = (machines: Machines, node: string): string => machines.files(node).find((name) => name.startsWith('1-')) as string;
const taskFile = (machines: Machines, node: string): string => machines.files(node).find((name) => /^[0-9a-f]{12}$/.test(name)) as string;

describe('three nodes, no service', () => {
  let machines: Machines;
  beforeAll(() => {
    machines = new Machines().swarm();
  });

  test('host rules on every node', () => {
    for (const node of NODES) {
      expect(machines.rules(node, 'filter')).toEqual(FILTER);
      expect(machines.rules(node, 'nat')).toEqual(NAT.filter((rule) => !rule.includes('INGRESS') && !rule.includes('src-type')));
      expect(machines.rules(node, 'mangle')).toEqual([]);
    }
  });

  test('devices and their numbers', () => {
    expect(devices(machines.ns('node1'))).toEqual([
      '1: lo 65536 127.0.0.1/8',
      '2: eth0 1500 192.168.56.11/24 brd 192.168.56.255',
      '3: docker0 1500 172.17.0.1/16 brd 172.17.255.255',
      '7: docker_gwbridge 1500 172.18.0.1/16 brd 172.18.255.255',
      '9: vethX@if8/1 1500 master docker_gwbridge',
    ]);
    expect(devices(machines.ns('node1', 'ingress_sbox'))).toEqual([
      '1: lo 65536 127.0.0.1/8',
      '5: eth0@if6/0 1450 02:42:0a:00:00:02 10.0.0.2/24 brd 10.0.0.255',
      '8: eth1@if9/1 1500 02:42:ac:12:00:02 172.18.0.2/16 brd 172.18.255.255',
    ]);
    expect(devices(machines.ns('node1', overlayFile(machines, 'node1')))).toEqual([
      '1: lo 65536 127.0.0.1/8',
      '2: br0 1450 10.0.0.1/24 brd 10.0.0.255',
      '4: vxlan0 1450 master br0',
      '6: veth0@if5/1 1450 master br0',
    ]);
    expect(routes(machines.ns('node1', 'ingress_sbox'))).toEqual(['0.0.0.0/0 via 172.18.0.1 eth1', '10.0.0.0/24 eth0', '172.18.0.0/16 eth1']);
  });

  test('peers: the other nodes’ ingress addresses', () => {
    expect(peers(machines.ns('node1', overlayFile(machines, 'node1')))).toEqual([peer(3, 2), peer(4, 3)]);
    expect(peers(machines.ns('node2', overlayFile(machines, 'node2')))).toEqual([peer(2, 1), peer(4, 3)]);
    expect(peers(machines.ns('node3', overlayFile(machines, 'node3')))).toEqual([peer(2, 1), peer(3, 2)]);
  });

  test('listeners and namespace files', () => {
    expect(listeners(machines.ns('node1'))).toEqual(['tcp *:2377', 'tcp *:7946', 'udp *:7946', 'udp 0.0.0.0:4789']);
    expect(listeners(machines.ns('node2'))).toEqual(['tcp *:7946', 'udp *:7946', 'udp 0.0.0.0:4789']);
    expect(machines.files('node3')).toEqual([overlayFile(machines, 'node3'), 'ingress_sbox']);
  });

  test('knobs', () => {
    const knob = (path: string, key?: string): unknown => readSysctl(machines.ns('node1', key), path);
    expect(knob('net/ipv4/ip_forward')).toMatchObject({ value: '1' });
    expect(knob('net/ipv4/conf/docker_gwbridge/route_localnet')).toMatchObject({ value: '0' });
    expect(knob('net/ipv4/vs/conntrack', 'ingress_sbox')).toMatchObject({ value: '0' });
    expect(knob('net/ipv4/vs/conn_reuse_mode', 'ingress_sbox')).toMatchObject({ value: '0' });
    expect(knob('net/ipv4/vs/expire_nodest_conn', 'ingress_sbox')).toMatchObject({ value: '1' });
    expect(knob('net/ipv4/vs/expire_quiescent_template', 'ingress_sbox')).toMatchObject({ value: '1' });
  });
});

describe('whoami on 8000, three tasks', () => {
  let machines: Machines;
  beforeAll(() => {
    machines = new Machines().swarm();
    machines.publish('whoami', 8000, 3);
  });

  test('host rules on every node, whether it runs a task or not', () => {
    for (const node of NODES) {
      expect(machines.rules(node, 'filter')).toEqual([FILTER[0], '-A FORWARD -j DOCKER-INGRESS', ...FILTER.slice(1, 10), ...MESH_FILTER, '-A DOCKER-INGRESS -j RETURN', ...FILTER.slice(10)]);
      expect(machines.rules(node, 'nat')).toEqual([...NAT, '-A DOCKER-INGRESS -p tcp -m tcp --dport 8000 -j DNAT --to-destination 172.18.0.2:8000', '-A DOCKER-INGRESS -j RETURN']);
      expect(readSysctl(machines.ns(node), 'net/ipv4/conf/docker_gwbridge/route_localnet')).toMatchObject({ value: '1' });
      expect(listeners(machines.ns(node))).toContain('tcp *:8000');
    }
  });

  test('ingress_sbox: mark, SNAT, virtual address, servers in the recorded order of each node', () => {
    NODES.forEach((node, index) => {
      expect(machines.rules(node, 'mangle', 'ingress_sbox')).toEqual([
        '-A PREROUTING -p tcp -m tcp --dport 8000 -j MARK --set-xmark 0x100/0xffffffff',
        '-A INPUT -d 10.0.0.5/32 -j MARK --set-xmark 0x100/0xffffffff',
      ]);
      expect(withoutPorts(machines.rules(node, 'nat', 'ingress_sbox'))).toEqual([
        '-A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT',
        '-A POSTROUTING -d 127.0.0.11/32 -j DOCKER_POSTROUTING',
        `-A POSTROUTING -d 10.0.0.0/24 -m ipvs --ipvs -j SNAT --to-source 10.0.0.${index + 2}`,
        ...DNS_RULES,
      ]);
      expect(devices(machines.ns(node, 'ingress_sbox'))[1]).toContain(`10.0.0.${index + 2}/24 brd 10.0.0.255 10.0.0.5/32`);
      expect(readSysctl(machines.ns(node, 'ingress_sbox'), 'net/ipv4/vs/conntrack')).toMatchObject({ value: '1' });
    });
    const server = (last: number): string => `10.0.0.${last}:0 masq 1`;
    const order = { node1: [6, 7, 8], node2: [8, 7, 6], node3: [8, 6, 7] };
    for (const node of NODES) expect(balancers(machines.ns(node, 'ingress_sbox'))).toEqual([`FWM 256 rr: ${order[node].map(server).join(', ')}`]);
  });

  test('the task: redirect and guards, DNS, devices', () => {
    const key = taskFile(machines, 'node1');
    expect(machines.rules('node1', 'filter', key)).toEqual([
      '-A INPUT -d 10.0.0.8/32 -p tcp -m tcp --dport 8000 -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT',
      '-A INPUT -d 10.0.0.8/32 -p sctp -j DROP',
      '-A INPUT -d 10.0.0.8/32 -p udp -j DROP',
      '-A INPUT -d 10.0.0.8/32 -p tcp -j DROP',
      '-A OUTPUT -s 10.0.0.8/32 -p tcp -m tcp --sport 8000 -m conntrack --ctstate ESTABLISHED -j ACCEPT',
      '-A OUTPUT -s 10.0.0.8/32 -p sctp -j DROP',
      '-A OUTPUT -s 10.0.0.8/32 -p udp -j DROP',
      '-A OUTPUT -s 10.0.0.8/32 -p tcp -j DROP',
    ]);
    expect(withoutPorts(machines.rules('node1', 'nat', key))).toEqual([
      '-A PREROUTING -d 10.0.0.8/32 -p tcp -m tcp --dport 8000 -j REDIRECT --to-ports 8000',
      '-A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT',
      '-A POSTROUTING -d 127.0.0.11/32 -j DOCKER_POSTROUTING',
      ...DNS_RULES,
    ]);
    expect(devices(machines.ns('node1', key))).toEqual([
      '1: lo 65536 127.0.0.1/8',
      '10: eth0@if11/0 1450 02:42:0a:00:00:08 10.0.0.8/24 brd 10.0.0.255',
      '12: eth1@if13/1 1500 02:42:ac:12:00:03 172.18.0.3/16 brd 172.18.255.255',
    ]);
    expect(devices(machines.ns('node1')).at(-1)).toBe('13: vethX@if12/2 1500 master docker_gwbridge');
    expect(devices(machines.ns('node1', overlayFile(machines, 'node1'))).at(-1)).toBe('11: veth1@if10/2 1450 master br0');
    expect(readSysctl(machines.ns('node1', key), 'net/ipv4/vs/conntrack')).toMatchObject({ value: '0' });
  });

  test('peers on each node', () => {
    expect(peers(machines.ns('node1', overlayFile(machines, 'node1')))).toEqual([peer(3, 2), peer(4, 3), peer(6, 2), peer(7, 3)]);
    expect(peers(machines.ns('node2', overlayFile(machines, 'node2')))).toEqual([peer(2, 1), peer(4, 3), peer(7, 3), peer(8, 1)]);
    expect(peers(machines.ns('node3', overlayFile(machines, 'node3')))).toEqual([peer(2, 1), peer(3, 2), peer(6, 2), peer(8, 1)]);
  });

  test('requests go round, from a node’s loopback and from outside', () => {
    const answers = [1, 2, 3, 4].map(() => machines.get('node1', '127.0.0.1', 8000));
    expect(answers[0]).toMatch(/^I'm [0-9a-f]{12}\n$/);
    expect(new Set(answers.slice(0, 3)).size).toBe(3);
    expect(answers[3]).toBe(answers[0]);
    expect(machines.get('node2', '192.168.56.13', 8000)).toMatch(/^I'm /);
    expect(machines.get('node2', '192.168.56.13', 8001)).toBe('ECONNREFUSED');
  });

  test('what Docker wrote says why it is there', () => {
    const rule = machines.ns('node1').rooms.netfilter as unknown as { nat: { chains: Map<string, { rules: { origin: unknown }[] }> } };
    expect(rule.nat.chains.get('DOCKER-INGRESS')?.rules[0]?.origin).toMatchObject({ by: 'docker', text: 'service whoami', cause: { by: 'command' } });
  });
});

test('scaling and removing', () => {
  const machines = new Machines().swarm();
  const api = machines.api('node1');
  machines.publish('whoami', 8000, 3);
  const scale = (replicas: number): void => {
    const service = value(api.serviceInspect('whoami', { insertDefaults: false }));
    value(api.serviceUpdate('whoami', service.Version.Index, { ...service.Spec, Mode: { Replicated: { Replicas: replicas } } }, { queryRegistry: false, rollback: false, cause: machines.caller('node1') }));
  };
  scale(2);
  machines.settle(1);
  expect(balancers(machines.ns('node2', 'ingress_sbox'))).toEqual(['FWM 256 rr: 10.0.0.8:0 masq 0, 10.0.0.7:0 masq 1, 10.0.0.6:0 masq 1']);
  machines.settle(20);
  for (const node of NODES) expect(balancers(machines.ns(node, 'ingress_sbox'))[0]).not.toContain('10.0.0.8');
  expect(value(api.containers({ all: true, filters: {} }))).toEqual([]);
  expect(peers(machines.ns('node2', overlayFile(machines, 'node2')))).toEqual([peer(2, 1), peer(4, 3), peer(7, 3)]);
  scale(5);
  machines.settle(10);
  expect(balancers(machines.ns('node1', 'ingress_sbox'))[0]?.match(/10\.0\.0\.\d+/g)?.sort()).toEqual(['10.0.0.10', '10.0.0.11', '10.0.0.6', '10.0.0.7', '10.0.0.9']);
  value(api.serviceRemove('whoami'));
  machines.settle(90);
  for (const node of NODES) {
    expect(machines.rules(node, 'nat')).toEqual([...NAT, '-A DOCKER-INGRESS -j RETURN']);
    expect(machines.rules(node, 'mangle', 'ingress_sbox')).toEqual([]);
    expect(machines.rules(node, 'nat', 'ingress_sbox').some((rule) => rule.includes('--ipvs -j SNAT'))).toBe(true);
    expect(balancers(machines.ns(node, 'ingress_sbox'))).toEqual([]);
    expect(listeners(machines.ns(node))).not.toContain('tcp *:8000');
    expect(devices(machines.ns(node, 'ingress_sbox'))[1]).not.toContain('10.0.0.5');
    expect(machines.files(node)).toEqual([overlayFile(machines, node), 'ingress_sbox']);
  }
  expect(machines.get('node2', '192.168.56.13', 8000)).toBe('ECONNREFUSED');
});
