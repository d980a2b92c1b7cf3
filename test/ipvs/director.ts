// The lab of the recording kernel-ipvs: a client, a director with virtual addresses, three servers on one bridge.
//
//   c 10.1.0.2 (and .20-.31) -- d 10.1.0.1, VIPs 10.1.0.100-103; d 10.2.0.1 -- sw -- s1, s2, s3 10.2.0.11-.13
import { ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { SECOND } from '../../simulator/base/scheduler.ts';
import { decodeUtf8, encodeUtf8 } from '../../simulator/base/utf8.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import { Kernel } from '../../simulator/kernel/kernel.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { writeSysctl } from '../../simulator/kernel/sysctl.ts';
import type { FileCalls, ProgramContext } from '../../simulator/process/program.ts';
import { bootKernel } from '../../simulator/stack.ts';
import { ipvsadmTool } from '../../simulator/tools/ipvsadm.ts';
import {
  tcpAccept,
  tcpBind,
  tcpClose,
  tcpConnect,
  tcpListen,
  tcpReceive,
  tcpSend,
  tcpSocket,
  type TcpSocket,
  udpBind,
  udpReceive,
  udpSend,
  udpSocket,
} from '../../simulator/transport/index.ts';
import { address, defaultRoute, makeBridge, makeUniverse, namespace, wire } from '../kernel/network.ts';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

export class DirectorLab {
  readonly universe = makeUniverse();
  readonly c: NetworkNamespace;
  readonly d: NetworkNamespace;
  readonly servers: readonly NetworkNamespace[];
  private readonly held: TcpSocket[] = [];

  constructor() {
    const kernel = new Kernel('node1', this.universe);
    bootKernel(kernel);
    this.c = namespace(kernel, 'netns c');
    this.d = namespace(kernel, 'netns d');
    const sw = namespace(kernel, 'netns sw');
    const [c0] = wire(this.c, 'c0', '10.1.0.2/24', this.d, 'd0', '10.1.0.1/24');
    defaultRoute(this.c, '10.1.0.1', c0);
    for (let i = 20; i <= 31; i++) address(c0, `10.1.0.${i}/24`);
    for (let i = 100; i <= 103; i++) address(this.d.device('d0') as NetDevice, `10.1.0.${i}/32`);
    const [, port] = wire(this.d, 'd1', '10.2.0.1/24', sw, 'pd', null);
    const ports = [port];
    this.servers = [1, 2, 3].map((number) => {
      const ns = namespace(kernel, `netns s${number}`);
      const [e0, peer] = wire(ns, 'e0', `10.2.0.1${number}/24`, sw, `ps${number}`, null);
      defaultRoute(ns, '10.2.0.1', e0);
      ports.push(peer);
      return ns;
    });
    makeBridge(sw, 'br0', ports);
    writeSysctl(this.d, 'net.ipv4.ip_forward', '1');
    sw.knobs.bridge_nf_call_iptables = 0;
    for (const [index, ns] of this.servers.entries()) serve(ns, `s${index + 1}`);
    this.run(SECOND);
  }

  run(micros: number): void {
    this.universe.scheduler.run(this.universe.scheduler.now + micros);
  }

  /** `lab.py seq`: connections one after the other, each closed; the names that answered. */
  seq(count: number, virtual = '10.1.0.100', sources: readonly string[] = [], port = 80): string[] {
    return Array.from({ length: count }, (_, i) => this.talk(virtual, port, sources[i], true));
  }

  /** `lab.py hold`: connections that stay open. */
  hold(count: number, virtual = '10.1.0.100'): string[] {
    return Array.from({ length: count }, () => this.talk(virtual, 80, undefined, false));
  }

  /** Ends what `hold` has opened. */
  release(): void {
    for (const socket of this.held.splice(0)) tcpClose(socket);
    this.run(50_000);
  }

  private talk(virtual: string, port: number, source: string | undefined, close: boolean): string {
    const socket = tcpSocket(this.c);
    if (source !== undefined) tcpBind(socket, ipv4(source), 0);
    tcpConnect(socket, ipv4(virtual), port);
    this.run(20_000);
    const bytes = tcpReceive(socket, 100);
    const answer = bytes.ok ? decodeUtf8(bytes.value) : (socket.error ?? bytes.errno);
    if (close) {
      tcpClose(socket);
      this.run(20_000);
    } else this.held.push(socket);
    return String(answer);
  }

  /** `lab.py udpc`: a datagram, and the name that answered. */
  ask(virtual: string, sourcePort = 0): string {
    const socket = udpSocket(this.c);
    udpBind(socket, ipv4('10.1.0.2'), sourcePort);
    udpSend(socket, encodeUtf8('hello'), ipv4(virtual), 53);
    this.run(20_000);
    const datagram = udpReceive(socket);
    socket.close();
    return datagram.ok ? decodeUtf8(datagram.value.payload) : datagram.errno;
  }

  /** Runs ipvsadm in d. */
  ipvsadm(line: string, stdin = ''): Outcome {
    return ipvsadm(this.d, line, stdin);
  }

  /** Runs several lines of ipvsadm that must succeed silently. */
  setUp(...lines: readonly string[]): void {
    for (const line of lines) {
      const { stdout, stderr, exit } = this.ipvsadm(line);
      if (exit !== 0 || stdout !== '') throw new Error(`ipvsadm ${line}: ${stdout}${stderr}`);
    }
  }

  /** A service with s1, s2, s3 of these weights. */
  service(scheduler: string, weights: readonly number[], flags = ''): void {
    this.setUp('-C', `-A -t 10.1.0.100:80 -s ${scheduler}${flags}`);
    for (const [index, weight] of weights.entries())
      this.setUp(`-a -t 10.1.0.100:80 -r 10.2.0.1${index + 1}:80 -m -w ${weight}`);
  }
}

function ipvsadm(ns: NetworkNamespace, line: string, stdin: string): Outcome {
  const outcome = { stdout: '', stderr: '', exit: 0 };
  const lines = stdin.split('\n').filter(Boolean);
  // As where it was recorded, nobody who knows names can be reached from here.
  const files: Partial<FileCalls> = {
    readText: (path) =>
      path === '/etc/resolv.conf' ? { ok: true, value: 'nameserver 192.168.56.1\n' } : { ok: false, errno: 'ENOENT' },
  };
  const ctx: Partial<ProgramContext> = {
    argv: ['ipvsadm', ...line.split(' ').filter(Boolean)],
    netns: ns,
    origin: KERNEL_DEFAULT,
    fs: files as FileCalls,
    *out(text) {
      outcome.stdout += String(text);
    },
    *err(text) {
      outcome.stderr += text;
    },
    *readLine() {
      return lines.shift();
    },
  };
  const step = ipvsadmTool.main(ctx as ProgramContext).next();
  if (step.done !== true) throw new Error('ipvsadm waits');
  return { ...outcome, exit: step.value };
}

/** A server that says its name on TCP port 80 and answers UDP port 53. */
function serve(ns: NetworkNamespace, name: string): void {
  const listener = tcpSocket(ns);
  tcpBind(listener, 0, 80);
  tcpListen(listener, 128);
  const accept = (): void => {
    for (let accepted = tcpAccept(listener); accepted.ok; accepted = tcpAccept(listener)) {
      const socket = accepted.value;
      tcpSend(socket, encodeUtf8(name));
      const read = (): void => {
        const bytes = tcpReceive(socket, 100);
        if (bytes.ok && bytes.value.length === 0) tcpClose(socket);
        else socket.readable.add(read);
      };
      socket.readable.add(read);
    }
    listener.readable.add(accept);
  };
  listener.readable.add(accept);
  const datagrams = udpSocket(ns);
  udpBind(datagrams, 0, 53);
  const answer = (): void => {
    for (let datagram = udpReceive(datagrams); datagram.ok; datagram = udpReceive(datagrams)) {
      udpSend(datagrams, encodeUtf8(name), datagram.value.address, datagram.value.port);
    }
    datagrams.readable.add(answer);
  };
  datagrams.readable.add(answer);
}
