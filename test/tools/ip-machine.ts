// A machine small enough to test the tools of iproute2 alone: kernels with namespaces, files for their names, no processes
// but the one that runs. A tool's generator is run to its end at once, as none of these tools waits.
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { RandomStreams } from '../../simulator/base/random.ts';
import { done, ok, refuse, type Result } from '../../simulator/base/result.ts';
import { Scheduler } from '../../simulator/base/scheduler.ts';
import { addAddress } from '../../simulator/kernel/addresses.ts';
import { createDevice, setUp } from '../../simulator/kernel/devices.ts';
import { Kernel, type Universe } from '../../simulator/kernel/kernel.ts';
import { createNamespace, initNamespace } from '../../simulator/kernel/namespaces.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import type {
  FileCalls,
  HostView,
  Program,
  ProgramContext,
  SpawnOptions,
  Tool,
} from '../../simulator/process/program.ts';
import { bridgeTool } from '../../simulator/tools/bridge.ts';
import { busyboxIpTool } from '../../simulator/tools/ip/busybox.ts';
import { ipTool } from '../../simulator/tools/ip/index.ts';
import { nsenterTool } from '../../simulator/tools/nsenter.ts';
import { sysctlTool } from '../../simulator/tools/sysctl.ts';
import { PacketFactory } from '../../simulator/wire/packet.ts';
import { parseCidr, parseMac } from '../../simulator/base/address.ts';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

const TOOLS: readonly Tool[] = [ipTool, bridgeTool, sysctlTool, nsenterTool, { ...busyboxIpTool, name: 'busybox-ip' }];

/** Universe shared by the machines of one test. */
export function newUniverse(): Universe {
  return {
    scheduler: new Scheduler(),
    random: new RandomStreams(1),
    packets: new PacketFactory(),
    trace: null,
    traceSequence: 0,
    nextInode: 4026531840,
    nextFlow: 1,
  };
}

/** One machine with `lo` and `eth0` up. */
export class Machine {
  readonly kernel: Kernel;
  private readonly names = new Map<string, NetworkNamespace>();

  constructor(name: string, universe: Universe, address: string, mac: string, parentDevice = '') {
    this.kernel = new Kernel(name, universe);
    const ns = this.kernel.initNs;
    initNamespace(ns);
    const lo = ns.device('lo');
    if (lo !== undefined) setUp(lo, true);
    const eth0 = createDevice(ns, { kind: 'ethernet', name: 'eth0', mac: parseMac(mac) ?? 0, origin: KERNEL_DEFAULT });
    const parsed = parseCidr(address);
    if (!eth0.ok || parsed === undefined) throw new Error('eth0');
    eth0.value.parentDevice = parentDevice;
    addAddress(eth0.value, {
      ...parsed,
      broadcast: (parsed.address | (0xffffffff >>> parsed.prefix)) >>> 0,
      origin: KERNEL_DEFAULT,
    });
    setUp(eth0.value, true);
  }

  /** What Tab offers after `words`. */
  complete(words: readonly string[]): readonly string[] {
    const tool = TOOLS.find((one) => one.name === words[0]);
    return tool?.complete?.(words, this.context(words, this.kernel.initNs, { out: '', err: '' })) ?? [];
  }

  /** Runs a command line split at spaces; double quotes group. */
  run(line: string): Outcome {
    const words = (line.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
    return this.runArgv(words, this.kernel.initNs);
  }

  private runArgv(argv: readonly string[], ns: NetworkNamespace): Outcome {
    const tool = TOOLS.find((one) => one.name === argv[0]);
    if (tool === undefined) throw new RangeError(`no tool ${argv[0] ?? ''}`);
    const streams = { out: '', err: '' };
    const ctx = this.context(argv, ns, streams);
    const program = tool.main(ctx);
    for (;;) {
      const step = program.next('woken');
      if (step.done === true) return { stdout: streams.out, stderr: streams.err, exit: step.value };
    }
  }

  private context(
    argv: readonly string[],
    ns: NetworkNamespace,
    streams: { out: string; err: string },
  ): ProgramContext {
    const statuses = new Map<number, number>();
    let nextPid = 1000;
    const machine = this;
    const partial: Partial<ProgramContext> = {
      argv,
      pid: 999,
      env: new Map(),
      netns: ns,
      host: {
        name: this.kernel.host,
        kernel: this.kernel,
        unixSockets: new Map(),
        commands: () => TOOLS.map((tool) => tool.name),
        processes: () => [],
      } as Partial<HostView> as HostView,
      fs: this.files(),
      origin: { by: 'command', text: argv.join(' ') },
      capable: () => true,
      *out(text) {
        streams.out += String(text);
      },
      *err(text) {
        streams.err += text;
      },
      setns(target) {
        (this as { netns: NetworkNamespace }).netns = target;
      },
      newNetns: (name) => createNamespace(this.kernel, `netns ${name}`),
      spawn(command: readonly string[], options?: SpawnOptions): Result<number> {
        if (!TOOLS.some((tool) => tool.name === command[0])) return refuse('ENOENT');
        const child = machine.runArgv(command, options?.netns ?? ns);
        streams.out += child.stdout;
        streams.err += child.stderr;
        statuses.set(nextPid, child.exit);
        return ok(nextPid++);
      },
      exec(command: readonly string[]): Result<Program> {
        if (!TOOLS.some((tool) => tool.name === command[0])) return refuse('ENOENT');
        return ok(machine.become(command, this as ProgramContext, streams));
      },
      *waitpid(pid) {
        return { status: statuses.get(pid) ?? 0, stopped: false };
      },
    };
    return partial as ProgramContext;
  }

  /** What execve leaves running: the new program in the namespace the old one was in. */
  private *become(argv: readonly string[], ctx: ProgramContext, streams: { out: string; err: string }): Program {
    const ended = this.runArgv(argv, ctx.netns);
    streams.out += ended.stdout;
    streams.err += ended.stderr;
    return ended.exit;
  }

  private files(): FileCalls {
    const { names } = this;
    const nameOf = (path: string): string | undefined => /^(?:\/var)?\/run\/netns\/(.+)$/.exec(path)?.[1];
    const partial: Partial<FileCalls> = {
      readdir: (path) => (path === '/run/netns' && names.size > 0 ? ok([...names.keys()]) : refuse('ENOENT')),
      stat: () => refuse('ENOENT'),
      lstat: (path) => (names.has(nameOf(path) ?? '') ? ok({} as never) : refuse('ENOENT')),
      mkdir: () => done,
      netnsAt(path) {
        const ns = names.get(nameOf(path) ?? '');
        return ns === undefined ? refuse(path === '/etc/passwd' ? 'EINVAL' : 'ENOENT') : ok(ns);
      },
      bindNetns(path, ns) {
        names.set(nameOf(path) ?? '', ns);
        return done;
      },
      unmount: () => done,
      chmod: () => done,
      unlink: (path) => (names.delete(nameOf(path) ?? '') ? done : refuse('ENOENT')),
    };
    return partial as FileCalls;
  }
}
