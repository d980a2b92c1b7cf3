/**
 * A world: machines on one wire, one virtual clock, one trace. World = scenario + engine era + seed + input log; nothing
 * else enters, so replaying a log on a new world gives the same bytes on every terminal and the same trace.
 */
import { SimulatorBug } from '../base/assert.ts';
import type { Chance } from '../base/chance.ts';
import type { Origin } from '../base/origin.ts';
import { RandomStreams } from '../base/random.ts';
import { type RunOutcome, Scheduler, SECOND } from '../base/scheduler.ts';
import type { Kernel, Universe } from '../kernel/kernel.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { type RuleVerdict, whyNot } from '../netfilter/whynot.ts';
import { EthernetSwitch } from '../kernel/switch.ts';
import { ExternalDoor, type Externals } from '../process/external.ts';
import type { Host, Terminal } from '../process/host.ts';
import type { Signal } from '../process/program.ts';
import { SIGNAL_NUMBERS } from '../process/signals.ts';
import type { Dice } from '../swarm/dice.ts';
import { wayOf } from '../trace/why.ts';
import { PacketFactory } from '../wire/packet.ts';
import { type NamespaceTables, tablesOf } from './tables.ts';
import { type MapHost, topologyOf } from './topology.ts';
import { beginBugs } from './bugs/index.ts';
import type { FaultSpec } from './faults/index.ts';
import { type ActiveFault, Faults, type Ground } from './injection.ts';
import { Machines } from './machines.ts';
import { WorldTrace } from './worldtrace.ts';
import { BuildRefusal, type BuildStep, buildSteps } from './build.ts';
import { checkScenario, parseScenario, type Scenario } from './scenario.ts';

/** One thing that came from outside. */
export type InputEvent = { readonly at: number; readonly executed: number; readonly terminal: string } & (
  | { readonly kind: 'open'; readonly host: string; readonly columns: number; readonly rows: number }
  | { readonly kind: 'data'; readonly data: string }
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'exec'; readonly host: string; readonly line: string; readonly tty: boolean }
  | { readonly kind: 'kill'; readonly signal: Signal }
  | { readonly kind: 'fault'; readonly fault: FaultSpec }
  | { readonly kind: 'mend' }
);

/** A terminal of the learner. */
export interface TerminalPort {
  readonly id: string;
  readonly host: string;
  input(data: string): void;
  resize(columns: number, rows: number): void;
  /** Called with text for the screen; set it right after opening. */
  onOutput: (data: string) => void;
  /** Called when the shell has ended. */
  onExit: (status: number) => void;
  close(): void;
}

/** A terminal and the shell behind it, while its machine has power. */
interface Line {
  readonly port: TerminalPort;
  terminal: Terminal | undefined;
  columns: number;
  rows: number;
  readonly title: string;
}

/** A command that runs without a terminal. */
export interface Execution {
  readonly stdout: string;
  readonly stderr: string;
  /** undefined while it runs; below 0 when a signal ended it. */
  readonly exit: number | undefined;
  kill(signal: Signal): void;
}

export interface WorldOptions {
  /** Instead of the scenario's. */
  readonly seed?: number;
  /** Promise-based libraries for jq, awk and sed. */
  readonly externals?: Externals;
  /** Observe packets from the start. Default true. */
  readonly trace?: boolean;
  /** What decides among equally good nodes, for all swarms. */
  readonly dice?: Dice;
  /** What decides in the kernels where chance does. */
  readonly chance?: Chance;
}

/** Virtual time a set-up command may take before it is a fault of the scenario. */
const SETUP_LIMIT = 300 * SECOND;

export class World {
  readonly scenario: Scenario;
  readonly hosts: readonly string[];
  readonly inputLog: InputEvent[] = [];
  readonly trace: WorldTrace;
  /** Bugs of the emulator met so far: where, and the error's stack. Empty in a good world. */
  readonly faults: string[] = [];
  /** What takes frames from one machine to another; faults hang here. */
  readonly underlay: EthernetSwitch;
  private readonly universe: Universe;
  private readonly machines: Machines;
  private readonly broken: Faults;
  private readonly door: ExternalDoor;
  private readonly ports = new Map<string, Line>();
  private readonly executions = new Map<string, Execution>();
  private opened = 0;
  /** Terminals opened so far, by host. */
  private readonly terminalsOf = new Map<string, number>();

