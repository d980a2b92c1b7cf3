// Overlay networks of the learner's own, ports of a host, and what is lost when underlay ports are closed
// (recordings overlay-network.json, service-modes.json, fault-vxlan-dropped.json).
import { beforeAll, describe, expect, test } from 'vitest';
import { DNS_PTR } from '../../simulator/wire/dns.ts';
import { Machines, value } from './machines.ts';
import { ask, balancers, devices, peers, routes } from './views.ts';

const container = (machines: Machines, node: string, name: string): string => {
  const found = value(machines.api(node).containers({ all: true, filters: {} })).find((each) => each.Names.some((full) => full.startsWith(`/${name}.`)));
  return value(machines.api(node).containerInspect(found?.Id ?? name)).NetworkSettings.SandboxKey.split('/').at(-1) as string;
};

describe('demonet 192.168.200.0/24, demoservice ×2 on node1 and node2', () => {
  let machines: Machines;
  let file: string;
  beforeAll(() => {
    machines = new Machines().swarm();
    const made = machines.network('demonet', '192.168.200.0/24');
    machines.service('demoservice', 2, { image: 'alpine', args: ['sleep', '50000'], networks: ['demonet'], constraints: ['node.hostname!=node3'] });
    file = made.slice(0, 10);
  });

  test('virtual address .2, tasks .3 and .4, balancers’ own addresses after them', () => {
    const service = value(machines.api('node1').serviceInspect('demoservice', { insertDefaults: false }));
    expect(service.Endpoint.VirtualIPs?.map(({ Addr }) => Addr)).toEqual(['192.168.200.2/24']);
    const lb = `lb_${file.slice(0, 9)}`;
    expect(devices(machines.ns('node1', lb)).map((line) => line.replace(/^\d+: |@\S+/g, ''))).toEqual([
      'lo 65536 127.0.0.1/8',
      'eth0 1450 02:42:c0:a8:c8:06 192.168.200.6/24 brd 192.168.200.255 192.168.200.2/32',
    ]);
    expect(balancers(machines.ns('node1', lb))[0]).toMatch(/^FWM 256 rr: .*192\.168\.200\.[34]:0 masq 1/);
    expect(machines.rules('node1', 'mangle', lb)).toEqual(['-A INPUT -d 192.168.200.2/32 -j MARK --set-xmark 0x100/0xffffffff']);
    expect(machines.files('node3').some((name) => name.startsWith('lb_'))).toBe(false);
  });

  test('peers on both nodes, the other balancer among them', () => {
    const at = (last: number, node: number): string => `192.168.200.${last} 02:42:c0:a8:c8:0${last} 192.168.56.1${node}`;
    expect(peers(machines.ns('node1', `1-${file}`))).toEqual([at(3, 2), at(5, 2)]);
    expect(peers(machines.ns('node2', `1-${file}`))).toEqual([at(4, 1), at(6, 1)]);
    expect(routes(machines.ns('node1', container(machines, 'node1', 'demoservice')))).toEqual(['0.0.0.0/0 via 172.18.0.1 eth1', '172.18.0.0/16 eth1', '192.168.200.0/24 eth0']);
  });

  test('names: the service, its tasks, what is not there, and back', () => {
    const key = container(machines, 'node1', 'demoservice');
    const asked = (name: string, type?: number): string => ask(machines, 'node1', key, name, type);
    expect(asked('demoservice')).toBe('NOERROR 192.168.200.2 (56)');
    expect(asked('tasks.demoservice')).toMatch(/^NOERROR 192\.168\.200\.3 192\.168\.200\.4 /);
    expect(asked('nosuch')).toMatch(/^SERVFAIL/);
    expect(asked('3.200.168.192.in-addr.arpa', DNS_PTR)).toMatch(/^NOERROR demoservice\.1\.[0-9a-z]{25}\.demonet /);
    // A virtual address has no name.
    expect(asked('2.200.168.192.in-addr.arpa', DNS_PTR)).toMatch(/^SERVFAIL/);
  });

  test('a container of docker run joins, is found by name, and takes the network with it when it goes', () => {
    machines.run('node3', { name: 'shoot', image: 'alpine', args: ['sleep', '50000'], network: 'demonet' });
    expect(devices(machines.ns('node3', `lb_${file.slice(0, 9)}`))[1]).toContain('192.168.200.8/24');
    expect(ask(machines, 'node1', container(machines, 'node1', 'demoservice'), 'shoot')).toBe('NOERROR 192.168.200.7 (44)');
    machines.finish(machines.api('node3').containerRemove('shoot', { force: true, volumes: false }));
    machines.settle(5);
    expect(machines.files('node3').filter((name) => name.includes(file.slice(0, 9)) && machines.host('node3').fs.netnsAt(`/var/run/docker/netns/${name}`).ok)).toEqual([]);
  });
});

