/**
 * Replays a recording in an emulated world that starts as the recorded machines did, and compares every step.
 * Ids differ, so later commands are typed with the emulator's own: learnt from outputs that agree, and, for the containers
 * that a command names, looked up by service, slot and machine.
 */
import type { Execution, World } from '../../simulator/index.ts';
import { capturedAfter } from './captures.ts';
import { Chances } from './chances.ts';
import { compareText, diffLines, inOwnWords, kindOf } from './compare.ts';
import { advance, execute, finish, pass, recordedWorldOf } from './machines.ts';
import type { Uses } from './normalise.ts';
import { Placements } from './placements.ts';
import type { NamedContainer, Recording, Step } from './recording.ts';
import { Rig } from './rig.ts';
import { Symbols } from './symbols.ts';
import { Tempo } from './tempo.ts';
import { toolOf } from './tools.ts';
import { Waits } from './waits.ts';

interface StepResult {
  readonly index: number;
  readonly cmd: string;
  readonly equal: boolean;
  /** Lines with `-` are the recording's, with `+` the emulator's. */
  readonly diff?: string;
}

interface Tally {
  total: number;
  equal: number;
}

export interface Report {
  readonly recording: string;
  readonly total: number;
  readonly equal: number;
  readonly byTool: Readonly<Record<string, Tally>>;
  /** How many steps were equal thanks to each rule. */
  readonly rules: Readonly<Record<string, number>>;
  readonly steps: readonly StepResult[];
}

/** Virtual seconds that a step may take which took as long as it needed on the real machines. */
const STEP_LIMIT = 180;
/** The machine of these recordings did other work as well: seconds for a step that changes nothing. */
const BUSY_STEP: Readonly<Record<string, number>> = { '17.03': 0.35, '18.09': 0.35 };
/** After these, tasks have other addresses. */
const MAKES_TASKS = /\bdocker (?:service (?:create|update|scale|rollback)|stack (?:deploy|up)|node update)\b/;
/** What prints the number of a process, and nothing else. */
const ONE_PROCESS = /\.State\.Pid\b|^cat \S+\.pid$/;
const TASK_NAME = /\b([a-zA-Z][\w-]*)\.(\d+|[0-9a-z]{25})\.([0-9a-z]{25})\b/g;

/** How often time is looked for. */
const PASSES = 10;
/** Captures that end sooner after their request are given so much anyway; seconds. */
const CAPTURED_BY_THE_WAY = 1;
/** So many passes learn which ports connections had; they are drawn so in the others. */
const LEARNING = 3;

/** Longer recordings show by themselves which task had which address, or do not depend on it. */
const TRIAL_STEPS = 130;
/** So many groups of tasks are tried. */
const TRIED = 4;

/** What a recording does not tell, and is tried. */
interface Trial {
  /** Which task of each batch has the first address. */
  readonly first: readonly number[];
  /** Whose node, of the tasks that were placed at once, has the first address of its own; for each such group. */
  readonly placed: readonly number[];
  /** Containers that the recording names are told apart by their names; otherwise by what they answer, in the order of answers. */
  readonly byName: boolean;
}

const USUAL: Trial = { first: [], placed: [], byName: false };

/** Replays as often as there are ways to begin that the recording does not tell, and answers with the best. */
export async function replay(recording: Recording): Promise<Report> {
  if (!recording.docker) return replayInTime(recording);
  const usual = new Replay(recording, USUAL);
  let best = await usual.run();
  let kept = USUAL;
  const attempt = async (trial: Trial): Promise<void> => {
    if (best.equal === best.total) return;
    const report = await new Replay(recording, trial).run();
    if (report.equal > best.equal) [best, kept] = [report, trial];
  };
  if (containersOf(recording).length > 1) await attempt({ ...USUAL, byName: true });
  if (recording.steps.length - recording.first > TRIAL_STEPS) return best;
  const { batches, groups } = usual.placements;
  for (const [key, counts] of [
    ['first', batches],
    ['placed', groups],
  ] as const) {
    for (const [at, count] of counts.slice(0, TRIED).entries()) {
      const { [key]: before } = kept;
      for (let place = 1; place < count; place++) await attempt({ ...kept, [key]: withPlace(before, at, place) });
    }
  }
  return best;
}

