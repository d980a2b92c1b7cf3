/**
 * This daemon's part in a swarm: manager, agent and gossip, from `docker swarm init` or `join` to `leave`. Mirrors moby
 * daemon/cluster (cluster.go, swarm.go, noderunner.go, executor) and the way libnetwork is told (agentInit, ingress set-up).
 */
import { formatIpv4, parseCidr, parseIpv4 } from '../base/address.ts';
import type { Origin } from '../base/origin.ts';
import { MILLISECOND, SECOND, type Scheduler } from '../base/scheduler.ts';
import type { Host } from '../process/host.ts';
import { Agent, type Controller, type Executor } from '../swarm/agent.ts';
import { channelPair, type Channel } from '../swarm/channel.ts';
import { parseJoinToken } from '../swarm/ids.ts';
import { CONTROL_PORT, Manager } from '../swarm/manager.ts';
import type { AssignedTask, ToAgent, ToManager } from '../swarm/messages.ts';
import { NetworkDb } from '../swarm/networkdb.ts';
import type { EncryptionKey, NetworkObject, NodeDescription, NodeObject } from '../swarm/objects.ts';
import type { Dice } from '../swarm/dice.ts';
import type { Container, NetworkWish } from './container.ts';
import type { Attacher, Containers } from './containers.ts';
import { ControlNetworkOverSockets } from './controlNetwork.ts';
import type { NetworkController } from './network/controller.ts';
import type { Network } from './network/model.ts';
import type { DaemonSockets } from './sockets.ts';
import type { LogOptions } from './api.ts';
import { sendLogs } from './serviceLogs.ts';
import { AttachmentController, TaskController, type TaskEnvironment } from './taskController.ts';

const RECONNECT_DELAY = SECOND;
/** Virtual time that making certificates and starting up take. */
const BOOT_TIME = 200 * MILLISECOND;

export interface ClusterParts {
  readonly host: Host;
  readonly sockets: DaemonSockets;
  readonly networks: NetworkController;
  readonly containers: Containers;
  readonly changed: () => void;
  readonly dice: Dice | undefined;
  describe(): NodeDescription;
}

/** What a daemon writes down about its place in a swarm. */
export interface Membership {
  readonly nodeId: string;
  readonly address: string;
  readonly certificate: string;
  readonly remote: { address: string; port: number } | undefined;
  readonly manager: Manager | undefined;
  readonly origin: Origin;
  readonly dataPathPort: number;
}

type Refusal = { readonly status: number; readonly message: string };

export class Cluster implements Executor, Attacher, TaskEnvironment {
  readonly scheduler: Scheduler;
  readonly containers: Containers;
  readonly networks: NetworkController;
  readonly hostname: string;
  /** Set while this node manages the swarm. */
  manager: Manager | undefined;
  agent: Agent | undefined;
  node: NodeObject | undefined;
  nodeId = '';
  /** Where other nodes reach this one. */
  address = '';
  certificate = '';
  state: 'inactive' | 'pending' | 'active' = 'inactive';
  private readonly parts: ClusterParts;
  private network: ControlNetworkOverSockets | undefined;
  private db: NetworkDb | undefined;
  private remote: { address: string; port: number } | undefined;
  private readonly waiting = new Map<string, (assigned: AssignedTask) => void>();
  private readonly arrived = new Map<string, AssignedTask>();
  private origin: Origin;

  constructor(parts: ClusterParts) {
    this.parts = parts;
    this.scheduler = parts.host.kernel.universe.scheduler;
    this.containers = parts.containers;
    this.networks = parts.networks;
    this.hostname = parts.host.name;
    this.origin = parts.host.origin;
    parts.containers.attacher = undefined;
  }

  // -- in and out

  /** `docker swarm init`, its parameters being checked. */
  init(address: string, options: { pools: readonly string[]; subnetSize: number; dataPathPort: number; availability: NodeObject['Spec']['Availability'] }, origin: Origin, done: (nodeId: string) => void): void {
    this.begin(address, origin);
    const { universe } = this.parts.host.kernel;
    const manager = new Manager(this.scheduler, universe.random, () => this.parts.host.wallClock, {
      defaultAddressPool: options.pools,
      subnetSize: options.subnetSize,
      dataPathPort: options.dataPathPort,
      dice: this.parts.dice,
      ways: this.networks.ways,
    });
    this.manager = manager;
    manager.store.watch(() => this.parts.changed());
    this.networks.overlay.dataPathPort = options.dataPathPort;
    const node = manager.bootstrap(this.parts.describe(), address, options.availability, this.origin);
    this.certificate = manager.cluster.certificate;
    this.network?.listen(CONTROL_PORT, (channel) => manager.accept(channel));
    this.scheduler.after(BOOT_TIME, () => {
      if (this.manager !== manager) return;
      this.enter(node.ID);
      this.connectLocally(manager);
      this.state = 'active';
      this.parts.changed();
      done(node.ID);
    });
  }

