// Whether a status shown by the emulator has come as far as the recorded one.
import { describe, expect, test } from 'vitest';
import { behind } from '../../src/cli/waits.ts';

const task = (state: string): string => `a1b2c3d4e5f6   web.1   nginx:latest   node1   Running   ${state} 3 seconds ago\n`;

describe('docker service ps', () => {
  test.each([
    ['it is not running yet', task('Running'), task('Preparing'), true],
    ['it has come further', task('Running'), task('Shutdown'), false],
    ['a successor is missing', task('Preparing') + task('Shutdown'), task('Running'), true],
    ['the recorded one was on its way', task('Preparing'), task('Pending'), false],
    ['they are the same', task('Running'), task('Running'), false],
  ])('%s', (_, recorded, own, expected) => {
    expect(behind('docker service ps web', recorded, own)).toBe(expected);
  });
});

test('docker service ls: waits only for services that have not converged', () => {
  expect(behind('docker service ls', 'x web 3/3', 'x web 2/3')).toBe(true);
  expect(behind('docker service ls', 'x web 2/3', 'x web 3/3')).toBe(false);
});

test('docker node ls: waits until the manager has noticed', () => {
  const node = (status: string): string => `abc *   node1   Ready   Active   Leader   26.1.5\ndef     node2   ${status}    Active            26.1.5\n`;
  expect(behind('docker node ls', node('Down'), node('Ready'))).toBe(true);
  expect(behind('docker node ls', node('Ready'), node('Ready'))).toBe(false);
});