function withPlace(places: readonly number[], at: number, place: number): number[] {
  return Array.from({ length: Math.max(places.length, at + 1) }, (_, i) => (i === at ? place : (places[i] ?? 0)));
}

/** Where no cluster is waited for, time is found in passes; the best one counts. */
async function replayInTime(recording: Recording): Promise<Report> {
  let tempo = new Tempo(recording.steps);
  let chances: Chances | undefined;
  let best: Report | undefined;
  for (let i = 0; i < PASSES; i++) {
    const attempt: Replay = new Replay(recording, USUAL, tempo, chances, i >= LEARNING);
    chances = attempt.chances;
    const report = await attempt.run();
    if (best === undefined || report.equal > best.equal) best = report;
    for (const index of chances.kept) tempo.tooEarly(index);
    const fine = i + 1 >= LEARNING;
    if (report.equal === report.total || !(tempo.told || tempo.open) || (fine && i > LEARNING && !tempo.open)) break;
    tempo = tempo.learn(fine);
  }
  return best as Report;
}

const PS_ROW = /^([0-9a-f]{12}) .* ([a-zA-Z0-9][\w-]*\.\d+\.[0-9a-z]{25})$/gm;

/** What `names` tells, and every row of a task in `docker ps`. */
function containersOf({ names, steps }: Recording): NamedContainer[] {
  const named = Object.values(names).filter((entry) => typeof entry !== 'string');
  const known = new Set(named.map(({ id }) => id.slice(0, 12)));
  for (const { cmd, node, stdout } of steps) {
    if (!/^docker (?:ps|container ls)\b/.test(cmd)) continue;
    for (const [, id = '', container = ''] of stdout.matchAll(PS_ROW)) {
      if (!known.has(id)) named.push({ node, container, id, netns: '' });
      known.add(id);
    }
  }
  return named;
}

class Replay {
  private readonly recording: Recording;
  private readonly trial: Trial;
  private readonly containers: readonly NamedContainer[];
  private readonly world: World;
  private readonly rig: Rig;
  readonly placements: Placements;
  private readonly symbols = new Symbols();
  private readonly uses: Uses = new Map();
  private readonly results: (StepResult | undefined)[] = [];
  private readonly running: { readonly index: number; readonly step: Step; readonly execution: Execution }[] = [];
  private readonly waits: Waits;
  private readonly tempo: Tempo | undefined;
  readonly chances: Chances;
  private manager = '';
  private tasksMade = false;
  /** Of the last step. */
  private exit: number | undefined;

  constructor(recording: Recording, trial: Trial, tempo?: Tempo, before?: Chances, applyPorts = false) {
    this.tempo = tempo;
    this.chances = new Chances(this.uses, before, applyPorts, recording.steps);
    this.trial = trial;
    this.containers = containersOf(recording);
    this.recording = recording;
    this.placements = new Placements(recording, this.uses, trial.first, trial.placed);
    this.world = recordedWorldOf(recording.docker ? 'empty' : 'bare', recording.engine, this.placements, this.chances);
    this.rig = new Rig(this.world, recording);
    this.waits = new Waits(this.world, recording.steps, this.placements.pace, BUSY_STEP[recording.engine]);
  }

  async run(): Promise<Report> {
    const { steps } = this.recording;
    for (const [index, step] of steps.entries()) {
      this.placements.pace.step = index;
      await this.rig.before(index);
      await this.resolve(step);
      await this.step(index, step);
      this.placements.pace.ended(this.world.now);
      await this.capture(index);
      await this.stopBackground(index);
      if (this.tempo === undefined) await this.waits.after(index, this.exit);
      else await this.tempo.pause(this.world, index);
    }
    for (const { index } of [...this.running]) await this.stopBackground(index, true);
    return this.report();
  }

