/**
 * The manager that leads: the store and all that watches it, and the door for nodes that join. Mirrors swarmkit manager/manager.go
 * (becomeLeader) and ca/server.go. Deviates: certificates are a name on a piece of paper.
 */
import type { DataPlane } from '../eras/era.ts';
import type { Origin } from '../base/origin.ts';
import type { RandomStreams } from '../base/random.ts';
import type { Scheduler } from '../base/scheduler.ts';
import { Allocator } from './allocator.ts';
import type { Channel } from './channel.ts';
import { Dispatcher } from './dispatcher.ts';
import { GlobalOrchestrator } from './global.ts';
import type { Dice } from './dice.ts';
import { KeyManager } from './keymanager.ts';
import { joinToken, parseJoinToken, swarmId } from './ids.ts';
import { JobOrchestrator } from './jobs.ts';
import type { ToAgent, ToManager } from './messages.ts';
import type { ClusterObject, NetworkObject, NetworkSpec, NodeDescription, NodeObject } from './objects.ts';
import { ReplicatedOrchestrator } from './replicated.ts';
import { RestartSupervisor } from './restart.ts';
import { TaskReaper } from './reaper.ts';
import { TaskScheduler } from './scheduler.ts';
import { Store } from './store.ts';
import { Updater } from './updater.ts';

export const CONTROL_PORT = 2377;

/** The tokens with which nodes join. */
export function tokensOf({ rootDigest, workerSecret, managerSecret }: ClusterObject): { worker: string; manager: string } {
  return { worker: joinToken(rootDigest, workerSecret), manager: joinToken(rootDigest, managerSecret) };
}

export interface ClusterOptions {
  readonly defaultAddressPool: readonly string[];
  readonly subnetSize: number;
  readonly dataPathPort: number;
  /** Of the leader's era; default: that of today. */
  readonly ways?: DataPlane | undefined;
  /** See {@link TaskScheduler}. */
  readonly dice?: Dice | undefined;
}

export class Manager {
  readonly store: Store;
  readonly allocator: Allocator;
  readonly dispatcher: Dispatcher;
  readonly random: RandomStreams;
  private readonly keys: KeyManager;
  private readonly ways: DataPlane | undefined;
  private readonly restarts: RestartSupervisor;

  /** `inherited` is the state that another leader left, and nobody watches. */
  constructor(scheduler: Scheduler, random: RandomStreams, wallClock: () => number, options: ClusterOptions, inherited?: Store) {
    this.random = random;
    const ids = random.stream('swarm-id');
    const store = inherited ?? new Store(scheduler, wallClock);
    this.store = store;
    const rotated = (): void => {
      this.cluster.NetworkBootstrapKeys = this.keys.keys;
      store.changedCluster(this.cluster);
    };
    this.keys = new KeyManager(scheduler, random.stream('swarm-keys'), rotated, inherited?.cluster?.NetworkBootstrapKeys);
    if (inherited === undefined) store.setCluster(this.newCluster(options));
    // The order in which they look at what happened.
    this.ways = options.ways;
    this.allocator = new Allocator(store, options.defaultAddressPool, options.subnetSize, options.dice, options.ways);
    const restarts = new RestartSupervisor(store, scheduler, ids);
    this.restarts = restarts;
    const updater = new Updater(store, scheduler, ids, restarts);
    new ReplicatedOrchestrator(store, ids, restarts, updater);
    new GlobalOrchestrator(store, ids, restarts, updater);
    new JobOrchestrator(store, ids, restarts);
    new TaskReaper(store);
    new TaskScheduler(store, scheduler, options.dice);
    this.dispatcher = new Dispatcher(store, scheduler, ids);
  }

  /** What a new leader does about what it inherited: counts addresses, waits for the nodes, looks at everything once. */
  takeOver(): void {
    this.allocator.restore();
    this.restarts.recover();
    this.dispatcher.expectAll();
    this.store.remind();
  }

