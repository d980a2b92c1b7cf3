// A swarm without a network: a manager and agents with executors that only take virtual time.
import { KERNEL_DEFAULT } from '../../simulator/base/origin.ts';
import { RandomStreams } from '../../simulator/base/random.ts';
import { MILLISECOND, SECOND, Scheduler } from '../../simulator/base/scheduler.ts';
import { Agent, type Controller, type Executor, type StepResult } from '../../simulator/swarm/agent.ts';
import { channelPair } from '../../simulator/swarm/channel.ts';
import { createNetwork, createService } from '../../simulator/swarm/control.ts';
import { Manager } from '../../simulator/swarm/manager.ts';
import type { NetworkObject, NodeDescription, NodeObject, ServiceObject, ServiceSpec, TaskObject } from '../../simulator/swarm/objects.ts';

const description = (hostname: string): NodeDescription => ({
  Hostname: hostname,
  Platform: { Architecture: 'x86_64', OS: 'linux' },
  Resources: { NanoCPUs: 2e9, MemoryBytes: 6e9 },
  Engine: { EngineVersion: '26.1.5', Plugins: [] },
});

/** Prepares and starts after 10 ms each, and runs until it is told to stop or to end. */
export class FakeExecutor implements Executor {
  node: NodeObject | undefined;
  readonly running = new Map<string, (result: StepResult) => void>();
  private readonly scheduler: Scheduler;
  private readonly hostname: string;

  constructor(scheduler: Scheduler, hostname: string) {
    this.scheduler = scheduler;
    this.hostname = hostname;
  }

  describe(): NodeDescription {
    return description(this.hostname);
  }

  configure(node: NodeObject): void {
    this.node = node;
  }

  ready({ task }: { task: TaskObject }): boolean {
    return task.NetworksAttachments.every((wanted) => this.node?.Attachments.some((own) => own.NetworkID === wanted.NetworkID));
  }

  controller({ task }: { task: TaskObject }): Controller {
    const later = (done: (result: StepResult) => void): void => void this.scheduler.after(10 * MILLISECOND, () => done({}));
    return {
      prepare: later,
      start: later,
      wait: (done) => void this.running.set(task.ID, done),
      shutdown: (done) => {
        this.running.delete(task.ID);
        later(done);
      },
      remove: later,
      status: () => ({}),
    };
  }
}

export class Cluster {
  readonly scheduler = new Scheduler();
  readonly random = new RandomStreams(1);
  readonly manager: Manager;
  readonly executors = new Map<string, FakeExecutor>();
  readonly agents = new Map<string, Agent>();

  constructor(hosts: readonly string[]) {
    this.manager = new Manager(this.scheduler, this.random, () => this.scheduler.now, {
      defaultAddressPool: ['10.0.0.0/8'],
      subnetSize: 24,
      dataPathPort: 4789,
    });
    hosts.forEach((host, index) => {
      const address = `192.168.56.${11 + index}`;
      if (index === 0) this.connect(host, this.manager.bootstrap(description(host), address, 'active', KERNEL_DEFAULT).ID, address);
      else this.join(host, address);
      this.settle();
    });
  }

  private join(host: string, address: string): void {
    const [mine, theirs] = channelPair(this.scheduler);
    this.manager.accept(theirs);
    mine.onMessage = (message) => this.connect(host, (message as { nodeId: string }).nodeId, address);
    mine.send({ kind: 'join', token: this.manager.tokens().worker, availability: 'active', description: description(host), address });
  }

  private connect(host: string, nodeId: string, address: string): void {
    const executor = new FakeExecutor(this.scheduler, host);
    const agent = new Agent(this.scheduler, executor, this.random.stream(`agent/${host}`), () => this.scheduler.now, nodeId);
    const [mine, theirs] = channelPair(this.scheduler);
    this.manager.accept(theirs);
    agent.connect(mine, address);
    this.executors.set(host, executor);
    this.agents.set(host, agent);
  }

  /** Lets `seconds` of virtual time pass. */
  settle(seconds = 2): void {
    this.scheduler.run(this.scheduler.now + seconds * SECOND);
  }

  service(spec: Partial<ServiceSpec> & { Name: string }): ServiceObject {
    const result = createService(
      this.manager,
      { Labels: {}, TaskTemplate: { ContainerSpec: { Image: 'alpine:latest' }, ForceUpdate: 0, ...spec.TaskTemplate }, Mode: { Replicated: { Replicas: 1 } }, ...withoutTask(spec) },
      KERNEL_DEFAULT,
    );
    if (!result.ok) throw new Error(result.message);
    return result.value;
  }

  network(name: string, subnet?: string): NetworkObject {
    const result = createNetwork(
      this.manager,
      { Name: name, Driver: 'overlay', DriverOpts: {}, Internal: false, Attachable: true, Ingress: false, IPv6: false, Scope: 'swarm', ...(subnet === undefined ? {} : { Ipam: [{ Subnet: subnet }] }) },
      KERNEL_DEFAULT,
    );
    if (!result.ok) throw new Error(result.message);
    return result.value;
  }

  node(host: string): NodeObject {
    return [...this.manager.store.nodes.values()].find((node) => node.Description.Hostname === host) as NodeObject;
  }

  /** `slot host state address…` of the tasks that should run, by slot. */
  tasks(service: ServiceObject): string[] {
    return this.manager.store
      .serviceTasks(service.ID)
      .filter((task) => task.DesiredState === 'running' || task.DesiredState === 'ready')
      .sort((a, b) => a.Slot - b.Slot)
      .map((task) => {
        const host = this.manager.store.nodes.get(task.NodeID)?.Description.Hostname ?? '-';
        return [task.Slot, host, task.Status.State, ...task.NetworksAttachments.flatMap((attachment) => attachment.Addresses)].join(' ');
      });
  }
}

function withoutTask(spec: Partial<ServiceSpec> & { Name: string }): Partial<ServiceSpec> & { Name: string } {
  const { TaskTemplate: _, ...rest } = spec;
  return rest;
}
