/** Scenarios by name or path, and commands run to their end in a world without a clock on the wall. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type Chance,
  checkScenario,
  createWorld,
  type Dice,
  ENGINES,
  type Execution,
  parseScenario,
  SECOND,
  type World,
} from '../../simulator/index.ts';
import { externals } from '../lab/externals.ts';
import { scenarioOf } from './diff.ts';

const ROOT = process.env['MESHWALK_ROOT'] ?? process.cwd();
const SCENARIOS = join(ROOT, 'content/scenarios');

/** Somebody asked for what is not there. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The YAML text of a scenario: a name of content/scenarios, or a path. */
function scenarioText(name: string): string {
  const path = [join(SCENARIOS, `${name}.yaml`), name].find(
    (candidate) => existsSync(candidate) && /\.ya?ml$/.test(candidate),
  );
  if (path !== undefined) return readFileSync(path, 'utf8');
  const known = readdirSync(SCENARIOS).map((file) => basename(file, '.yaml'));
  throw new UsageError(
    `There is no scenario ${name}; there are ${known.join(', ')} (or give the path of a .yaml file).`,
  );
}

/** A world of the named scenario; packets are observed only on request. */
export function worldOf(name: string, trace = false): World {
  return createWorld(scenarioText(name), { externals, trace });
}

/** The same of another engine; its packets are observed. */
export function worldOfEra(name: string, engine: string): World {
  if (!(ENGINES as readonly string[]).includes(engine)) throw new UsageError(`There is no engine ${engine}; there are ${ENGINES.join(', ')}.`);
  return createWorld(scenarioOf(scenarioText(name), engine), { externals, trace: false });
}

/** The same with the test programs of the machines on which the recordings were made, and with what chance decided. */
export function recordedWorldOf(name: string, engine: string, dice: Dice, chance: Chance): World {
  return createWorld(checkScenario({ ...parseScenario(scenarioText(name)), engine, equipment: 'rig' }), {
    externals,
    trace: false,
    dice,
    chance,
  });
}

/** Events that a command may run before it is taken for a runaway. */
const EVENT_LIMIT = 20_000_000;

/** Advances the world until `until` (virtual µs) has come or `over` holds. */
export async function advance(world: World, until: number, over: () => boolean): Promise<void> {
  const limit = world.executed + EVENT_LIMIT;
  while (!over() && world.now < until && world.executed < limit) {
    const pending = world.pendingExternal();
    if (pending !== undefined) {
      await pending;
      continue;
    }
    const due = world.nextDue();
    world.run(due === undefined ? until : Math.min(due, until), 100_000);
  }
}

/** Lets `seconds` of virtual time pass. */
export async function pass(world: World, seconds: number): Promise<void> {
  await advance(world, world.now + seconds * SECOND, () => false);
}

/** Runs a command line to its end, at most `seconds` of virtual time; then it is ended as `timeout` would. */
export async function execute(world: World, host: string, line: string, seconds: number): Promise<Execution> {
  const execution = world.exec(host, line);
  await finish(world, execution, seconds);
  return execution;
}

/** Waits for an execution; SIGTERM, then SIGKILL when it does not end in time. */
export async function finish(world: World, execution: Execution, seconds: number): Promise<void> {
  const over = (): boolean => execution.exit !== undefined;
  await advance(world, world.now + seconds * SECOND, over);
  if (over()) return;
  execution.kill('SIGTERM');
  await advance(world, world.now + 2 * SECOND, over);
  if (over()) return;
  execution.kill('SIGKILL');
  await advance(world, world.now + SECOND, over);
}
