// Links: a session goes through one and comes out the same, in few bytes; what cannot be honoured is said.
import { describe, expect, test } from 'vitest';
import { parseScenario, type InputEvent } from '../../simulator/index';
import { makeLink, mergeKeys, openLink } from '../../src/lab/link';
import { LabSession } from '../../src/lab/session';
import { textOf } from '../tidy/sources';
import { Hand } from './hand';

const mesh = parseScenario(textOf('content/scenarios/routing-mesh.yaml'));
const place = { lab: 'routing-mesh', build: 'worker-abc 12' };

const typed = (text: string, at: number, terminal = 'node1/0'): InputEvent[] =>
  [...text].map((data, index) => ({ kind: 'data', data, terminal, at: at + index * 90_000, executed: index }));

/** Two hundred commands as students type them: few alike, with pauses between. */
function longSession(): InputEvent[] {
  const hosts = ['node1', 'node2', 'node3', 'client'];
  const log: InputEvent[] = hosts.map((host, index) => ({
    ...{ kind: 'open', host, terminal: `${host}/0`, columns: 93, rows: 31 },
    ...{ at: 8_000_000 + 371_113 * index, executed: 4000 + index },
  }));
  const lines: ((n: number) => string)[] = [
    (n) => `curl -s http://192.168.56.1${n % 4}:80${n % 90}/`,
    (n) => `docker service create --name web${n} --replicas ${(n % 5) + 1} -p ${8000 + n}:80 nginx:alpine`,
    (n) => `iptables -t nat -nvL DOCKER-INGRESS | grep ${8000 + n}`,
    () => `nsenter --net=/var/run/docker/netns/ingress_sbox ipvsadm -ln`,
    (n) => `docker service scale web${n % 7}=${n % 9}`,
    (n) => `ping -c ${(n % 4) + 1} 10.0.${n % 3}.${n}`,
    (n) => `ip route get 10.0.0.${n}`,
    () => `docker ps`,
    (n) => `tcpdump -c ${n} -nni eth0 udp port 4789`,
    (n) => `docker exec -it $(docker ps -q | head -${(n % 3) + 1} | tail -1) sh`,
  ];
  let at = 10_000_000;
  let random = 7;
  for (let n = 0; n < 200; n++) {
    random = (random * 1103515245 + 12345) & 0x7fffffff;
    const line = lines[random % lines.length]!((random >> 8) % 250);
    const keys = typed(`${line}\r`, at, `${hosts[(random >> 5) % 4]}/0`);
    log.push(...keys);
    at = keys.at(-1)!.at + 500_000 + (random % 40_000_000);
  }
  return log;
}

test('keys of a line become one input at the moment of its Enter', () => {
  const merged = mergeKeys([...typed('ls\r', 0), ...typed('id\r', 5_000_000)]);
  expect(merged).toEqual([
    expect.objectContaining({ data: 'ls\r', at: 180_000 }),
    expect.objectContaining({ data: 'id\r', at: 5_180_000 }),
  ]);
});

test.each([
  ['a pause', [...typed('q', 0), ...typed('ls\r', 9_000_000)], ['q', 'ls\r']],
  ['an interrupt', [...typed('cat\x03', 0), ...typed('ls\r', 400_000)], ['cat\x03', 'ls\r']],
  [
    'another terminal',
    [...typed('l', 0), ...typed('x', 90_000, 'node2/0'), ...typed('s\r', 180_000)],
    ['l', 'x', 's\r'],
  ],
])('%s ends a run of keys', (_, log, parts) => {
  expect(mergeKeys(log).map((event) => event.kind === 'data' && event.data)).toEqual(parts);
});

test('what was typed comes out of a link, whatever it was', async () => {
  const log: InputEvent[] = [
    { kind: 'open', host: 'node1', terminal: 'node1/0', columns: 80, rows: 24, at: 8_000_000, executed: 3 },
    ...typed('echo "ü 漢 \\n \t \x7f"\r', 9_000_000),
    { kind: 'data', data: 'one\rtwo\rthree', terminal: 'node1/0', at: 20_000_000, executed: 9 },
    { kind: 'resize', terminal: 'node1/0', columns: 100, rows: 30, at: 30_000_000, executed: 9 },
    ...typed('\x03', 33_000_000),
    { kind: 'close', terminal: 'node1/0', at: 40_000_000, executed: 9 },
  ];
  const { foreign, says } = await openLink(await makeLink({ log, now: 50_000_000, seed: 5, place }), place);
  expect(says).toEqual(['link-opened']);
  expect(foreign).toMatchObject({ seed: 5 });
  const words = foreign!.log.map((event) => (event.kind === 'data' ? event.data : event.kind));
  expect(words).toEqual(['open', 'echo "ü 漢 \\n \t \x7f"\r', 'one\r', 'two\r', 'three', 'resize', '\x03', 'close']);
  const times = mergeKeys(log).map(({ at }) => at);
  for (const [index, { at }] of foreign!.log.entries()) {
    expect(at).toBeGreaterThanOrEqual(times[index]!);
    expect(at).toBeLessThan(times[index]! * 1.02 + 30_000);
  }
});

