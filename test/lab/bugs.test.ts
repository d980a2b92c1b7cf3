// Documented faults, reproduced: what people saw, and that it is well without the bug. Each names the report that it mirrors.
import { describe, expect, test } from 'vitest';
import { createWorld, parseScenario, SECOND, type World } from '../../simulator/index';
import { BUGS } from '../../simulator/lab/bugs/index';
import { textOf } from '../tidy/sources';

const MESH = textOf('content/scenarios/routing-mesh.yaml');
const SWARM = MESH.slice(0, MESH.indexOf('services:'));

function run(world: World, on: string, line: string, seconds = 300): string {
  const execution = world.exec(on, line);
  const limit = world.now + seconds * SECOND;
  while (execution.exit === undefined && world.now < limit) world.run(Math.min(world.nextDue() ?? limit, limit));
  return execution.stdout + execution.stderr;
}

const pass = (world: World, seconds: number): void => void world.run(world.now + seconds * SECOND);

/** Codes of some requests: 200, or 000 for none. */
const ask = (world: World, address: string, times = 6): string =>
  run(
    world,
    'client',
    `for i in $(seq ${times}); do curl -s -m1 -o /dev/null -w "%{http_code} " ${address}:8000; done`,
  ).trim();

const world = (text: string, bugs = ''): World =>
  createWorld(bugs === '' ? text : `${text}\nbugs: [${bugs}]\n`, { trace: false });

