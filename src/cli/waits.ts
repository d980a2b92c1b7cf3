/**
 * Waits between steps, which recordings do not tell. The rig waited until what it wanted to show was there, so:
 *
 * - "repeat status": a command that shows states (`docker service ps`, `service ls`, `node ls` …) is repeated until its states have
 *   come as far as the recorded ones; not when they are further already.
 * - "settle": after a change of the swarm, and before a step that does not show states, services converge and old tasks end; not
 *   when the recording shows later that they were still on their way.
 * - "expired": see expiry.ts.
 * - "removed services": what is removed tells nobody when it has ended. It takes the ten seconds that a program which does not
 *   hear SIGTERM is given, and a little for the gossip.
 */
import type { World } from '../../simulator/index.ts';
import { listing, remembers } from './expiry.ts';
import { advance, execute, pass } from './machines.ts';
import type { Pace } from './pace.ts';
import type { Step } from './recording.ts';

/** Virtual seconds. */
const SETTLE_LIMIT = 45;
const OLD_TASKS_LIMIT = 20;
const REMOVAL = 13;
const STATUS_LIMIT = 30;
const NODES_LIMIT = 60;
const STEP = 0.2;
/** Longer than IPVS remembers a connection that has ended. */
const FORGET_LIMIT = 125;
/** How many steps after a change may tell that it was still under way. */
const AHEAD = 12;

const CHANGES =
  /\bdocker (?:service (?:create|update|scale|rm|rollback)|swarm (?:init|join|leave)|node (?:update|rm|promote|demote)|stack|run|kill|stop|rm|restart|network (?:create|rm|connect|disconnect))\b|\bkill\b.*\bdocker\.pid\b/;
const SWARM_CHANGES = /\bdocker (?:service|swarm|node update|stack (?:deploy|up|rm)|kill|stop|restart)\b/;
const REMOVES = /\bdocker (?:service|stack) rm\b/;
const STATUS = /^docker (?:service (?:ls|ps)|node (?:ls|ps)|stack (?:ps|services))\b[^|;&]*$/;

const STATES = [
  'New',
  'Pending',
  'Allocated',
  'Assigned',
  'Accepted',
  'Preparing',
  'Ready',
  'Starting',
  'Running',
  'Complete',
  'Shutdown',
  'Failed',
  'Rejected',
];
const CURRENT = new RegExp(`\\b(${STATES.join('|')}) (?:less than|about|\\d+) `, 'g');
const ON_THE_WAY = /\b(?:New|Pending|Assigned|Accepted|Preparing|Ready|Starting) (?:less|about|\d)/;

const tasksIn = (text: string): number => [...text.matchAll(CURRENT)].length;

/** How far tasks have come, all together: more tasks are further. */
function progress(text: string): number {
  return [...text.matchAll(CURRENT)].reduce((sum, [, state = '']) => sum + STATES.indexOf(state) + 1, 0);
}

function nodeStates(text: string): string {
  return [
    ...text.matchAll(
      /^\S+(?: \*)? +(\S+) +(Ready|Down|Unknown|Disconnected) +(\w+) +(Leader|Reachable|Unreachable)?/gm,
    ),
  ]
    .map(([, ...words]) => words.join(' '))
    .sort()
    .join('\n');
}

/** `2/3` of every service. */
function replicas(text: string): string[] {
  return text.match(/\b\d+\/\d+\b/g) ?? [];
}

const runningIn = (text: string): number => replicas(text).reduce((sum, each) => sum + Number(each.split('/')[0]), 0);

/** True when `own` has not come as far as what was recorded. */
export function behind(cmd: string, recorded: string, own: string): boolean {
  if (cmd.startsWith('docker node ls')) return nodeStates(recorded) !== nodeStates(own);
  if (/^docker (?:service ls|stack services)/.test(cmd)) {
    const open = replicas(own).some((text) => text.split('/')[0] !== text.split('/')[1]);
    const more = runningIn(recorded) > runningIn(own);
    return (open || more) && replicas(recorded).join() !== replicas(own).join();
  }
  // The rig's tasks were longer on their way than these: such a moment cannot be met, only that there is a new task.
  return ON_THE_WAY.test(recorded) ? tasksIn(own) < tasksIn(recorded) : progress(own) < progress(recorded);
}

export class Waits {
  private readonly world: World;
  private readonly steps: readonly Step[];
  private readonly pace: Pace;
  private readonly step: number;
  private manager = '';
  private unsettled = false;
  /** Services that did not converge in the time they were given: nobody waits for them again. */
  private readonly hopeless = new Set<string>();

  /** `step`: what a step takes that changes nothing, seconds. */
  constructor(world: World, steps: readonly Step[], pace: Pace, step = STEP) {
    this.step = step;
    this.world = world;
    this.pace = pace;
    this.steps = steps;
  }

