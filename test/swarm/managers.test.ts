// Several managers: who leads, who is reached, what is refused without a quorum, and what survives a change of the leader.
import { expect, test } from 'vitest';
import { cluster, members, pass, type } from './world.ts';

const THREE = { managers: ['node1', 'node2', 'node3'] };
const WHOAMI = 'services:\n  - {name: whoami, image: jwilder/whoami, replicas: 3, publish: ["8000:8000"]}\n';
const LEADERLESS =
  "Error response from daemon: rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online.";

test('three managers see the same, and each can be asked', () => {
  const world = cluster(THREE);
  const expected = ['node1 Ready Leader', 'node2 Ready Reachable', 'node3 Ready Reachable'];
  for (const host of ['node1', 'node2', 'node3']) expect(members(world, host)).toEqual(expected);
  expect(
    type(world, 'node2', 'docker service create -d --name web --no-resolve-image --replicas 2 jwilder/whoami'),
  ).toMatch(/^[0-9a-z]{25}$/);
  pass(world, 8);
  for (const host of ['node1', 'node2', 'node3'])
    expect(type(world, host, "docker service ls --format '{{.Name}} {{.Replicas}}'")).toBe('web 2/2');
  expect(type(world, 'node3', 'docker service scale -d web=4')).toBe('web scaled to 4');
  expect(type(world, 'node3', 'docker node update --label-add zone=a node3')).toBe('node3');
  expect(type(world, 'node3', 'docker network create -d overlay appnet')).toMatch(/^[0-9a-z]{25}$/);
  pass(world, 8);
  expect(type(world, 'node1', "docker service ls --format '{{.Name}} {{.Replicas}}'")).toBe('web 4/4');
  expect(type(world, 'node1', "docker node inspect node3 --format '{{.Spec.Labels.zone}}'")).toBe('a');
  expect(type(world, 'node2', 'docker network rm appnet')).toBe('appnet');
  expect(type(world, 'node2', 'docker service rm web')).toBe('web');
  expect(type(world, 'node1', 'docker service ls -q')).toBe('');
  expect(world.faults).toEqual([]);
});

test('promotion takes a moment, demotion takes the vote away', () => {
  const world = cluster();
  expect(type(world, 'node1', 'docker node promote node2')).toBe('Node node2 promoted to a manager in the swarm.');
  expect(members(world, 'node1')).toEqual(['node1 Ready Leader', 'node2 Ready', 'node3 Ready']);
  expect(type(world, 'node1', 'docker node demote node2')).toContain("can't find manager in raft memberlist");
  pass(world, 5);
  expect(members(world, 'node2')).toEqual(['node1 Ready Leader', 'node2 Ready Reachable', 'node3 Ready']);
  expect(type(world, 'node1', 'docker node promote node3')).toContain('promoted');
  pass(world, 5);
  expect(type(world, 'node1', 'docker swarm leave')).toContain(
    'Doing so may lose the consensus of your cluster. The only way',
  );
  expect(type(world, 'node2', 'docker node demote node1')).toBe('Manager node1 demoted in the swarm.');
  pass(world, 15);
  const now = members(world, 'node2');
  expect(now[0]).toBe('node1 Ready');
  expect(now.filter((line) => line.endsWith('Leader'))).toHaveLength(1);
  expect(type(world, 'node1', 'docker node ls')).toContain(
    "Worker nodes can't be used to view or modify cluster state",
  );
  expect(type(world, 'node2', 'docker node rm node3')).toContain(
    'is a cluster manager and is a member of the raft cluster',
  );
  expect(world.faults).toEqual([]);
});

