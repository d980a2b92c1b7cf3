// Two namespaces of one kernel joined by a veth pair, 10.0.0.1 and 10.0.0.2, and a recorder of what passes.
import { ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { RandomStreams } from '../../simulator/base/random.ts';
import { Scheduler, SECOND } from '../../simulator/base/scheduler.ts';
import { decodeUtf8, encodeUtf8 } from '../../simulator/base/utf8.ts';
import { addAddress } from '../../simulator/kernel/addresses.ts';
import { createVethPair, setUp } from '../../simulator/kernel/devices.ts';
import { registerHook } from '../../simulator/kernel/hooks.ts';
import { icmpRcv } from '../../simulator/kernel/icmp.ts';
import { Kernel, type Universe } from '../../simulator/kernel/kernel.ts';
import { createNamespace, initNamespace } from '../../simulator/kernel/namespaces.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { NF_ACCEPT, NF_DROP, NF_PRE_ROUTING } from '../../simulator/kernel/seams.ts';
import { icmpProtocol, tcpProtocol, udpProtocol, type TcpSocket, tcpReceive } from '../../simulator/transport/index.ts';
import { PacketFactory, PROTO_TCP, type Packet } from '../../simulator/wire/packet.ts';

export const A = ipv4('10.0.0.1');
export const B = ipv4('10.0.0.2');

export interface Lab {
  readonly universe: Universe;
  readonly kernel: Kernel;
  readonly a: NetworkNamespace;
  readonly b: NetworkNamespace;
  readonly devA: NetDevice;
  readonly devB: NetDevice;
  /** TCP segments and the like that A's device saw, in order: `> [S] 0 len 0 win 64240`. */
  readonly seen: string[];
  /** Runs for `seconds` of virtual time. */
  run(seconds: number): void;
  /** From now on packets into `side` are lost while `lose` says so. */
  lose(side: 'a' | 'b', lose: (packet: Packet) => boolean): void;
}

export function makeLab(): Lab {
  const universe: Universe = {
    scheduler: new Scheduler(),
    random: new RandomStreams(7),
    packets: new PacketFactory(),
    trace: null,
    traceSequence: 0,
    nextInode: 4026531840,
    nextFlow: 1,
  };
  const kernel = new Kernel('node1', universe);
  kernel.protocols[6] = tcpProtocol;
  kernel.protocols[17] = udpProtocol;
  kernel.protocols[1] = {
    protocol: 1,
    receive(ns, packet) {
      icmpRcv(ns, packet);
      icmpProtocol.receive(ns, packet);
    },
    error: icmpProtocol.error,
  };
  initNamespace(kernel.initNs);
  const a = createNamespace(kernel, 'netns a');
  const b = createNamespace(kernel, 'netns b');
  const pair = createVethPair(a, { name: 'e0', peer: { ns: b, name: 'e0' }, origin: KERNEL_DEFAULT });
  if (!pair.ok) throw new Error(pair.errno);
  const [devA, devB] = pair.value;
  addAddress(devA, { address: A, prefix: 24, origin: KERNEL_DEFAULT });
  addAddress(devB, { address: B, prefix: 24, origin: KERNEL_DEFAULT });
  for (const ns of [a, b]) {
    setUp(ns.device('lo') as NetDevice, true);
    setUp(ns.device('e0') as NetDevice, true);
  }
  const seen: string[] = [];
  const first = new Map<number, number>();
  devA.taps.push((packet, _dev, direction) => {
    if (packet.protocol !== PROTO_TCP || packet.etherType !== 0x800) return;
    seen.push(`${direction === 'out' ? '>' : '<'} ${segment(packet, first)}`);
  });
  universe.scheduler.run(SECOND);
  return {
    universe,
    kernel,
    a,
    b,
    devA,
    devB,
    seen,
    run: (seconds) => void universe.scheduler.run(universe.scheduler.now + seconds * SECOND),
    lose: (side, lose) => {
      const run = (_ns: NetworkNamespace, packet: Packet): number => (lose(packet) ? NF_DROP : NF_ACCEPT);
      registerHook(side === 'a' ? a : b, { name: 'loss', hook: NF_PRE_ROUTING, priority: -400, run });
    },
  };
}

/** Flags, relative sequence and acknowledgement numbers, length and raw window. */
function segment(packet: Packet, first: Map<number, number>): string {
  const letters = [
    [1, 'F'],
    [2, 'S'],
    [4, 'R'],
    [8, 'P'],
    [16, '.'],
  ] as const;
  if ((packet.flags & 2) !== 0) first.set(packet.sport, packet.seq);
  const flags = letters.map(([bit, letter]) => ((packet.flags & bit) !== 0 ? letter : '')).join('');
  const seq = (packet.seq - (first.get(packet.sport) ?? 0)) >>> 0;
  const ack = (packet.flags & 16) !== 0 ? ` ack ${(packet.ack - (first.get(packet.dport) ?? 0)) >>> 0}` : '';
  return `[${flags}] seq ${seq}${ack} len ${packet.payload.length} win ${packet.window}`;
}

/** Everything a connection has ready, as text. */
export function read(socket: TcpSocket): string {
  const bytes = tcpReceive(socket, 1_000_000);
  return bytes.ok ? decodeUtf8(bytes.value) : bytes.errno;
}

export const bytes = encodeUtf8;
