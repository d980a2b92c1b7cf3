// Same scenario, same seed, same inputs: the same bytes on every terminal and the same trace.
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { play } from './play.ts';
import { createWorld, replayWorld, SECOND, type World } from '../../simulator/index.ts';

const scenario = fs.readFileSync(new URL('../../content/scenarios/routing-mesh.yaml', import.meta.url), 'utf8');

test('twice in one process', () => {
  const first = play(scenario);
  expect(first.screen.length).toBeGreaterThan(500);
  expect(first.events).toBeGreaterThan(500);
  expect(play(scenario)).toEqual(first);
});

test('another seed gives other ids', () => {
  expect(play(scenario, 2).screen).not.toBe(play(scenario).screen);
});

test('a replay of the input log is the session itself', () => {
  const world = createWorld(scenario);
  let screen = '';
  const port = world.openTerminal('node1');
  port.onOutput = (text) => (screen += text);
  for (const keys of ['curl 127.0.0.1:8000\r', 'ping -c 2 192.168.56.12\r', 'while true; do date; sleep 1; done\r', '\x03', 'docker service ls\r']) {
    port.input(keys);
    world.run(world.now + 3 * SECOND + 7);
  }
  const log = JSON.parse(JSON.stringify(world.inputLog)) as World['inputLog'];
  const last = log[log.length - 1]!;
  const again = replayWorld(scenario, log.slice(0, 1));
  let replayed = '';
  again.terminal(port.id)!.onOutput = (text) => (replayed += text);
  for (const event of log.slice(1)) again.apply(event);
  again.run(world.now);
  expect(last.kind).toBe('data');
  expect(replayed).toBe(screen);
  expect(again.trace.events.length).toBe(world.trace.events.length);
});
