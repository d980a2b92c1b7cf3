// Why: every step of every packet leads back to a command, a line of the scenario, or a named habit of the kernel.
import { describe, expect, test } from 'vitest';
import { causesOf, isExplained, type Origin } from '../../simulator/base/origin.ts';
import { createWorld, SECOND, type Hop, type World } from '../../simulator/index.ts';
import { LABS, play, SCENARIOS, scenarioOf, worldOf, worldOfLab } from './worlds.ts';

/** A chain as one line. */
function told(origin: Origin): string {
  return [...causesOf(origin)]
    .map(
      ({ by, text, terminal, line }) => `${by} ${text}${terminal === undefined ? '' : ` @${terminal}:${line ?? '?'}`}`,
    )
    .join(' <- ');
}

function hopsOf(world: World): Hop[] {
  return world.trace.stories().flatMap(({ id }) => world.trace.story(id).packets.flatMap(({ hops }) => hops));
}

/** Chains that end nowhere, each with what it belongs to. */
function unknown(world: World): string[] {
  const bad = hopsOf(world).filter(({ origin }) => !isExplained(origin));
  return [...new Set(bad.map((hop) => `${hop.kind} ${hop.where} ${hop.what}: ${told(hop.origin)}`))];
}

describe('no chain ends in the unknown', () => {
  test.each(SCENARIOS)(
    'scenario %s',
    async (name) => {
      const { world, lines } = worldOf(name);
      await play(world, lines);
      expect(unknown(world)).toEqual([]);
      expect(hopsOf(world).length).toBeGreaterThan(40);
      expect(world.faults).toEqual([]);
    },
    120_000,
  );

  test.each(LABS)(
    'lab %s',
    async (file) => {
      const { world, lines } = worldOfLab(file);
      await play(world, lines);
      expect(unknown(world)).toEqual([]);
      expect(hopsOf(world).length).toBeGreaterThan(0);
    },
    240_000,
  );
});

test('the count finds a chain that ends nowhere', () => {
  const nowhere: readonly Origin[] = [
    { by: 'docker', text: 'service web' },
    { by: 'kernel', text: 'kernel default' },
    { by: 'docker', text: 'service web', cause: { by: 'command', text: '' } },
    { by: 'command', text: 'iptables -F', terminal: 'node1' },
  ];
  expect(nowhere.map(isExplained)).toEqual([false, false, false, false]);
});

describe('the routing mesh', () => {
  const world = createWorld(scenarioOf('routing-mesh'));
  const client = world.openTerminal('client');
  world.run(world.now + SECOND);
  client.input('true\r');
  world.run(world.now + SECOND);
  client.input('for i in 1; do curl -s 192.168.56.11:8000; done\r');
  world.run(world.now + 3 * SECOND);
  const { id } = world.trace.stories().find(({ title }) => title.startsWith('GET /'))!;
  const story = world.trace.story(id);
  const syn = story.packets.find(({ label }) => label === 'SYN')!;
  const rule = (text: RegExp): Hop => syn.hops.find((hop) => text.test(hop.rule?.text ?? ''))!;
  const SERVICE =
    'docker service whoami <- command docker service create --name whoami --replicas 3 -p 8000:8000 jwilder/whoami <- scenario services[0] whoami';

  test.each([
    [/DNAT --to-destination 172/, SERVICE],
    [/MARK --set-xmark 0x100/, SERVICE],
    [/SNAT --to-source 10\.0\.0\.2/, SERVICE],
    [/-A DOCKER-USER -j RETURN/, 'docker dockerd <- scenario machines[0] node1'],
    [/-A FORWARD -j DOCKER-USER/, SERVICE], // put back in front when the first port was published
  ])('%s', (text, chain) => expect(told(rule(text).origin)).toBe(chain));

  test('what was sent leads to the program, the line typed, its terminal and its number', () => {
    const sent = syn.hops.find(({ kind }) => kind === 'sent')!;
    expect(told(sent.origin)).toBe(
      'command curl -s 192.168.56.11:8000 @client:2 <- command for i in 1; do curl -s 192.168.56.11:8000; done @client:2',
    );
  });

  test('replies are translated because of the rule that translated the request', () => {
    const back = story.packets.find(({ label }) => label === 'SYN,ACK')!;
    const undone = back.hops.filter(({ kind, what }) => kind === 'nat' && what.endsWith('by conntrack'));
    expect(undone.length).toBeGreaterThanOrEqual(2);
    expect([...new Set(undone.map(({ origin }) => told(origin)))]).toEqual([SERVICE]);
  });

  test('the tunnel’s entry leads to the task on the other node', () => {
    const wrapped = syn.hops.find(({ kind }) => kind === 'encap')!;
    expect(told(wrapped.origin)).toBe(SERVICE);
  });
});

describe('what a learner does is what is named', () => {
  const world = createWorld(scenarioOf('bare'));
  const lines = [
    'iptables -I INPUT -p icmp -j DROP',
    'iptables -P FORWARD DROP',
    'sh -c "iptables -A OUTPUT -d 192.168.56.13 -j REJECT"',
    'ip route add blackhole 10.9.0.0/16',
    'ping -c1 -W1 192.168.56.13',
    'ping -c1 -W1 10.9.0.1',
    'ip netns add red',
    'ip link add v0 type veth peer name v1 netns red',
    'ip addr add 10.1.1.1/24 dev v0; ip link set v0 up; ip -n red addr add 10.1.1.2/24 dev v1; ip -n red link set v1 up',
    'ip -n red route add default via 10.1.1.1',
    'sysctl -w net.ipv4.ip_forward=1',
    'echo 0 > /proc/sys/net/ipv4/ip_forward',
    'ip netns exec red ping -c1 -W1 192.168.56.12',
    'ip -n red link set v1 down',
    'ip neigh replace 10.1.1.2 lladdr 02:00:00:00:00:09 dev v0; ping -c1 -W1 10.1.1.2',
  ];
  const terminal = world.openTerminal('node1');
  world.run(world.now + SECOND);
  for (const line of lines) {
    terminal.input(`${line}\r`);
    world.run(world.now + 3 * SECOND);
  }
  world.exec('client', 'ping -c1 -W1 192.168.56.11');
  world.run(world.now + 3 * SECOND);
  const drops = hopsOf(world).filter(({ kind, host }) => kind === 'drop' && host === 'node1');

  test.each([
    ['NETFILTER_DROP', 'command iptables -I INPUT -p icmp -j DROP @node1:1'],
    [
      'NETFILTER_REJECT',
      'command iptables -A OUTPUT -d 192.168.56.13 -j REJECT @node1:3 <- command sh -c "iptables -A OUTPUT -d 192.168.56.13 -j REJECT" @node1:3',
    ],
    ['IP_FORWARDING_OFF', 'command echo 0 > /proc/sys/net/ipv4/ip_forward @node1:12'],
    ['DEVICE_NO_CARRIER', 'command ip -n red link set v1 down @node1:14'],
  ])('%s', (reason, chain) => {
    expect(drops.filter(({ what }) => what === reason).map(({ origin }) => told(origin))).toContain(chain);
  });
});
