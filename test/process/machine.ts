// One machine without a network stack: a host with the shell and given tools, for tests of process/, shell/ and the everyday tools.
import { RandomStreams } from '../../simulator/base/random.ts';
import { ok, refuse } from '../../simulator/base/result.ts';
import { Scheduler, SECOND } from '../../simulator/base/scheduler.ts';
import { Kernel, type Universe } from '../../simulator/kernel/kernel.ts';
import { initNamespace } from '../../simulator/kernel/namespaces.ts';
import { ExternalDoor, type Externals } from '../../simulator/process/external.ts';
import { Host, type ExecOptions, type Running, type Terminal } from '../../simulator/process/host.ts';
import type { Tool } from '../../simulator/process/program.ts';
import { shellTool } from '../../simulator/shell/index.ts';
import { everydayTools } from '../../simulator/tools/everyday.ts';
import { PacketFactory } from '../../simulator/wire/packet.ts';

/** 2026-11-20 11:25:00 UTC. */
export const EPOCH = 1_795_173_900 * SECOND;

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

export class Machine {
  readonly scheduler = new Scheduler();
  readonly host: Host;
  readonly door: ExternalDoor;

  constructor(
    options: {
      tools?: readonly Tool[];
      externals?: Externals;
      files?: Readonly<Record<string, string>>;
      fault?: Universe['fault'];
    } = {},
  ) {
    const universe: Universe = {
      scheduler: this.scheduler,
      random: new RandomStreams(1),
      packets: new PacketFactory(),
      trace: null,
      traceSequence: 0,
      nextInode: 4026531840,
      nextFlow: 1,
      ...(options.fault === undefined ? {} : { fault: options.fault }),
    };
    const kernel = new Kernel('node1', universe);
    initNamespace(kernel.initNs);
    this.door = new ExternalDoor(this.scheduler, options.externals);
    const knobs = new Map([['net.ipv4.ip_forward', '1']]);
    this.host = new Host('node1', kernel, [...everydayTools, shellTool, ...(options.tools ?? [])], {
      epoch: EPOCH,
      externals: this.door,
      sysctl: {
        read: (_, name) => (knobs.has(name) ? ok(knobs.get(name) as string) : refuse('ENOENT')),
        write: (_, name, value) => {
          knobs.set(name, value);
          return ok(undefined);
        },
        list: () => [...knobs.keys()],
      },
      resolvConf: 'nameserver 192.168.56.1\n',
      ...(options.files === undefined ? {} : { files: options.files }),
    });
    this.host.boot();
  }

  /** Starts a command; what it prints is collected. */
  start(
    line: string,
    options: ExecOptions = {},
  ): { readonly running: Running; stdout: string; stderr: string; status: number | undefined } {
    const state = {
      running: undefined as unknown as Running,
      stdout: '',
      stderr: '',
      status: undefined as number | undefined,
    };
    state.running = this.host.exec(line, {
      ...options,
      onStdout: (text) => (state.stdout += text),
      onStderr: (text) => (state.stderr += text),
      onExit: (status) => (state.status = status),
    });
    return state;
  }

  /** Runs a command to its end; throws when it has none within ten minutes of virtual time or a million events. */
  run(line: string, options: ExecOptions = {}): Outcome {
    const state = this.start(line, options);
    const limit = this.scheduler.now + 600 * SECOND;
    for (let events = 0; state.status === undefined && events < 1_000_000; events += 100) {
      const due = this.scheduler.nextDue();
      if (due === undefined || due > limit) break;
      this.scheduler.run(due, 100);
    }
    if (state.status === undefined) throw new Error(`no end: ${line}\n${state.stdout}${state.stderr}`);
    return { stdout: state.stdout, stderr: state.stderr, status: state.status };
  }

  /** The same, when a library has to answer in between. */
  async runAsync(line: string, options: ExecOptions = {}): Promise<Outcome> {
    const state = this.start(line, options);
    for (let round = 0; state.status === undefined && round < 10_000; round++) {
      await this.door.pending();
      const due = this.scheduler.nextDue();
      if (due === undefined) break;
      this.scheduler.run(due);
    }
    if (state.status === undefined) throw new Error(`no end: ${line}\n${state.stdout}${state.stderr}`);
    return { stdout: state.stdout, stderr: state.stderr, status: state.status };
  }

  /** Lets virtual time pass. */
  pass(seconds: number): void {
    this.scheduler.run(this.scheduler.now + seconds * SECOND, 2_000_000);
  }

  /** A terminal whose screen is collected as text. */
  terminal(columns = 80): Screen {
    return new Screen(this, this.host.openTerminal({ columns, rows: 24, title: 'node1' }));
  }
}

export class Screen {
  text = '';
  ended: number | undefined;
  readonly terminal: Terminal;
  private readonly machine: Machine;

  constructor(machine: Machine, terminal: Terminal) {
    this.machine = machine;
    this.terminal = terminal;
    // The switch for pasting in brackets stands around every line; tests of what is seen need not repeat it.
    terminal.onOutput = (text) => (this.text += text.replace(/\x1b\[\?2004[hl]/g, ''));
    terminal.onExit = (status) => (this.ended = status);
    machine.pass(0.01);
  }

  /** Types keys and lets a moment pass; answers what appeared. */
  type(keys: string, seconds = 0.05): string {
    const before = this.text.length;
    this.terminal.input(keys);
    this.machine.pass(seconds);
    return this.text.slice(before);
  }
}
