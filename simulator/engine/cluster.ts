/**
 * This daemon's part in a swarm: manager, agent and gossip, from `docker swarm init` or `join` to `leave`. Mirrors moby
 * daemon/cluster (cluster.go, swarm.go, noderunner.go, executor) and the way libnetwork is told (agentInit, ingress set-up).
 */
import { parseCidr, parseIpv4 } from '../base/address.ts';
import type { Origin } from '../base/origin.ts';
import { MILLISECOND, SECOND, type Scheduler } from '../base/scheduler.ts';
import type { Host } from '../process/host.ts';
import { Agent, type Controller, type Executor } from '../swarm/agent.ts';
import { channelPair, type Channel } from '../swarm/channel.ts';
import { parseJoinToken } from '../swarm/ids.ts';
import type { Manager } from '../swarm/manager.ts';
import type { Call, CallResult } from '../swarm/calls.ts';
import { ManagerNode, type ManagerMemory, type ManagerParts } from '../swarm/managernode.ts';
import type { AssignedTask, ToAgent, ToManager } from '../swarm/messages.ts';
import { NetworkDb } from '../swarm/networkdb.ts';
import type { EncryptionKey, NetworkObject, NodeDescription, NodeObject } from '../swarm/objects.ts';
import type { Dice } from '../swarm/dice.ts';
import { endpoint, nextManager } from './addresses.ts';
import { Attachments } from './attachments.ts';
import type { Containers } from './containers.ts';
import { ControlNetworkOverSockets } from './controlNetwork.ts';
import type { NetworkController } from './network/controller.ts';
import type { Network } from './network/model.ts';
import type { Events } from './events.ts';
import type { DaemonSockets } from './sockets.ts';
import type { LogOptions } from './api.ts';
import { LogSenders } from './serviceLogs.ts';
import { AttachmentController, TaskController, type TaskEnvironment } from './taskController.ts';

const RECONNECT_DELAY = SECOND;
/** How long a promoted node takes to get its new certificate and to ask to be one of the managers. */
const PROMOTION_TIME = 3 * SECOND;
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
  /** Does what a client asked of another manager. */
  serve(call: Call): CallResult;
  readonly events: Events;
}

/** What a daemon writes down about its place in a swarm. */
export interface Membership {
  readonly nodeId: string;
  readonly address: string;
  readonly certificate: string;
  readonly remote: { address: string; port: number } | undefined;
  readonly managing: ManagerMemory | undefined;
  /** All whom it may turn to. */
  readonly managers: Agent['managers'];
  readonly origin: Origin;
  readonly dataPathPort: number;
}

export class Cluster implements Executor, TaskEnvironment {
  readonly scheduler: Scheduler;
  readonly containers: Containers;
  readonly networks: NetworkController;
  readonly hostname: string;
  /** Set while this node is one of the managers. */
  managing: ManagerNode | undefined;
  agent: Agent | undefined;
  node: NodeObject | undefined;
  nodeId = '';
  /** Where other nodes reach this one. */
  address = '';
  certificate = '';
  state: 'inactive' | 'pending' | 'active' = 'inactive';
  readonly parts: ClusterParts;
  private network: ControlNetworkOverSockets | undefined;
  private db: NetworkDb | undefined;
  private remote: { address: string; port: number } | undefined;
  private readonly attachments: Attachments;
  private readonly readers: LogSenders;
  private origin: Origin;
  /** Nobody answers where a manager was. */
  private astray = false;

  constructor(parts: ClusterParts) {
    this.parts = parts;
    this.scheduler = parts.host.kernel.universe.scheduler;
    this.containers = parts.containers;
    this.networks = parts.networks;
    this.hostname = parts.host.name;
    this.origin = parts.host.origin;
    this.attachments = new Attachments(() => this.agent, parts.networks);
    this.readers = new LogSenders(parts.containers);
    parts.containers.attacher = undefined;
  }

  // -- in and out

  /** Set while this node leads the managers. */
  get manager(): Manager | undefined {
    return this.managing?.leading;
  }

