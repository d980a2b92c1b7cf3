// Why not: the rules above the one that decided, each with the first condition that does not hold.
import { describe, expect, test } from 'vitest';
import { createWorld, SECOND, type RuleVerdict, type World } from '../../simulator/index.ts';
import { scenarioOf } from './worlds.ts';

/** A world in which `rules` were written on node1 (chain INPUT unless they say another) and a packet came from client. */
function tried(
  rules: readonly string[],
  send = 'curl -s -m1 192.168.56.11:80',
): { world: World; verdicts: RuleVerdict[] } {
  const world = createWorld(scenarioOf('bare'));
  for (const rule of rules) {
    const done = world.exec('node1', `iptables ${rule}`);
    world.run(world.now + SECOND);
    expect({ rule, exit: done.exit, stderr: done.stderr }).toEqual({ rule, exit: 0, stderr: '' });
  }
  world.exec('client', send);
  world.run(world.now + 2 * SECOND);
  const decided = world.trace.events.find(
    (event) =>
      event.host === 'node1' &&
      (event.kind === 'policy' || event.kind === 'rule') &&
      event.hook === 'INPUT' &&
      event.table === 'filter' &&
      (event.kind === 'policy' || event.verdict === 'DROP'),
  )!;
  return { world, verdicts: world.whyNot(decided.sequence) };
}

describe('the first condition that fails', () => {
  const cases: readonly [rule: string, condition: string, found: string][] = [
    ['-s 10.0.0.0/8 -p udp', '-s 10.0.0.0/8', '192.168.56.1'],
    ['! -s 192.168.56.0/24', '! -s 192.168.56.0/24', '192.168.56.1'],
    ['-d 192.168.56.12', '-d 192.168.56.12/32', '192.168.56.11'],
    ['-i lo', '-i lo', 'eth0'],
    ['! -i eth+', '! -i eth+', 'eth0'],
    ['-p udp --dport 80', '-p udp', 'tcp'],
    ['-p tcp --dport 8000', '-m tcp --dport 8000', '80'],
    ['-p tcp ! --syn', '-m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN', 'SYN'],
    ['-p tcp -m multiport --dports 22,443', '-m multiport --dports 22,443', '--sport SPORT --dport 80'],
    ['-m mark --mark 0x100', '-m mark --mark 0x100', '0x0'],
    ['-m conntrack --ctstate ESTABLISHED', '-m conntrack --ctstate ESTABLISHED', 'NEW'],
    ['-m addrtype --dst-type BROADCAST', '-m addrtype --dst-type BROADCAST', 'LOCAL'],
  ];
  test.each(cases)('%s', (rule, condition, found) => {
    const { verdicts } = tried([`-A INPUT ${rule} -j ACCEPT`, '-A INPUT -p tcp -j DROP']);
    const [verdict] = verdicts;
    expect(verdicts).toHaveLength(1);
    expect({ ...verdict!, found: verdict!.found.replace(/--sport \d+/, '--sport SPORT') }).toMatchObject({
      number: 1,
      outcome: 'failed',
      condition,
      found,
    });
  });
});

test('what matched and went on is told apart, and a mark that was set later does not count earlier', () => {
  const { verdicts } = tried([
    '-A INPUT -m mark --mark 0x7 -j ACCEPT',
    '-A INPUT -p tcp',
    '-N side',
    '-A side -p udp -j ACCEPT',
    '-A INPUT -j side',
    '-A INPUT -p tcp -j DROP',
  ]);
  expect(verdicts.map(({ number, outcome, condition, found }) => [number, outcome, condition, found])).toEqual([
    [1, 'failed', '-m mark --mark 0x7', '0x0'],
    [2, 'matched', '', ''],
    [3, 'matched', '', ''],
  ]);
});

test('rules are asked as they were, not as they are now', () => {
  const { world, verdicts } = tried(['-A INPUT -p udp -j ACCEPT', '-A INPUT -p tcp -j DROP']);
  const decided = world.trace.events.find((event) => event.kind === 'rule' && event.verdict === 'DROP')!;
  world.exec('node1', 'iptables -F');
  world.run(world.now + SECOND);
  expect(world.whyNot(decided.sequence)).toEqual(verdicts);
  expect(verdicts).toHaveLength(1);
});

test('what depends on other packets is not asked twice, and says so', () => {
  const { verdicts } = tried(
    ['-A INPUT -p icmp -m limit --limit 1/min --limit-burst 1 -j ACCEPT', '-A INPUT -p icmp -j DROP'],
    'ping -c2 -i0.2 192.168.56.11',
  );
  expect(verdicts).toMatchObject([
    { number: 1, outcome: 'unknown', condition: '-m limit --limit 1/min --limit-burst 1' },
  ]);
});

test('of a policy, every rule of the chain is explained', () => {
  const { verdicts } = tried(['-P INPUT DROP', '-A INPUT -p icmp -j ACCEPT', '-A INPUT -i lo -j ACCEPT']);
  expect(verdicts.map(({ condition, found }) => `${condition}: ${found}`)).toEqual(['-p icmp: tcp', '-i lo: eth0']);
});

test('an event that is forgotten has no answer', () => {
  const { world } = tried(['-A INPUT -p tcp -j DROP']);
  expect(world.whyNot(10_000_000)).toEqual([]);
});
