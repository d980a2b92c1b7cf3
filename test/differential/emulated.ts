// The emulator's side of a case: one machine without Docker, the command lines in its shell, packets sent as a raw socket would.
import { ipv4 } from '../../simulator/base/address.ts';
import { RandomStreams } from '../../simulator/base/random.ts';
import { done, refuse, type Result } from '../../simulator/base/result.ts';
import { MILLISECOND, Scheduler, SECOND } from '../../simulator/base/scheduler.ts';
import { decodeUtf8, encodeUtf8 } from '../../simulator/base/utf8.ts';
import { setUp } from '../../simulator/kernel/devices.ts';
import { ipLocalOut } from '../../simulator/kernel/ip-output.ts';
import { Kernel, snapshot, type Universe } from '../../simulator/kernel/kernel.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { ipRouteOutput, outputDevice } from '../../simulator/kernel/route.ts';
import { ExternalDoor } from '../../simulator/process/external.ts';
import { Host } from '../../simulator/process/host.ts';
import { shellTool } from '../../simulator/shell/index.ts';
import { bootKernel, PROC_NET_FILES, sysctlRegistry } from '../../simulator/stack.ts';
import { allTools } from '../../simulator/tools/index.ts';
import {
  tcpBind,
  tcpClose,
  tcpConnect,
  tcpListen,
  tcpSend,
  tcpSocket,
  udpBind,
  udpReceive,
  udpSend,
  type UdpSocket,
  udpSocket,
} from '../../simulator/transport/index.ts';
import { ipLength, type Packet, PacketFactory } from '../../simulator/wire/packet.ts';
import { buildScript, type Case, knownNumbers, observeScript, type Probe, TCP_PORTS, UDP_PORTS } from './case.ts';
import { type Observation, type ProbeObservation, readObservation, type Seen, shownFrames } from './observation.ts';
import { packetOf, payloadOf } from './packet.ts';
import { FrameWords } from './frame.ts';

/** Names in the emulator need not be unique: every case has a world of its own. */
const PREFIX = 'mwd-';
const BUILD_LIMIT = 60 * SECOND;

export class EmulatedMachine {
  readonly universe: Universe;
  readonly kernel: Kernel;
  private readonly host: Host;
  private readonly polls: (() => void)[] = [];
  private readonly clients = new Map<string, UdpSocket>();

  constructor(seed: number) {
    this.universe = {
      scheduler: new Scheduler(),
      random: new RandomStreams(seed),
      packets: new PacketFactory(),
      trace: null,
      traceSequence: 0,
      nextInode: 4026531840,
      nextFlow: 1,
    };
    this.kernel = new Kernel('node1', this.universe);
    bootKernel(this.kernel);
    const lo = this.kernel.initNs.device('lo');
    if (lo !== undefined) setUp(lo, true);
    this.host = new Host('node1', this.kernel, [...allTools, shellTool], {
      epoch: 0,
      externals: new ExternalDoor(this.universe.scheduler),
      sysctl: sysctlRegistry,
      procNet: PROC_NET_FILES,
    });
    this.host.boot();
  }

  /** Runs a script to its end; what it printed, errors included. */
  script(text: string): string {
    let printed = '';
    let ended = false;
    this.host.exec(text, {
      onStdout: (chunk) => (printed += chunk),
      onStderr: (chunk) => (printed += chunk),
      onExit: () => (ended = true),
    });
    const { scheduler } = this.universe;
    const end = scheduler.now + BUILD_LIMIT;
    while (!ended) {
      const due = scheduler.nextDue();
      if (due === undefined || due > end) throw new Error(`the script does not end:\n${text}`);
      scheduler.run(due);
    }
    return printed;
  }

  namespace(name: string): NetworkNamespace {
    for (const ns of this.kernel.namespaces) if (ns.name === name || ns.name.endsWith(` ${name}`)) return ns;
    throw new Error(`there is no namespace ${name}`);
  }

  serve(ns: NetworkNamespace): void {
    for (const port of TCP_PORTS) {
      const listener = tcpSocket(ns);
      tcpBind(listener, 0, port);
      tcpListen(listener, 16);
    }
    for (const port of UDP_PORTS) {
      const socket = udpSocket(ns);
      udpBind(socket, 0, port);
      this.polls.push(() => {
        for (let datagram = udpReceive(socket); datagram.ok; datagram = udpReceive(socket)) {
          const { payload, address, port } = datagram.value;
          // Answers are not answered, or two servers would talk for ever.
          if (decodeUtf8(payload) !== 'ok') udpSend(socket, encodeUtf8('ok'), address, port);
        }
      });
    }
  }

