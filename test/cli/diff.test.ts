// Two eras' ways of one packet beside each other.
import { describe, expect, test } from 'vitest';
import { createWorld, SECOND } from '../../simulator/index.ts';
import {
  conversationOf,
  diffSteps,
  diffText,
  scenarioOf,
  stepsOf,
  type EraDiff,
  type Step,
} from '../../src/cli/diff.ts';

const step = (deed: string, where: string, place = 'host', host = 'node 1'): Step => ({
  host,
  place,
  deed,
  where,
  text: `${host} ${place}: ${where} ${deed}`,
});

describe('two ways', () => {
  const way = [
    step('made', 'socket'),
    step('MARK', 'mangle OUTPUT', 'task'),
    step('IPVS scheduled', 'OUTPUT', 'task'),
    step('delivered', 'socket'),
  ];

  test('that are the same differ in nothing', () => {
    const same = diffSteps(way, way);
    expect(same.lines.map(({ sign }) => sign)).toEqual([' ', ' ', ' ', ' ']);
    expect(diffText(same, ['1', '2'])).toContain('Nothing moved.');
  });

  test('name what moved, what is gone and what came', () => {
    const other = [
      step('made', 'socket'),
      step('MARK', 'mangle INPUT', 'load balancer'),
      step('IPVS scheduled', 'INPUT', 'load balancer'),
      step('SNAT', 'nat POSTROUTING', 'load balancer'),
      step('delivered', 'socket'),
    ];
    const { moved, gone, come } = diffSteps(
      [...way.slice(0, 3), step('ACCEPT', 'filter INPUT', 'task'), ...way.slice(3)],
      other,
    );
    expect(moved).toEqual([
      { deed: 'MARK', from: 'mangle OUTPUT in task on node 1', to: 'mangle INPUT in load balancer on node 1' },
      { deed: 'IPVS scheduled', from: 'OUTPUT in task on node 1', to: 'INPUT in load balancer on node 1' },
    ]);
    expect(gone).toEqual(['ACCEPT: filter INPUT in task on node 1']);
    expect(come).toEqual(['SNAT: nat POSTROUTING in load balancer on node 1']);
  });
});

const SCENARIO = `name: diff
title: two services on one overlay
engine: "26.1"
seed: 1
machines:
  - {name: node1, address: 192.168.56.11/24, docker: true}
  - {name: client, address: 192.168.56.1/24}
swarm: {managers: [node1], workers: []}
networks: [{name: appnet}]
services:
  - {name: web, image: jwilder/whoami, replicas: 1, networks: [appnet], publish: ["8000:8000"]}
  - {name: cli, image: alpine, replicas: 1, networks: [appnet], command: [sleep, "100000"]}
`;

/** The way of a command's packet under one engine. */
function way(engine: string, host: string, command: string): Step[] {
  const world = createWorld(scenarioOf(SCENARIO, engine), { trace: false });
  world.trace.enabled = true;
  const execution = world.exec(host, command);
  const until = world.now + 60 * SECOND;
  while (execution.exit === undefined && world.now < until) world.run(Math.min(world.nextDue() ?? until, until));
  expect(execution.stdout).toContain("I'm ");
  return stepsOf(conversationOf(world, host)!);
}

const between = (a: string, b: string, host: string, command: string): EraDiff =>
  diffSteps(way(a, host, command), way(b, host, command));

describe('from 17.03 to 28', () => {
  test('the balancing of virtual addresses moved out of the task', () => {
    const { moved, come } = between(
      '17.03',
      '28',
      'node1',
      "docker exec $(docker ps -q -f name=cli) wget -qO- http://$(docker service inspect web --format '{{(index .Endpoint.VirtualIPs 1).Addr}}' | cut -d/ -f1):8000/",
    );
    expect(moved).toContainEqual({
      deed: 'MARK',
      from: 'mangle OUTPUT in task on node 1',
      to: 'mangle INPUT in load balancer on node 1',
    });
    expect(moved.map(({ deed }) => deed)).toContain('IPVS scheduled');
    expect(come.some((line) => line.includes('load balancer'))).toBe(true);
  });

  test('a published port is forwarded by another chain', () => {
    const { moved, come, lines } = between('17.03', '28', 'client', 'curl -s http://192.168.56.11:8000/');
    expect(moved).toEqual([
      {
        deed: 'DOCKER-INGRESS',
        from: 'filter FORWARD in host on node 1',
        to: 'filter DOCKER-FORWARD in host on node 1',
      },
    ]);
    expect(come).toEqual([
      'DOCKER-USER: filter FORWARD in host on node 1',
      'DOCKER-FORWARD: filter FORWARD in host on node 1',
    ]);
    expect(lines.filter(({ sign }) => sign === ' ').length).toBeGreaterThan(20);
  });
});
