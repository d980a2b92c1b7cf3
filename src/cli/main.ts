/** The headless face: `npm run -s meshwalk -- sh | run | diff | replay | corpus | lesson`. */
import { parseArgs } from 'node:util';
import { ScenarioError, SetupError } from '../../simulator/index.ts';
import { corpus, RECORDINGS } from './corpus.ts';
import { conversationOf, diffSteps, diffText, stepsOf, type Step } from './diff.ts';
import { execute, UsageError, worldOf, worldOfEra } from './machines.ts';
import { readRecording, RecordingError } from './recording.ts';
import { replay, type Report } from './replay.ts';
import { lesson } from './lesson.ts';
import { interactiveShell } from './shell.ts';

const USAGE = `meshwalk sh [SCENARIO] [--on MACHINE]            a shell of a machine in this terminal (exit or ^D ends it)
meshwalk run SCENARIO --on MACHINE -c 'COMMAND' [--json]
                                                 one command; --json: {stdout, stderr, exit}
meshwalk diff --engine A --engine B SCENARIO [--on MACHINE] -c 'COMMAND' [--json]
                                                 the packet's way under two engines, and what moved
meshwalk replay RECORDING.json… [--json]         replays recordings and compares every step
meshwalk corpus [DIRECTORY]                      replays all, and writes content/fidelity.json
meshwalk lesson check [UNIT/SLUG…] [--json] [--quick]
                                                 proves lessons; --quick leaves the mutants of solutions out
meshwalk lesson new UNIT/NN-SLUG                 begins a lesson: its lab and its prose
meshwalk lesson outputs UNIT/NN-SLUG…            writes into the prose what its commands print
meshwalk lesson schema                           writes the JSON Schema of labs, public/schema/lab.json
`;

/** Virtual seconds that `run` gives a command. */
const RUN_LIMIT = 600;

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      on: { type: 'string' },
      command: { type: 'string', short: 'c' },
      engine: { type: 'string', multiple: true },
      json: { type: 'boolean' },
      quick: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [verb, ...rest] = positionals;
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  switch (verb) {
    case 'sh': {
      const world = worldOf(rest[0] ?? 'routing-mesh');
      return interactiveShell(world, machine(world.hosts, values.on ?? (world.hosts[0] as string)));
    }
    case 'run':
      return run(rest[0], values.on, values.command, values.json === true);
    case 'diff':
      return diff(rest[0], values.engine ?? [], values.on, values.command, values.json === true);
    case 'replay':
      return replayAll(rest, values.json === true);
    case 'corpus':
      return runCorpus(rest[0] ?? RECORDINGS);
    case 'lesson':
      return lesson(rest, { json: values.json === true, quick: values.quick === true });
    default:
      throw new UsageError(verb === undefined ? 'What shall be done?' : `There is no command ${verb}.`);
  }
}

function machine(hosts: readonly string[], name: string): string {
  if (!hosts.includes(name))
    throw new UsageError(`There is no machine ${name} in this scenario; there are ${hosts.join(', ')}.`);
  return name;
}

async function run(
  scenario: string | undefined,
  on: string | undefined,
  command: string | undefined,
  json: boolean,
): Promise<number> {
  if (scenario === undefined || on === undefined || command === undefined)
    throw new UsageError("run needs a scenario, --on MACHINE and -c 'COMMAND'.");
  const world = worldOf(scenario);
  const { stdout, stderr, exit } = await execute(world, machine(world.hosts, on), command, RUN_LIMIT);
  if (json) process.stdout.write(`${JSON.stringify({ stdout, stderr, exit: exit ?? null })}\n`);
  else {
    process.stdout.write(stdout);
    process.stderr.write(stderr);
  }
  return exit === undefined ? 124 : exit < 0 ? 128 - exit : exit;
}

async function diff(
  scenario: string | undefined,
  engines: readonly string[],
  on: string | undefined,
  command: string | undefined,
  json: boolean,
): Promise<number> {
  const [before, after] = engines;
  if (scenario === undefined || command === undefined || before === undefined || after === undefined || engines.length > 2)
    throw new UsageError("diff needs --engine twice, a scenario and -c 'COMMAND'.");
  const way = async (engine: string): Promise<Step[]> => {
    const world = worldOfEra(scenario, engine);
    const from = machine(world.hosts, on ?? (world.hosts.includes('client') ? 'client' : (world.hosts[0] as string)));
    world.trace.enabled = true;
    await execute(world, from, command, RUN_LIMIT);
    const story = conversationOf(world, from);
    if (story === undefined) throw new UsageError(`${command} sends no packet from ${from} under docker ${engine}.`);
    return stepsOf(story);
  };
  const result = diffSteps(await way(before), await way(after));
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : diffText(result, [before, after]));
  return 0;
}

async function replayAll(paths: readonly string[], json: boolean): Promise<number> {
  if (paths.length === 0) throw new UsageError('replay needs the path of a recording.');
  for (const path of paths) {
    const report = await replay(readRecording(path));
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : reportText(report));
  }
  return 0;
}

function reportText(report: Report): string {
  let text = `${report.recording}\n`;
  for (const { index, cmd, equal, diff } of report.steps) {
    text += `${String(index).padStart(4)} ${equal ? 'equal  ' : 'differs'} ${cmd}\n`;
    if (diff !== undefined) text += `${diff.replace(/^/gm, '             ')}\n`;
  }
  text += totals(report);
  text += `rules used: ${Object.entries(report.rules)
    .map(([name, times]) => `${name} ×${times}`)
    .join(', ')}\n`;
  return text;
}

function totals(report: Report): string {
  const percent = report.total === 0 ? 100 : Math.floor((100 * report.equal) / report.total);
  const tools = Object.entries(report.byTool)
    .sort(([, a], [, b]) => b.total - a.total)
    .map(([tool, tally]) => `${tool} ${tally.equal}/${tally.total}`);
  return `${report.recording}: ${report.equal} of ${report.total} steps equal (${percent} %): ${tools.join(', ')}\n`;
}

async function runCorpus(directory: string): Promise<number> {
  const fidelity = await corpus(directory, (report) => process.stdout.write(totals(report)));
  if (fidelity === undefined)
    throw new UsageError(`There are no recordings at ${directory}; give the folder that has them.`);
  for (const { cause, count, example } of fidelity.remaining.slice(0, 20))
    process.stdout.write(`${String(count).padStart(5)} ${cause}   (${example})\n`);
  return 0;
}

const isOurs = (error: unknown): error is Error =>
  error instanceof UsageError ||
  error instanceof RecordingError ||
  error instanceof ScenarioError ||
  error instanceof SetupError ||
  (error instanceof TypeError && 'code' in error);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!isOurs(error)) throw error;
  process.stderr.write(`${error.message}\n\n${error instanceof UsageError || error instanceof TypeError ? USAGE : ''}`);
  process.exitCode = 2;
}
