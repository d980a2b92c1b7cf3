// The recorded stories of this folder, and worlds brought to where they begin.
import fs from 'node:fs';
import { createWorld, MILLISECOND, SECOND, type World } from '../../simulator/index.ts';

const here = new URL('.', import.meta.url);
const empty = fs.readFileSync(new URL('../../content/scenarios/empty.yaml', import.meta.url), 'utf8');

export interface Golden {
  readonly setup: readonly { node: string; command: string }[];
  readonly request: { node: string; command: string };
  /** Section title → lines. */
  readonly sections: ReadonlyMap<string, readonly string[]>;
}

/** Reads NAME.story. */
export function readGolden(name: string): Golden {
  const setup: { node: string; command: string }[] = [];
  let request = { node: '', command: '' };
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of fs.readFileSync(new URL(`${name}.story`, here), 'utf8').split('\n')) {
    const command = /^([@?]) (\S+) (.*)$/.exec(line);
    if (command?.[1] === '@') setup.push({ node: command[2]!, command: command[3]! });
    else if (command !== null) request = { node: command[2]!, command: command[3]! };
    else if (line.startsWith('[')) sections.set(line, (lines = []));
    else if (line !== '' && !line.startsWith('#')) lines.push(line);
  }
  return { setup, request, sections };
}

/** Runs a command to its end; throws unless it succeeds. */
export function run(world: World, node: string, command: string): string {
  const execution = world.exec(node, command);
  const limit = world.now + 120 * SECOND;
  while (execution.exit === undefined && world.now < limit) world.run(world.nextDue() ?? limit);
  if (execution.exit !== 0) throw new Error(`${node}: ${command}: ${execution.exit}\n${execution.stdout}${execution.stderr}`);
  return execution.stdout;
}

/** An empty cluster on which the story's set-up has been typed, and twenty quiet seconds have passed. */
export function buildWorld(golden: Golden): World {
  const world = createWorld(empty);
  let token = '';
  for (const { node, command } of golden.setup) {
    run(world, node, command.replace('TOKEN', token));
    // The recording rig took seconds from one command to the next; on its slow machines a container took longer to start. So of two
    // detached services the first had been placed when the second came, but nobody had heard of its task yet: the pauses are such
    // that the gossip about it goes out after the second has started.
    world.run(world.now + (command.includes('--detach') ? 90 * MILLISECOND : 5030 * MILLISECOND));
    if (command.includes('swarm init')) token = run(world, node, 'docker swarm join-token -q worker').trim();
  }
  world.run(world.now + 20 * SECOND);
  world.trace.clear();
  return world;
}