  private async step(index: number, step: Step): Promise<void> {
    if (!this.world.hosts.includes(step.node)) {
      this.results[index] = { index, cmd: step.cmd, equal: false, diff: `+there is no machine ${step.node}` };
      return;
    }
    if (this.tempo !== undefined)
      await this.tempo.before(
        this.world,
        index,
        (own) => compareText(step.stdout, own, step.cmd, step.node, new Symbols(), new Map(), false).equal,
      );
    else {
      await this.waits.before(index, inOwnWords(step.cmd, step.node, this.symbols));
      // What did not run before the wait may run now.
      await this.resolve(step);
    }
    const line = inOwnWords(step.cmd, step.node, this.symbols);
    this.exit = undefined;
    if (step.background === true) {
      this.chances.begin(index, step);
      this.running.push({ index, step, execution: this.world.exec(step.node, line) });
      await this.printed(step, this.running.at(-1)?.execution as Execution, 1);
      this.chances.end(step, this.running.at(-1)?.execution.stdout ?? '');
      return;
    }
    await this.learnSpeakers(step);
    this.chances.begin(index, step);
    const execution = await execute(this.world, step.node, line, step.timed_out_after ?? STEP_LIMIT);
    this.chances.end(step, execution.stdout);
    this.exit = execution.exit;
    this.tempo?.after(this.world, index, execution.stdout);
    if (execution.exit === 0 && /^docker swarm init\b/.test(step.cmd)) this.manager = step.node;
    if (step.output_not_recorded !== true) this.results[index] = this.compare(index, step, execution);
  }

  /** Lets pass what the captures that end now have seen pass. */
  private async capture(index: number): Promise<void> {
    const seconds = capturedAfter(this.recording.steps, index);
    if (seconds <= CAPTURED_BY_THE_WAY) return;
    await pass(this.world, seconds);
    this.uses.set('capture', (this.uses.get('capture') ?? 0) + 1);
  }

  private async stopBackground(index: number, all = false): Promise<void> {
    const ending = this.running.filter(({ index: own, step }) =>
      all ? own === index : (step.stopped_after_step ?? this.recording.steps.length - 1) === index,
    );
    // The rig of the clusters stops all at once, that of one kernel one after the other.
    const together = this.tempo === undefined && ending.length > 0;
    if (together) await pass(this.world, 1);
    for (const entry of ending) {
      const { step, execution } = entry;
      this.running.splice(this.running.indexOf(entry), 1);
      if (!together) await this.printed(step, execution, 1);
      if (execution.exit === undefined) execution.kill('SIGINT');
      await advance(this.world, this.world.now + 2_000_000, () => execution.exit !== undefined);
      if (execution.exit === undefined) await finish(this.world, execution, 1);
      // The shell may be gone before its child has printed its last words.
      if (!together) await this.printed(step, execution, 0.5);
    }
    if (together) await pass(this.world, 0.5);
    for (const { index: own, step, execution } of ending) this.results[own] = this.compare(own, step, execution);
  }

  /** Gives a command in the background `seconds`; where time is inferred, no more than it needs to print what was recorded. */
  private async printed({ stdout, stderr }: Step, execution: Execution, seconds: number): Promise<void> {
    if (this.tempo?.known !== true) return pass(this.world, seconds);
    const over = (): boolean => execution.stdout.length >= stdout.length && execution.stderr.length >= stderr.length;
    await advance(this.world, this.world.now + seconds * 1_000_000, over);
  }

