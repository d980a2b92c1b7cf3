// How the tables on a packet's way scale: nanoseconds of processor time for one walk or look-up with so many entries, the
// least of many runs. Rules are walked one after the other, as the kernel walks them; to the others it must be the same
// how much they hold (a heap of timers: by its logarithm, a FIB: by the number of prefix lengths).
import { ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { RandomStreams } from '../../simulator/base/random.ts';
import { type Result } from '../../simulator/base/result.ts';
import { Scheduler, SECOND } from '../../simulator/base/scheduler.ts';
import { type IpvsService, RealServer } from '../../simulator/ipvs/service.ts';
import { IpvsConnection } from '../../simulator/ipvs/connection.ts';
import { ipvsControl } from '../../simulator/ipvs/index.ts';
import { ipvsOf } from '../../simulator/ipvs/state.ts';
import type { FdbEntry, NetDevice } from '../../simulator/kernel/device.ts';
import { createDevice, setUp } from '../../simulator/kernel/devices.ts';
import { fdbLookup, makeFdbEntry } from '../../simulator/kernel/fdb.ts';
import { fibLookup, insertRoute, RT_TABLE_MAIN } from '../../simulator/kernel/fib.ts';
import { Kernel, type Universe } from '../../simulator/kernel/kernel.ts';
import { Neighbour } from '../../simulator/kernel/neighbour.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { NF_LOCAL_IN } from '../../simulator/kernel/seams.ts';
import { tupleHash } from '../../simulator/netfilter/conntrack/entry.ts';
import { ConntrackTable } from '../../simulator/netfilter/conntrack/table.ts';
import { iptables } from '../../simulator/netfilter/index.ts';
import { netfilterOf } from '../../simulator/netfilter/state.ts';
import { runBaseChain } from '../../simulator/netfilter/traverse.ts';
import { bootKernel } from '../../simulator/stack.ts';
import { tcpBind, tcpListen, tcpSocket } from '../../simulator/transport/index.ts';
import { findListener } from '../../simulator/transport/tcp/listen.ts';
import { ConnectionTable as SocketTable } from '../../simulator/transport/state.ts';
import { ConnectionTable } from '../../simulator/ipvs/connection.ts';
import { PacketFactory, PROTO_TCP } from '../../simulator/wire/packet.ts';
import type { Metrics } from './engine.ts';

/** Entries of the tables. */
export const SIZES: readonly number[] = [10, 100, 1000, 10_000];

const RUNS = 30;
/** Processor time one run takes at least. */
const RUN_NS = 1e6;
/** Different entries that are asked for in turn, spread over the table. */
const ASKED = 64;

/** Nanoseconds of one call of `work`, the least of many runs; `work` is given ever other numbers from 0 on. */
function nanoseconds(work: (i: number) => unknown): number {
  let calls = 16;
  let best = Infinity;
  let sink: unknown;
  for (let run = 0; run < RUNS;) {
    const from = process.cpuUsage();
    for (let i = 0; i < calls; i++) sink = work(i);
    const spent = process.cpuUsage(from);
    const took = (spent.user + spent.system) * 1000;
    if (took < RUN_NS) {
      calls *= 2;
      continue;
    }
    best = Math.min(best, took / calls);
    run++;
  }
  if (sink === nanoseconds) throw new Error('the compiler must not see that nobody looks');
  return best;
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.errno} ${result.message ?? ''}`);
  return result.value;
}

interface Place {
  readonly universe: Universe;
  readonly ns: NetworkNamespace;
  readonly dev: NetDevice;
}

function place(): Place {
  const universe: Universe = {
    scheduler: new Scheduler(),
    random: new RandomStreams(1),
    packets: new PacketFactory(),
    trace: null,
    traceSequence: 0,
    nextInode: 4026531840,
    nextFlow: 1,
  };
  const kernel = new Kernel('bench', universe);
  bootKernel(kernel);
  const ns = kernel.initNs;
  const dev = must(createDevice(ns, { kind: 'dummy', name: 'd0', origin: KERNEL_DEFAULT }));
  setUp(dev, true);
  return { universe, ns, dev };
}

/** A spread choice of numbers below `size`. */
const chosen = (size: number): number[] => Array.from({ length: ASKED }, (_, i) => Math.floor((i * 7919 + 13) % size));

/** A walk past `size` rules that do not match, at the end the policy. */
function ruleWalk(size: number): number {
  const { universe, ns } = place();
  for (let i = 0; i < size; i++) {
    const words = `-A INPUT -s 10.${(i >> 8) & 255}.${i & 255}.0/24 -p tcp --dport ${1024 + (i % 60000)} -j DROP`;
    if (iptables(ns, words.split(' '), KERNEL_DEFAULT).status !== 0) throw new Error(words);
  }
  const chain = netfilterOf(ns).filter.base[NF_LOCAL_IN];
  if (chain === null || chain === undefined) throw new Error('no chain');
  const packet = universe.packets.make();
  packet.protocol = PROTO_TCP;
  packet.src = ipv4('192.168.1.1');
  packet.dst = ipv4('192.168.1.2');
  packet.dport = 80;
  return nanoseconds(() => runBaseChain(ns, chain, packet, NF_LOCAL_IN, null, null));
}

function conntrack(size: number): number {
  const table = new ConntrackTable();
  table.knobs.nf_conntrack_max = 0;
  const server = ipv4('10.0.0.1');
  const source = (i: number): number => ipv4('172.16.0.0') + (i >> 4);
  const port = (i: number): number => 32768 + ((i * 37) & 0x7fff);
  for (let i = 0; i < size; i++) {
    const entry = table.make(1, true);
    entry.original.set(source(i), server, port(i), 80, PROTO_TCP);
    entry.reply.set(server, source(i), 80, port(i), PROTO_TCP);
    entry.expires = Infinity;
    table.insert(entry, 0);
  }
  const asked = chosen(size);
  return nanoseconds((n) => {
    const i = asked[n % ASKED] as number;
    const [from, sport] = [source(i), port(i)];
    const found = table.find(from, server, sport, 80, PROTO_TCP, tupleHash(from, server, sport, 80, PROTO_TCP), 1);
    if (found === null) throw new Error('lost');
    return found;
  });
}

/** Routes of every length from /8 to /30; asked are addresses inside them. */
function fib(size: number): number {
  const { ns, dev } = place();
  const destinations: number[] = [];
  for (let i = 0; i < size; i++) {
    const prefix = 16 + (i % 15);
    const destination = ((ipv4('20.0.0.0') + i * 0x10004) & (0xffffffff << (32 - prefix))) >>> 0;
    destinations.push(destination);
    insertRoute(ns.fib, {
      type: 'unicast',
      destination,
      prefix,
      table: RT_TABLE_MAIN,
      gateway: 0,
      dev,
      source: 0,
      scope: 'link',
      protocol: 'boot',
      metric: i,
      mtu: 0,
      tos: 0,
      onlink: false,
      origin: KERNEL_DEFAULT,
    });
  }
  const asked = chosen(size).map((i) => (destinations[i] as number) + 1);
  return nanoseconds((n) => {
    const route = fibLookup(ns, asked[n % ASKED] as number, 0, 0, 0, 0);
    if (route === null) throw new Error('no route');
    return route;
  });
}

const VIRTUAL = ipv4('10.8.0.0');
const virtualAddress = (i: number): number => VIRTUAL + (i >> 3);
const virtualPort = (i: number): number => 8000 + (i & 7);

function service(ns: NetworkNamespace, i: number): void {
  const spec = { fwmark: 0, protocol: PROTO_TCP, address: virtualAddress(i), port: virtualPort(i) };
  const rest = { scheduler: 'rr', persistence: 0, netmask: 0xffffffff, onePacket: false, schedulerFlags: [] };
  must(ipvsControl(ns, { op: 'addService', service: { ...spec, ...rest } }, KERNEL_DEFAULT));
}

function ipvsServices(size: number): number {
  const { ns } = place();
  for (let i = 0; i < size; i++) service(ns, i);
  const state = ipvsOf(ns);
  const asked = chosen(size);
  return nanoseconds((n) => {
    const i = asked[n % ASKED] as number;
    const found = state?.serviceFor(0, PROTO_TCP, virtualAddress(i), virtualPort(i));
    if (found == null) throw new Error('no service');
    return found;
  });
}

function ipvsConnections(size: number): number {
  const { ns } = place();
  service(ns, 0);
  const owner = ipvsOf(ns)?.services[0] as IpvsService;
  const spec = { address: 1, port: 80, forward: 'masq', weight: 1, upperThreshold: 0, lowerThreshold: 0 } as const;
  const server = new RealServer(owner, spec, ns.kernel, KERNEL_DEFAULT);
  const table = new ConnectionTable();
  const client = (i: number): number => ipv4('172.16.0.0') + (i >> 4);
  const port = (i: number): number => 32768 + ((i * 37) & 0x7fff);
  for (let i = 0; i < size; i++)
    table.add(
      new IpvsConnection({
        protocol: PROTO_TCP,
        clientAddress: client(i),
        clientPort: port(i),
        virtualAddress: VIRTUAL,
        virtualPort: 8000,
        realPort: 80,
        server,
        template: false,
        onePacket: false,
        conntrack: false,
        timeout: SECOND,
      }),
    );
  const asked = chosen(size);
  return nanoseconds((n) => {
    const i = asked[n % ASKED] as number;
    const found = table.findIn(PROTO_TCP, client(i), port(i), VIRTUAL, 8000);
    if (found === null) throw new Error('no connection');
    return found;
  });
}

function fdb(size: number): number {
  const { dev } = place();
  const table = new Map<number, FdbEntry>();
  const mac = (i: number): number => 0x024200000000 + i * 257;
  for (let i = 0; i < size; i++) table.set(mac(i), makeFdbEntry(mac(i), dev, 'reachable', true, 0, KERNEL_DEFAULT));
  const asked = chosen(size).map(mac);
  return nanoseconds((n) => fdbLookup(table, asked[n % ASKED] as number, 1, SECOND));
}

function neighbours(size: number): number {
  const { ns, dev } = place();
  const address = (i: number): number => ipv4('10.0.0.0') + i;
  for (let i = 0; i < size; i++) ns.neighbours.add(new Neighbour(address(i), dev, KERNEL_DEFAULT));
  const asked = chosen(size).map(address);
  return nanoseconds((n) => ns.neighbours.get(dev, asked[n % ASKED] as number));
}

function sockets(size: number): number {
  const { ns } = place();
  const table = new SocketTable();
  const local = ipv4('10.0.0.1');
  const remote = (i: number): number => ipv4('172.16.0.0') + (i >> 4);
  const port = (i: number): number => 32768 + ((i * 37) & 0x7fff);
  for (let i = 0; i < size; i++)
    table.add(Object.assign(tcpSocket(ns), { local, localPort: 80, remote: remote(i), remotePort: port(i) }));
  const asked = chosen(size);
  return nanoseconds((n) => {
    const i = asked[n % ASKED] as number;
    const found = table.find(local, 80, remote(i), port(i));
    if (found === null) throw new Error('no socket');
    return found;
  });
}

function listeners(size: number): number {
  const { universe, ns } = place();
  for (let i = 0; i < size; i++) {
    const socket = tcpSocket(ns);
    must(tcpBind(socket, 0, 1024 + i));
    must(tcpListen(socket, 1));
  }
  const packet = universe.packets.make();
  const asked = chosen(size).map((i) => 1024 + i);
  return nanoseconds((n) => {
    packet.dport = asked[n % ASKED] as number;
    const found = findListener(ns, packet, false);
    if (found === undefined) throw new Error('nobody listens');
    return found;
  });
}

/** A timer set and run while `size` others wait. */
function timers(size: number): number {
  const scheduler = new Scheduler();
  const nothing = (): void => undefined;
  for (let i = 0; i < size; i++) scheduler.at(1e15 + ((i * 7919) % size), nothing);
  return nanoseconds(() => {
    scheduler.after(1, nothing);
    return scheduler.run(scheduler.now + 1);
  });
}

/** Nanoseconds of each, with `size` entries. */
export function scaleMetrics(size: number): Metrics {
  const walk = ruleWalk(size);
  return {
    rule_walk_ns: walk,
    ns_per_rule: walk / size,
    conntrack_ns: conntrack(size),
    fib_ns: fib(size),
    ipvs_service_ns: ipvsServices(size),
    ipvs_connection_ns: ipvsConnections(size),
    fdb_ns: fdb(size),
    neighbour_ns: neighbours(size),
    socket_ns: sockets(size),
    listener_ns: listeners(size),
    timer_ns: timers(size),
  };
}
