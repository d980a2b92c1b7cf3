// Going back and forward again is the session itself, byte for byte: terminals, trace, and what happens next.
import { expect, test } from 'vitest';
import { parseScenario } from '../../simulator/index';
import { beforeInput, type Target } from '../../src/lab/instant';
import type { Player } from '../../src/lab/player';
import { textOf } from '../tidy/sources';
import { Hand, traceDigest } from './hand';

const mesh = parseScenario(textOf('content/scenarios/routing-mesh.yaml'));

const LINES: readonly [string, string][] = [
  ['client', 'while true; do curl -s 192.168.56.11:8000; sleep 1; done\r'],
  ['node1', 'tcpdump -c 4 -nni eth0 tcp port 8000\r'],
  ['client', '\x03'],
  ['node1', 'docker service scale whoami=4\r'],
  [
    'node2',
    'iptables -t nat -A OUTPUT -p tcp --dport 81 -j DNAT --to-destination 192.168.56.11:8000; curl 10.9.8.7:81\r',
  ],
  ['node1', 'ping -c 3 192.168.56.13 & ip neigh\r'],
];

/** Everything that can be seen of a world. */
function seen({ session }: Player): string {
  const screens = session.terminals().map(({ id }) => `${id} ${session.takeScreen(id)}`);
  return [session.now, session.world.executed, traceDigest(session), ...screens].join('\n');
}

test('from any instant, played forward to the end', async () => {
  const hand = new Hand(mesh);
  const ids: Record<string, string> = {};
  for (const [host, line] of LINES) {
    ids[host] ??= await hand.open(host);
    await hand.type(ids[host], line, 3);
  }
  const { player } = hand;
  await player.request({ do: 'pause' });
  const { current } = player.timeline;
  const { log, end } = current;
  const whole = seen(player);
  expect(log.length).toBeGreaterThan(200);

  const targets: Target[] = [];
  for (let part = 0; part < 3; part++) {
    targets.push(beforeInput(log, Math.floor((part / 3) * log.length)));
    targets.push({ at: Math.floor(current.from.at + (part / 3) * (end.at - current.from.at)) });
  }
  for (const target of targets.sort((one, other) => ((one.at * 7919) % 101) - ((other.at * 7919) % 101))) {
    await hand.during(player.request({ do: 'seek', target }));
    expect(player.session.now).toBe(target.at);
    const there = seen(player);
    while (!player.session.playTo(end, 1000));
    expect(seen(player)).toBe(whole);
    await hand.during(player.request({ do: 'seek', target }));
    expect(seen(player)).toBe(there);
  }
});

test.each([
  ['with', false],
  ['without', true],
])('a session that was saved and brought back %s its trace goes on as if nothing had been', async (_, forgetful) => {
  const hand = new Hand(mesh);
  const id = await hand.open('node1');
  await hand.type(id, 'i=0; while true; do i=$((i + 1)); echo $i; sleep 1; done\r', 3);
  await hand.player.request({ do: 'pause' });
  const saved = JSON.parse(JSON.stringify(hand.player.timeline.save())) as ReturnType<typeof hand.player.timeline.save>;
  const again = new Hand(mesh, saved, forgetful);
  await again.player.request({ do: 'pause' });
  if (forgetful) {
    expect(again.player.session.world.trace.events).toEqual([]);
    expect(traceDigest(again.player.session)).not.toBe(traceDigest(hand.player.session));
    while (again.player.session.world.trace.events.length === 0) again.wall.pass(10);
  }
  expect(seen(again.player)).toBe(seen(hand.player));
  for (const { player } of [hand, again])
    while (player.session.run(saved.branches[0]!.end.at + 5_000_000, 1000) === 'budget');
  expect(seen(again.player)).toBe(seen(hand.player));
});

test('who goes back in a session that was brought back without its trace finds all of it', async () => {
  const hand = new Hand(mesh);
  const id = await hand.open('client');
  await hand.type(id, 'curl 192.168.56.11:8000\r', 2);
  const { end } = hand.player.timeline.current;
  await hand.type(id, 'echo later\r', 2);
  const saved = JSON.parse(JSON.stringify(hand.player.timeline.save())) as ReturnType<typeof hand.player.timeline.save>;
  const again = new Hand(mesh, saved, true);
  await again.during(again.player.request({ do: 'seek', target: end }));
  await hand.during(hand.player.request({ do: 'seek', target: end }));
  expect(again.player.session.world.trace.stories().length).toBeGreaterThan(0);
  expect(seen(again.player)).toBe(seen(hand.player));
});
