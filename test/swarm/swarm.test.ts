// What the manager decides: addresses, places, replacements. Expected values are those of the recordings of 26.1.5.
import { expect, test } from 'vitest';
import { removeNetwork, updateNode, updateService } from '../../simulator/swarm/control.ts';
import type { ServiceSpec } from '../../simulator/swarm/objects.ts';
import { structuredCopy } from '../../simulator/swarm/allocator.ts';
import { Cluster } from './cluster.ts';

const PORT_8000 = { Mode: 'vip', Ports: [{ Protocol: 'tcp', TargetPort: 8000, PublishedPort: 8000, PublishMode: 'ingress' }] } as const;
const three = (): Cluster => new Cluster(['node1', 'node2', 'node3']);
const published = (replicas: number): Partial<ServiceSpec> & { Name: string } => ({
  Name: 'whoami',
  Mode: { Replicated: { Replicas: replicas } },
  EndpointSpec: structuredCopy(PORT_8000) as never,
});

function scale(cluster: Cluster, name: string, replicas: number): void {
  const service = [...cluster.manager.store.services.values()].find((each) => each.Spec.Name === name)!;
  const spec = structuredCopy(service.Spec);
  spec.Mode = { Replicated: { Replicas: replicas } };
  const result = updateService(cluster.manager, service, service.Version, spec, false, service.origin);
  if (!result.ok) throw new Error(result.message);
}

test('ingress addresses: nodes when they join, then the virtual address, then the tasks (routing-mesh)', () => {
  const cluster = three();
  expect(['node1', 'node2', 'node3'].map((host) => cluster.node(host).Attachments[0]?.Addresses[0])).toEqual(['10.0.0.2/24', '10.0.0.3/24', '10.0.0.4/24']);
  const service = cluster.service(published(3));
  cluster.settle();
  expect(service.Endpoint?.VirtualIPs?.[0]?.Addr).toBe('10.0.0.5/24');
  expect(cluster.tasks(service)).toEqual(['1 node2 running 10.0.0.6/24', '2 node3 running 10.0.0.7/24', '3 node1 running 10.0.0.8/24']);
});

test('scaling down takes the highest slot, scaling up fills the least loaded node (routing-mesh)', () => {
  const cluster = three();
  const service = cluster.service(published(3));
  cluster.settle();
  scale(cluster, 'whoami', 2);
  cluster.settle();
  expect(cluster.tasks(service)).toEqual(['1 node2 running 10.0.0.6/24', '2 node3 running 10.0.0.7/24']);
  expect(cluster.manager.store.serviceTasks(service.ID)).toHaveLength(2);
  scale(cluster, 'whoami', 5);
  cluster.settle();
  expect(cluster.tasks(service).slice(2)).toEqual(['3 node1 running 10.0.0.9/24', '4 node1 running 10.0.0.10/24', '5 node3 running 10.0.0.11/24']);
});

test('a user overlay: virtual address, tasks, and each node’s own address in order of assignment (overlay-network)', () => {
  const cluster = three();
  const demonet = cluster.network('demonet', '192.168.200.0/24');
  const networks = [{ Target: 'demonet' }];
  const first = cluster.service({
    Name: 'demoservice',
    Mode: { Replicated: { Replicas: 2 } },
    TaskTemplate: { ContainerSpec: { Image: 'alpine:latest' }, Networks: networks, Placement: { Constraints: ['node.hostname!=node3'] }, ForceUpdate: 0 },
  });
  cluster.settle();
  expect(demonet.DriverState).toEqual({ 'com.docker.network.driver.overlay.vxlanid_list': '4097' });
  expect(first.Endpoint?.VirtualIPs).toEqual([{ NetworkID: demonet.ID, Addr: '192.168.200.2/24' }]);
  expect(cluster.tasks(first)).toEqual(['1 node2 running 192.168.200.3/24', '2 node1 running 192.168.200.4/24']);
  const own = (host: string): string | undefined => cluster.node(host).Attachments.find((attachment) => attachment.NetworkID === demonet.ID)?.Addresses[0];
  expect([own('node2'), own('node1'), own('node3')]).toEqual(['192.168.200.5/24', '192.168.200.6/24', undefined]);
  const web = cluster.service({ Name: 'web', Mode: { Replicated: { Replicas: 3 } }, TaskTemplate: { ContainerSpec: { Image: 'w' }, Networks: networks, ForceUpdate: 0 } });
  cluster.settle();
  expect(cluster.tasks(web)).toEqual(['1 node3 running 192.168.200.8/24', '2 node2 running 192.168.200.9/24', '3 node1 running 192.168.200.10/24']);
  expect(own('node3')).toBe('192.168.200.11/24');
  expect(removeNetwork(cluster.manager, demonet)).toMatchObject({ ok: false, message: expect.stringContaining('is in use by service') });
});