test('ports of the host: a proxy and a rule on the node itself', () => {
  const machines = new Machines().swarm();
  machines.service('h', 1, { Mode: { Global: {} }, EndpointSpec: { Mode: 'vip', Ports: [{ Protocol: 'tcp', TargetPort: 8000, PublishedPort: 8000, PublishMode: 'host' }] } });
  for (const node of ['node1', 'node2', 'node3']) {
    expect(machines.rules(node, 'nat').filter((rule) => rule.includes('8000'))).toEqual([
      '-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 8000 -j MASQUERADE',
      '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8000 -j DNAT --to-destination 172.17.0.2:8000',
    ]);
    expect(machines.get(node, '127.0.0.1', 8000)).toMatch(/^I'm /);
    expect(machines.get('node1', `192.168.56.1${node.slice(-1)}`, 8000)).toMatch(/^I'm /);
  }
});

test('7946 closed on a node: its entries fade on the others, and come back', () => {
  const machines = new Machines().swarm();
  machines.publish('whoami', 8000, 3);
  const servers = (): number => balancers(machines.ns('node1', 'ingress_sbox'))[0]?.match(/10\.0\.0\.\d+/g)?.length ?? 0;
  for (const protocol of ['udp', 'tcp']) machines.iptables('node2', `-I INPUT -p ${protocol} --dport 7946 -j DROP`);
  machines.settle(30);
  expect(servers()).toBe(2);
  // 2377 is open: the manager sees no fault.
  expect(value(machines.api('node1').nodes({})).map((node) => node.Status.State)).toEqual(['ready', 'ready', 'ready']);
  for (const protocol of ['udp', 'tcp']) machines.iptables('node2', `-D INPUT -p ${protocol} --dport 7946 -j DROP`);
  machines.settle(45);
  expect(servers()).toBe(3);
});

test('4789 closed on a node: its own task answers, the others do not', () => {
  const machines = new Machines().swarm();
  machines.publish('whoami', 8000, 3);
  machines.iptables('node1', '-I INPUT -p udp --dport 4789 -j DROP');
  const answers = [1, 2, 3].map(() => machines.get('node1', '127.0.0.1', 8000));
  expect(answers.filter((answer) => answer.startsWith("I'm"))).toHaveLength(1);
  expect(answers.filter((answer) => answer === 'EAGAIN')).toHaveLength(2);
});

test('-v /var/run/docker/netns:/netns: a container can enter ingress_sbox', () => {
  const machines = new Machines().swarm();
  machines.run('node1', { name: 'shoot', image: 'alpine', args: ['sleep', '50000'], network: 'bridge', binds: ['/var/run/docker/netns:/netns'] });
  const mounts = machines.daemons.get('node1')?.parts?.containers.find('shoot')?.mounts;
  const found = machines.host('node1').filesOf(mounts!).netnsAt('/netns/ingress_sbox');
  expect(found).toEqual({ ok: true, value: machines.ns('node1', 'ingress_sbox') });
});
