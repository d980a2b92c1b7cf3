// The hand-made routing mesh of the anchors' topo.sh, built with the simulator's own requests: per node a node, an
// ingress_sbox, an overlay (bridge + VXLAN) and a task namespace, gateway bridge, DOCKER-INGRESS DNAT, fwmark, IPVS,
// SNAT, REDIRECT. No Docker and no processes, so that the packet path is measured and not the programs.
import { formatIpv4, ipv4 } from '../../simulator/base/address.ts';
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { RandomStreams } from '../../simulator/base/random.ts';
import type { Result } from '../../simulator/base/result.ts';
import { Scheduler } from '../../simulator/base/scheduler.ts';
import { ipvsControl } from '../../simulator/ipvs/index.ts';
import { addAddress } from '../../simulator/kernel/addresses.ts';
import {
  createDevice,
  createVethPair,
  moveDevice,
  setMac,
  setMaster,
  setMtu,
  setUp,
} from '../../simulator/kernel/devices.ts';
import type { NetDevice } from '../../simulator/kernel/device.ts';
import { makeFdbEntry } from '../../simulator/kernel/fdb.ts';
import { insertRoute, RT_TABLE_MAIN } from '../../simulator/kernel/fib.ts';
import { Kernel, type Universe } from '../../simulator/kernel/kernel.ts';
import { createNamespace } from '../../simulator/kernel/namespaces.ts';
import { Neighbour } from '../../simulator/kernel/neighbour.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { writeSysctl } from '../../simulator/kernel/sysctl.ts';
import { type RuleSpec, type TableName, xtables } from '../../simulator/netfilter/index.ts';
import { isComplaint, parseRule } from '../../simulator/netfilter/parse.ts';
import { bootKernel } from '../../simulator/stack.ts';
import { PacketFactory } from '../../simulator/wire/packet.ts';

const PORT = 8080;

export interface MeshNode {
  readonly node: NetworkNamespace;
  readonly sandbox: NetworkNamespace;
  readonly overlay: NetworkNamespace;
  readonly task: NetworkNamespace;
}