  /** Builds the machines, boots them, and runs what the scenario sets up; returns converged. Needs no externals to build. */
  constructor(scenario: Scenario, options: WorldOptions = {}) {
    this.scenario = scenario;
    const scheduler = new Scheduler();
    const bugs = new Set<string>();
    this.universe = {
      scheduler,
      random: new RandomStreams(options.seed ?? scenario.seed),
      packets: new PacketFactory(),
      trace: null,
      traceSequence: 0,
      nextInode: 4026531840,
      nextFlow: 1,
      origins: new Map(),
      bugs,
      ...(options.chance === undefined ? {} : { chance: options.chance }),
      fault: (error, where) => {
        this.faults.push(`${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      },
    };
    this.door = new ExternalDoor(scheduler, options.externals);
    this.underlay = new EthernetSwitch(this.universe);
    this.hosts = scenario.machines.map((machine) => machine.name);
    const ground: Ground = {
      underlay: this.underlay,
      scheduler,
      streams: this.universe.random,
      hosts: this.hosts,
      docker: scenario.machines.filter((machine) => machine.docker).map((machine) => machine.name),
      host: (name) => this.machine(name),
      daemon: (name) => this.machines.daemons.get(name),
      reboot: (name, after) => this.reboot(name, after),
    };
    this.broken = new Faults(ground);
    const upgraded = scenario.machines.filter(({ engine }) => engine !== undefined && engine !== scenario.engine).map((machine) => machine.name);
    const begin = (when: 'first' | 'built'): void => {
      if (scenario.bugs === undefined) return;
      beginBugs(scenario.bugs, when, (index, name) => ({ ...ground, switches: bugs, upgraded, random: this.universe.random.stream(`bug/${name}`), origin: { by: 'scenario', text: `bugs[${index}] ${name}` } }));
    };
    begin('first');
    this.machines = new Machines({ scenario, universe: this.universe, underlay: this.underlay, externals: this.door, dice: options.dice });
    this.settle();
    for (const step of buildSteps(scenario, (role) => this.joinToken(role))) this.build(step);
    for (const [index, { on, run }] of scenario.setup.entries()) this.setUp(on, run, { by: 'scenario', text: `setup[${index}] ${on}: ${run}` });
    begin('built');
    for (const [index, fault] of (scenario.faults ?? []).entries()) this.broken.begin(`faults[${index}]`, fault, (says) => ({ by: 'scenario', text: `faults[${index}] ${says}` }));
    this.trace = new WorldTrace(this.universe);
    this.trace.enabled = options.trace ?? true;
  }

  /** Lets the machines finish booting. */
  private settle(): void {
    this.universe.scheduler.run(this.now + 2 * SECOND);
  }

  private joinToken(role: 'worker' | 'manager'): string {
    const swarm = this.machines.daemons.get(this.scenario.swarm?.managers[0] ?? '')?.api?.swarmInspect();
    if (swarm?.ok !== true) throw new SimulatorBug('the leader has no swarm');
    return role === 'worker' ? swarm.value.JoinTokens.Worker : swarm.value.JoinTokens.Manager;
  }

  /** Runs one step of the cluster's building to its end. */
  private build({ on, line, says, main }: BuildStep): void {
    const state = { stdout: '', stderr: '', exit: undefined as number | undefined };
    const process = this.machine(on).daemon(says.split(' '), function* (ctx) {
      try {
        return yield* main(ctx);
      } catch (error) {
        if (!(error instanceof BuildRefusal)) throw error;
        state.stderr = error.message;
        return 1;
      }
    }, { cause: { by: 'scenario', text: line } });
    process.onExit = (status) => (state.exit = status);
    this.runUntilExit(state);
    if (state.exit !== 0) throw new SetupError(on, says, state);
  }

  private setUp(on: string, line: string, cause: Origin): void {
    const execution = this.start(on, line, false, cause);
    this.runUntilExit(execution);
    if (execution.exit !== 0) throw new SetupError(on, line, execution);
  }

  private runUntilExit(running: { readonly exit: number | undefined }): void {
    const { scheduler } = this.universe;
    const limit = this.now + SETUP_LIMIT;
    while (running.exit === undefined && this.now < limit) {
      const due = scheduler.nextDue();
      if (due === undefined) return;
      scheduler.run(Math.min(due, limit));
    }
  }

  /** Virtual microseconds since the world began. */
  get now(): number {
    return this.universe.scheduler.now;
  }

  /** Events run since the world began. */
  get executed(): number {
    return this.universe.scheduler.executed;
  }

  /** Advances virtual time to `until`, running at most `budget` events; see {@link Scheduler.run}. */
  run(until: number, budget?: number): RunOutcome {
    return this.universe.scheduler.run(until, budget);
  }

  /** Virtual time of the next event, undefined when nothing is pending. */
  nextDue(): number | undefined {
    return this.universe.scheduler.nextDue();
  }

  /** Settles when a library has answered; until then the world stands still. undefined when it need not wait. */
  pendingExternal(): Promise<void> | undefined {
    return this.door.pending();
  }

  /** A host's machine; throws on a name that the scenario does not have. */
  private machine(name: string): Host {
    const host = this.machines.on.get(name);
    if (host === undefined) throw new RangeError(this.hosts.includes(name) ? `${name} is switched off` : `there is no machine ${name} here; there are ${this.hosts.join(', ')}`);
    return host;
  }

  private log(event: Distribute<InputEvent>): void {
    this.inputLog.push({ at: this.now, executed: this.executed, ...event } as InputEvent);
  }

  /** Opens a login shell on `host`; one without power gives it when it has booted. */
  openTerminal(host: string, size: { columns?: number; rows?: number } = {}): TerminalPort {
    if (!this.hosts.includes(host)) this.machine(host);
    const id = `${host}/${this.opened++}`;
    const { columns = 80, rows = 24 } = size;
    this.log({ kind: 'open', terminal: id, host, columns, rows });
    // A second terminal of a host has a number, so that a cause can be found.
    const before = this.terminalsOf.get(host) ?? 0;
    this.terminalsOf.set(host, before + 1);
    const port: TerminalPort = {
      id,
      host,
      input: (data) => {
        this.log({ kind: 'data', terminal: id, data });
        line.terminal?.input(data);
      },
      resize: (wide, high) => {
        this.log({ kind: 'resize', terminal: id, columns: wide, rows: high });
        Object.assign(line, { columns: wide, rows: high });
        line.terminal?.resize(wide, high);
      },
      onOutput: () => undefined,
      onExit: () => undefined,
      close: () => {
        this.log({ kind: 'close', terminal: id });
        this.ports.delete(id);
        line.terminal?.close();
      },
    };
    const line: Line = { port, terminal: undefined, columns, rows, title: before === 0 ? host : `${host} (${before + 1})` };
    this.ports.set(id, line);
    this.login(line);
    return port;
  }

  /** A shell for a terminal, when its machine has power. */
  private login(line: Line): void {
    const { port, columns, rows, title } = line;
    const terminal = this.machines.on.get(port.host)?.openTerminal({ columns, rows, title });
    line.terminal = terminal;
    if (terminal === undefined) return;
    terminal.onOutput = (data) => port.onOutput(data);
    terminal.onExit = (status) => port.onExit(status);
  }

  /** A machine loses its power, and boots again after so many microseconds; its terminals wait for it. */
  private reboot(name: string, after: number): void {
    const lines = [...this.ports.values()].filter(({ port }) => port.host === name);
    for (const { port, terminal } of lines) {
      if (terminal === undefined) continue;
      terminal.onOutput = terminal.onExit = () => undefined;
      port.onOutput(`\r\nConnection to ${name} closed by remote host.\r\n`);
    }
    for (const line of lines) line.terminal = undefined;
    this.machines.reboot(name, after, { by: 'scenario', text: `machine ${name}` }, () => {
      for (const line of lines) if (this.ports.has(line.port.id)) this.login(line);
    });
  }

  /** Lets something go wrong: an input as typing is one. Answers its id. Throws RangeError when this world has no room for it. */
  inject(fault: FaultSpec): string {
    const id = `fault/${this.opened++}`;
    this.broken.begin(id, fault, (says) => ({ by: 'command', text: `fault: ${says}` }));
    this.log({ kind: 'fault', terminal: id, fault });
    return id;
  }

  /** Ends a fault. */
  mend(id: string): void {
    this.log({ kind: 'mend', terminal: id });
    this.broken.mend(id);
  }

  /** What is wrong now, or will be. */
  get broke(): readonly ActiveFault[] {
    return this.broken.active;
  }

  /** Starts `bash -c LINE` on `host` as root, without a terminal (or with one, for programs that ask). Advance the world to see it end. */
  exec(host: string, line: string, options: { tty?: boolean } = {}): Execution {
    const id = `exec/${this.opened++}`;
    this.log({ kind: 'exec', terminal: id, host, line, tty: options.tty ?? false });
    const execution = this.start(host, line, options.tty ?? false);
    this.executions.set(id, execution);
    return { ...execution, get stdout() { return execution.stdout; }, get stderr() { return execution.stderr; }, get exit() { return execution.exit; }, kill: (signal) => {
      this.log({ kind: 'kill', terminal: id, signal });
      execution.kill(signal);
    } };
  }

  private start(host: string, line: string, tty: boolean, cause?: Origin): Execution {
    const state = { stdout: '', stderr: '', exit: undefined as number | undefined, kill: (signal: Signal): void => void signal };
    if (this.hosts.includes(host) && !this.machines.on.has(host)) {
      Object.assign(state, { stderr: `ssh: connect to host ${host} port 22: No route to host\n`, exit: 255 });
      return state;
    }
    const running = this.machine(host).exec(line, {
      tty,
      ...(cause === undefined ? {} : { cause }),
      onStdout: (text) => (state.stdout += text),
      onStderr: (text) => (state.stderr += text),
      onExit: (status, signal) => (state.exit = signal === undefined ? status : -SIGNAL_NUMBERS[signal]),
    });
    state.kill = (signal) => running.kill(signal);
    return state;
  }

  /** Applies one logged input; for replay. */
  apply(event: InputEvent): void {
    const { scheduler } = this.universe;
    if (event.executed > scheduler.executed) scheduler.run(Infinity, event.executed - scheduler.executed);
    scheduler.advanceTo(event.at);
    const open = this.ports.get(event.terminal);
    switch (event.kind) {
      case 'open':
        this.openTerminal(event.host, event);
        return;
      case 'data':
        open?.port.input(event.data);
        return;
      case 'resize':
        open?.port.resize(event.columns, event.rows);
        return;
      case 'close':
        open?.port.close();
        return;
      case 'exec':
        this.exec(event.host, event.line, { tty: event.tty });
        return;
      case 'fault':
        this.inject(event.fault);
        return;
      case 'mend':
        this.mend(event.terminal);
        return;
      case 'kill':
        this.executions.get(event.terminal)?.kill(event.signal);
    }
  }

  /** Machines, namespaces, devices and chains as they are now. */
  topology(): MapHost[] {
    return topologyOf(this.kernels());
  }

  /** The tables of a namespace as they are now; undefined when there is none of that name. */
  tables(host: string, netns: string): NamespaceTables | undefined {
    const ns = this.namespace(host, netns);
    return ns === undefined ? undefined : tablesOf(ns);
  }

  /** Why the rules above the one that decided at an event (a rule or a policy, by {@link TraceEvent.sequence}) did not match. */
  whyNot(sequence: number): RuleVerdict[] {
    const way = wayOf(this.trace.events, sequence);
    const index = way.findIndex((event) => event.sequence === sequence);
    const event = way[index];
    return event === undefined ? [] : whyNot(way, index, this.namespace(event.host, event.netns));
  }

  private kernels(): Kernel[] {
    return this.hosts.flatMap((name) => this.machines.on.get(name)?.kernel ?? []);
  }

  private namespace(host: string, name: string): NetworkNamespace | undefined {
    const kernel = this.machines.on.get(host)?.kernel;
    return kernel === undefined ? undefined : [...kernel.namespaces].find((ns) => ns.name === name && !ns.dead);
  }

  /** The port of a terminal by id, after {@link apply} of its 'open'. */
  terminal(id: string): TerminalPort | undefined {
    return this.ports.get(id)?.port;
  }
}

/** Removes the fields that {@link World.log} fills in, from each member of a union. */
type Distribute<T> = T extends unknown ? Omit<T, 'at' | 'executed'> : never;

/** A command of the scenario's set-up failed. `message` says which and what it printed. */
export class SetupError extends Error {
  override readonly name = 'SetupError';

  constructor(on: string, line: string, execution: Pick<Execution, 'stdout' | 'stderr' | 'exit'>) {
    super(`The scenario's set-up stopped at ${on}: ${line}\n${execution.exit === undefined ? 'it did not end' : `exit ${execution.exit}`}\n${execution.stdout}${execution.stderr}`);
  }
}

/** A world from a scenario given as data or as YAML text. Throws ScenarioError or SetupError with the place of the fault. */
export function createWorld(scenario: Scenario | string, options?: WorldOptions): World {
  return new World(typeof scenario === 'string' ? parseScenario(scenario) : checkScenario(scenario), options);
}

/**
 * A world to which `log` has been applied: the same bytes, the same trace. For logs whose commands asked no external
 * library; others are applied one by one, waiting for {@link World.pendingExternal} in between.
 */
export function replayWorld(scenario: Scenario | string, log: readonly InputEvent[], options?: WorldOptions): World {
  const world = createWorld(scenario, options);
  for (const event of log) world.apply(event);
  return world;
}