  private begin(address: string, origin: Origin): void {
    this.origin = { by: 'docker', text: 'swarm', cause: origin };
    this.address = address;
    this.state = 'pending';
    this.network = new ControlNetworkOverSockets(this.parts.host.kernel.initNs, this.parts.sockets);
  }

  /** The node has its identity: gossip begins. */
  private enter(nodeId: string): void {
    this.nodeId = nodeId;
    const { universe } = this.parts.host.kernel;
    const random = universe.random.stream(`gossip/${this.hostname}`);
    this.db = new NetworkDb({
      scheduler: this.scheduler,
      random,
      network: this.network as ControlNetworkOverSockets,
      name: random.hex(12),
      address: this.address,
      onTable: (event) => {
        this.networks.applyTable(event);
        this.parts.changed();
      },
      onPeers: () => this.parts.changed(),
    });
    this.networks.db = this.db;
    this.containers.attacher = this;
    this.agent = new Agent(this.scheduler, this, universe.random.stream(`agent/${this.hostname}`), () => this.parts.host.wallClock, nodeId);
    this.agent.onLost = () => this.reconnectLater();
    this.agent.onRemoved = () => this.leave(() => undefined);
  }

  private connectLocally(manager: Manager): void {
    const [mine, theirs] = channelPair(this.scheduler);
    manager.accept(theirs);
    this.agent?.connect(mine, this.address);
  }

  /** `docker swarm join`. */
  join(address: string, remote: { address: string; port: number }, token: string, availability: NodeObject['Spec']['Availability'], origin: Origin, done: (failure?: Refusal) => void): void {
    if (parseJoinToken(token) === undefined) return done({ status: 400, message: 'invalid join token' });
    this.begin(address, origin);
    this.remote = remote;
    let over = false;
    const fail = (message: string): void => {
      if (over) return;
      over = true;
      this.reset();
      done({ status: 503, message });
    };
    const target = `${remote.address}:${remote.port}`;
    const timeout = this.scheduler.after(20 * SECOND, () => fail('Timeout was reached before node joined. The attempt to join the swarm will continue in the background. Use the "docker info" command to see the current swarm status of your node.'));
    this.network?.dial(
      remote.address,
      remote.port,
      (channel, localAddress) => {
        if (this.address === '') this.address = localAddress;
        channel.onMessage = (raw) => {
          const message = raw as ToAgent;
          timeout.cancel();
          if (over) return;
          if (message.kind === 'refused') return fail(message.reason);
          if (message.kind !== 'joined') return;
          over = true;
          this.joined(channel, message);
          done();
        };
        channel.send({ kind: 'join', token, availability, description: this.parts.describe(), address: this.address } satisfies ToManager);
      },
      (words) => {
        timeout.cancel();
        fail(`rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp ${target}: ${words}"`);
      },
    );
  }

  private joined(channel: Channel, message: Extract<ToAgent, { kind: 'joined' }>): void {
    this.certificate = message.certificate;
    this.networks.overlay.dataPathPort = message.dataPathPort;
    this.enter(message.nodeId);
    const { agent } = this;
    // Gossip first: what the manager will ask for is published to those who are known.
    this.db?.join((this.remote as { address: string }).address, () => agent?.connect(channel, this.address));
    this.state = 'active';
    this.parts.changed();
  }

  private reconnectLater(): void {
    this.scheduler.after(RECONNECT_DELAY, () => {
      const { agent, remote, network } = this;
      if (agent === undefined || agent.stopped || agent.connected || remote === undefined || network === undefined) return;
      network.dial(
        remote.address,
        remote.port,
        (channel) => agent.connect(channel, this.address),
        () => this.reconnectLater(),
      );
    });
  }

  /** `docker swarm leave`; containers of tasks are stopped and removed. */
  leave(done: () => void): void {
    const { agent, manager } = this;
    agent?.stop();
    manager?.stop();
    const tasks = [...this.containers.all.values()].filter((container) => container.task !== undefined);
    let left = tasks.length;
    const finish = (): void => {
      this.networks.leaveCluster();
      this.db?.stop();
      this.network?.unlisten(CONTROL_PORT);
      this.reset();
      this.parts.changed();
      done();
    };
    if (left === 0) return finish();
    for (const container of tasks) {
      this.containers.stop(container, 0, 'SIGKILL', () => {
        this.containers.forget(container);
        if (--left === 0) finish();
      });
    }
  }