test('two hundred commands fit into 3 kB', async () => {
  const log = longSession();
  const link = await makeLink({ log, now: log.at(-1)!.at + 3_000_000, place });
  console.log(`  a link with 200 commands, ${log.length} keys: ${link.length} bytes`);
  expect(link.length).toBeLessThanOrEqual(3000);
  expect((await openLink(link, place)).foreign?.log).toHaveLength(204);
});

test('faults come along: what was broken is broken, what was mended works', async () => {
  const session = new LabSession(mesh);
  const { world } = session;
  world.inject({ partition: { machines: ['node3'] } });
  const mended = world.inject({ loss: { on: 'node2', percent: 40 } });
  world.run(world.now + 3_000_000);
  world.mend(mended);
  world.run(world.now + 3_000_000);
  const { foreign } = await openLink(await makeLink({ log: world.inputLog, now: world.now, place }), place);
  const opened = new LabSession(mesh);
  expect(await opened.playByTime(foreign!.log, foreign!.now)).toEqual({ refused: 0 });
  expect(opened.world.broke.map(({ says }) => says)).toEqual(['partition node3']);
});

test('a fault of a link that this world has no room for is refused', async () => {
  const log: InputEvent[] = [
    { kind: 'fault', fault: { partition: { machines: ['node9'] } }, terminal: 'fault/0', at: 9_000_000, executed: 0 },
  ];
  const { foreign } = await openLink(await makeLink({ log, now: 9_000_000, place }), place);
  expect(await new LabSession(mesh).playByTime(foreign!.log, foreign!.now)).toEqual({ refused: 1 });
});

test('a link opens the same terminals with the same text', async () => {
  const hand = new Hand(mesh);
  const node1 = await hand.open('node1');
  const client = await hand.open('client');
  await hand.type(client, 'curl 192.168.56.11:8000\r');
  await hand.type(node1, 'docker service scale whoami=5\r', 15);
  await hand.type(node1, 'nsenter --net=/var/run/docker/netns/ingress_sbox ipvsadm -ln\r');
  await hand.player.request({ do: 'pause' });
  const { timeline, session } = hand.player;
  const link = await makeLink({ log: timeline.current.log, now: session.now, place });
  const { foreign } = await openLink(link, place);
  const opened = new LabSession(mesh);
  expect(await opened.playByTime(foreign!.log, foreign!.now)).toEqual({ refused: 0 });
  for (const { id } of session.terminals()) expect(opened.takeScreen(id)).toBe(hand.screen(id));

  const before = hand.player.timeline.current.id;
  await hand.during(hand.player.graft(foreign!));
  expect(hand.player.cards().map(({ cause }) => cause)).toEqual(['start', 'link']);
  await hand.during(hand.player.request({ do: 'switch', branch: before }));
  expect(hand.player.timeline.current.cause).toBe('start');
});

describe('what cannot be honoured is said', () => {
  const log = typed('ls\r', 1_000_000);
  const made = makeLink({ log, now: 2_000_000, place });

  test.each([
    ['a cut one', async () => (await made).slice(0, -9), 'link-broken'],
    ['no base64', () => Promise.resolve('#world=%%%'), 'link-broken'],
    ['nothing', () => Promise.resolve('#world='), 'link-broken'],
    ['one of a later form', () => pack({ v: 2, lab: place.lab }), 'link-newer'],
    ['one with another form of head', () => pack({ lab: place.lab }), 'link-broken'],
    [
      'one whose columns do not fit',
      () => pack({ v: 1, lab: place.lab, t: [], from: 0, now: 0 }, '00', '1'),
      'link-broken',
    ],
  ])('%s', async (_, link, says) => {
    expect(await openLink(await link(), place)).toEqual({ says: [says] });
  });

  test('one of another lab', async () => {
    expect(await openLink(await made, { ...place, lab: 'bare' })).toEqual({ says: ['link-other-lab'] });
  });

  test('one of another build is opened all the same', async () => {
    const { foreign, says } = await openLink(await made, { ...place, build: 'worker-def 12' });
    expect(says).toEqual(['link-other-build']);
    expect(foreign?.log).toHaveLength(1);
  });

  /** A link with a head of one's own. */
  async function pack(head: object, ...columns: string[]): Promise<string> {
    const text = [JSON.stringify(head), ...columns].join('\n');
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    return `#world=${Buffer.from(await new Response(stream).arrayBuffer()).toString('base64url')}`;
  }
});
