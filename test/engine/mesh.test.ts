import { expect, test } from 'vitest';
import { Machines, value } from './machines.ts';

test('try', () => {
  const machines = new Machines().swarm();
  for (const host of ['node1', 'node2', 'node3']) console.log(machines.rules(host, 'filter'), machines.rules(host, 'nat'), machines.files(host));
  console.log(value(machines.api('node1').nodes({})).map((n) => [n.Description.Hostname, n.Status.State]));
  machines.publish('whoami', 8000, 3);
  console.log(value(machines.api('node1').tasks({})).map((t) => [t.Slot, t.NodeID, t.Status.State, t.Status.Err, t.Status.Message]));
  console.log(machines.rules('node1', 'nat'), machines.files('node1'));
  console.log(machines.get('node1', '127.0.0.1', 8000));
  expect(1).toBe(1);
});
