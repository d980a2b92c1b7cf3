// Stories: what the list knows of a conversation, which packet answers which, and what a capture of it says.
import { describe, expect, test } from 'vitest';
import { createWorld, SECOND, type StoryPacket } from '../../simulator/index.ts';
import { journeyOf, stepAt } from '../../src/views/story/journey.ts';
import { NO_FILTER, passes, type Filter } from '../../src/views/story/filter.ts';
import { scenarioOf } from './worlds.ts';

const world = createWorld(scenarioOf('routing-mesh'));
for (const [host, line] of [
  ['client', 'curl -s 192.168.56.11:8000'],
  ['client', 'ping -c1 192.168.56.12'],
  ['node1', 'curl -s -m1 192.168.56.12:81'],
] as const) {
  world.exec(host, line);
  world.run(world.now + 3 * SECOND);
}
const stories = world.trace.stories();
const named = (title: RegExp) => stories.find((story) => title.test(story.title))!;
const mesh = world.trace.story(named(/^GET/).id);
const labelled = (label: RegExp): StoryPacket => mesh.packets.find((packet) => label.test(packet.label))!;

describe('answers', () => {
  const answerOf = (packet: StoryPacket): string | undefined =>
    mesh.packets.find(({ id }) => id === packet.answer)?.label;

  test('a SYN by its SYN-ACK, a request by its response rather than by the bare ACK, an ACK by nothing', () => {
    expect(answerOf(labelled(/^SYN$/))).toBe('SYN,ACK');
    expect(answerOf(labelled(/GET/))).toMatch(/bytes$/);
    expect(answerOf(labelled(/^ACK$/))).toBeUndefined();
  });

  test('an echo request by its reply, a closed port by RST', () => {
    const ping = world.trace.story(named(/^ping/).id);
    const request = ping.packets.find(({ label }) => label === 'echo request')!;
    expect(ping.packets.find(({ id }) => id === request.answer)?.label).toBe('echo reply');
    expect(request.end).toBe('consumed'); // by the kernel; it is handed to no socket
    const closed = world.trace.story(named(/192\.168\.56\.12:81$/).id);
    const syn = closed.packets.find(({ label }) => label === 'SYN')!;
    expect(closed.packets.find(({ id }) => id === syn.answer)?.label).toBe('RST,ACK');
    expect(syn.end).toBe('dropped');
  });

  test('an ARP question by its answer', () => {
    const question = mesh.packets.find(({ label }) => label.startsWith('ARP who-has'))!;
    const address = question.label.split(' ').at(-1)!;
    expect(mesh.packets.find(({ id }) => id === question.answer)?.label).toMatch(`ARP ${address} is-at`);
  });
});

describe('a journey', () => {
  const journey = journeyOf(mesh, labelled(/^SYN$/), false);

  test('goes from the client over three machines to the task and back', () => {
    const places = journey.steps.map(
      ({ hop }) => `${hop.host} ${hop.netns.replace(/^\d-\w+/, 'overlay').replace(/\.\d$/, '')}`,
    );
    const stops = places.filter((place, at) => place !== places[at - 1]);
    expect(stops.at(0)).toBe('client host');
    expect(stops.at(-1)).toBe('client host');
    expect(stops.filter((stop) => stop.endsWith('task whoami'))).toHaveLength(1);
    expect(new Set(journey.steps.map(({ hop }) => hop.host)).size).toBe(3);
    expect(journey.steps.map(({ index }) => index)).toEqual([...journey.steps.keys()]);
  });

  test('the step of an event is found again in the long list', () => {
    const long = journeyOf(mesh, labelled(/^SYN$/), true);
    for (const { hop } of journey.steps.filter(({ packet }) => packet.direction === 'request'))
      expect(long.steps[stepAt(long, hop.sequence)]!.hop.sequence).toBe(hop.sequence);
    expect(long.steps.length).toBeGreaterThan(journey.steps.length);
  });
});

describe('the filter', () => {
  const cases: readonly [Partial<Filter>, RegExp[]][] = [
    [{ protocol: 'ICMP' }, [/^ping/]],
    [{ netns: 'ingress_sbox' }, [/^GET/]],
    [{ host: 'client', port: '8000' }, [/^GET/]],
    [{ host: 'node1', netns: 'ingress_sbox', protocol: 'TCP' }, [/^GET/]],
    [{ host: 'client', netns: 'ingress_sbox' }, []],
    [{ address: '172.18.0.2' }, [/^GET/]],
    [{ address: '172.18' }, [/^GET/]],
    [{ port: '4789' }, [/^GET/]],
    [{ port: '81' }, [/:81$/]],
    [{ address: '1.2.3.4' }, []],
  ];
  test.each(cases)('%j', (filter, titles) => {
    const own = stories.filter(
      ({ title }) => !/:(2377|7946)$/.test(title) && !/^(TCP|UDP) .*:(2377|7946)$/.test(title),
    );
    const found = own.filter((story) => passes(story, { ...NO_FILTER, ...filter })).map(({ title }) => title);
    expect(found).toHaveLength(titles.length);
    titles.forEach((title, at) => expect(found[at]).toMatch(title));
  });
});

describe('captures', () => {
  const text = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);

  test('of a story name what decided, and who is behind it, even after the last frame', () => {
    const capture = new TextDecoder().decode(world.trace.pcapng(mesh.id));
    expect(capture).toContain(
      'ingress_sbox mangle PREROUTING rule 1: -A PREROUTING -p tcp -m tcp --dport 8000 -j MARK',
    );
    expect(capture).toContain('← services[0] whoami');
    expect(capture).toMatch(/delivered to tcp \w+ /);
  });

  test('of one interface hold that interface only', () => {
    const one = text(world.trace.pcapng(undefined, { host: 'node1', netns: 'ingress_sbox', device: 'eth1' }));
    expect(one).toContain('node1/ingress_sbox/eth1');
    expect(one).not.toContain('node1/host/eth0');
    expect(one.length).toBeGreaterThan(1000);
    expect(text(world.trace.pcapng(undefined, { host: 'node1', netns: 'ingress_sbox', device: 'eth9' }))).not.toContain(
      'ingress_sbox',
    );
  });
});
