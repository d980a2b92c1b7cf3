// The daemon ends and comes back: what it takes with it, what it leaves, and what the swarm makes of it (recordings
// fault-node-down.json and lessons-unit3.json).
import { expect, test } from 'vitest';
import { Machines, value } from './machines.ts';
import { balancers, devices, listeners } from './views.ts';

const tasks = (machines: Machines): string[] =>
  value(machines.api('node1').tasks({}))
    .map((task) => `${task.Slot} ${task.DesiredState} ${task.Status.State}`)
    .sort();

test('a worker’s daemon is stopped: containers, namespaces and mesh rules go; others take over; it comes back empty', () => {
  const machines = new Machines().swarm();
  machines.publish('whoami', 8000, 3);
  expect(machines.host('node2').fs.readText('/var/run/docker.pid')).toMatchObject({ ok: true });
  machines.daemons.get('node2')?.stop();
  machines.settle(4);
  expect(machines.daemons.get('node2')?.api).toBeUndefined();
  expect(machines.files('node2')).toEqual([]);
  expect(machines.host('node2').fs.readText('/var/run/docker.pid')).toMatchObject({ ok: false });
  expect(machines.rules('node2', 'nat')).toContain('-A DOCKER-INGRESS -j RETURN');
  expect(machines.rules('node2', 'nat').some((rule) => rule.includes('8000'))).toBe(false);
  expect(devices(machines.ns('node2')).map((line) => line.split(' ')[1])).toEqual(['lo', 'eth0', 'docker0', 'docker_gwbridge']);
  expect(listeners(machines.ns('node2'))).toEqual([]);
  expect(machines.get('node1', '192.168.56.12', 8000)).toBe('ECONNREFUSED');
  // The manager has not noticed; gossip has.
  expect(value(machines.api('node1').nodes({})).map((node) => node.Status.State)).toEqual(['ready', 'ready', 'ready']);
  expect(balancers(machines.ns('node1', 'ingress_sbox'))).toEqual(['FWM 256 rr: 10.0.0.7:0 masq 1, 10.0.0.8:0 masq 1']);
  machines.settle(20);
  const down = value(machines.api('node1').nodes({})).find((node) => node.Status.State === 'down');
  expect(down?.Description.Hostname).toBe('node2');
  expect(tasks(machines)).toEqual(['1 running running', '1 shutdown running', '2 running running', '3 running running']);
  expect(balancers(machines.ns('node1', 'ingress_sbox'))[0]?.match(/10\.0\.0\.\d+/g)).toHaveLength(3);

  machines.daemons.get('node2')?.start();
  machines.settle(15);
  expect(value(machines.api('node1').nodes({})).map((node) => node.Status.State)).toEqual(['ready', 'ready', 'ready']);
  expect(tasks(machines)).toEqual(['1 running running', '1 shutdown shutdown', '2 running running', '3 running running']);
  expect(value(machines.api('node2').containers({ all: true, filters: {} }))).toEqual([]);
  expect(machines.files('node2')).toHaveLength(2);
  expect(balancers(machines.ns('node2', 'ingress_sbox'))[0]?.match(/10\.0\.0\.\d+/g)).toHaveLength(3);
  expect(machines.get('node3', '192.168.56.12', 8000)).toMatch(/^I'm /);
});

test('the manager’s daemon is killed and started: the swarm is still there', () => {
  const machines = new Machines().swarm();
  machines.publish('whoami', 8000, 3);
  machines.host('node1').daemon(['killer'], function* (ctx) {
    const pid = ctx.fs.readText('/var/run/docker.pid');
    ctx.kill(Number(pid.ok ? pid.value : 0), 'SIGKILL');
    return 0;
  });
  machines.settle(3);
  expect(machines.daemons.get('node1')?.api).toBeUndefined();
  machines.daemons.get('node1')?.start();
  machines.settle(40);
  expect(value(machines.api('node1').nodes({})).map((node) => node.Status.State)).toEqual(['ready', 'ready', 'ready']);
  expect(tasks(machines).filter((line) => line.endsWith('running running'))).toHaveLength(3);
  for (const node of ['node1', 'node2', 'node3']) {
    expect(balancers(machines.ns(node, 'ingress_sbox'))[0]?.match(/10\.0\.0\.\d+/g)).toHaveLength(3);
    expect(machines.get('node2', `192.168.56.1${node.slice(-1)}`, 8000)).toMatch(/^I'm /);
  }
});

test('own rules in DOCKER-USER stay, those in DOCKER go', () => {
  const machines = new Machines(['node1']);
  const before = machines.rules('node1', 'filter');
  const nat = machines.rules('node1', 'nat');
  machines.iptables('node1', '-I DOCKER-USER -s 192.168.56.1 -j DROP');
  machines.iptables('node1', '-I DOCKER -s 192.168.56.12 -j DROP');
  machines.daemons.get('node1')?.stop();
  machines.settle(1);
  machines.daemons.get('node1')?.start();
  machines.settle(1);
  expect(machines.rules('node1', 'filter').filter((rule) => !rule.includes('192.168.56.1/32')).sort()).toEqual([...before].sort());
  expect(machines.rules('node1', 'filter')).toContain('-A DOCKER-USER -s 192.168.56.1/32 -j DROP');
  expect(machines.rules('node1', 'nat').sort()).toEqual([...nat].sort());
});
