// The topology of the recording kernel-iptables: c 10.1.0.2 -- 10.1.0.1 r 10.2.0.1 -- 10.2.0.2 s, with small servers and clients.
import { ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { RandomStreams } from '../../simulator/base/random.ts';
import { MILLISECOND, Scheduler, SECOND } from '../../simulator/base/scheduler.ts';
import { decodeUtf8, encodeUtf8 } from '../../simulator/base/utf8.ts';
import { writeSysctl } from '../../simulator/kernel/sysctl.ts';
import { Kernel, type Universe } from '../../simulator/kernel/kernel.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import { insertRoute, RT_TABLE_MAIN } from '../../simulator/kernel/fib.ts';
import { ipLocalOut } from '../../simulator/kernel/ip-output.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { formatEntry, iptables, listConntrack, type CommandOutcome } from '../../simulator/netfilter/index.ts';
import { bootKernel } from '../../simulator/stack.ts';
import type { TraceEvent } from '../../simulator/trace/event.ts';
import {
  tcpAccept,
  tcpBind,
  tcpConnect,
  tcpListen,
  tcpReceive,
  tcpSend,
  tcpSocket,
  udpBind,
  udpReceive,
  udpSend,
  udpSocket,
} from '../../simulator/transport/index.ts';
import { PacketFactory, PROTO_ICMP } from '../../simulator/wire/packet.ts';
import { namespace, wire } from '../kernel/network.ts';

export class Lab {
  readonly universe: Universe;
  readonly kernel: Kernel;
  readonly c: NetworkNamespace;
  readonly r: NetworkNamespace;
  readonly s: NetworkNamespace;
  private readonly servers: (() => void)[] = [];
  private pings = 0;

  constructor() {
    this.universe = {
      scheduler: new Scheduler(),
      random: new RandomStreams(3),
      packets: new PacketFactory(),
      trace: null,
      traceSequence: 0,
      nextInode: 4026531840,
      nextFlow: 1,
    };
    this.kernel = new Kernel('node1', this.universe);
    bootKernel(this.kernel);
    [this.c, this.r, this.s] = [namespace(this.kernel, 'c'), namespace(this.kernel, 'r'), namespace(this.kernel, 's')];
    const [c0] = wire(this.c, 'c0', '10.1.0.2/24', this.r, 'rc', '10.1.0.1/24');
    const [s0] = wire(this.s, 's0', '10.2.0.2/24', this.r, 'rs', '10.2.0.1/24');
    defaultRoute(this.c, '10.1.0.1', c0);
    defaultRoute(this.s, '10.2.0.1', s0);
    writeSysctl(this.r, 'net/ipv4/ip_forward', '1');
    for (const [port, answer] of [
      [80, 'web\n'],
      [443, 'tls\n'],
      [8080, 'alt\n'],
    ] as const) {
      this.tcpServer(this.s, port, answer);
    }
    this.tcpServer(this.r, 9000, 'router\n');
    this.udpServer(this.s, 53, 'dns\n');
    this.udpServer(this.s, 5000, 'udp\n');
    this.udpServer(this.r, 9001, 'router\n');
    this.run(SECOND);
  }

  /** Runs `micros` of virtual time, servers answering every millisecond. */
  run(micros: number): void {
    const { scheduler } = this.universe;
    const end = scheduler.now + micros;
    while (scheduler.now < end) {
      scheduler.run(Math.min(end, scheduler.now + MILLISECOND));
      for (const poll of this.servers) poll();
    }
  }

  /** Runs iptables in a namespace, words split at blanks (quotes group). */
  iptables(ns: NetworkNamespace, line: string): CommandOutcome {
    return iptables(ns, splitWords(line), { by: 'command', text: `iptables ${line}` });
  }

  /** Runs iptables in r, expecting it to work, and gives what it printed. */
  r$(line: string): string {
    const { status, stdout, stderr } = this.iptables(this.r, line);
    if (status !== 0) throw new Error(`${line}: ${stderr}`);
    return stdout;
  }

  ping(from: NetworkNamespace, to: string, count: number): void {
    const id = 1000 + ++this.pings;
    for (let i = 1; i <= count; i++) {
      const packet = this.universe.packets.make();
      packet.protocol = PROTO_ICMP;
      packet.icmpType = 8;
      packet.icmpId = id;
      packet.icmpSeq = i;
      packet.dst = ipv4(to);
      packet.payload = new Uint8Array(56);
      packet.socketUid = 0;
      ipLocalOut(from, packet);
      this.run(200 * MILLISECOND);
    }
  }

  /** Asks once over UDP; the answer, or the errno of what came instead. */
  udp(
    from: NetworkNamespace,
    to: string,
    port: number,
    local?: { readonly address: string; readonly port: number },
  ): string {
    const socket = udpSocket(from);
    if (local !== undefined) udpBind(socket, ipv4(local.address), local.port);
    udpSend(socket, encodeUtf8('hello'), ipv4(to), port);
    this.run(20 * MILLISECOND);
    const answer = udpReceive(socket);
    socket.close();
    return answer.ok ? decodeUtf8(answer.value.payload) : answer.errno;
  }

  /** Connects over TCP, reads a line and closes. Runs at most `seconds`. */
  tcp(from: NetworkNamespace, to: string, port: number, seconds = 1): string {
    const socket = tcpSocket(from);
    const connecting = tcpConnect(socket, ipv4(to), port);
    if (!connecting.ok && connecting.errno !== 'EINPROGRESS') return connecting.errno;
    for (let waited = 0; waited < seconds * 100; waited++) {
      this.run(10 * MILLISECOND);
      const answer = tcpReceive(socket, 1000);
      if (!answer.ok && answer.errno === 'EAGAIN') continue;
      if (!answer.ok && answer.errno === 'ENOTCONN') continue;
      socket.close();
      this.run(50 * MILLISECOND);
      return answer.ok ? decodeUtf8(answer.value) : answer.errno;
    }
    socket.close();
    return 'EAGAIN';
  }

  /** What `conntrack -L` prints in a namespace. */
  conntrack(ns: NetworkNamespace): string[] {
    return listConntrack(ns).map((entry) => formatEntry(entry, this.kernel.now));
  }

  /** Records the trace while `act` runs. */
  traced(act: () => void): TraceEvent[] {
    const events: TraceEvent[] = [];
    this.universe.trace = (event) => void events.push(event);
    act();
    this.universe.trace = null;
    return events;
  }

  private tcpServer(ns: NetworkNamespace, port: number, answer: string): void {
    const listener = tcpSocket(ns);
    tcpBind(listener, 0, port);
    tcpListen(listener, 128);
    const open: ReturnType<typeof tcpSocket>[] = [];
    this.servers.push(() => {
      const child = tcpAccept(listener);
      if (child.ok) {
        tcpSend(child.value, encodeUtf8(answer));
        open.push(child.value);
      }
      for (const one of [...open]) {
        const rest = tcpReceive(one, 1000);
        if (!rest.ok || rest.value.length > 0) continue;
        one.close();
        open.splice(open.indexOf(one), 1);
      }
    });
  }

  private udpServer(ns: NetworkNamespace, port: number, answer: string): void {
    const socket = udpSocket(ns);
    udpBind(socket, 0, port);
    this.servers.push(() => {
      const question = udpReceive(socket);
      if (question.ok) udpSend(socket, encodeUtf8(answer), question.value.address, question.value.port);
    });
  }
}

export function splitWords(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
}

function defaultRoute(ns: NetworkNamespace, via: string, dev: NetDevice): void {
  insertRoute(ns.fib, {
    type: 'unicast',
    destination: 0,
    prefix: 0,
    table: RT_TABLE_MAIN,
    gateway: ipv4(via),
    dev,
    source: 0,
    scope: 'universe',
    protocol: 'boot',
    metric: 0,
    mtu: 0,
    tos: 0,
    onlink: false,
    origin: KERNEL_DEFAULT,
  });
}