test('why a task stays pending (service-modes, fault-service-update)', () => {
  const cluster = three();
  const nowhere = cluster.service({ Name: 'k3', TaskTemplate: { ContainerSpec: { Image: 'a' }, Placement: { Constraints: ['node.hostname==nosuch'] }, ForceUpdate: 0 } });
  const full = cluster.service({
    Name: 'full',
    Mode: { Replicated: { Replicas: 4 } },
    EndpointSpec: { Mode: 'vip', Ports: [{ Protocol: 'tcp', TargetPort: 8000, PublishedPort: 8090, PublishMode: 'host' }] },
  });
  cluster.settle();
  const error = (id: string): string | undefined => cluster.manager.store.serviceTasks(id).find((task) => task.Status.State === 'pending')?.Status.Err;
  expect(error(nowhere.ID)).toBe('no suitable node (scheduling constraints not satisfied on 3 nodes)');
  expect(error(full.ID)).toBe('no suitable node (host-mode port already in use on 3 nodes)');
});

test('a task that ends is replaced after five seconds, on a slot of its own (fault-crashed-task)', () => {
  const cluster = three();
  const service = cluster.service(published(3));
  cluster.settle();
  const [task] = cluster.manager.store.serviceTasks(service.ID);
  const executor = cluster.executors.get('node2')!;
  executor.running.get(task!.ID)!({ exitCode: 137 });
  cluster.settle(2);
  expect(cluster.tasks(service)[0]).toMatch(/^1 node\d ready /);
  expect(task).toMatchObject({ DesiredState: 'shutdown', Status: { State: 'failed', Err: 'task: non-zero exit (137)' } });
  cluster.settle(4);
  expect(cluster.tasks(service)[0]).toMatch(/^1 node\d running /);
});

test('a node that falls silent is down after three heartbeats, and its tasks are replaced elsewhere (fault-node-down)', () => {
  const cluster = three();
  const service = cluster.service(published(3));
  cluster.settle();
  cluster.agents.get('node2')!.stop();
  cluster.settle(13);
  expect(cluster.node('node2').Status).toMatchObject({ State: 'ready' });
  cluster.settle(4);
  expect(cluster.node('node2').Status).toMatchObject({ State: 'down', Message: 'heartbeat failure' });
  expect(cluster.tasks(service).map((line) => line.split(' ')[2])).toEqual(['running', 'running', 'running']);
  expect(cluster.tasks(service).some((line) => line.includes('node2'))).toBe(false);
});

test('draining moves tasks, and the new one waits for the old one to stop (fault-drain)', () => {
  const cluster = three();
  const service = cluster.service(published(3));
  cluster.settle();
  const node = cluster.node('node3');
  updateNode(cluster.manager, node, node.Version, { ...node.Spec, Availability: 'drain' }, () => true);
  cluster.settle();
  expect(cluster.tasks(service).map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual(['1 node2 running', '2 node1 running', '3 node1 running']);
  updateNode(cluster.manager, node, node.Version, { ...node.Spec, Availability: 'active' }, () => true);
  cluster.settle();
  expect(cluster.tasks(service).some((line) => line.includes('node3'))).toBe(false);
});

test('a rolling update replaces one task at a time and is completed five seconds after the last', () => {
  const cluster = three();
  const service = cluster.service(published(3));
  cluster.settle();
  const spec = structuredCopy(service.Spec);
  spec.TaskTemplate.ForceUpdate = 1;
  updateService(cluster.manager, service, service.Version, spec, false, service.origin);
  cluster.settle(1);
  expect(service.UpdateStatus).toMatchObject({ State: 'updating', Message: 'update in progress' });
  cluster.settle(6);
  expect(service.UpdateStatus).toMatchObject({ State: 'completed', Message: 'update completed' });
  expect(cluster.manager.store.serviceTasks(service.ID)).toHaveLength(6);
});

test('global services have one task on each node that may have one', () => {
  const cluster = three();
  const service = cluster.service({ Name: 'g', Mode: { Global: {} }, EndpointSpec: structuredCopy(PORT_8000) as never });
  cluster.settle();
  expect(cluster.tasks(service)).toEqual(['0 node1 running 10.0.0.6/24', '0 node2 running 10.0.0.7/24', '0 node3 running 10.0.0.8/24']);
});

test('dynamic ports begin at 30000', () => {
  const cluster = three();
  const service = cluster.service({ Name: 'auto', EndpointSpec: { Mode: 'vip', Ports: [{ Protocol: 'tcp', TargetPort: 80, PublishMode: 'ingress' }] } });
  cluster.settle();
  expect(service.Endpoint?.Ports).toEqual([{ Protocol: 'tcp', TargetPort: 80, PublishedPort: 30000, PublishMode: 'ingress' }]);
});

test('jobs run to completion', () => {
  const cluster = three();
  const job = cluster.service({ Name: 'job', Mode: { ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 3 } } });
  cluster.settle();
  const finish = (): void => {
    for (const executor of cluster.executors.values()) for (const done of [...executor.running.values()]) done({ exitCode: 0 });
  };
  expect(cluster.manager.store.serviceTasks(job.ID)).toHaveLength(2);
  finish();
  cluster.settle();
  finish();
  cluster.settle();
  expect(cluster.manager.store.serviceTasks(job.ID).map((task) => task.Status.State)).toEqual(['complete', 'complete', 'complete']);
});
