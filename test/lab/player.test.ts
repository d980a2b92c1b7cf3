// Time in the learner's hand: going back shows that instant, typing there forks, playing on is the session itself.
import { describe, expect, test } from 'vitest';
import { parseScenario, SECOND } from '../../simulator/index';
import { firstCommand } from '../../src/lab/timeline';
import { textOf } from '../tidy/sources';
import { Hand, secondsOf, traceDigest } from './hand';

const mesh = parseScenario(textOf('content/scenarios/routing-mesh.yaml'));
const bare = parseScenario(textOf('content/scenarios/bare.yaml'));

/** A session with traffic, and what it showed after each command. */
async function played() {
  const hand = new Hand(mesh);
  const node1 = await hand.open('node1');
  const client = await hand.open('client');
  const stages: { at: number; screens: Record<string, string>; trace: string }[] = [];
  for (const [id, line] of [
    [client, 'curl 192.168.56.11:8000'],
    [node1, 'docker service scale whoami=2'],
    [node1, 'ping -c 2 192.168.56.12'],
    [client, 'for i in 1 2 3; do curl 192.168.56.12:8000; done'],
  ] as const) {
    await hand.type(id, `${line}\r`, 4);
    const { session } = hand.player;
    stages.push({ at: session.now, screens: hand.screens(), trace: traceDigest(session) });
  }
  return { hand, node1, client, stages };
}

describe('going back', () => {
  test('shows every instant as it was, and playing on gives the same bytes and the same trace', async () => {
    const { hand, stages } = await played();
    const { player } = hand;
    for (const stage of [stages[2]!, stages[0]!, stages[1]!]) {
      await hand.during(player.request({ do: 'seek', target: { at: stage.at } }));
      expect(player.state()).toMatchObject({ past: true, paused: true, now: stage.at });
      expect(hand.screens()).toEqual(stage.screens);
      expect(traceDigest(player.session)).toBe(stage.trace);
    }
    await player.request({ do: 'play' });
    hand.wall.pass((stages[3]!.at - stages[1]!.at) / 1000 - 500);
    expect(player.past).toBe(true);
    hand.wall.pass(600);
    expect(player.past).toBe(false);
    await player.request({ do: 'pause' });
    expect(hand.screens()).toEqual(stages[3]!.screens);
  });

  test('an idle player keeps replicas along the log, and they serve as a fresh world does', async () => {
    const { hand, stages } = await played();
    hand.wall.pass(60_000);
    const { player } = hand;
    expect(player.replicas.positions.length).toBeGreaterThan(1);
    await hand.during(player.request({ do: 'seek', target: { at: stages[1]!.at } }));
    expect(hand.screens()).toEqual(stages[1]!.screens);
    await hand.during(player.request({ do: 'end' }));
    expect(player.state()).toMatchObject({ past: false, paused: false });
  });
});
describe('typing in the past', () => {
  test('begins a branch there; the old one stays and can be shown again', async () => {
    const { hand, node1, stages } = await played();
    const { player } = hand;
    const before = player.timeline.current.id;
    await player.request({ do: 'pause' });
    const end = hand.screens();
    await player.request({ do: 'play' });
    await hand.during(player.request({ do: 'seek', target: { at: stages[0]!.at } }));
    await hand.type(node1, 'echo another way\r');
    expect(player.state()).toMatchObject({ past: false, paused: false });
    expect(player.cards()).toHaveLength(2);
    const { current } = player.timeline;
    expect(current).toMatchObject({ parent: before, cause: 'typed' });
    expect(firstCommand(current.log, current.from.inputs)).toBe('echo another way');
    expect(hand.screen(node1)).toContain('another way');
    expect(hand.screen(node1)).not.toContain('docker service scale');
    await hand.during(player.request({ do: 'switch', branch: before }));
    await player.request({ do: 'pause' });
    expect(hand.screens()).toEqual(end);
    await hand.during(player.request({ do: 'undo' }));
    expect(hand.screen(node1)).toContain('another way');
  });
});

