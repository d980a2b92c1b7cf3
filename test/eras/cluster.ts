/** A swarm of two machines with the engine of an era, and a service published on 8000 with a task on each. */
import { checkScenario, SECOND, World } from '../../simulator/index.ts';

/** Two nodes, the service `web`, and the overlay `net` with the service `back` (one task, on node1). */
export function cluster(engine: string): World {
  const machines = [
    { name: 'node1', address: '192.168.56.11/24', docker: true },
    { name: 'node2', address: '192.168.56.12/24', docker: true },
  ];
  return new World(
    checkScenario({
      name: 'era',
      title: 'Two nodes',
      engine,
      machines,
      swarm: { managers: ['node1'], workers: ['node2'] },
      networks: [{ name: 'net', attachable: true }],
      services: [{ name: 'web', image: 'jwilder/whoami', replicas: 2, publish: ['8000:8000'] }],
    }),
    { trace: false },
  );
}

/** What a command line prints on a machine; errors too. */
export function sh(world: World, host: string, line: string): string {
  const running = world.exec(host, line);
  for (const limit = world.now + 60 * SECOND; running.exit === undefined && world.now < limit;)
    world.run(Math.min(world.nextDue() ?? limit, limit));
  return running.stdout + running.stderr;
}
