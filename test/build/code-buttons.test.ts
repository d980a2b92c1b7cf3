// What Run types and Copy copies.
import { expect, test } from 'vitest';
import { commandsOf } from '../../src/build/commands.mjs';

test('a block of commands is taken as it is, without prompts', () => {
  expect(commandsOf('ip addr\nip route\n', 'sh')).toBe('ip addr\nip route');
  expect(commandsOf('# ip addr\n$ ip route', 'sh')).toBe('ip addr\nip route');
});

test('of a session with output only the commands are taken', () => {
  const session =
    'node1# docker ps -q\n555789d8dfe0\nnode1# for i in 1 2; do \\\n>   echo $i; done\n1\n2\n[root@a ~]$ exit';
  expect(commandsOf(session, 'console')).toBe('docker ps -q\nfor i in 1 2; do \\\n  echo $i; done\nexit');
});
