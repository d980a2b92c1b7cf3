// What strangers send to the swarm's ports is dropped, and the swarm goes on.
import { describe, expect, it } from 'vitest';
import { cluster, members, pass, type } from './world.ts';

describe('strangers at the ports of a swarm', () => {
  it('a datagram to the gossip port changes nothing', () => {
    const world = cluster();
    type(world, 'client', 'echo hello | nc -u -w1 192.168.56.12 7946');
    pass(world, 60);
    expect(members(world, 'node1')).toEqual(['node1 Ready Leader', 'node2 Ready', 'node3 Ready']);
  });

  it.each([7946, 2377])('an HTTP request to port %i is hung up on', (port) => {
    const world = cluster();
    expect(type(world, 'client', `curl -sS -m 5 192.168.56.11:${port}; echo "exit $?"`)).toMatch(/^exit (52|56)$/m);
    pass(world, 60);
    expect(members(world, 'node1')).toEqual(['node1 Ready Leader', 'node2 Ready', 'node3 Ready']);
  });
});