  private compare(index: number, step: Step, execution: Execution): StepResult {
    const { cmd } = step;
    if (ONE_PROCESS.test(cmd) && /^\d+\n?$/.test(step.stdout) && /^\d+\n?$/.test(execution.stdout)) {
      this.symbols.pair(kindOf('process', step.node), step.stdout.trim(), execution.stdout.trim());
      this.uses.set('process', (this.uses.get('process') ?? 0) + 1);
      return { index, cmd, equal: execution.exit === step.exit };
    }
    const host = this.recording.docker && (step.ns ?? 'host') === 'host';
    const out = compareText(step.stdout, execution.stdout, cmd, step.node, this.symbols, this.uses, host);
    const err = compareText(step.stderr, execution.stderr, cmd, step.node, this.symbols, this.uses, host);
    const exit = sameExit(step.exit, execution.exit);
    if (out.equal && err.equal && exit) return { index, cmd, equal: true };
    const parts: string[] = [];
    if (!out.equal) parts.push(diffLines(out.want, out.have));
    if (!err.equal) parts.push(`stderr:\n${diffLines(err.want, err.have)}`);
    if (!exit) parts.push(`exit:\n-${step.exit}\n+${execution.exit ?? 'still running'}`);
    return { index, cmd, equal: false, diff: parts.join('\n') };
  }

  /** Finds the emulator's own of what a command names and nobody has learnt yet. */
  private async resolve(step: Step): Promise<void> {
    const { cmd } = step;
    for (const match of cmd.matchAll(TASK_NAME))
      await this.resolveTask(step.node, match[0], match[1] as string, match[2] as string);
    for (const [name, entry] of Object.entries(this.recording.names)) {
      if (typeof entry === 'string') {
        if (name.endsWith('.id') && cmd.includes(entry.slice(0, 7)))
          await this.resolveNetwork(step.node, name.slice(0, -3), entry);
      } else if (cmd.includes(entry.netns) || cmd.includes(entry.id.slice(0, 12))) await this.resolveContainer(entry);
    }
    for (const [name] of cmd.matchAll(/(?<=netns\/(?:1-|lb_))[0-9a-z]{9,10}/g)) {
      const network = Object.entries(this.recording.names).find(
        ([, id]) => typeof id === 'string' && id.startsWith(name),
      );
      if (network !== undefined)
        await this.resolveNetwork(step.node, network[0].replace(/\.id$/, ''), network[1] as string);
    }
    for (const [key] of cmd.matchAll(/(?<=netns\/)[0-9a-f]{12}\b/g)) await this.resolveKey(step.node, key);
    if (/SWMTKN/.test(cmd)) await this.resolveTokens(cmd);
    if (!this.trial.byName) return;
    for (const entry of this.containers)
      if (step.stdout.includes(entry.id.slice(0, 12))) await this.resolveContainer(entry);
  }

  /** Before a request: which containers, of those that are told apart, have which addresses. */
  private async learnSpeakers({ cmd }: Step): Promise<void> {
    if (MAKES_TASKS.test(cmd)) this.tasksMade = true;
    if (!this.recording.docker || !this.tasksMade || !/\bcurl\b/.test(cmd)) return;
    this.tasksMade = false;
    for (const host of this.world.hosts) {
      const ids = await this.ask(host, 'docker ps -q');
      if (ids.length === 0) continue;
      const format = "'{{.Id}}{{range .NetworkSettings.Networks}} {{.IPAddress}}{{end}}'";
      for (const line of await this.ask(host, `docker inspect -f ${format} ${ids.join(' ')}`)) {
        const [id = '', ...addresses] = line.split(' ');
        const recorded = this.symbols.recordedOf('id', id.slice(0, 12));
        if (recorded !== undefined) for (const address of addresses) this.chances.speaks(address, recorded);
      }
    }
  }

  private async ask(node: string, line: string): Promise<string[]> {
    if (!this.world.hosts.includes(node)) return [];
    const answer = await execute(this.world, node, line, 10);
    return answer.exit === 0 ? answer.stdout.split('\n').filter((text) => text !== '') : [];
  }