  /** The datagram socket at an address and port, kept for later. */
  datagrams(ns: NetworkNamespace, src: string, sport: number): { socket: UdpSocket; bound: Result<undefined> } {
    const key = `${ns.name} ${src} ${sport}`;
    const known = this.clients.get(key);
    if (known !== undefined) return { socket: known, bound: done };
    const socket = udpSocket(ns);
    socket.setOptions({ reuseAddress: true });
    this.clients.set(key, socket);
    return { socket, bound: udpBind(socket, ipv4(src), sport) };
  }

  /** Lets time pass; servers answer every millisecond. */
  run(micros: number): void {
    const { scheduler } = this.universe;
    const end = scheduler.now + micros;
    while (scheduler.now < end) {
      scheduler.run(Math.min(end, scheduler.now + MILLISECOND));
      for (const poll of this.polls) poll();
    }
  }
}

/** raw_send_hdrinc: routed by what the socket says, not by the header; what is longer than the device takes is not sent, as nobody may cut it. */
function rawSend(ns: NetworkNamespace, packet: Packet): Result<undefined> {
  const route = ipRouteOutput(ns, packet.dst, { src: 0 });
  if (!route.ok) return route;
  return ipLength(packet) > outputDevice(ns, route.value).mtu
    ? refuse('EMSGSIZE')
    : ipLocalOut(ns, packet, { route: route.value });
}

/** The error of a call, '' when it went. */
function errorOf(result: Result<unknown>): string {
  return result.ok ? '' : result.errno;
}

/** Sends a probe; every step of it is an error or '', and time has to pass after each (helper.py does the same). */
function* stepsOfProbe(
  machine: EmulatedMachine,
  ns: NetworkNamespace,
  probe: Probe,
): Generator<string, void, undefined> {
  const { src, dst, sport, dport, ending } = probe;
  if (probe.how === 'raw') {
    yield errorOf(rawSend(ns, packetOf(probe, machine.universe.packets.make())));
    return;
  }
  if (probe.protocol !== 'tcp') {
    const { socket, bound } = machine.datagrams(ns, src, sport);
    yield errorOf(bound.ok ? udpSend(socket, payloadOf(probe), ipv4(dst), dport) : bound);
    return;
  }
  const socket = tcpSocket(ns);
  socket.setOptions({ reuseAddress: true });
  const bound = tcpBind(socket, ipv4(src), sport);
  yield errorOf(bound.ok ? tcpConnect(socket, ipv4(dst), dport) : bound);
  if (bound.ok && socket.takeError() === undefined && probe.length > 0)
    yield errorOf(tcpSend(socket, payloadOf(probe)));
  // Behind what is not acknowledged no end is sent (helper.py says why).
  const talking = socket.state === 'ESTABLISHED' || socket.state === 'CLOSE_WAIT';
  if (talking && socket.sendQueue.length > 0) return;
  if (ending === 'open') return;
  if (ending === 'reset') socket.setOptions({ resetOnClose: true });
  tcpClose(socket);
  yield '';
}

/** Builds a case in a new world and observes it. `gaps` are the seconds that the real machine took for each step. */
export function observeEmulated(test: Case, gaps: readonly (readonly number[])[]): Observation {
  const machine = new EmulatedMachine(1);
  const printed = machine.script(buildScript(test, PREFIX));
  const failed = printed.split('\n').filter((line) => line !== '');
  if (failed.length > 0) return { failed, probes: [], rules: [], connections: [] };
  let seen: Seen[] = [];
  for (const { name } of test.topology.nodes) {
    const ns = machine.namespace(PREFIX + name);
    machine.serve(ns);
    ns.taps.push((packet, dev, direction) =>
      seen.push({ place: `${name} ${dev.name} ${direction}`, packet: snapshot(packet) }),
    );
  }
  machine.run(50 * MILLISECOND);
  const words = new FrameWords(test);
  const probes: ProbeObservation[] = [];
  for (const [i, probe] of test.probes.entries()) {
    seen = [];
    const errors: string[] = [];
    for (const error of stepsOfProbe(machine, machine.namespace(PREFIX + probe.node), probe)) {
      machine.run(Math.max(1, Math.round((gaps[i]?.[errors.length] ?? 0.01) * SECOND)));
      errors.push(error);
    }
    probes.push({ errors, frames: shownFrames(words, seen) });
  }
  return { failed, probes, ...readObservation(machine.script(observeScript(test, PREFIX)), knownNumbers(test)) };
}

/** Whether the emulator takes a rule; the first line of what it says when it does not. */
export function ruleRefused(machine: EmulatedMachine, table: string, rule: string): string {
  return machine.script(`iptables -t ${table} ${rule}; iptables -t ${table} -F`).split('\n', 1)[0] ?? '';
}