  /** `docker swarm init`, its parameters being checked. */
  init(address: string, options: { pools: readonly string[]; subnetSize: number; dataPathPort: number; availability: NodeObject['Spec']['Availability'] }, origin: Origin, done: (nodeId: string) => void): void {
    this.begin(address, origin);
    const cluster = { defaultAddressPool: options.pools, subnetSize: options.subnetSize, dataPathPort: options.dataPathPort, dice: this.parts.dice, ways: this.networks.ways };
    this.networks.overlay.dataPathPort = options.dataPathPort;
    const { nodeId: _, ...parts } = this.managerParts('');
    const managing = ManagerNode.found(parts, cluster, this.parts.describe(), options.availability, this.origin);
    this.managing = managing;
    const { cluster: object, nodes } = managing.store;
    const nodeId = [...nodes.keys()][0] ?? '';
    this.certificate = object?.certificate ?? '';
    this.scheduler.after(BOOT_TIME, () => {
      if (this.managing !== managing) return;
      this.enter(nodeId);
      this.connectLocally(managing);
      this.state = 'active';
      this.parts.changed();
      done(nodeId);
    });
  }

  /** `docker swarm init --force-new-cluster` on a manager. */
  forceNewCluster(done: (nodeId: string) => void): void {
    const { agent, nodeId } = this;
    if (this.managing === undefined || agent === undefined) return;
    const managing = this.managing.forceNewCluster(this.managerParts(nodeId));
    this.managing = managing;
    this.scheduler.after(BOOT_TIME, () => {
      if (this.managing !== managing) return;
      if (managing.leading !== undefined) agent.reconnect(() => this.connectLocally(managing));
      this.parts.changed();
      done(nodeId);
    });
  }

