// Command lines and what coreutils, grep, findutils, mawk and sed (Debian 12, C locale) printed for them.
import { describe, expect, test } from 'vitest';
import { externals } from '../../../src/lab/externals.ts';
import { Machine } from '../../process/machine.ts';
import recorded from './tools.json';

const table = recorded as [script: string, stdout: string, status: number][];

test.each(table)('%s', async (script, stdout, status) => {
  const machine = new Machine({ externals });
  machine.host.fs.mkdir('/w');
  const outcome = await machine.runAsync(script, { cwd: '/w' });
  expect({ stdout: outcome.stdout, status: outcome.status }).toEqual({ stdout, status });
});

describe('jq', () => {
  test.each([
    [`echo '{"a":{"b":1}}' | jq .a`, '{\n  "b": 1\n}\n', 0],
    [`echo '{"a":"x"}' | jq -r .a`, 'x\n', 0],
    [`printf '{"a":1}\\n{"a":2}\\n' | jq -c .`, '{"a":1}\n{"a":2}\n', 0],
    [`printf '1 2 3' | jq -s add`, '6\n', 0],
    [`jq -n '1+1'`, '2\n', 0],
    [`echo '{}' | jq --arg v 5 '.x=$v' -c`, '{"x":"5"}\n', 0],
  ])('%s', async (script, stdout, status) => {
    const outcome = await new Machine({ externals }).runAsync(script);
    expect({ stdout: outcome.stdout, status: outcome.status }).toEqual({ stdout, status });
  });

  test('says what is wrong with its input', async () => {
    const outcome = await new Machine({ externals }).runAsync(`echo '{"a":' | jq .`);
    expect(outcome.status).toBe(5);
    expect(outcome.stderr).toMatch(/^jq: parse error/);
  });
});

describe('awk and sed', () => {
  test('stream line by line', async () => {
    const machine = new Machine({ externals });
    const run = machine.start(`while true; do echo a b; sleep 1; done | awk '{print $2}'`);
    for (let i = 0; i < 400 && machine.scheduler.now < 2_500_000; i++) {
      await machine.door.pending();
      machine.scheduler.run(2_500_000, 100);
    }
    expect(run.stdout).toBe('b\nb\nb\n');
  });

  test('without the library say so', () => {
    const outcome = new Machine().run('echo a | sed s/a/b/');
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toBe('sed: the library sed is not available here\n');
  });
});

describe('ls -l', () => {
  test('shows a namespace file as Docker leaves it', () => {
    const machine = new Machine();
    machine.host.makeDirectories('/var/run/docker/netns');
    machine.host.fs.bindNetns('/var/run/docker/netns/ingress_sbox', machine.host.kernel.initNs);
    machine.host.fs.bindNetns('/var/run/docker/netns/1-khhptykn4y', machine.host.kernel.initNs);
    const line = (mode: string, name: string): string => `${mode} 1 root root 0 Nov 20 11:25 ${name}\n`;
    const bound = line('-r--r--r--', 'ingress_sbox');
    expect(machine.run('ls -l /var/run/docker/netns').stdout).toBe(
      `total 0\n${line('-r--r--r--', '1-khhptykn4y')}${bound}`,
    );
    machine.host.fs.unmount('/var/run/docker/netns/1-khhptykn4y');
    expect(machine.run('ls -l /var/run/docker/netns').stdout).toBe(
      `total 0\n${line('-rw-r--r--', '1-khhptykn4y')}${bound}`,
    );
  });

  test('of nothing says so as the real one', () => {
    const outcome = new Machine().run('ls -l /var/run/docker/netns');
    expect(outcome).toEqual({
      stdout: '',
      stderr: "ls: cannot access '/var/run/docker/netns': No such file or directory\n",
      status: 2,
    });
  });
});

test('tail -f follows a file that grows', () => {
  const machine = new Machine();
  const run = machine.start('(sleep 1; echo b >> /tmp/f) & echo a > /tmp/f; timeout 2 tail -f /tmp/f');
  machine.pass(3);
  expect(run.stdout).toBe('a\nb\n');
  expect(run.status).toBe(124);
});

test('watch runs the command again on a cleared screen', () => {
  const machine = new Machine();
  const run = machine.start('watch -n1 -t echo hi', { tty: true });
  machine.pass(2.5);
  expect(run.stdout.split('\x1b[H\x1b[2J')).toEqual(['', 'hi\r\n', 'hi\r\n', 'hi\r\n']);
});

test.each([
  [
    'systemctl status docker',
    'systemctl: is not emulated here; there is no service manager; docker is started with the machine\n',
    1,
  ],
  ['man nosuch', 'No manual entry for nosuch\n', 16],
  ['grep -z x', 'grep: option -z is not emulated here\n', 2],
])('%s is refused in words', (line, stderr, status) => {
  const outcome = new Machine().run(line);
  expect({ stderr: outcome.stderr, status: outcome.status }).toEqual({ stderr, status });
});

test('help lists every tool, in groups', () => {
  const { stdout } = new Machine().run('help');
  for (const name of ['grep', 'ls', 'ps', 'watch', 'seq']) expect(stdout).toMatch(new RegExp(`\\b${name}\\b`));
  expect(stdout).not.toContain('systemctl');
});