test('a leader that dies is replaced, and the services go on', () => {
  const world = cluster({ ...THREE, services: WHOAMI });
  type(world, 'node1', 'kill -9 $(cat /var/run/docker.pid)');
  pass(world, 3);
  expect(type(world, 'node2', 'docker info 2>/dev/null | grep -c "Is Manager: true"')).toBe('1');
  pass(world, 25);
  const now = members(world, 'node2');
  expect(now[0]).toMatch(/^node1 (Unknown|Down) Unreachable$/);
  expect(now.filter((line) => line.endsWith('Leader'))).toHaveLength(1);
  pass(world, 40);
  expect(members(world, 'node3')[0]).toBe('node1 Down Unreachable');
  const placed = type(
    world,
    'node3',
    "docker service ps whoami --filter desired-state=running --format '{{.Node}}'",
  ).split('\n');
  expect(placed).toHaveLength(3);
  expect(placed).not.toContain('node1');
  expect(type(world, 'client', 'curl -sS http://192.168.56.12:8000/')).toMatch(/^I'm /);
  type(world, 'node1', 'dockerd');
  pass(world, 30);
  expect(members(world, 'node1').map((line) => line.replace(/ (Leader|Reachable)$/, ''))).toEqual([
    'node1 Ready',
    'node2 Ready',
    'node3 Ready',
  ]);
  const addresses = type(
    world,
    'node2',
    "docker service create -d --name more --no-resolve-image --replicas 3 jwilder/whoami >/dev/null; sleep 8; docker inspect $(docker service ps -q more whoami) --format '{{range .NetworksAttachments}}{{.Addresses}} {{end}}'",
  );
  const all = addresses.match(/\d+\.\d+\.\d+\.\d+/g) ?? [];
  expect(new Set(all).size).toBe(all.length);
  expect(world.faults).toEqual([]);
});

test('without a quorum nothing is shown or changed, until a new cluster is forced', () => {
  const world = cluster({ ...THREE, services: WHOAMI });
  for (const host of ['node2', 'node3']) type(world, host, 'kill -9 $(cat /var/run/docker.pid)');
  pass(world, 25);
  for (const command of [
    'docker node ls',
    'docker service ls',
    'docker service scale -d whoami=1',
    'docker network create -d overlay x',
    'docker node promote node2',
  ])
    expect(type(world, 'node1', command)).toContain(LEADERLESS);
  expect(type(world, 'client', 'curl -sS http://192.168.56.11:8000/')).toMatch(/^I'm /);
  expect(type(world, 'node1', 'docker info 2>/dev/null')).toContain('does not have a leader');
  expect(type(world, 'node1', 'docker swarm init --force-new-cluster --advertise-addr 192.168.56.11')).toMatch(
    /^Swarm initialized: current node \([0-9a-z]{25}\) is now a manager/,
  );
  pass(world, 40);
  expect(members(world, 'node1')).toEqual(['node1 Ready Leader', 'node2 Down', 'node3 Down']);
  expect(type(world, 'node1', "docker service ls --format '{{.Name}} {{.Replicas}}'")).toMatch(/^whoami \d\/3$/);
  expect(type(world, 'node1', "docker service ps whoami --filter desired-state=running --format '{{.Node}}'")).toBe(
    'node1\nnode1\nnode1',
  );
  expect(world.faults).toEqual([]);
});

test('a partition: the side of the few loses its leader, and meets the others again', () => {
  const world = cluster(THREE);
  for (const [host, other] of [
    ['node1', '12'],
    ['node1', '13'],
  ]) {
    type(world, host!, `iptables -A INPUT -s 192.168.56.${other} -j DROP`);
    type(world, host!, `iptables -A OUTPUT -d 192.168.56.${other} -j DROP`);
  }
  pass(world, 5);
  expect(members(world, 'node1').map((line) => line.split(' ')[2])).toEqual(['Leader', 'Unreachable', 'Unreachable']);
  pass(world, 35);
  expect(type(world, 'node1', 'docker node ls')).toBe(LEADERLESS);
  expect(members(world, 'node2').filter((line) => line.endsWith('Leader'))).toHaveLength(1);
  expect(type(world, 'node2', 'docker service create -d --name web --no-resolve-image jwilder/whoami')).toMatch(
    /^[0-9a-z]{25}$/,
  );
  type(world, 'node1', 'iptables -F INPUT; iptables -F OUTPUT');
  pass(world, 60);
  expect(type(world, 'node1', "docker service ls --format '{{.Name}}'")).toBe('web');
  expect(members(world, 'node1').every((line) => /Ready (Leader|Reachable)$/.test(line))).toBe(true);
  expect(world.faults).toEqual([]);
});

test('a rotated token lets nobody in who has the old one, and locking is refused in words', () => {
  const world = cluster({ nodes: 3, managers: ['node1'] });
  const old = type(world, 'node1', 'docker swarm join-token -q worker');
  type(world, 'node3', 'docker swarm leave');
  expect(type(world, 'node1', 'docker swarm join-token --rotate -q worker')).not.toBe(old);
  expect(type(world, 'node3', `docker swarm join --token ${old} 192.168.56.11:2377`)).toContain(
    'A valid join token is necessary to join this cluster',
  );
  expect(
    type(
      world,
      'node3',
      `docker swarm join --token $(echo ${type(world, 'node1', 'docker swarm join-token -q manager')}) 192.168.56.11:2377`,
    ),
  ).toBe('This node joined a swarm as a manager.');
  expect(members(world, 'node3').filter((line) => line.startsWith('node3') && line.includes('Reachable'))).toHaveLength(
    1,
  );
  expect(type(world, 'node1', 'docker swarm update --autolock=true')).toContain('not emulated here');
  expect(world.faults).toEqual([]);
});

test('a manager whose port 2377 is blocked is unreachable, and comes back', () => {
  const world = cluster(THREE);
  type(world, 'node3', 'iptables -A INPUT -p tcp --dport 2377 -j DROP');
  pass(world, 8);
  expect(members(world, 'node1')).toContain('node3 Ready Unreachable');
  type(world, 'node3', 'iptables -F INPUT');
  pass(world, 20);
  expect(members(world, 'node1').every((line) => / Ready (Leader|Reachable)$/.test(line))).toBe(true);
  expect(world.faults).toEqual([]);
});

test('one manager alone sends no word about consensus', () => {
  const world = cluster({ nodes: 1 });
  type(world, 'node1', 'timeout 30 tcpdump -ni eth0 -w /tmp/all.pcap tcp port 2377 >/dev/null 2>&1; true', 90);
  expect(type(world, 'node1', 'tcpdump -r /tmp/all.pcap 2>/dev/null | wc -l')).toBe('0');
});
