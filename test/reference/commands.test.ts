// The command reference and the error texts: made from what machines print and sources declare.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createWorld } from '../../simulator/index.ts';
import { commandGroups, dockerCommands, groupsOf, refusals } from '../../src/reference/commands.ts';
import { errorTexts } from '../../src/reference/errors.ts';
import { headerOf, sourceOf } from '../../src/reference/headers.ts';

const scenario = (name: string): string => readFileSync(`content/scenarios/${name}.yaml`, 'utf8');
const sources = Object.fromEntries(
  readdirSync('simulator', { recursive: true, encoding: 'utf8' })
    .filter((file) => /^tools\/.*\.ts$|^shell\/index\.ts$|^engine\/dockerd\.ts$/.test(file))
    .map((file) => [`/simulator/${file}`, readFileSync(`simulator/${file}`, 'utf8')]),
);

describe('commands', () => {
  const groups = commandGroups(createWorld(scenario('empty'), { trace: false }), sources);
  const commands = groups.flatMap((group) => group.commands);

  test('each stands once, with a summary and the head of its source', () => {
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
    expect(commands.length).toBeGreaterThan(90);
    expect(commands.filter(({ summary }) => summary === '').map(({ name }) => name)).toEqual([]);
    const bare = commands.filter(({ mirrors }) => mirrors.length === 0).map(({ name }) => name);
    expect(bare).toEqual([]);
  });

  test.each(['docker', 'ip', 'iptables', 'ipvsadm', 'ss', 'tcpdump', 'nsenter', 'sysctl'])(
    '%s shows its help',
    (name) => {
      expect(commands.find((command) => command.name === name)!.usage!.text).toMatch(/usage/i);
    },
  );

  test('an endless program does not hold it up', () => {
    expect(commands.find(({ name }) => name === 'yes')!.usage).toBeUndefined();
  });

  test('what is not there says what to use instead', () => {
    const all = refusals(createWorld(scenario('empty'), { trace: false }));
    expect(all.find(({ name }) => name === 'ufw')!.says).toContain('use iptables');
    expect(commands.map(({ name }) => name)).not.toContain('ufw');
  });

  test('Docker’s commands come with their help, those of a swarm too', () => {
    const all = dockerCommands(createWorld(scenario('routing-mesh'), { trace: false }));
    const lines = all.map(({ line }) => line);
    expect(lines).toEqual(expect.arrayContaining(['docker run', 'docker service create', 'docker network inspect']));
    expect(new Set(lines).size).toBe(lines.length);
    expect(all.find(({ line }) => line === 'docker service create')!.help).toContain('--endpoint-mode');
  });
});

test('the groups of help are read as they are printed', () => {
  expect(groupsOf('Installed.\n\nDocker\n  docker\n\nText\n  cat   wc\n  tr\n')).toEqual([
    { title: 'Docker', names: ['docker'] },
    { title: 'Text', names: ['cat', 'tr', 'wc'] },
  ]);
});

test('the head of a source is read as paragraphs', () => {
  expect(headerOf('/**\n * One {@link Two}\n * three.\n *\n * Four.\n */\nimport x;')).toEqual([
    'One Two three.',
    'Four.',
  ]);
  expect(headerOf('import x;')).toEqual([]);
});

test('a command is found by its file, or by its declaration', () => {
  const files = { '/t/ss.ts': 'A', '/t/ip/index.ts': 'B', '/t/cat.ts': "C name: 'tac'" };
  expect(['ss', 'ip', 'cat', 'tac', 'no'].map((name) => sourceOf(name, files))).toEqual([
    'A',
    'B',
    "C name: 'tac'",
    "C name: 'tac'",
    undefined,
  ]);
});

describe('error texts', () => {
  const scenarios = { bare: scenario('bare'), empty: scenario('empty'), 'routing-mesh': scenario('routing-mesh') };

  test('each is printed by the machines, in both languages the same', () => {
    const [english, chinese] = [errorTexts('en', scenarios), errorTexts('zh-cn', scenarios)];
    expect(english.length).toBeGreaterThan(20);
    expect(chinese.map(({ id, text }) => [id, text])).toEqual(english.map(({ id, text }) => [id, text]));
    expect(new Set(english.map(({ text }) => text)).size).toBe(english.length);
  });

  test('one that does not come is told', () => {
    const text = "g:\n  x: { scenario: bare, run: [{ on: node1, run: 'true' }], shows: no, from: a, en: b, zh-cn: c }";
    expect(() => errorTexts('en', scenarios, text)).toThrow('x: “no” is not in what was printed');
  });
});
