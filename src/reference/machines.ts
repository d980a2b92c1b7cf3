/** Commands typed on emulated machines while the site is built. */
import { SECOND, type World } from '../../simulator/index.ts';

/** Virtual time that a command gets, and how much it may do and print; `yes` would never end. */
const MOST = 150 * SECOND;
const MOST_EVENTS = 1_000_000;
const MOST_OUTPUT = 100_000;
const SLICE = 2_000;

export interface Typed {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number | undefined;
}

/** Runs a command line to its end. One that does not end is killed. */
export function typed(world: World, host: string, line: string): Typed {
  const execution = world.exec(host, line);
  const [until, limit] = [world.now + MOST, world.executed + MOST_EVENTS];
  const goesOn = (): boolean =>
    execution.exit === undefined &&
    world.now < until &&
    world.executed < limit &&
    execution.stdout.length < MOST_OUTPUT;
  while (goesOn()) {
    const due = world.nextDue();
    world.run(due === undefined ? until : Math.min(due, until), SLICE);
  }
  if (execution.exit === undefined) execution.kill('SIGKILL');
  const { stdout, stderr, exit } = execution;
  return { stdout, stderr, exit };
}