  private newCluster(options: ClusterOptions): ClusterObject {
    const secrets = this.random.stream('swarm-token');
    return {
      ...this.store.meta(swarmId(this.random.stream('swarm-id'))),
      rootDigest: secrets.base36(50),
      workerSecret: secrets.base36(25),
      managerSecret: secrets.base36(25),
      DefaultAddrPool: [...options.defaultAddressPool],
      SubnetSize: options.subnetSize,
      DataPathPort: options.dataPathPort,
      TaskHistoryRetentionLimit: 5,
      HeartbeatPeriod: 5,
      certificate: secrets.base36(64),
      Labels: {},
      AutoLockManagers: false,
      NetworkBootstrapKeys: this.keys.keys,
    };
  }

  get cluster(): ClusterObject {
    return this.store.cluster as ClusterObject;
  }

  tokens(): { worker: string; manager: string } {
    return tokensOf(this.cluster);
  }

  /** Gives a role a new secret; those who have joined stay. */
  rotate(role: 'worker' | 'manager'): void {
    const secret = this.random.stream('swarm-token').base36(25);
    if (role === 'worker') this.cluster.workerSecret = secret;
    else this.cluster.managerSecret = secret;
  }

  /** The first node, and the networks every swarm has: ingress, and those of each host that services may use by name. */
  bootstrap(description: NodeDescription, address: string, availability: NodeObject['Spec']['Availability'], origin: Origin): NodeObject {
    const node = this.addNode(description, address, 'manager', availability);
    node.ManagerStatus = { Addr: `${address}:${CONTROL_PORT}` };
    const subnet = this.ways?.ingressSubnet;
    const ipam = subnet === undefined ? {} : { Ipam: [{ Subnet: subnet }] };
    this.addNetwork({ ...ipam, Name: 'ingress', Labels: {}, Driver: 'overlay', DriverOpts: {}, Internal: false, Attachable: false, Ingress: true, IPv6: false, Scope: 'swarm' }, origin);
    for (const name of ['bridge', 'host']) {
      this.addNetwork({ Name: name, Labels: {}, Driver: name, DriverOpts: {}, Internal: false, Attachable: false, Ingress: false, IPv6: false, Scope: 'local' }, origin);
    }
    return node;
  }

  addNetwork(spec: NetworkSpec, origin: Origin): NetworkObject {
    const network: NetworkObject = { ...this.store.meta(swarmId(this.random.stream('swarm-id'))), Spec: spec, Ipam: [], DriverState: {}, origin };
    this.store.addNetwork(network);
    return network;
  }

  private addNode(description: NodeDescription, address: string, role: 'worker' | 'manager', availability: NodeObject['Spec']['Availability']): NodeObject {
    const node: NodeObject = {
      ...this.store.meta(swarmId(this.random.stream('swarm-id'))),
      Spec: { Labels: {}, Role: role, Availability: availability },
      Description: description,
      Status: { State: 'unknown', Addr: address },
      Attachments: [],
    };
    this.store.addNode(node);
    return node;
  }

  /** Serves a connection from a node: into the swarm, or on with a session. */
  accept(channel: Channel): void {
    channel.onMessage = (raw) => this.serve(channel, raw as ToManager);
  }

  /** The first message of a connection. */
  serve(channel: Channel, message: ToManager): void {
    if (message.kind === 'join') this.join(channel, message);
    else if (message.kind === 'session') this.dispatcher.open(message.nodeId, message.description, message.address, channel);
  }

  private join(channel: Channel, message: Extract<ToManager, { kind: 'join' }>): void {
    const reply = (answer: ToAgent): void => channel.send(answer);
    const token = parseJoinToken(message.token);
    const { cluster } = this;
    if (token === undefined || token.digest !== cluster.rootDigest) {
      reply({ kind: 'refused', reason: 'remote CA does not match fingerprint. Expected: token, Got: root CA' });
      return;
    }
    const role = token.secret === cluster.workerSecret ? 'worker' : token.secret === cluster.managerSecret ? 'manager' : undefined;
    if (role === undefined) {
      reply({ kind: 'refused', reason: 'rpc error: code = InvalidArgument desc = A valid join token is necessary to join this cluster' });
      return;
    }
    const node = this.addNode(message.description, message.address, role, message.availability);
    reply({ kind: 'joined', nodeId: node.ID, role, clusterId: cluster.ID, certificate: cluster.certificate, dataPathPort: cluster.DataPathPort });
  }

  /** The manager leaves: nothing is served any more. */
  stop(): void {
    this.keys.stop();
    this.dispatcher.close();
    this.store.close();
  }
}
