// Scripts and what bash 5.2 (Debian 12) printed for them, as recorded by running each with `bash -c` in an empty folder.
import { expect, test } from 'vitest';
import { externals } from '../../src/lab/externals.ts';
import { Machine } from '../process/machine.ts';
import recorded from './bash.json';

const table = recorded as [script: string, stdout: string, status: number][];

test('the table is long enough to mean something', () => {
  expect(table.length).toBeGreaterThan(200);
});

test.each(table)('%s', async (script, stdout, status) => {
  const machine = new Machine({ externals });
  machine.host.fs.mkdir('/w');
  const outcome = await machine.runAsync(script, { cwd: '/w' });
  expect({ stdout: outcome.stdout, status: outcome.status }).toEqual({ stdout, status });
});

test.each([
  ['nosuchcmd', '/bin/bash: line 1: nosuchcmd: command not found\n', 127],
  ['./nosuch', '/bin/bash: line 1: ./nosuch: No such file or directory\n', 127],
  ['/etc', '/bin/bash: line 1: /etc: Is a directory\n', 126],
  ['/etc/hosts', '/bin/bash: line 1: /etc/hosts: Permission denied\n', 126],
  [
    'echo 1 > /proc/sys/net/ipv4/nosuch',
    '/bin/bash: line 1: /proc/sys/net/ipv4/nosuch: No such file or directory\n',
    1,
  ],
  ['true\nfalse\nnosuch', '/bin/bash: line 3: nosuch: command not found\n', 127],
  ['set -u; echo $x', '/bin/bash: line 1: x: unbound variable\n', 127],
  ['cd /nosuch', '/bin/bash: line 1: cd: /nosuch: No such file or directory\n', 1],
  ['echo "a', '/bin/bash: line 1: unexpected EOF while looking for matching `"\'\n', 2],
  ['sh -c nosuch', 'sh: 1: nosuch: not found\n', 127],
  ['declare -A x', '/bin/bash: line 1: declare: -A: associative arrays are not emulated here\n', 2],
  ['set -x; x=1; echo a "b c"', "+ x=1\n+ echo a 'b c'\n", 0],
])('%s complains as bash does', (script, stderr, status) => {
  const outcome = new Machine().run(script);
  expect({ stderr: outcome.stderr, status: outcome.status }).toEqual({ stderr, status });
});

test('a pipeline streams: each line passes when it is written', () => {
  const machine = new Machine();
  const run = machine.start('while true; do echo tick; sleep 1; done | grep --line-buffered tick | cat');
  machine.pass(2.5);
  expect(run.stdout).toBe('tick\ntick\ntick\n');
  run.running.kill('SIGINT');
  machine.pass(0.1);
  expect(run.status).toBe(130);
});

test('a script file runs by its interpreter, and without one as a script of the shell', () => {
  const machine = new Machine();
  expect(machine.run("printf '#!/bin/sh\\necho sh $1\\n' > /tmp/a; chmod +x /tmp/a; /tmp/a x").stdout).toBe('sh x\n');
  expect(machine.run("echo 'echo plain $1' > /tmp/b; chmod +x /tmp/b; /tmp/b y").stdout).toBe('plain y\n');
});

test('a recursion without end stops with an error', () => {
  const outcome = new Machine().run('f() { f; }; f');
  expect(outcome.stderr).toContain('maximum function nesting level exceeded');
});
