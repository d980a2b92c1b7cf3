// Measurements of the engine itself, in this process. Metric names are those of the anchors.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SECOND } from '../../simulator/base/scheduler.ts';
import type { NetworkNamespace } from '../../simulator/kernel/netns.ts';
import { TraceRecorder } from '../../simulator/trace/recorder.ts';
import { buildMesh, type Mesh } from './mesh.ts';
import { request, RESPONSE_LENGTH, serve } from './traffic.ts';

export type Metrics = Record<string, number>;

/** Requests before the measured ones, until the compiler of the JavaScript engine has seen the whole way. */
const WARM_UP = 3000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Device receptions summed over all namespaces, as `topo.sh hops` counts them. */
function receptions(mesh: Mesh): number {
  let sum = 0;
  for (const ns of mesh.kernel.namespaces) for (const dev of ns.devices.values()) sum += dev.stats.rxPackets;
  return sum;
}

/** Sends `count` requests one after the other; the fastest and the total, in wall milliseconds. */
function sequential(mesh: Mesh, client: NetworkNamespace, count: number): { minimum: number; total: number } {
  const { scheduler } = mesh.universe;
  let minimum = Infinity;
  const began = performance.now();
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    let octets: number | undefined;
    request(mesh.universe, client, '192.168.199.11', 8080, (got) => (octets = got));
    while (octets === undefined)
      if (scheduler.run(scheduler.now + SECOND) === 'idle' && octets === undefined)
        throw new Error('the request hangs');
    if (octets !== RESPONSE_LENGTH) throw new Error(`a request got ${octets} octets`);
    minimum = Math.min(minimum, performance.now() - from);
    // Beyond the minute that closed connections wait: tables stay as small as in a long run of the real kernel.
    scheduler.run(scheduler.now + SECOND);
  }
  return { minimum, total: performance.now() - began };
}

/** The mesh of `nodes` nodes: requests, receptions, with the trace off or on. */
export function meshMetrics(nodes: number, trace: boolean, requests = 2000): Metrics {
  const mesh = buildMesh(nodes);
  for (const { task } of mesh.nodes) serve(mesh.universe, task, 80);
  sequential(mesh, mesh.client, WARM_UP);
  const recorder = new TraceRecorder();
  if (trace) mesh.universe.trace = recorder.sink;
  const before = receptions(mesh);
  const cpu = process.cpuUsage();
  const { minimum, total } = sequential(mesh, mesh.client, requests);
  const spent = process.cpuUsage(cpu);
  const hops = receptions(mesh) - before;
  return {
    mesh_req_ms_min: minimum,
    mesh_req_per_s: (requests / total) * 1000,
    rx_hops_per_request: hops / requests,
    device_hops_per_s: (hops / total) * 1000,
    device_hops_per_cpu_s: hops / ((spent.user + spent.system) / 1e6),
  };
}

/** Wall milliseconds to build `nodes` mesh nodes, and kilobytes of heap each. */
export function buildMetrics(nodes: number): Metrics {
  collectGarbage();
  const heap = process.memoryUsage().heapUsed;
  const from = performance.now();
  const mesh = buildMesh(nodes);
  const milliseconds = performance.now() - from;
  collectGarbage();
  const kilobytes = (process.memoryUsage().heapUsed - heap) / 1024 / nodes;
  if (mesh.nodes.length !== nodes) throw new Error('nodes are missing');
  return { [`build_${nodes}_nodes_ms`]: milliseconds, kb_per_node: kilobytes };
}
