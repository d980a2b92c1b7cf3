// The borrowed programs answer as the real ones do.
import { expect, test } from 'vitest';
import { externals, type BatchAnswer } from '../../src/lab/externals';

const run = async (library: string, request: unknown) => (await externals[library]!(request)) as BatchAnswer;

test('jq prints, and reports errors with its status', async () => {
  const input = '[{"a":1},{"a":2}]';
  expect(await run('jq', { filter: '.[].a', flags: [], input })).toEqual({ stdout: '1\n2\n', stderr: '', exit: 0 });
  expect((await run('jq', { filter: '.[0]', flags: ['-c'], input })).stdout).toBe('{"a":1}\n');
  const failed = await run('jq', { filter: '.[', flags: [], input });
  expect(failed.exit).toBe(3);
  expect(failed.stderr).toContain('syntax error');
});

test('awk takes standard input, arguments with quotes, and files', async () => {
  const stdin = 'eth0 UP 10.0.0.2/24\nlo UNKNOWN 127.0.0.1/8\n';
  expect((await run('awk', { args: ['{print $3}'], stdin })).stdout).toBe('10.0.0.2/24\n127.0.0.1/8\n');
  expect((await run('awk', { args: ['/UP/ {print "it\'s " $1}'], stdin })).stdout).toBe("it's eth0\n");
  const files = { '/etc/hosts': '127.0.0.1 localhost\n' };
  expect((await run('awk', { args: ['{print $2}', 'hosts'], stdin: '', files, directory: '/etc' })).stdout).toBe(
    'localhost\n',
  );
});

test('sed substitutes', async () => {
  expect((await run('sed', { args: ['s/a/b/g'], stdin: 'banana\n' })).stdout).toBe('bbnbnb\n');
  expect((await run('sed', { args: ['-n', '2p'], stdin: 'one\ntwo\n' })).stdout).toBe('two\n');
});