test.each(BUGS.map((bug) => [bug.name, bug] as const))('%s names its reports', (_name, bug) => {
  for (const issue of bug.issues) expect(issue).toMatch(/^[\w.-]+\/[\w.-]+#\d+$/);
  expect(bug.issues.length).toBeGreaterThan(0);
});

test('moby#31208: a connection idle for 900 s is reset at its next byte; with keepalive below it lives', () => {
  for (const [idle, alive] of [
    [880, true],
    [910, false],
  ] as const) {
    const one = world(MESH, 'idle-ipvs: {}');
    const talk = run(
      one,
      'client',
      `(printf 'GET / HTTP/1.1\\r\\n\\r\\n'; sleep ${idle}; printf 'GET / HTTP/1.1\\r\\n\\r\\n'; sleep 2) | nc 192.168.56.11 8000`,
      1000,
    );
    expect(talk.match(/I'm /g)).toHaveLength(alive ? 2 : 1);
  }
});

describe('moby#35401: an address that came back on another node', () => {
  const moved = (bugs: string): World => {
    const one = world(SWARM, bugs);
    run(
      one,
      'node1',
      'docker network create -d overlay --attachable --subnet 10.9.0.0/24 net && docker run -d --name box --network net alpine sleep 1000000',
    );
    run(one, 'node2', 'docker run -d --name web --network net --ip 10.9.0.50 alpine sleep 1000000');
    run(one, 'node3', 'docker run -d --name other --network net alpine sleep 1000000');
    expect(run(one, 'node1', 'docker exec box ping -c1 -W1 10.9.0.50')).toContain(' 0% packet loss');
    run(one, 'node2', 'docker rm -f web');
    pass(one, 5);
    run(one, 'node3', 'docker run -d --name web --network net --ip 10.9.0.50 alpine sleep 1000000');
    pass(one, 5);
    return one;
  };
  const entry = `for n in /var/run/docker/netns/1-*; do nsenter --net=$n bridge fdb show dev vxlan0; done | grep 02:42:0a:09:00:32 | grep dst`;

  test('is sought at its old node, until the entry is replaced by hand', () => {
    const one = moved('stale-peer: {}');
    expect(run(one, 'node1', entry)).toContain('dst 192.168.56.12');
    expect(run(one, 'node1', 'docker exec box ping -c1 -W1 10.9.0.50')).toContain('100% packet loss');
    run(
      one,
      'node1',
      `for n in /var/run/docker/netns/1-*; do nsenter --net=$n bridge fdb replace 02:42:0a:09:00:32 dev vxlan0 dst 192.168.56.13 self permanent; done`,
    );
    expect(run(one, 'node1', 'docker exec box ping -c1 -W1 10.9.0.50')).toContain(' 0% packet loss');
  });

  test('is found without the bug', () => {
    const one = moved('');
    expect(run(one, 'node1', entry)).toContain('dst 192.168.56.13');
    expect(run(one, 'node1', 'docker exec box ping -c1 -W1 10.9.0.50')).toContain(' 0% packet loss');
  });
});

// fault-dnat-deleted.json: the client is connected by dockerd's own socket, and hangs.
test("moby#33893: after a firewall's reload clients of that node connect and hang, until dockerd is restarted", () => {
  const one = world(MESH, 'firewall-reload: { on: node2 }');
  expect(run(one, 'node2', 'iptables -t nat -S; iptables -S')).not.toContain('DOCKER-INGRESS');
  expect(run(one, 'client', 'curl -m2 -sS http://192.168.56.12:8000')).toMatch(
    /\(28\) Operation timed out after 200\d milliseconds with 0 bytes received/,
  );
  expect(ask(one, '192.168.56.11')).toBe('200 200 200 200 200 200');
  run(one, 'node2', 'systemctl restart docker');
  pass(one, 20);
  expect(ask(one, '192.168.56.12')).toBe('200 200 200 200 200 200');
});

describe('moby#44551: the hypervisor takes UDP 4789', () => {
  test('a node reaches its own task only, and `node ls` shows nothing', () => {
    const one = world(MESH, 'vxlan-port-clash: { on: node1 }');
    expect(ask(one, '192.168.56.11').match(/200/g)).toHaveLength(2);
    expect(run(one, 'node1', 'docker node ls').match(/Ready/g)).toHaveLength(3);
  });

  test('another data path port helps', () => {
    const machines = MESH.slice(0, MESH.indexOf('swarm:'));
    const one = world(machines, 'vxlan-port-clash: { on: node1 }');
    run(one, 'node1', 'docker swarm init --advertise-addr 192.168.56.11 --data-path-port 7789');
    const token = run(one, 'node1', 'docker swarm join-token -q worker').trim();
    for (const node of ['node2', 'node3']) run(one, node, `docker swarm join --token ${token} 192.168.56.11:2377`);
    run(one, 'node1', 'docker service create --name whoami --replicas 3 -p 8000:8000 jwilder/whoami');
    expect(ask(one, '192.168.56.11')).toBe('200 200 200 200 200 200');
  });
});

describe('moby#37115: ESP through a NAT', () => {
  const overlay = (encrypted: boolean): string => {
    const one = world(SWARM, 'esp-through-nat: { on: node2 }');
    run(
      one,
      'node1',
      `docker network create -d overlay --attachable ${encrypted ? '--opt encrypted' : ''} net && docker run -d --name box --network net alpine sleep 1000000`,
    );
    run(one, 'node2', 'docker run -d --name other --network net alpine sleep 1000000');
    pass(one, 3);
    return run(one, 'node1', `docker exec box ping -c2 -W1 other`);
  };
  test('an encrypted overlay is silent', () => expect(overlay(true)).toContain('100% packet loss'));
  test('a plain one works', () => expect(overlay(false)).toContain(' 0% packet loss'));
});

test('moby#46636: rules of iptables-legacy that `iptables -S` does not show', () => {
  const one = world(MESH, 'legacy-nft-split: { on: node3 }');
  expect(ask(one, '192.168.56.13', 3)).toBe('000 000 000');
  expect(run(one, 'node3', 'iptables -S FORWARD')).toContain('iptables-legacy tables present');
  expect(run(one, 'node3', 'iptables-legacy -S FORWARD')).toContain('-P FORWARD DROP');
  run(one, 'node3', 'iptables-legacy -P FORWARD ACCEPT');
  expect(ask(one, '192.168.56.13', 3)).toBe('200 200 200');
});

describe('moby#35941: one machine is upgraded, the others not yet', () => {
  const upgraded = MESH.replace('engine: "26.1"', 'engine: "17.03"')
    .replace('docker: true }', 'docker: true, engine: "18.09" }')
    .replace('replicas: 3', 'replicas: 1');
  test('it refuses what runs elsewhere only; the others serve it', () => {
    const one = world(upgraded, 'mixed-version-ingress: {}');
    expect(run(one, 'node1', "docker node ls --format '{{.Hostname}} {{.EngineVersion}}'")).toMatch(
      /node1 18\.09.*\n.*17\.03/s,
    );
    const here = run(one, 'node1', "docker service ps whoami --format '{{.Node}}'").trim();
    const elsewhere = here === 'node1' ? undefined : here;
    expect(elsewhere).toBeDefined();
    expect(ask(one, '192.168.56.11', 2)).toBe('000 000');
    expect(run(one, 'client', 'curl -sS -m2 192.168.56.11:8000')).toMatch(/Failed to connect|refused/);
    expect(ask(one, '192.168.56.12', 2)).toBe('200 200');
    expect(ask(one, '192.168.56.13', 2)).toBe('200 200');
  });
});

test.each([
  ['bugs: [{ gremlins: {} }]', /at bugs\.0/],
  ['bugs: [{ firewall-reload: { on: node9 } }]', /at bugs\.0\.firewall-reload\.on: there is no machine node9/],
])('%s is refused with its place', (text, message) => {
  expect(() => parseScenario(`${MESH}\n${text}`)).toThrow(message);
});
