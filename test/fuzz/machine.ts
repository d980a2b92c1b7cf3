// One machine with everything on it, for random command lines: namespace `a` (e0 10.1.0.1 to b, port v0 and tunnel vx0 of
// br0), namespace `b` (10.1.0.2, with a web server and a name server), Docker on the host, files to read in /tmp.
import { ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { RandomStreams } from '../../simulator/base/random.ts';
import { Scheduler, SECOND } from '../../simulator/base/scheduler.ts';
import { decodeUtf8, encodeUtf8, Utf8Decoder } from '../../simulator/base/utf8.ts';
import { Dockerd, dockerdTool } from '../../simulator/engine/dockerd.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import { addAddress } from '../../simulator/kernel/addresses.ts';
import { createDevice, setUp } from '../../simulator/kernel/devices.ts';
import { Kernel, type Universe } from '../../simulator/kernel/kernel.ts';
import { createNamespace } from '../../simulator/kernel/namespaces.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { IMAGES } from '../../simulator/lab/images.ts';
import { ExternalDoor } from '../../simulator/process/external.ts';
import { CallbackFile } from '../../simulator/process/files.ts';
import { Host } from '../../simulator/process/host.ts';
import type { OpenFile, Program, ProgramContext, Tool } from '../../simulator/process/program.ts';
import { httpProgram } from '../../simulator/services/http.ts';
import { shellTool } from '../../simulator/shell/index.ts';
import { bootKernel, PROC_NET_FILES, sysctlRegistry } from '../../simulator/stack.ts';
import { allTools } from '../../simulator/tools/index.ts';
import { systemctlTool } from '../../simulator/tools/systemctl.ts';
import {
  accept,
  connectTcp,
  receive,
  receiveFrom,
  sendAll,
  SocketFile,
  tcpBind,
  tcpListen,
  tcpSocket,
  udpBind,
  udpSend,
  udpSocket,
} from '../../simulator/transport/index.ts';
import { decodeDns, DNS_A, dnsReply, encodeDns } from '../../simulator/wire/dns.ts';
import { encodeFrame } from '../../simulator/wire/ethernet.ts';
import { PacketFactory } from '../../simulator/wire/packet.ts';
import { externals } from '../../src/lab/externals.ts';
import { connect } from './network.ts';

/** Characters of output that are kept, and at which a program has said enough and is interrupted. */
const KEPT = 200_000;
const ENOUGH = 1_000_000;

/** What a program may run for: virtual seconds before it is interrupted, and events before it counts as a runaway. */
const PATIENCE = 20;
const EVENTS = 400_000;

const FILES: Readonly<Record<string, string>> = {
  '/tmp/text': 'beta 2 x\nalpha 10 y\nBeta 1 x\n\n\nalpha\t10 y  \nalpha 10 y\ngamma:3:z\nthe end.\n',
  '/tmp/numbers': '10\n9\n1e1\n2K\n-1\n 3\n9\nfeb\nJan\n1.10\n1.9\n',
  '/tmp/pattern': 'alpha\n^the\n',
  '/tmp/binary': 'x\0y\n',
  '/tmp/sed': 's/a/SED/\n',
  '/tmp/awk': '{ print NR }\n',
  '/tmp/name': 'fromfile\n',
  '/tmp/long': Array.from({ length: 40 }, (_, i) => `line ${i} of a long file`).join('\n'),
  '/tmp/data.json': '{"b": [1, 2.5, null], "a": {"c": "ä\\u0001", "d": true}}\n[3]\n',
  '/tmp/script': 'echo "$0 $#" "$@"; exit 3\n',
  '/tmp/dir/.hidden': 'h\n',
  '/tmp/dir/sub/deep': 'd\n',
  '/tmp/dir/big': 'x'.repeat(5000),
  '/tmp/morerules': '*nat\n-A PREROUTING -p udp -j ACCEPT\nCOMMIT\n*filter\n[7:8] -A OUTPUT -j ACCEPT\nCOMMIT\n',
  '/tmp/rules':
    '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [3:4]\n-A INPUT -p tcp -j DROP\nCOMMIT\n',
};

/** How a command line ended. */
export interface Ending {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
  /** Virtual microseconds it ran. */
  readonly elapsed: number;
  /** The first fault: it ran away, would not end, or said nonsense. */
  readonly wrong: string | undefined;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly netns?: NetworkNamespace;
  /** Virtual seconds before it is interrupted. */
  readonly patience?: number;
  /** Leaves alone what runs on. */
  readonly keep?: boolean;
}

/** A web server on port 8080 whose answer depends on the path: /to redirects, /503 and /missing fail, others are well. */
function* webServer(ctx: ProgramContext): Program {
  const listener = tcpSocket(ctx.netns);
  ctx.install(new SocketFile(listener));
  tcpBind(listener, 0, 8080);
  tcpListen(listener, 16);
  for (;;) {
    const child = yield* accept(ctx, listener);
    if (!child.ok) return 1;
    ctx.fork('web', function* (own) {
      own.install(new SocketFile(child.value));
      const request = yield* receive(own, child.value);
      const path = request.ok ? (decodeUtf8(request.value).split(' ')[1] ?? '/') : '/';
      const [status, extra] =
        path === '/to'
          ? ['302 Found', 'Location: /there\r\n']
          : path === '/503'
            ? ['503 Service Unavailable', '']
            : path === '/missing'
              ? ['404 Not Found', '']
              : ['200 OK', ''];
      const body = `${status} ${path}\n`;
      const head = `HTTP/1.1 ${status}\r\n${extra}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
      yield* sendAll(own, child.value, encodeUtf8(head + body));
      child.value.close();
      return 0;
    });
  }
}

/** A server on port 7 that takes connections and never says a word. */
function* silentServer(ctx: ProgramContext): Program {
  const listener = tcpSocket(ctx.netns);
  ctx.install(new SocketFile(listener));
  tcpBind(listener, 0, 7);
  tcpListen(listener, 16);
  for (;;) {
    const child = yield* accept(ctx, listener);
    if (!child.ok) return 1;
    ctx.install(new SocketFile(child.value));
  }
}

/** Calls port 9000 of `a` again and again, with one line each time. */
function* caller(ctx: ProgramContext): Program {
  for (;;) {
    yield* ctx.sleep(SECOND);
    const socket = tcpSocket(ctx.netns);
    const fd = ctx.install(new SocketFile(socket));
    const connected = yield* connectTcp(ctx, socket, ipv4('10.1.0.1'), 9000);
    if (connected.ok) yield* sendAll(ctx, socket, encodeUtf8('hello\n'));
    ctx.close(fd);
  }
}

/** The name server of `b`: every name but `nosuch…` is 10.1.0.2. */
function* nameServer(ctx: ProgramContext): Program {
  const socket = udpSocket(ctx.netns);
  ctx.install(new SocketFile(socket));
  udpBind(socket, 0, 53);
  for (;;) {
    const asked = yield* receiveFrom(ctx, socket);
    if (!asked.ok) return 1;
    const query = decodeDns(asked.value.payload);
    const question = query?.questions[0];
    if (query === undefined || question === undefined) continue;
    const known = question.type === DNS_A && !question.name.startsWith('nosuch');
    const answers = known
      ? [{ name: question.name, type: DNS_A, class: 1, ttl: 60, data: { address: ipv4('10.1.0.2') } }]
      : [];
    udpSend(socket, encodeDns(dnsReply(query, answers)), asked.value.address, asked.value.port);
  }
}

export class FuzzMachine {
  readonly scheduler = new Scheduler();
  readonly host: Host;
  readonly a: NetworkNamespace;
  readonly b: NetworkNamespace;
  readonly door: ExternalDoor;
  /** What left namespace `a` by e0, in order. */
  readonly wire: Uint8Array[] = [];
  private readonly tools = new Map<string, Tool>();
  private own: Set<number>;

  /** `extra` replaces tools of the same name, as images do. */
  constructor(
    options: {
      readonly seed?: number;
      readonly docker?: boolean;
      readonly calls?: boolean;
      readonly extra?: readonly Tool[];
    } = {},
  ) {
    const universe: Universe = {
      scheduler: this.scheduler,
      random: new RandomStreams(options.seed ?? 1),
      packets: new PacketFactory(),
      trace: null,
      traceSequence: 0,
      nextInode: 4026531840,
      nextFlow: 1,
    };
    const kernel = new Kernel('node1', universe);
    bootKernel(kernel);
    const tools = [...allTools, shellTool, dockerdTool, systemctlTool];
    for (const tool of [...tools, ...(options.extra ?? [])])
      for (const name of [tool.name, ...(tool.aliases ?? [])]) this.tools.set(name, tool);
    this.door = new ExternalDoor(this.scheduler, externals);
    this.host = new Host('node1', kernel, tools, {
      epoch: 1_795_173_900 * SECOND,
      externals: this.door,
      sysctl: sysctlRegistry,
      procNet: PROC_NET_FILES,
      resolvConf: 'nameserver 10.1.0.2\n',
      hosts: '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.1.0.2\tb b.lab\n',
      files: FILES,
    });
    this.host.boot();
    this.host.fs.mkdir('/tmp/empty');
    this.host.fs.symlink('dir', '/tmp/todir');
    setUp(kernel.initNs.device('lo') as NetDevice, true);
    this.a = createNamespace(kernel, 'netns a');
    this.b = createNamespace(kernel, 'netns b');
    connect(this.a, this.b).taps = [
      (packet, _dev, direction) => void (direction === 'out' && this.wire.push(encodeFrame(packet))),
    ];
    for (const netns of [this.a, this.b]) this.host.daemon(['/app/http'], httpProgram(80), { netns });
    this.host.daemon(['dns'], nameServer, { netns: this.b });
    this.host.daemon(['web'], webServer, { netns: this.b });
    this.host.daemon(['silent'], silentServer, { netns: this.b });
    if (options.calls === true) this.host.daemon(['caller'], caller, { netns: this.b });
    if (options.docker === true) this.startDocker(kernel.initNs);
    this.scheduler.run(3 * SECOND);
    this.own = new Set(this.host.pids.processes.keys());
  }

  private startDocker(ns: NetworkNamespace): void {
    const eth0 = createDevice(ns, { kind: 'dummy', name: 'eth0', origin: KERNEL_DEFAULT });
    if (!eth0.ok) throw new Error(eth0.errno);
    addAddress(eth0.value, { address: ipv4('192.168.56.11'), prefix: 24, origin: KERNEL_DEFAULT });
    setUp(eth0.value, true);
    new Dockerd(this.host, { engine: '26.1', images: IMAGES }).start();
  }

  /** Runs a shell line; what it leaves running stays. */
  async setUp(line: string): Promise<void> {
    this.own = new Set();
    const { stderr, status } = await this.run(['bash', '-c', line], { keep: true });
    if (status !== 0) throw new Error(`${line}: ${status} ${stderr}`);
    this.own = new Set(this.host.pids.processes.keys());
  }

  /** Runs one command line to its end, by force if need be, and clears away what it left running. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<Ending> {
    const { scheduler, host } = this;
    const from = scheduler.now;
    const before = scheduler.executed;
    const output = { stdout: '', stderr: '' };
    let status: number | undefined;
    const tool = this.tools.get(argv[0] as string);
    if (tool === undefined) throw new Error(`no tool ${argv[0]}`);
    let said = 0;
    const take = (to: 'stdout' | 'stderr') => (text: string) => {
      said += text.length;
      if (output[to].length < KEPT) output[to] += text;
    };
    const files = new Map<number, OpenFile>([
      [1, this.sink(take('stdout'))],
      [2, this.sink(take('stderr'))],
    ]);
    if (options.stdin !== undefined) files.set(0, this.source(options.stdin));
    const running = host.daemon(argv, (ctx) => tool.main(ctx), {
      netns: options.netns ?? this.a,
      cwd: '/root',
      files,
    });
    running.onExit = (code) => (status = code);
    let signalled = false;
    const advance = async (until: number): Promise<void> => {
      while (status === undefined && scheduler.executed - before < EVENTS && (said < ENOUGH || signalled)) {
        await this.door.pending();
        const due = scheduler.nextDue();
        if (due === undefined || due > until) break;
        scheduler.run(due, 5_000);
      }
      if (status === undefined) scheduler.advanceTo(until);
    };
    await advance(scheduler.now + (options.patience ?? PATIENCE) * SECOND);
    const patient = status !== undefined;
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      if (status !== undefined) break;
      signalled = true;
      running.post(signal);
      await advance(scheduler.now + 2 * SECOND);
    }
    const elapsed = scheduler.now - from;
    let wrong: string | undefined;
    if (scheduler.executed - before >= EVENTS) wrong = 'runs away';
    else if (status === undefined) wrong = patient ? 'does not end' : 'cannot be ended';
    else if (status < -64 || status > 255 || !Number.isInteger(status)) wrong = `ends with ${status}`;
    const nonsense = /\bundefined\b(?! label)|\[object |\bNaN\b/.exec(output.stdout + output.stderr);
    if (nonsense !== null && !argv.join(' ').includes(nonsense[0])) wrong ??= `says ${nonsense[0]}`;
    if (options.keep !== true) await this.clearAway();
    return { ...output, status: status ?? -1, elapsed, wrong };
  }

  /** True while the machine is as it was made: nobody has killed its servers or changed their wires. */
  get sound(): boolean {
    for (const pid of this.own) if (this.host.process(pid)?.dead !== false) return false;
    return true;
  }

  private async clearAway(): Promise<void> {
    const { scheduler } = this;
    for (let round = 0; round < 3; round++) {
      const left = [...this.host.pids.processes.values()].filter(
        ({ hostPid, dead, container }) => !this.own.has(hostPid) && !dead && container === '',
      );
      if (left.length === 0) return;
      for (const process of left) process.post('SIGKILL');
      scheduler.run(scheduler.now + 1000, 10_000);
      await this.door.pending();
    }
  }

  private sink(take: (text: string) => void): OpenFile {
    const decoder = new Utf8Decoder();
    return new CallbackFile('pipe:[1]', (bytes) => take(decoder.decode(bytes)));
  }

  private source(text: string): OpenFile {
    const { read, write } = (this.host.init as NonNullable<Host['init']>).pipe();
    write.retain();
    write.write(encodeUtf8(text));
    write.release();
    return read;
  }
}