  /** Before step `index`; `line` is its command in the emulator's words. */
  async before(index: number, line: string): Promise<void> {
    const step = this.steps[index] as Step;
    if (this.manager === '') return;
    await this.forget(step, line);
    if (STATUS.test(step.cmd) && step.exit === 0) {
      await advance(this.world, this.pace.due(index), () => false);
      return this.repeatStatus(step, line);
    }
    if (!this.unsettled || CHANGES.test(step.cmd) || this.showsMovementAfter(index) || this.moves(index)) return;
    this.unsettled = false;
    await this.settle();
  }

  /** Until connections are forgotten that the recorded list does not show any more. */
  private async forget({ node, stdout }: Step, line: string): Promise<void> {
    const list = listing(line);
    if (list === undefined) return;
    for (let waited = 0; waited < FORGET_LIMIT; waited++) {
      const own = await execute(this.world, node, list, 5);
      if (!remembers(stdout, own.stdout)) return;
      await pass(this.world, 1);
    }
  }

  /** After step `index`, which ended with `exit`. */
  async after(index: number, exit: number | undefined): Promise<void> {
    const { cmd, node } = this.steps[index] as Step;
    if (exit === 0 && /^docker swarm init\b/.test(cmd)) this.manager = node;
    if (!CHANGES.test(cmd)) return pass(this.world, this.step);
    const next = this.steps[index + 1];
    // Of two detached services the first is placed when the second comes, but hardly running.
    if (/--detach/.test(cmd) && /^docker service create .*--detach/.test(next?.cmd ?? '')) {
      this.unsettled = true;
      return pass(this.world, 0.06);
    }
    await pass(this.world, 1);
    if (REMOVES.test(cmd) && exit === 0) await pass(this.world, REMOVAL);
    if (this.manager === '') return;
    if (next !== undefined && CHANGES.test(next.cmd) && SWARM_CHANGES.test(cmd)) await this.settle();
    else this.unsettled = true;
  }

  /** Before the next change a later step shows tasks on their way. */
  private showsMovementAfter(index: number): boolean {
    for (const step of this.steps.slice(index, index + AHEAD)) {
      if (CHANGES.test(step.cmd)) return false;
      if (STATUS.test(step.cmd)) return ON_THE_WAY.test(step.stdout);
    }
    return false;
  }

  /** The last list showed tasks on their way, and the next one has yet to come: this is a look at the same moment. */
  private moves(index: number): boolean {
    for (let before = index - 1; before >= 0; before--) {
      const { cmd, stdout } = this.steps[before] as Step;
      if (CHANGES.test(cmd)) return false;
      if (!STATUS.test(cmd)) continue;
      if (!ON_THE_WAY.test(stdout)) return false;
      const next = this.steps
        .slice(index, index + AHEAD)
        .find((step) => CHANGES.test(step.cmd) || STATUS.test(step.cmd));
      return next !== undefined && STATUS.test(next.cmd);
    }
    return false;
  }

  private async repeatStatus(step: Step, line: string): Promise<void> {
    const limit = step.cmd.startsWith('docker node ls') ? NODES_LIMIT : STATUS_LIMIT;
    for (let waited = 0; waited < limit; waited += 0.5) {
      const { stdout, exit } = await execute(this.world, step.node, line, 5);
      if (exit !== 0 || !behind(step.cmd, step.stdout, stdout)) return;
      await pass(this.world, 0.5);
    }
  }

  private async settle(): Promise<void> {
    let open: string[] = [];
    for (let waited = 0; waited < SETTLE_LIMIT; waited++) {
      const services = await this.ask("docker service ls --format '{{.Name}} {{.Replicas}}'");
      open = services.flatMap((line) => {
        const [name = '', count = ''] = line.split(' ');
        const [running, wanted] = count.split('/');
        return wanted !== undefined && running !== wanted && !this.hopeless.has(name) ? [name] : [];
      });
      if (open.length === 0) break;
      await pass(this.world, 1);
    }
    for (const name of open) this.hopeless.add(name);
    for (let waited = 0; waited < OLD_TASKS_LIMIT && (await this.oldTasksRun()); waited++) await pass(this.world, 1);
    await pass(this.world, 1);
  }

  /** A task that shall end is still running, on a machine that answers. */
  private async oldTasksRun(): Promise<boolean> {
    const services = await this.ask('docker service ls -q');
    if (services.length === 0) return false;
    const down = await this.ask("docker node ls --format '{{.Hostname}} {{.Status}}'");
    const tasks = await this.ask(
      `docker service ps ${services.join(' ')} -f desired-state=shutdown --format '{{.Node}} {{.CurrentState}}'`,
    );
    return tasks.some((line) => {
      const [node = '', state] = line.split(' ');
      return state === 'Running' && down.includes(`${node} Ready`);
    });
  }

  private async ask(line: string): Promise<string[]> {
    const answer = await execute(this.world, this.manager, line, 5);
    return answer.exit === 0 ? answer.stdout.split('\n').filter((text) => text !== '') : [];
  }
}
