// The emulator's side of a case: one machine without Docker, the command lines in its shell, packets sent as a raw socket would.
import { RandomStreams } from '../../simulator/base/random.ts';
import { refuse, type Result } from '../../simulator/base/result.ts';
import { MILLISECOND, Scheduler, SECOND } from '../../simulator/base/scheduler.ts';
import { decodeUtf8, encodeUtf8 } from '../../simulator/base/utf8.ts';
import { setUp } from '../../simulator/kernel/devices.ts';
import { ipLocalOut } from '../../simulator/kernel/ip-output.ts';
import { Kernel, type Universe } from '../../simulator/kernel/kernel.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { ipRouteOutput, outputDevice } from '../../simulator/kernel/route.ts';
import { ExternalDoor } from '../../simulator/process/external.ts';
import { Host } from '../../simulator/process/host.ts';
import { shellTool } from '../../simulator/shell/index.ts';
import { bootKernel, PROC_NET_FILES, sysctlRegistry } from '../../simulator/stack.ts';
import { allTools } from '../../simulator/tools/index.ts';
import {
  tcpBind,
  tcpListen,
  tcpSocket,
  udpBind,
  udpReceive,
  udpSend,
  udpSocket,
} from '../../simulator/transport/index.ts';
import { ipLength, type Packet, PacketFactory } from '../../simulator/wire/packet.ts';
import { buildScript, type Case, observeScript, TCP_PORTS, UDP_PORTS } from './case.ts';
import { frameText, type Observation, type ProbeObservation, readObservation } from './observation.ts';
import { packetOf } from './packet.ts';

/** Names in the emulator need not be unique: every case has a world of its own. */
const PREFIX = 'mwd-';
/** Virtual time for the answers to one packet. */
const ANSWER_TIME = 20 * MILLISECOND;
const BUILD_LIMIT = 60 * SECOND;

export class EmulatedMachine {
  readonly universe: Universe;
  readonly kernel: Kernel;
  private readonly host: Host;
  private readonly polls: (() => void)[] = [];

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

/** raw_send_hdrinc: what is longer than the device takes is not sent, as nobody may cut it. */
function rawSend(ns: NetworkNamespace, packet: Packet): Result<undefined> {
  const route = ipRouteOutput(ns, packet.dst, { src: 0, mark: packet.mark, tos: packet.tos });
  if (!route.ok) return route;
  return ipLength(packet) > outputDevice(ns, route.value).mtu
    ? refuse('EMSGSIZE')
    : ipLocalOut(ns, packet, { route: route.value });
}

/** Builds a case in a new world and observes it. */
export function observeEmulated(test: Case): Observation {
  const machine = new EmulatedMachine(1);
  const printed = machine.script(buildScript(test, PREFIX));
  const failed = printed.split('\n').filter((line) => line !== '');
  if (failed.length > 0) return { failed, probes: [], rules: [], connections: [] };
  let frames: string[] = [];
  for (const { name } of test.topology.nodes) {
    const ns = machine.namespace(PREFIX + name);
    machine.serve(ns);
    ns.taps.push((packet, dev, direction) => {
      const text = frameText(packet);
      if (text !== undefined) frames.push(`${name} ${dev.name} ${direction} ${text}`);
    });
  }
  machine.run(50 * MILLISECOND);
  const probes: ProbeObservation[] = [];
  for (const probe of test.probes) {
    frames = [];
    const packet = packetOf(probe, machine.universe.packets.make());
    const sent = rawSend(machine.namespace(PREFIX + probe.node), packet);
    machine.run(ANSWER_TIME);
    probes.push({ error: sent.ok ? '' : sent.errno, frames: frames.sort() });
  }
  return { failed, probes, ...readObservation(machine.script(observeScript(test, PREFIX))) };
}

/** Whether the emulator takes a rule; the first line of what it says when it does not. */
export function ruleRefused(machine: EmulatedMachine, table: string, rule: string): string {
  return machine.script(`iptables -t ${table} ${rule}; iptables -t ${table} -F`).split('\n', 1)[0] ?? '';
}
