// A bug of the emulator inside one program: that program ends and says so, everything else goes on.
import { expect, test } from 'vitest';
import type { Tool } from '../../simulator/process/program.ts';
import { Machine } from './machine.ts';

const broken: Tool = {
  name: 'broken',
  summary: 'throws',
  *main(ctx) {
    yield* ctx.out('before\n');
    throw new TypeError('nothing there');
  },
};

test('the program ends with 134, its neighbours and the shell live on', () => {
  const told: string[] = [];
  const machine = new Machine({ tools: [broken], fault: (error, where) => told.push(`${where}: ${String(error)}`) });
  const outcome = machine.run('broken; echo status $?; broken | cat; echo on');
  expect(outcome.stdout).toBe('before\nstatus 134\nbefore\non\n');
  expect(outcome.stderr).toContain('broken: a fault of the emulator, not yours: nothing there\n');
  expect(told).toEqual(['node1: broken: TypeError: nothing there', 'node1: broken: TypeError: nothing there']);
});

test('without a listener the error goes to whoever runs the world', () => {
  expect(() => new Machine({ tools: [broken] }).run('broken')).toThrow('nothing there');
});