  /** The daemon ends, its containers being gone: what is needed to be a member again. Undefined outside a swarm. */
  suspend(): Membership | undefined {
    if (this.state !== 'active') return undefined;
    const { nodeId, address, certificate, remote, manager, origin } = this;
    for (const container of [...this.containers.all.values()]) if (container.task !== undefined) this.containers.forget(container);
    this.networks.leaveCluster();
    this.db?.stop();
    this.network?.unlisten(CONTROL_PORT);
    const { dataPathPort } = this.networks.overlay;
    this.reset();
    return { nodeId, address, certificate, remote, manager, origin, dataPathPort };
  }

  /** No more word to or from the managers; a manager keeps what it knows. */
  hangUp(): void {
    this.agent?.stop();
    this.manager?.dispatcher.pause();
  }

  /** The daemon was killed. */
  silence(): void {
    this.hangUp();
    this.db?.stop();
  }

  /** The daemon is back: a member again, as the same node. */
  resume(membership: Membership): void {
    const { nodeId, address, certificate, remote, manager, origin, dataPathPort } = membership;
    this.begin(address, origin);
    this.remote = remote;
    this.manager = manager;
    this.certificate = certificate;
    this.networks.overlay.dataPathPort = dataPathPort;
    if (manager !== undefined) this.network?.listen(CONTROL_PORT, (channel) => manager.accept(channel));
    this.enter(nodeId);
    this.state = 'active';
    if (manager !== undefined) {
      manager.dispatcher.resume();
      const other = [...manager.store.nodes.values()].find((node) => node.ID !== nodeId && node.Status.State === 'ready');
      this.db?.join(other?.Status.Addr ?? address, () => undefined);
      this.connectLocally(manager);
    } else this.db?.join(remote?.address ?? address, () => this.reconnectLater());
  }

  private reset(): void {
    this.state = 'inactive';
    this.manager = this.agent = this.node = this.network = this.db = this.remote = undefined;
    this.nodeId = this.address = this.certificate = '';
    this.containers.attacher = undefined;
    this.waiting.clear();
    this.arrived.clear();
  }

  /** Members of a network's gossip, as inspect shows them. */
  peers(networkId: string): { Name: string; IP: string }[] {
    return this.db?.peers(networkId) ?? [];
  }

  addressOfPeer(name: string): string {
    return this.db?.addressOf(name) ?? '';
  }

  // -- executor

  describe(): NodeDescription {
    return this.parts.describe();
  }

  takeKeys(keys: readonly EncryptionKey[]): void {
    this.networks.overlay.encryption.takeKeys(keys);
  }

  configure(node: NodeObject, networks: readonly NetworkObject[]): void {
    this.node = node;
    for (const network of networks) if (network.Spec.Ingress && network.Ipam.length > 0) this.bring(network);
    this.parts.changed();
  }

  controller(assigned: AssignedTask): Controller {
    if (assigned.task.Spec.NetworkAttachmentSpec === undefined) return new TaskController(this, assigned);
    return new AttachmentController(this, assigned, (ready) => this.attachmentReady(ready));
  }

  ready({ task, networks }: AssignedTask): boolean {
    return task.NetworksAttachments.every(({ NetworkID }) => {
      const network = networks.find((each) => each.ID === NetworkID);
      return network?.Spec.Driver !== 'overlay' || !this.needsAddress(network) || this.ownAddress(NetworkID) !== undefined;
    });
  }

  /** Only a sandbox for virtual addresses needs one of the node's own. */
  private needsAddress({ Spec }: NetworkObject): boolean {
    return Spec.Ingress || this.networks.ways.balancing === 'own sandbox';
  }

  private ownAddress(networkId: string): number | undefined {
    const attachment = this.node?.Attachments.find((each) => each.NetworkID === networkId);
    return attachment === undefined ? undefined : parseCidr(attachment.Addresses[0] ?? '')?.address;
  }

  ensureNetworks({ networks }: AssignedTask): void {
    for (const network of networks) this.bring(network);
  }

