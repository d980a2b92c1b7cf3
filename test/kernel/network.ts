// Small networks for tests of the kernel rooms: a universe, kernels, namespaces joined by veth pairs.
import { ipv4 } from '../../simulator/base/address.ts';
import { RandomStreams } from '../../simulator/base/random.ts';
import { Scheduler } from '../../simulator/base/scheduler.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { addAddress } from '../../simulator/kernel/addresses.ts';
import { createDevice, createVethPair, moveDevice, setMaster, setUp } from '../../simulator/kernel/devices.ts';
import { icmpRcv } from '../../simulator/kernel/icmp.ts';
import { Kernel, type Universe } from '../../simulator/kernel/kernel.ts';
import { createNamespace, initNamespace } from '../../simulator/kernel/namespaces.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { insertRoute, RT_TABLE_MAIN } from '../../simulator/kernel/fib.ts';
import type { TraceEvent } from '../../simulator/trace/event.ts';
import { PacketFactory, PROTO_ICMP, type Packet } from '../../simulator/wire/packet.ts';

export function makeUniverse(seed = 1): Universe & { events: TraceEvent[] } {
  const events: TraceEvent[] = [];
  return { scheduler: new Scheduler(), random: new RandomStreams(seed), packets: new PacketFactory(), trace: (event) => void events.push(event), traceSequence: 0, nextInode: 4026531840, nextFlow: 1, events };
}

export function makeKernel(universe: Universe, host = 'host'): Kernel {
  const kernel = new Kernel(host, universe);
  // Quiet: what IPv6 says by itself has tests of its own.
  kernel.initNs.disableIpv6Default = 1;
  initNamespace(kernel.initNs);
  kernel.protocols[PROTO_ICMP] = { protocol: PROTO_ICMP, receive: icmpRcv, error: () => undefined };
  return kernel;
}

export function namespace(kernel: Kernel, name: string): NetworkNamespace {
  const ns = createNamespace(kernel, name);
  ns.disableIpv6Default = kernel.initNs.disableIpv6Default;
  setUp(ns.device('lo') as NetDevice, true);
  return ns;
}

/** A veth pair with both ends up and, where given, addresses in CIDR form. */
export function wire(a: NetworkNamespace, aName: string, aAddress: string | null, b: NetworkNamespace, bName: string, bAddress: string | null): [NetDevice, NetDevice] {
  const made = createVethPair(a, { name: aName, peer: { ns: b, name: bName }, origin: KERNEL_DEFAULT });
  if (!made.ok) throw new Error(made.errno);
  const [x, y] = made.value;
  if (aAddress !== null) address(x, aAddress);
  if (bAddress !== null) address(y, bAddress);
  setUp(x, true);
  setUp(y, true);
  return [x, y];
}

export function address(dev: NetDevice, cidr: string): void {
  const [text, prefix] = cidr.split('/') as [string, string];
  addAddress(dev, { address: ipv4(text), prefix: Number(prefix), origin: KERNEL_DEFAULT });
}

export function makeBridge(ns: NetworkNamespace, name: string, ports: readonly NetDevice[], cidr?: string): NetDevice {
  const made = createDevice(ns, { kind: 'bridge', name, origin: KERNEL_DEFAULT });
  if (!made.ok) throw new Error(made.errno);
  for (const port of ports) setMaster(port, made.value);
  if (cidr !== undefined) address(made.value, cidr);
  setUp(made.value, true);
  return made.value;
}

export function defaultRoute(ns: NetworkNamespace, via: string, dev: NetDevice): void {
  insertRoute(ns.fib, { type: 'unicast', destination: 0, prefix: 0, table: RT_TABLE_MAIN, gateway: ipv4(via), dev, source: 0, scope: 'universe', protocol: 'boot', metric: 0, mtu: 0, tos: 0, onlink: false, origin: KERNEL_DEFAULT });
}

export function echoRequest(universe: Universe, to: string, length = 56): Packet {
  const packet = universe.packets.make();
  packet.protocol = PROTO_ICMP;
  packet.icmpType = 8;
  packet.icmpId = 7;
  packet.icmpSeq = 1;
  packet.dst = ipv4(to);
  packet.payload = new Uint8Array(length);
  return packet;
}

export { moveDevice };
