// Worlds with traffic, for the tests of stories: every scenario, and every lab with its solution typed.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWorld, parseScenario, SECOND, type Scenario, type World } from '../../simulator/index.ts';
import { linesOf, parseLab } from '../../simulator/lesson/index.ts';
import { externals } from '../../src/lab/externals.ts';

const CONTENT = fileURLToPath(new URL('../../content/', import.meta.url));

function filesBelow(folder: string): string[] {
  const root = path.join(CONTENT, folder);
  if (!fs.existsSync(root)) return [];
  return (fs.readdirSync(root, { recursive: true }) as string[]).filter((file) => file.endsWith('.yaml')).sort();
}

/** Names of content/scenarios. */
export const SCENARIOS = filesBelow('scenarios').map((file) => file.replace('.yaml', ''));
/** Files of content/labs. */
export const LABS = filesBelow('labs');

export function scenarioOf(name: string): Scenario {
  return parseScenario(fs.readFileSync(path.join(CONTENT, `scenarios/${name}.yaml`), 'utf8'));
}

/** A world of the scenario, and lines that send packets from everywhere to everywhere. */
export function worldOf(name: string): { world: World; lines: readonly { on: string; run: string }[] } {
  const scenario = scenarioOf(name);
  return { world: createWorld(scenario, { externals }), lines: traffic(scenario) };
}

/** A world of the lab, and the lines of its whole solution, with the scenario's traffic after them. */
export function worldOfLab(file: string): { world: World; lines: readonly { on: string; run: string }[] } {
  const { lab, scenario } = parseLab(fs.readFileSync(path.join(CONTENT, 'labs', file), 'utf8'), scenarioOf, file);
  const solution = lab.tasks.flatMap((task) => linesOf(task.solution));
  return { world: createWorld(scenario, { externals }), lines: [...solution, ...traffic(scenario)] };
}

/** Pings between the machines, a port that nobody listens on, and the published ports of each node. */
function traffic({ machines, services }: Scenario): { on: string; run: string }[] {
  const address = (index: number): string => machines[index % machines.length]!.address.split('/')[0]!;
  return machines
    .slice(0, 4)
    .flatMap(({ name }, index) => [
      { on: name, run: `ping -c1 -W1 ${address(index + 1)}` },
      { on: name, run: `curl -s -m2 ${address(index + 1)}:9` },
      ...services.flatMap((service) =>
        service.publish.map((port) => ({ on: name, run: `curl -s -m2 ${address(index)}:${port.split(':')[0]!}` })),
      ),
    ]);
}

/** Types lines into a terminal of their host one after the other, and lets each have some time. */
export async function play(world: World, lines: readonly { on: string; run: string }[]): Promise<void> {
  const terminals = new Map<string, ReturnType<World['openTerminal']>>();
  for (const { on, run } of lines) {
    let terminal = terminals.get(on);
    if (terminal === undefined) {
      terminal = world.openTerminal(on);
      terminals.set(on, terminal);
      await pass(world, 1);
    }
    terminal.input(`${run}\r`);
    await pass(world, 4);
  }
}

async function pass(world: World, seconds: number): Promise<void> {
  const until = world.now + seconds * SECOND;
  while (world.now < until) {
    await world.pendingExternal();
    if (world.run(until, 200_000) !== 'budget') break;
  }
}
