// How a swarm grows: n nodes × 5 tasks on two overlays, from nothing to every task running. What it takes of this machine, and
// what the emulated cluster has of it: gossip on the wire while nothing happens, and entries of forwarding databases per node.
import { createWorld, SECOND, type World } from '../../simulator/index.ts';
import { frameLength } from '../../simulator/wire/packet.ts';
import type { Metrics } from './engine.ts';

/** Nodes of the clusters. */
export const GROWTH: readonly number[] = [3, 30, 100];

const TASKS = 5;
/** Virtual seconds over which idle gossip is counted. */
const IDLE = 10;
const GOSSIP = 7946;

/** A /24 has no room for 250 tasks and 100 nodes, neither here nor in the real one: so larger subnets, and nothing published. */
function scenarioOf(nodes: number): string {
  const address = (i: number): string => `192.168.${56 + ((i + 11) >> 8)}.${(i + 11) & 255}/16`;
  const machines = Array.from({ length: nodes }, (_, i) => `  - { name: n${i}, address: ${address(i)}, docker: true }`);
  const workers = Array.from({ length: nodes - 1 }, (_, i) => `n${i + 1}`);
  const first = Math.floor((nodes * TASKS) / 2);
  return `name: growth
title: ${nodes} nodes
machines:
${machines.join('\n')}
swarm: { managers: [n0], workers: [${workers.join(', ')}] }
networks: [{ name: one, subnet: 10.64.0.0/16 }, { name: two, subnet: 10.65.0.0/16 }]
services:
  - { name: a, image: jwilder/whoami, replicas: ${first}, networks: [one] }
  - { name: b, image: jwilder/whoami, replicas: ${nodes * TASKS - first}, networks: [two] }
`;
}

function heapUsed(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}

/** What a cluster of so many nodes costs here, and how much it says. */
export function growthMetrics(nodes: number): Metrics {
  const before = heapUsed();
  const from = process.cpuUsage();
  const world = createWorld(scenarioOf(nodes), { trace: false });
  const spent = process.cpuUsage(from);
  const heap = heapUsed() - before;
  return {
    converged_cpu_ms: (spent.user + spent.system) / 1000,
    heap_mb: heap / 1e6,
    fdb_entries_per_node: forwardingEntries(world) / nodes,
    ...gossip(world, nodes),
  };
}

/** Entries of vxlan devices: where the end points of other nodes are. */
function forwardingEntries(world: World): number {
  let entries = 0;
  for (const { name: host, namespaces } of world.topology())
    for (const { name, devices } of namespaces)
      for (const group of devices.some(({ kind }) => kind === 'vxlan') ? (world.tables(host, name)?.fdb ?? []) : [])
        entries += group.name.startsWith('vxlan') ? group.rows.length : 0;
  return entries;
}

/** Packets and octets of port 7946 that each node sends in a second when nothing happens. */
function gossip(world: World, nodes: number): Metrics {
  let packets = 0;
  let bytes = 0;
  world.underlay.faults.push({
    origin: { by: 'scenario', text: 'bench' },
    meet(packet) {
      if (packet.sport !== GOSSIP && packet.dport !== GOSSIP) return;
      packets++;
      bytes += frameLength(packet);
    },
  });
  world.run(world.now + IDLE * SECOND);
  return { gossip_packets_per_node_s: packets / nodes / IDLE, gossip_bytes_per_node_s: bytes / nodes / IDLE };
}
