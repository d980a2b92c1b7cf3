// The borrowed programs answer as the real ones do, and the tools that use them stream.
import { expect, test } from 'vitest';
import { createWorld } from '../../simulator/index';
import { externals, type Answer } from '../../src/lab/externals';
import { Typist } from '../lessons/typist';
import { textOf } from '../tidy/sources';

const run = async (argv: string[], stdin: string, files = {}) =>
  (await externals[argv[0]!]!({ argv, stdin, files })) as Answer;

test('jq prints, and reports errors with its status', async () => {
  const input = '[{"a":1},{"a":2}]';
  expect(await run(['jq', '.[].a'], input)).toEqual({ stdout: '1\n2\n', stderr: '', status: 0 });
  expect((await run(['jq', '-c', '.[0]'], input)).stdout).toBe('{"a":1}\n');
  expect((await run(['jq', '-j', '.[].a'], input)).stdout).toBe('12');
  expect((await run(['jq', 'empty'], input)).stdout).toBe('');
  const failed = await run(['jq', '.['], input);
  expect(failed.status).toBe(3);
  expect(failed.stderr).toContain('syntax error');
});

test('awk takes standard input, arguments with quotes, and files', async () => {
  const stdin = 'eth0 UP 10.0.0.2/24\nlo UNKNOWN 127.0.0.1/8\n';
  expect((await run(['awk', '{print $3}'], stdin)).stdout).toBe('10.0.0.2/24\n127.0.0.1/8\n');
  expect((await run(['awk', `/UP/ {print "it's " $1}`], stdin)).stdout).toBe("it's eth0\n");
  const files = { '/etc/hosts': '127.0.0.1 localhost\n' };
  expect((await run(['awk', '{print $2}', '/etc/hosts'], '', files)).stdout).toBe('localhost\n');
});

test('sed substitutes', async () => {
  expect((await run(['sed', 's/a/b/g'], 'banana\n')).stdout).toBe('bbnbnb\n');
  expect((await run(['sed', '-n', '2p'], 'one\ntwo\n')).stdout).toBe('two\n');
});

test('in a world they stand in pipes like any other program', async () => {
  const typist = new Typist(createWorld(textOf('content/scenarios/bare.yaml'), { externals }));
  expect(await typist.type('node1', "ip -br addr show eth0 | awk '{print $3}' | cut -d/ -f1")).toBe('192.168.56.11');
  expect(await typist.type('node1', "ip -j addr show lo | jq -r '.[0].ifname'")).toBe('lo');
  expect(await typist.type('node1', "echo banana | sed 's/a/o/2'")).toBe('banona');
});