  private managerParts(nodeId: string): ManagerParts {
    return {
      scheduler: this.scheduler,
      random: this.parts.host.kernel.universe.random,
      wallClock: () => this.parts.host.wallClock,
      network: this.network as ControlNetworkOverSockets,
      hostname: this.hostname,
      nodeId,
      address: this.address,
      ways: this.networks.ways,
      dice: this.parts.dice,
      changed: this.parts.changed,
      serve: this.parts.serve,
      tell: (event) => this.parts.events.store(event),
    };
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
      name: this.networks.ways.peerNames === 'host and id' ? `${this.hostname}-${random.hex(12)}` : random.hex(12),
      address: this.address,
      onTable: (event) => {
        this.networks.applyTable(event);
        this.parts.changed();
      },
      onPeers: () => this.parts.changed(),
    });
    this.networks.db = this.db;
    this.containers.attacher = this.attachments;
    this.agent = new Agent(this.scheduler, this, universe.random.stream(`agent/${this.hostname}`), () => this.parts.host.wallClock, nodeId);
    this.agent.onLost = () => this.reconnectLater();
    this.agent.onRemoved = () => this.leave(() => undefined);
  }

  private connectLocally(managing: ManagerNode): void {
    const [mine, theirs] = channelPair(this.scheduler);
    managing.accept(theirs);
    this.agent?.connect(mine, this.address);
  }

  /** `docker swarm join`. */
  join(address: string, remote: { address: string; port: number }, token: string, availability: NodeObject['Spec']['Availability'], origin: Origin, done: (failure?: { readonly status: number; readonly message: string }) => void): void {
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
          if (message.role === 'worker') done();
          else this.enlist(() => done());
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

  /** The node has become a manager: it asks the others to be one of them, until it is. */
  private enlist(done: () => void): void {
    const remote = this.nextRemote(this.agent?.managers ?? []);
    if (this.managing !== undefined || remote === undefined) return;
    const managing = ManagerNode.enlist(this.managerParts(this.nodeId), remote, (arrived) => {
      if (this.managing !== managing) return;
      this.parts.changed();
      if (arrived) return done();
      this.managing = undefined;
      managing.stop();
      this.scheduler.after(RECONNECT_DELAY, () => this.state === 'active' && this.enlist(done));
    });
    this.managing = managing;
  }

  private reconnectLater(): void {
    this.scheduler.after(RECONNECT_DELAY, () => {
      const { agent, network, managing } = this;
      if (agent === undefined || agent.stopped || agent.connected || network === undefined) return;
      if (managing?.leading !== undefined) return this.connectLocally(managing);
      const remote = this.nextRemote(agent.managers);
      if (remote === undefined) return this.reconnectLater();
      network.dial(
        remote.address,
        remote.port,
        (channel) => {
          this.astray = false;
          agent.connect(channel, this.address);
        },
        () => {
          this.astray = true;
          this.reconnectLater();
        },
      );
    });
  }

  /** Whom to turn to: the leader, for a manager; else one manager after the other. */
  private nextRemote(managers: Agent['managers']): { address: string; port: number } | undefined {
    const { managing } = this;
    if (managing !== undefined) return managing.leaderAddress === undefined ? undefined : endpoint(managing.leaderAddress);
    this.remote = nextManager(this.remote, managers, this.astray);
    return this.remote;
  }

  /** `docker swarm leave`; containers of tasks are stopped and removed. */
  leave(done: () => void): void {
    const { agent } = this;
    agent?.stop();
    this.managing?.stop();
    const tasks = [...this.containers.all.values()].filter((container) => container.task !== undefined);
    let left = tasks.length;
    const finish = (): void => {
      this.networks.leaveCluster();
      this.db?.stop();
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
    const { nodeId, address, certificate, remote, origin } = this;
    const managers = this.agent?.managers ?? [];
    for (const container of [...this.containers.all.values()]) if (container.task !== undefined) this.containers.forget(container);
    this.networks.leaveCluster();
    this.db?.stop();
    const managing = this.managing?.suspend();
    const { dataPathPort } = this.networks.overlay;
    this.reset();
    return { nodeId, address, certificate, remote, managing, managers, origin, dataPathPort };
  }

  /** No more word to or from the managers; a manager keeps what it knows. */
  hangUp(): void {
    this.agent?.stop();
    this.manager?.dispatcher.pause();
  }

  /** The daemon was killed. */
  silence(): void {
    this.hangUp();
    this.containers.halt();
    this.managing?.suspend();
    this.db?.stop();
  }

  /** The daemon is back: a member again, as the same node. */
  resume(membership: Membership): void {
    const { nodeId, address, certificate, remote, managing: memory, origin, dataPathPort } = membership;
    this.begin(address, origin);
    this.remote = remote;
    this.certificate = certificate;
    this.networks.overlay.dataPathPort = dataPathPort;
    const managing = memory === undefined ? undefined : ManagerNode.resume(this.managerParts(nodeId), memory);
    this.managing = managing;
    this.enter(nodeId);
    if (this.agent !== undefined) this.agent.managers = membership.managers;
    this.state = 'active';
    if (managing === undefined) return this.db?.join(remote?.address ?? address, () => this.reconnectLater());
    const other = [...managing.store.nodes.values()].find((node) => node.ID !== nodeId && node.Status.State === 'ready');
    this.db?.join(other?.Status.Addr ?? address, () => undefined);
    if (managing.leading !== undefined) this.connectLocally(managing);
    else this.reconnectLater();
  }

  private reset(): void {
    this.state = 'inactive';
    this.managing = this.agent = this.node = this.network = this.db = this.remote = undefined;
    this.nodeId = this.address = this.certificate = '';
    this.containers.attacher = undefined;
    this.attachments.clear();
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
    this.takeRole(node.Spec.Role);
    for (const network of networks) if (network.Spec.Ingress && network.Ipam.length > 0) this.bring(network);
    this.heedAddresses();
    this.parts.changed();
  }

  /** The manager's word on what this node is to be; a new certificate takes a while. */
  private takeRole(role: NodeObject['Spec']['Role']): void {
    const { managing, nodeId } = this;
    if (role === 'manager' && managing === undefined) {
      this.scheduler.after(PROMOTION_TIME, () => {
        if (this.nodeId !== nodeId || this.node?.Spec.Role !== 'manager') return;
        this.enlist(() => undefined);
      });
    } else if (role === 'worker' && managing !== undefined && managing.leading === undefined) {
      this.managing = undefined;
      managing.stop();
    }
  }

  controller(assigned: AssignedTask): Controller {
    if (assigned.task.Spec.NetworkAttachmentSpec === undefined) return new TaskController(this, assigned);
    return new AttachmentController(this, assigned, (ready) => this.attachments.ready(ready));
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

  /** An overlay whose address the manager has taken back goes, if nothing uses it; one with another address balances from there. */
  private heedAddresses(): void {
    for (const network of [...this.networks.networks.values()]) {
      const [balancer] = network.loadBalancer?.endpoints ?? [];
      const own = this.ownAddress(network.id);
      if (network.ingress || balancer === undefined || balancer.address === own) continue;
      if (own === undefined) this.releaseNetworks([network.id]);
      else this.networks.moveLoadBalancer(network, own);
    }
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

  logs(subscription: number, tasks: readonly string[], options: unknown, send: (lines: unknown) => void): void {
    this.readers.serve(subscription, tasks, options as LogOptions | undefined, send);
  }

  /** Called after every change on this node. */
  pollLogs(): void {
    this.readers.poll();
  }

  /** Asks the manager for a network that is not on this node. */
  findNetwork(name: string, done: (network: NetworkObject | undefined) => void): void {
    if (this.agent === undefined) return done(undefined);
    this.agent.request(
      (request) => ({ kind: 'find-network', request, network: name }),
      (answer) => done(answer?.kind === 'network' ? answer.network : undefined),
    );
  }
}