  /** A namespace that the recording names without telling whose: of the one container that is not known yet. */
  private async resolveKey(node: string, key: string): Promise<void> {
    if (this.symbols.ownOf('id', key) !== undefined) return;
    const running = await this.ask(node, 'docker ps -q');
    if (running.length === 0) return;
    const keys = await this.ask(node, `docker inspect -f '{{.NetworkSettings.SandboxKey}}' ${running.join(' ')}`);
    const own = keys
      .map((path) => path.split('/').at(-1) ?? '')
      .filter((each) => this.symbols.recordedOf('id', each) === undefined);
    if (own.length === 1) this.symbols.pair('id', key, own[0] as string);
  }

  private async resolveTask(node: string, recorded: string, service: string, slot: string): Promise<void> {
    if (this.symbols.ownOf('task', recorded) !== undefined) return;
    const home =
      Object.values(this.recording.names).find(
        (entry): entry is NamedContainer => typeof entry !== 'string' && entry.container === recorded,
      )?.node ?? node;
    const own = (await this.ask(home, "docker ps -a --no-trunc --format '{{.Names}}'")).filter(
      (name) => name.startsWith(`${service}.`) && this.symbols.recordedOf('task', name) === undefined,
    );
    const chosen = own.find((name) => name.startsWith(`${service}.${slot}.`)) ?? own[0];
    if (chosen === undefined) return;
    this.symbols.pair('task', recorded, chosen);
    this.symbols.pair('id', recorded.slice(-25), chosen.slice(-25));
  }

  private async resolveContainer(entry: NamedContainer): Promise<void> {
    const recordedKey = entry.netns.split('/').at(-1) ?? '';
    const keyKnown = recordedKey === '' || this.symbols.ownOf('id', recordedKey) !== undefined;
    if (keyKnown && this.symbols.ownOf('id', entry.id) !== undefined) return;
    const task = [...entry.container.matchAll(TASK_NAME)][0];
    if (task !== undefined) await this.resolveTask(entry.node, task[0], task[1] as string, task[2] as string);
    const name = this.symbols.ownOf('task', entry.container) ?? entry.container;
    const [line] = await this.ask(entry.node, `docker inspect -f '{{.Id}} {{.NetworkSettings.SandboxKey}}' ${name}`);
    const [id, netns] = line?.split(' ') ?? [];
    if (id === undefined || netns === undefined) return;
    this.symbols.pair('id', entry.id, id);
    if (recordedKey !== '') this.symbols.pair('id', recordedKey, netns.split('/').at(-1) ?? '');
  }

  private async resolveNetwork(node: string, network: string, recorded: string): Promise<void> {
    if (this.symbols.ownOf('id', recorded) !== undefined) return;
    for (const where of [node, this.manager]) {
      const [id] = where === '' ? [] : await this.ask(where, `docker network inspect ${network} -f '{{.Id}}'`);
      if (id !== undefined && this.symbols.pair('id', recorded, id)) return;
    }
  }

  private async resolveTokens(cmd: string): Promise<void> {
    const [token] = cmd.match(/SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}/) ?? [];
    if (token === undefined || this.manager === '' || this.symbols.ownOf('join token', token) !== undefined) return;
    const [own] = await this.ask(this.manager, 'docker swarm join-token -q worker');
    if (own !== undefined) this.symbols.pair('join token', token, own);
  }

  private report(): Report {
    const { first } = this.recording;
    const compared = this.results.slice(first).filter((result) => result !== undefined);
    const steps = compared.map((result) => ({ ...result, index: result.index - first }));
    const byTool: Record<string, Tally> = {};
    for (const result of steps) {
      const tally = (byTool[toolOf(result.cmd)] ??= { total: 0, equal: 0 });
      tally.total++;
      if (result.equal) tally.equal++;
    }
    const equal = steps.filter((result) => result.equal).length;
    return {
      recording: this.recording.name,
      total: steps.length,
      equal,
      byTool,
      rules: Object.fromEntries([...this.uses].sort()),
      steps,
    };
  }
}

/** A program ended by a signal may also say so with 128 + its number. */
function sameExit(recorded: number, own: number | undefined): boolean {
  return own === recorded || (recorded < 0 && own === 128 - recorded);
}