describe('standing still', () => {
  test('a paused world takes no time, but shows what is typed', async () => {
    const hand = new Hand(bare);
    const id = await hand.open('node1');
    await hand.player.request({ do: 'pause' });
    const before = secondsOf(hand.player);
    hand.wall.pass(10_000);
    expect(secondsOf(hand.player)).toBe(before);
    await hand.type(id, 'echo shown', 5);
    expect(hand.screen(id)).toContain('echo shown');
    expect(secondsOf(hand.player)).toBeLessThan(before + 0.2);
  });

  test('a command typed there stands at its first packet, and steps go on from it', async () => {
    const hand = new Hand(mesh);
    const id = await hand.open('client');
    await hand.player.request({ do: 'pause' });
    await hand.type(id, 'curl 192.168.56.11:8000\r', 1);
    const { player } = hand;
    expect(player.state().standing).toMatchObject({ host: 'client', kind: 'sent' });
    const places: string[] = [];
    for (let steps = 0; steps < 12; steps++) {
      await player.request({ do: 'step', by: 'hook' });
      hand.errand();
      const { host, netns, about } = player.state().standing!;
      places.push(`${host} ${netns} ${about[0]}`);
    }
    // The client has no rules, so its hooks do nothing that could be told.
    expect(places.slice(0, 4)).toEqual([
      'node1 host PREROUTING',
      'node1 host FORWARD',
      'node1 host POSTROUTING',
      'node1 ingress_sbox PREROUTING',
    ]);
    await player.request({ do: 'step', by: 'device' });
    hand.errand();
    expect(['rx', 'tx']).toContain(player.state().standing?.kind);
  });

  test('jumps to the next drop and to the next match of a rule', async () => {
    const hand = new Hand(mesh);
    const id = await hand.open('client');
    await hand.type(id, 'sleep 1; curl 192.168.56.11:8000; curl 192.168.56.11:9\r', 0);
    await hand.player.request({ do: 'jump', to: { for: 'rule', text: '-j DNAT' } });
    hand.errand();
    expect(hand.player.state()).toMatchObject({ paused: true, standing: { kind: 'rule' } });
    await hand.player.request({ do: 'jump', to: { for: 'drop' } });
    hand.errand();
    expect(hand.player.state().standing).toMatchObject({ kind: 'drop', host: 'node1' });
    await hand.player.request({ do: 'jump', to: { for: 'rule', text: 'no such rule' } });
    expect(hand.player.state().errand).toMatchObject({ kind: 'jump' });
    await hand.player.request({ do: 'halt' });
    expect(hand.player.state().errand).toBeUndefined();
  });
});

describe('pace and skipped time', () => {
  test.each([0.1, 1, 10])('at %f× the world goes at that pace', async (pace) => {
    const hand = new Hand(bare);
    await hand.player.request({ do: 'pace', pace });
    const before = secondsOf(hand.player);
    hand.wall.pass(5000);
    expect((secondsOf(hand.player) - before) / 5).toBeGreaterThan(0.7 * pace);
    expect((secondsOf(hand.player) - before) / 5).toBeLessThanOrEqual(1.1 * pace + 0.2);
  });

  test('twelve hours are run event by event, the timers in their order', async () => {
    const hand = new Hand(bare);
    const id = await hand.open('node1');
    await hand.type(id, 'while true; do date +%H:%M; sleep 3600; done\r');
    const began = hand.player.session.now;
    await hand.player.request({ do: 'forward', seconds: 12 * 3600 });
    hand.errand();
    expect(hand.player.session.now).toBeGreaterThanOrEqual(began + 12 * 3600 * SECOND);
    expect(hand.player.session.now).toBeLessThan(began + 12 * 3600 * SECOND + 2 * SECOND);
    expect(hand.screen(id).match(/\d\d:\d\d\r?$/gm)).toHaveLength(13);
  });

  test('skipping stops when asked to', async () => {
    const hand = new Hand(mesh);
    await hand.player.request({ do: 'forward', seconds: 12 * 3600 });
    await hand.player.request({ do: 'halt' });
    expect(hand.player.state().errand).toBeUndefined();
    expect(secondsOf(hand.player)).toBeLessThan(3600);
  });
});

describe('starting over', () => {
  test('the step and the lesson begin again on a branch of their own, and both can be undone', async () => {
    const hand = new Hand(bare);
    const id = await hand.open('node1');
    await hand.type(id, 'x=1; echo first\r');
    await hand.player.request({ do: 'mark' });
    await hand.type(id, 'echo second\r');
    await hand.during(hand.player.request({ do: 'reset', what: 'step' }));
    expect(hand.screen(id)).toContain('first');
    expect(hand.screen(id)).not.toContain('second');
    await hand.during(hand.player.request({ do: 'undo' }));
    expect(hand.screen(id)).toContain('second');
    await hand.during(hand.player.request({ do: 'reset', what: 'lesson' }));
    expect(hand.player.session.terminals()).toEqual([]);
    await hand.during(hand.player.request({ do: 'undo' }));
    await hand.type(id, 'echo $x\r');
    expect(hand.screen(id)).toMatch(/\n\x1b\[\?2004l1\r\n/);
  });
});
