// A network with `--opt dsr`: the tasks answer from the service's address by themselves, and see who asked
// (recording lessons-unit7.json, from step 180).
import { beforeAll, expect, test } from 'vitest';
import { createWorld, SECOND, type World } from '../../simulator/index.ts';
import { namedScenario } from '../../src/cli/lesson-files.ts';

let world: World;
/** Runs a line to its end, and answers what it printed. */
function typed(host: string, line: string): string {
  const run = world.exec(host, line);
  for (let second = 0; second < 120 && run.exit === undefined; second++) world.run(world.now + SECOND);
  return `${run.stdout}${run.stderr}`;
}
const lb = (command: string): string =>
  typed('node1', `nsenter --net=/var/run/docker/netns/$(ls /var/run/docker/netns | grep ^lb_) ${command}`);

beforeAll(() => {
  world = createWorld(namedScenario('routing-mesh')!);
  typed('node1', 'docker network create -d overlay --opt dsr --attachable fast');
  typed('node1', 'docker service create -d --name d --network fast --replicas 3 nginx; sleep 10');
  typed('node1', 'docker run -d --name box --network fast nicolaka/netshoot sleep 1d');
});

const three = (): Set<string> =>
  new Set([1, 2, 3].map(() => typed('node1', 'docker exec box curl -sS -m 2 http://d/')));

test('each of three tasks answers once', () => {
  const answers = three();
  expect([...answers].every((answer) => /^I'm [0-9a-f]{12}\n$/.test(answer))).toBe(true);
  expect(answers.size).toBe(3);
});

test('the balancer leaves conntrack out; a task keeps quiet about the address on its lo', () => {
  expect(lb('sysctl -n net.ipv4.vs.conntrack')).toBe('0\n');
  const task = "nsenter -t $(docker inspect -f '{{.State.Pid}}' $(docker ps -q -f name=^d.)) -n";
  expect(
    typed(
      'node1',
      `${task} sysctl -n net.ipv4.conf.all.arp_ignore net.ipv4.conf.eth0.arp_ignore net.ipv4.conf.eth0.arp_announce`,
    ),
  ).toBe('0\n1\n2\n');
});

test('with conntrack nothing changes: it alters translated connections only', () => {
  lb('sysctl -w net.ipv4.vs.conntrack=1');
  expect(three().size).toBe(3);
  expect(lb("conntrack -L -p tcp 2>/dev/null | grep -c 'src=10.0.1.2 dst=10.0.1.9'")).not.toBe('0\n');
});