export interface Mesh {
  readonly universe: Universe;
  readonly kernel: Kernel;
  /** Where the LAN bridge and the client are. */
  readonly client: NetworkNamespace;
  readonly nodes: readonly MeshNode[];
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.errno} ${result.message ?? ''}`);
  return result.value;
}

/** Builds a mesh of `count` nodes on one kernel, as topo.sh does. */
export function buildMesh(count: number): Mesh {
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
  const client = kernel.initNs;
  setUp(client.device('lo') as NetDevice, true);
  const lan = must(createDevice(client, { kind: 'bridge', name: 'lan', origin: KERNEL_DEFAULT }));
  address(lan, LAN, 16);
  setUp(lan, true);
  const nodes: MeshNode[] = [];
  for (let i = 0; i < count; i++) nodes.push(buildNode(kernel, lan, i, count));
  known.clear();
  return { universe, kernel, client, nodes };
}

const LAN = ipv4('192.168.0.1');
const GATEWAY = ipv4('172.18.0.1');
const SANDBOX = ipv4('172.18.0.2');
const OVERLAY = ipv4('10.0.0.1');
const FIRST_NODE = ipv4('192.168.199.11');
const FIRST_TASK = ipv4('10.0.4.11');
const FIRST_SANDBOX = ipv4('10.0.100.11');
const nodeAddress = (i: number): number => FIRST_NODE + i;
const taskAddress = (i: number): number => FIRST_TASK + i;
const sandboxAddress = (i: number): number => FIRST_SANDBOX + i;
const macOf = (own: number): number => 0x024200000000 + own;

function buildNode(kernel: Kernel, lan: NetDevice, i: number, count: number): MeshNode {
  const [node, sandbox, overlay, task] = ['n', 'i', 'o', 't'].map((letter) => {
    const ns = createNamespace(kernel, `${letter}${i}`);
    setUp(ns.device('lo') as NetDevice, true);
    return ns;
  }) as [NetworkNamespace, NetworkNamespace, NetworkNamespace, NetworkNamespace];

  const [eth0, port] = pair(node, 'eth0', lan.ns, `p${i}`);
  must(setMaster(port, lan));
  setUp(port, true);
  address(eth0, nodeAddress(i), 16);
  setUp(eth0, true);
  writeSysctl(node, 'net.ipv4.ip_forward', '1');

  const gateway = must(createDevice(node, { kind: 'bridge', name: 'gwbr', origin: KERNEL_DEFAULT }));
  address(gateway, GATEWAY, 16);
  setUp(gateway, true);
  const [eth1, vgw] = pair(sandbox, 'eth1', node, 'vgw');
  must(setMaster(vgw, gateway));
  setUp(vgw, true);
  address(eth1, SANDBOX, 16);
  setUp(eth1, true);
  insertRoute(sandbox.fib, {
    type: 'unicast',
    destination: 0,
    prefix: 0,
    table: RT_TABLE_MAIN,
    gateway: GATEWAY,
    dev: eth1,
    source: 0,
    scope: 'universe',
    protocol: 'boot',
    metric: 0,
    mtu: 0,
    tos: 0,
    onlink: false,
    origin: KERNEL_DEFAULT,
  });
  writeSysctl(sandbox, 'net.ipv4.ip_forward', '1');

  const br0 = must(createDevice(overlay, { kind: 'bridge', name: 'br0', origin: KERNEL_DEFAULT }));
  address(br0, OVERLAY, 16);
  setUp(br0, true);
  const vx0 = must(
    createDevice(node, {
      kind: 'vxlan',
      name: 'vx0',
      mtu: 1450,
      origin: KERNEL_DEFAULT,
      vxlan: { vni: 4096, dstPort: 4789, local: nodeAddress(i), learning: false, proxy: true },
    }),
  );
  must(moveDevice(vx0, overlay));
  must(setMaster(vx0, br0));
  setUp(vx0, true);
  for (const [ns, own, name] of [
    [sandbox, sandboxAddress(i), 'vs'],
    [task, taskAddress(i), 'vt'],
  ] as const) {
    const [inner, outer] = pair(ns, 'eth0', overlay, name);
    must(setMaster(outer, br0));
    setUp(outer, true);
    must(setMtu(inner, 1450));
    setMac(inner, macOf(own));
    address(inner, own, 16);
    setUp(inner, true);
  }
  // In large meshes a node knows those whose tasks it balances to, and those that balance to its task.
  for (const other of partners(i, count))
    for (const remote of [taskAddress(other), sandboxAddress(other)])
      if (other !== i) peer(vx0, remote, nodeAddress(other));

  rules(
    node,
    [
      'nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER-INGRESS',
      'nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
      'nat -A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER-INGRESS',
      'nat -A POSTROUTING -o gwbr -m addrtype --src-type LOCAL -j MASQUERADE',
      'nat -A POSTROUTING -s 172.18.0.0/16 ! -o gwbr -j MASQUERADE',
      `nat -A DOCKER-INGRESS -p tcp -m tcp --dport ${PORT} -j DNAT --to-destination 172.18.0.2:${PORT}`,
      'nat -A DOCKER-INGRESS -j RETURN',
      'filter -A FORWARD -j DOCKER-USER',
      'filter -A FORWARD -j DOCKER-INGRESS',
      'filter -A DOCKER-USER -j RETURN',
      `filter -A DOCKER-INGRESS -p tcp -m tcp --dport ${PORT} -j ACCEPT`,
      `filter -A DOCKER-INGRESS -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -m tcp --sport ${PORT} -j ACCEPT`,
      'filter -A DOCKER-INGRESS -j RETURN',
      'filter -A FORWARD -o gwbr -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ],
    { nat: ['DOCKER', 'DOCKER-INGRESS'], filter: ['DOCKER-USER', 'DOCKER-INGRESS'] },
  );
  rules(
    sandbox,
    [
      `mangle -A PREROUTING -p tcp -m tcp --dport ${PORT} -j MARK --set-xmark 0x100/0xffffffff`,
      `nat -A POSTROUTING -d 10.0.0.0/16 -m ipvs --ipvs -j SNAT --to-source ${formatIpv4(sandboxAddress(i))}`,
    ],
    {},
  );
  rules(
    task,
    [`nat -A PREROUTING -d ${formatIpv4(taskAddress(i))}/32 -p tcp -m tcp --dport ${PORT} -j REDIRECT --to-ports 80`],
    {},
  );
  must(writeSysctl(sandbox, 'net/ipv4/vs/conntrack', '1'));
  const service = { fwmark: 256, protocol: 0, address: 0, port: 0 };
  must(
    ipvsControl(
      sandbox,
      {
        op: 'addService',
        service: {
          ...service,
          scheduler: 'rr',
          persistence: 0,
          netmask: 0xffffffff,
          onePacket: false,
          schedulerFlags: [],
        },
      },
      KERNEL_DEFAULT,
    ),
  );
  for (const other of backends(i, count)) {
    const server = {
      address: taskAddress(other),
      port: 0,
      weight: 1,
      forward: 'masq' as const,
      upperThreshold: 0,
      lowerThreshold: 0,
    };
    must(ipvsControl(sandbox, { op: 'addServer', service, server }, KERNEL_DEFAULT));
  }
  return { node, sandbox, overlay, task };
}

/** The tasks a node's balancer knows: its own and the two after it. */
function backends(i: number, count: number): number[] {
  return Array.from({ length: Math.min(3, count) }, (_, step) => (i + step) % count);
}

/** The nodes whose tasks it balances to, and those that balance to its own. */
function partners(i: number, count: number): Set<number> {
  return new Set([-2, -1, 1, 2].map((step) => (i + step + 2 * count) % count));
}

function address(dev: NetDevice, own: number, prefix: number): void {
  must(addAddress(dev, { address: own, prefix, origin: KERNEL_DEFAULT }));
}

function pair(a: NetworkNamespace, aName: string, b: NetworkNamespace, bName: string): [NetDevice, NetDevice] {
  return must(createVethPair(a, { name: aName, peer: { ns: b, name: bName }, origin: KERNEL_DEFAULT }));
}

/** A static neighbour and forwarding entry for a remote end point, as dockerd writes them. */
function peer(tunnel: NetDevice, remote: number, vtep: number): void {
  const entry = makeFdbEntry(macOf(remote), null, 'permanent', false, 0, KERNEL_DEFAULT);
  entry.remotes = [{ address: vtep, port: 4789, vni: 4096, ifindex: 0 }];
  tunnel.vxlan?.fdb.set(entry.mac, entry);
  const neighbour = new Neighbour(remote, tunnel, KERNEL_DEFAULT);
  neighbour.state = 'PERMANENT';
  neighbour.mac = entry.mac;
  tunnel.ns.neighbours.add(neighbour);
}

interface Line {
  readonly table: TableName;
  readonly chain: string;
  readonly rule: RuleSpec;
}

const known = new Map<string, Line>();

/** The same line is understood once: what is measured is the kernel, not the tool that reads it. */
function understood(line: string): Line {
  let answer = known.get(line);
  if (answer === undefined) {
    const [table, , chain, ...words] = line.split(' ') as [TableName, string, string, ...string[]];
    const rule = parseRule(words, table);
    if (isComplaint(rule)) throw new Error(rule.text);
    answer = { table, chain, rule };
    known.set(line, answer);
  }
  return answer;
}

function rules(
  ns: NetworkNamespace,
  lines: readonly string[],
  chains: Readonly<Partial<Record<TableName, readonly string[]>>>,
): void {
  for (const [table, names] of Object.entries(chains) as [TableName, readonly string[]][]) {
    for (const chain of names) must(xtables(ns, { op: 'new-chain', table, chain }, KERNEL_DEFAULT));
  }
  for (const line of lines) must(xtables(ns, { op: 'append', ...understood(line) }, KERNEL_DEFAULT));
}
