// From nothing to a swarm that answers: the whole of Docker, through the simulator's door.
import { createWorld, SECOND } from '../../simulator/index.ts';

/** Wall milliseconds from nothing to a converged swarm of the scenario that has answered one request. */
export function swarmMilliseconds(scenario: string): number {
  const from = performance.now();
  const world = createWorld(scenario, { trace: false });
  const execution = world.exec('client', 'curl -sS http://192.168.56.13:8000/');
  const limit = world.now + 60 * SECOND;
  while (execution.exit === undefined && world.now < limit) world.run(world.nextDue() ?? limit);
  if (execution.exit !== 0 || !execution.stdout.startsWith("I'm "))
    throw new Error(`the mesh does not answer: ${execution.stdout}${execution.stderr}`);
  return performance.now() - from;
}
