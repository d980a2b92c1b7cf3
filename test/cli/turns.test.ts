// What a replay reads from a recording about the order of tasks behind a balancer, and about the pace of its machines.
import { describe, expect, test } from 'vitest';
import { Pace } from '../../src/cli/pace.ts';
import type { Step } from '../../src/cli/recording.ts';
import { Turns } from '../../src/cli/turns.ts';

const step = (cmd: string, stdout = '', node = 'client'): Step => ({ node, cmd, stdout, stderr: '', exit: 0 }) as Step;
const asked = (id: string, machine = 1): Step => step(`curl -sS http://192.168.56.1${machine}:8000/`, `I'm ${id}\n`);
const [A, B, C] = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', 'cccccccccccc'] as const;
const SERVERS = ['10.0.0.6:0', '10.0.0.7:0', '10.0.0.8:0'];

describe('the order of round robin', () => {
  test('on the first machine any order will do, on the next it follows from the answers', () => {
    const steps = [asked(A), asked(B), asked(C), asked(C, 2), asked(B, 2), asked(A, 2)];
    const turns = new Turns(steps, new Set());
    turns.begin(0);
    expect(turns.arrived(SERVERS, [0, 1, 2], 0)).toBeUndefined();
    for (const [index, server] of SERVERS.entries()) {
      turns.begin(index);
      turns.turned(server);
      turns.end(steps[index] as Step);
    }
    turns.begin(3);
    expect(turns.arrived(SERVERS, [0, 1, 2], 0)).toEqual([2, 1, 0]);
    // Those that have had a turn stay where they are.
    expect(turns.arrived(SERVERS, [1, 2], 0)).toBeUndefined();
  });

  test('addresses that the recording shows decide at once; what failed decides nothing', () => {
    const shown = new Set([`10.0.0.6 ${B}`, `10.0.0.7 ${A}`, `10.0.0.8 ${C}`]);
    const turns = new Turns([asked(A), asked(B), asked(C)], shown);
    turns.begin(0);
    expect(turns.arrived(SERVERS, [0, 1, 2], 0)).toEqual([1, 0, 2]);
    const failing = new Turns([step('curl -sS http://192.168.56.11:8000/'), asked(C)], shown);
    failing.begin(0);
    expect(failing.arrived(SERVERS, [0, 1, 2], 0)).toBeUndefined();
  });
});

const row = (id: string, name: string, state: string): string =>
  `${id.padEnd(12, '0')}   ${name}   alpine:latest   node1     Running         ${state} ago\n`;
const LIST = 'docker service ps web';

describe('the pace of the machines', () => {
  const steps = [
    step('docker service create --name web alpine', '', 'node1'),
    step(LIST, row('a', 'web.1', 'Running 3 seconds') + row('b', 'web.2', 'Preparing 2 seconds'), 'node1'),
    step(LIST, row('a', 'web.1', 'Running 13 seconds') + row('b', 'web.2', 'Running 4 seconds'), 'node1'),
  ];
  const SECOND = 1_000_000;

  test('a task is held while the recording shows it on its way, and then until its age says', () => {
    const pace = new Pace(steps, new Map());
    expect(pace.busy('web.1', 'own1', 'preparing', 0)).toBe(false);
    expect(pace.busy('web.2', 'own2', 'preparing', 0)).toBe(true);
    pace.step = 1;
    expect(pace.busy('web.2', 'own2', 'starting', 9 * SECOND)).toBe(true);
    pace.ended(10 * SECOND);
    pace.step = 2;
    // Ten seconds later it had run for four.
    expect(pace.busy('web.2', 'own2', 'starting', 15 * SECOND)).toBe(true);
    expect(pace.busy('web.2', 'own2', 'starting', 16 * SECOND)).toBe(false);
    expect(pace.busy('other.1', 'own3', 'starting', 0)).toBe(false);
  });

  test('between two lists passes what the ages of the same tasks say', () => {
    const pace = new Pace(steps, new Map());
    pace.step = 1;
    pace.ended(10 * SECOND);
    expect(pace.due(2)).toBe(20 * SECOND);
    expect(pace.due(1)).toBe(10 * SECOND);
  });
});