  /** Makes an overlay here, with the sandbox for its virtual addresses. */
  private bring(object: NetworkObject): Network | undefined {
    if (object.Spec.Driver !== 'overlay') return undefined;
    const known = this.networks.networks.get(object.ID);
    const own = this.ownAddress(object.ID);
    if (known !== undefined || (own === undefined && this.needsAddress(object))) return known;
    const [config] = object.Ipam;
    const subnet = config === undefined ? undefined : parseCidr(config.Subnet);
    const network = this.networks.createOverlay({
      id: object.ID,
      name: object.Spec.Name,
      subnet,
      gateway: parseIpv4(config?.Gateway ?? '') ?? 0,
      internal: object.Spec.Internal,
      attachable: object.Spec.Attachable,
      ingress: object.Spec.Ingress,
      options: { ...object.DriverState },
      labels: { ...object.Spec.Labels },
      origin: object.origin.text === `network ${object.Spec.Name}` ? object.origin : { by: 'docker', text: `network ${object.Spec.Name}`, cause: object.origin },
    });
    if (own !== undefined) this.networks.createLoadBalancer(network, own);
    return network;
  }

  releaseNetworks(networkIds: readonly string[]): void {
    for (const id of networkIds) {
      const network = this.networks.networks.get(id);
      if (network === undefined || network.ingress) continue;
      const used = [...network.endpoints.values()].some((endpoint) => endpoint.sandbox !== network.loadBalancer);
      if (!used) this.networks.deleteNetwork(network);
    }
    this.parts.changed();
  }

  // -- logs

  private readonly readers = new Map<number, ReturnType<typeof sendLogs>[]>();

  logs(subscription: number, tasks: readonly string[], options: unknown, send: (lines: unknown) => void): void {
    for (const reader of this.readers.get(subscription) ?? []) reader.stop();
    this.readers.delete(subscription);
    if (options === undefined) return;
    this.readers.set(subscription, tasks.map((taskId) => sendLogs(this.containers, taskId, options as LogOptions, send)));
    this.pollLogs();
  }

  /** Sends what containers have printed since the last time. Called after every change on this node. */
  pollLogs(): void {
    for (const [subscription, readers] of this.readers) {
      const left = readers.filter((reader) => reader.poll());
      if (left.length === 0) this.readers.delete(subscription);
      else this.readers.set(subscription, left);
    }
  }

  // -- attachments

  attach(container: Container, wish: NetworkWish, done: (result: { network: Network; address: number; attachmentId: string } | string) => void): void {
    const config = { Target: wish.name, ...(wish.Aliases === undefined ? {} : { Aliases: [...wish.Aliases] }) };
    const request = (number: number): ToManager => ({
      kind: 'attach',
      request: number,
      network: wish.networkId ?? wish.name,
      config,
      containerId: container.id,
      addresses: wish.IPv4Address === undefined ? [] : [wish.IPv4Address],
      origin: container.origin,
    });
    this.agent?.request(request, (answer) => {
      if (answer?.kind !== 'attached') return done(`Could not attach to network ${wish.name}: context deadline exceeded`);
      if (answer.refusal !== undefined) return done(`Could not attach to network ${wish.name}: ${answer.refusal}`);
      const { attachmentId } = answer;
      const settle = ({ task }: AssignedTask): void => {
        const attachment = task.NetworksAttachments[0];
        const network = this.networks.networks.get(attachment?.NetworkID ?? '');
        const address = parseCidr(attachment?.Addresses[0] ?? '')?.address;
        if (network === undefined || address === undefined) done(`Could not attach to network ${wish.name}: network not found`);
        else done({ network, address, attachmentId });
      };
      const here = this.arrived.get(attachmentId);
      if (here !== undefined) settle(here);
      else this.waiting.set(attachmentId, settle);
    });
  }

  private attachmentReady(assigned: AssignedTask): void {
    const { ID: id } = assigned.task;
    this.arrived.set(id, assigned);
    const settle = this.waiting.get(id);
    this.waiting.delete(id);
    settle?.(assigned);
  }

  detach(attachmentId: string): void {
    this.arrived.delete(attachmentId);
    this.agent?.tell({ kind: 'detach', attachmentId });
  }

  /** Asks the manager for a network that is not on this node. */
  findNetwork(name: string, done: (network: NetworkObject | undefined) => void): void {
    if (this.agent === undefined) return done(undefined);
    this.agent.request(
      (request) => ({ kind: 'find-network', request, network: name }),
      (answer) => done(answer?.kind === 'network' ? answer.network : undefined),
    );
  }

  /** Address of the interface that reaches other machines; undefined with several, or none. */
  static addresses(host: Host): { address: string; device: string }[] {
    const found: { address: string; device: string }[] = [];
    for (const dev of host.kernel.initNs.devices.values()) {
      if (dev.kind === 'bridge' || dev.kind === 'loopback' || dev.kind === 'veth' || !dev.up) continue;
      for (const entry of dev.addresses) found.push({ address: formatIpv4(entry.address), device: dev.name });
    }
    return found;
  }
}
