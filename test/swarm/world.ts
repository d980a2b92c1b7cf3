// A world of plain machines with Docker, driven by what is typed.
import { SECOND } from '../../simulator/base/scheduler.ts';
import { createWorld, type World } from '../../simulator/lab/world.ts';

/** How many machines, who manages the swarm, and what runs. */
export function cluster({
  nodes = 3,
  managers = ['node1'],
  services = '',
  engine = '26.1',
  seed = 1,
}: { nodes?: number; managers?: string[]; services?: string; engine?: string; seed?: number } = {}): World {
  const names = Array.from({ length: nodes }, (_, index) => `node${index + 1}`);
  const machines = names.map(
    (name, index) => `  - {name: ${name}, address: 192.168.56.${index + 11}/24, docker: true}`,
  );
  const swarm =
    managers.length === 0
      ? ''
      : `swarm: {managers: [${managers.join(', ')}], workers: [${names.filter((name) => !managers.includes(name)).join(', ')}]}\n`;
  const world = createWorld(
    `name: test\ntitle: test\nseed: ${seed}\nengine: "${engine}"\nmachines:\n  - {name: client, address: 192.168.56.1/24}\n${machines.join('\n')}\n${swarm}${services}`,
    { trace: false },
  );
  pass(world, 2);
  return world;
}

/** What a command printed; both streams as on a terminal. */
export function type(world: World, host: string, line: string, limit = 60): string {
  const execution = world.exec(host, line);
  const until = world.now + limit * SECOND;
  while (execution.exit === undefined && world.now < until) world.run(Math.min(world.nextDue() ?? until, until));
  if (execution.exit === undefined)
    throw new Error(`${host}: ${line} did not end within ${limit} s: ${execution.stdout}${execution.stderr}`);
  return (execution.stdout + execution.stderr).trimEnd();
}

export function pass(world: World, seconds: number): void {
  world.run(world.now + seconds * SECOND);
}

/** `node ls` in three words a line: who, how it is, what it is among the managers. */
export function members(world: World, from: string): string[] {
  return type(world, from, `docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}'`)
    .split('\n')
    .map((line) => line.trimEnd());
}
