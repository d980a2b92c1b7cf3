// The worker that judges: from a session's log alone it finds what the learner's machines are, and what an answer is worth.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseScenario, World } from '../../simulator/index';
import { parseLab, type ReadLab } from '../../simulator/lesson/index';
import { externals } from '../../src/lab/externals';
import { sessionOf } from '../../src/lesson/fork';
import { judge } from '../../src/lesson/judge';
import { planOf, questionsOf, quizOf, versionOf } from '../../src/lesson/plan';
import { proveParts } from '../../src/lesson/placed';
import { Typist } from '../../src/lesson/typist';

function read(name: string): ReadLab {
  const named = (scenario: string) => parseScenario(readFileSync(`content/scenarios/${scenario}.yaml`, 'utf8'));
  return parseLab(readFileSync(`content/labs/${name}.yaml`, 'utf8'), named, name);
}

const { lab, scenario } = read('plumbing/05-conntrack-and-nat');
const wrong = 'iptables -t nat -A PREROUTING -d 192.168.56.11 -p tcp --dport 8080 -j DNAT --to-destination 10.1.1.2';
let session: ReturnType<typeof sessionOf>;

beforeAll(async () => {
  const world = new World(scenario, { externals });
  await new Typist(world).type('node1', wrong);
  session = sessionOf(world);
});

const check = { do: 'check', lab, tasks: ['publish'], answers: {}, quick: false, background: false } as const;

describe('checks', () => {
  test('recognise a wrong answer in the session, and say it in the language of the plan', async () => {
    const chinese = planOf('x', lab, scenario, 'zh-cn').lab;
    for (const [own, says] of [
      [lab, lab.tasks[0]!.wrong.find(({ id }) => id === 'same-port')!.says],
      [chinese, (lab.tasks[0]!.wrong.find(({ id }) => id === 'same-port')!.says as Record<string, string>)['zh-cn']],
    ] as const) {
      const judgement = await judge(scenario, externals, { ...check, lab: own, session });
      if (!('results' in judgement)) throw new Error('stopped');
      expect(judgement.results[0]).toMatchObject({ level: 'fail', first: { check: 'page', wrong: 'same-port', says } });
    }
  });

  test('show where to look with a command that can be typed on a machine as it stands', async () => {
    const { lab: own, scenario: world } = read('plumbing/03-routing-between-namespaces');
    const fresh = { log: [], now: 0 };
    const judgement = await judge(world, externals, { ...check, lab: own, tasks: ['route'], session: fresh });
    if (!('results' in judgement)) throw new Error('stopped');
    expect(judgement.results[0]!.first!.look).toEqual({
      on: 'node1',
      command: expect.stringMatching(/^ip netns exec red ip /),
    });
  });

  test('in the background are given up when somebody types, and those on request are not', async () => {
    const under = judge(scenario, externals, { ...check, session, background: true });
    const asked = judge(scenario, externals, { ...check, session, quick: true });
    await judge(scenario, externals, { do: 'stop' });
    expect(await under).toEqual({ stopped: true });
    expect(await asked).toHaveProperty('results');
  });
});

describe('answers', () => {
  const grade = (list: 'predicts' | 'quiz', id: string, answer: string) =>
    judge(scenario, externals, { do: 'grade', lab, session, list, id, answer });

  test.each([
    ['predicts', 'counter', '3', true, '3'],
    ['predicts', 'counter', ' 0x3 ', true, '3'],
    ['predicts', 'counter', '30', false, '3'],
    ['quiz', 'tuples', '10.1.1.2', true, '10.1.1.2'],
    ['quiz', 'tuples', '192.168.56.11', false, '10.1.1.2'],
  ] as const)('%s %s: %s is %s', async (list, id, answer, right, key) => {
    expect(await grade(list, id, answer)).toEqual({ grade: { right, key } });
  });

  test('a question that is not there is an error', async () => {
    await expect(grade('quiz', 'nothing', '1')).rejects.toThrow('there is no question nothing');
  });

  test('are graded by a command: another key, another grade', async () => {
    const { lab: own, scenario: world } = read('plumbing/01-a-namespace-and-its-wire');
    const now = { ...own.predicts[0]!, key: { on: 'node1', in: 'now' as const, run: 'ip netns list | wc -l' } };
    const asked = { ...own, predicts: [now] };
    const world1 = new World(world, { externals });
    for (const [line, key] of [
      ['ip netns add red', '1'],
      ['ip netns add blue', '2'],
    ] as const) {
      await new Typist(world1).type('node1', line);
      const request = {
        do: 'grade',
        lab: asked,
        session: sessionOf(world1),
        list: 'predicts',
        id: now.id,
        answer: key,
      } as const;
      expect(await judge(world, externals, request)).toEqual({ grade: { right: true, key } });
    }
  });
});

describe('the plan of a page', () => {
  test('changes its version with checks and questions, not with words', () => {
    const [task] = lab.tasks as [(typeof lab.tasks)[0]];
    const version = versionOf(lab, scenario);
    expect(
      versionOf({ ...lab, tasks: [{ ...task, says: 'other words', hints: [] }, ...lab.tasks.slice(1)] }, scenario),
    ).toBe(version);
    expect(
      versionOf({ ...lab, tasks: [{ ...task, checks: task.checks.slice(1) }, ...lab.tasks.slice(1)] }, scenario),
    ).not.toBe(version);
    expect(versionOf({ ...lab, quiz: [] }, scenario)).not.toBe(version);
    expect(versionOf(lab, { ...scenario, seed: scenario.seed + 1 })).not.toBe(version);
  });

  test('knows which questions a task asks itself', () => {
    const { lab: bridges } = read('plumbing/02-bridges');
    const flood = bridges.tasks.find(({ id }) => id === 'flood')!;
    expect(questionsOf(flood, bridges).map(({ id }) => id)).toEqual(['ports-arp', 'ports-icmp']);
    expect(quizOf(bridges).map(({ id }) => id)).toEqual(['host-neighbour']);
    expect(quizOf({ ...bridges, quiz: bridges.predicts })).toEqual([]);
  });
});

test('a page without a part of its lab, or with one of another, is found', () => {
  const whole = lab.tasks.map(({ id }) => `<Task id="${id}" />`).join('\n');
  const wrongOf = (text: string): string[] =>
    proveParts('x.mdx', text, lab)
      .filter(({ ok }) => !ok)
      .map(({ name, message }) => `${name} ${message}`);
  expect(wrongOf(`${whole}\n<Predict id="counter" />\n<Quiz />`)).toEqual([]);
  expect(wrongOf(whole)).toEqual(['x.mdx <Quiz /> is missing']);
  expect(wrongOf(`${whole}\n<Task id="publish" />\n<Quiz />`)).toEqual([
    'x.mdx <Task id="publish" /> stands there more than once',
  ]);
  expect(wrongOf(`${whole}\n<Predict id="conuter" />\n<Quiz />`)).toEqual([
    'x.mdx <Predict id="conuter" /> the lab has no such; it has counter',
  ]);
  expect(wrongOf('<Quiz />')).toHaveLength(lab.tasks.length);
});
