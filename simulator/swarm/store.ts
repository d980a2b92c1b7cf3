/**
 * The cluster's state: one store per swarm, kept by the leader. Mirrors swarmkit manager/state/store (memory.go) and its
 * watch queue. Deviates: the leader's objects are changed in place and then announced; other managers get copies (replica.ts).
 */
import type { Scheduler } from '../base/scheduler.ts';
import type { ClusterObject, ConfigObject, NetworkObject, NodeObject, ObjectMeta, SecretObject, ServiceObject, TaskObject } from './objects.ts';

export type StoreEvent =
  | { readonly kind: 'node'; readonly action: Action; readonly object: NodeObject }
  | { readonly kind: 'service'; readonly action: Action; readonly object: ServiceObject }
  | { readonly kind: 'task'; readonly action: Action; readonly object: TaskObject }
  | { readonly kind: 'network'; readonly action: Action; readonly object: NetworkObject }
  | { readonly kind: 'secret'; readonly action: Action; readonly object: SecretObject }
  | { readonly kind: 'config'; readonly action: Action; readonly object: ConfigObject }
  | { readonly kind: 'cluster'; readonly action: Action; readonly object: ClusterObject };

type Action = 'create' | 'update' | 'remove';

/** Takes all events since its last call, oldest first. */
export type Watcher = (events: readonly StoreEvent[]) => void;

export class Store {
  readonly nodes = new Map<string, NodeObject>();
  readonly services = new Map<string, ServiceObject>();
  readonly tasks = new Map<string, TaskObject>();
  readonly networks = new Map<string, NetworkObject>();
  readonly secrets = new Map<string, SecretObject>();
  readonly configs = new Map<string, ConfigObject>();
  readonly tasksOfService = new Map<string, Set<TaskObject>>();
  readonly tasksOfNode = new Map<string, Set<TaskObject>>();
  cluster: ClusterObject | undefined;
  /** raft index; every change raises it. */
  index = 0;

  private readonly scheduler: Scheduler;
  private readonly wallClock: () => number;
  private readonly watchers: Watcher[] = [];
  private pending: StoreEvent[] = [];
  private queued = false;
  private closed = false;

  constructor(scheduler: Scheduler, wallClock: () => number) {
    this.scheduler = scheduler;
    this.wallClock = wallClock;
  }

  /** Microseconds of the wall clock, for time stamps. */
  get now(): number {
    return this.wallClock();
  }

  /** Fills the meta fields of a new object. */
  meta(id: string): ObjectMeta {
    return { ID: id, Version: 0, CreatedAt: this.now, UpdatedAt: this.now };
  }

  /** Adds a watcher; watchers are called in the order of their registration. */
  watch(watcher: Watcher): void {
    this.watchers.push(watcher);
  }

  /** Stops announcing (the swarm was left). */
  close(): void {
    this.closed = true;
  }

  setCluster(cluster: ClusterObject): void {
    this.cluster = cluster;
    this.announce({ kind: 'cluster', action: 'create', object: cluster });
  }

  changedCluster(cluster: ClusterObject): void {
    this.announce({ kind: 'cluster', action: 'update', object: cluster });
  }

  addNode(node: NodeObject): void {
    this.nodes.set(node.ID, node);
    this.announce({ kind: 'node', action: 'create', object: node });
  }

  addService(service: ServiceObject): void {
    this.services.set(service.ID, service);
    this.announce({ kind: 'service', action: 'create', object: service });
  }

  addNetwork(network: NetworkObject): void {
    this.networks.set(network.ID, network);
    this.announce({ kind: 'network', action: 'create', object: network });
  }

  addTask(task: TaskObject): void {
    this.tasks.set(task.ID, task);
    indexed(this.tasksOfService, task.ServiceID).add(task);
    if (task.NodeID !== '') indexed(this.tasksOfNode, task.NodeID).add(task);
    this.announce({ kind: 'task', action: 'create', object: task });
  }

  /** Puts a task on a node. */
  assign(task: TaskObject, nodeId: string): void {
    this.tasksOfNode.get(task.NodeID)?.delete(task);
    task.NodeID = nodeId;
    indexed(this.tasksOfNode, nodeId).add(task);
  }

  /** The copy of another manager's task, or its end; nobody is told. */
  putTask(id: string, task: TaskObject | undefined): void {
    const before = this.tasks.get(id);
    if (before !== undefined) {
      this.tasksOfService.get(before.ServiceID)?.delete(before);
      this.tasksOfNode.get(before.NodeID)?.delete(before);
      if (task === undefined) this.tasks.delete(id);
    }
    if (task === undefined) return;
    this.tasks.set(id, task);
    indexed(this.tasksOfService, task.ServiceID).add(task);
    if (task.NodeID !== '') indexed(this.tasksOfNode, task.NodeID).add(task);
  }

  addSecret(secret: SecretObject): void {
    this.secrets.set(secret.ID, secret);
    this.announce({ kind: 'secret', action: 'create', object: secret });
  }

  addConfig(config: ConfigObject): void {
    this.configs.set(config.ID, config);
    this.announce({ kind: 'config', action: 'create', object: config });
  }

  changedSecret(object: SecretObject): void {
    this.announce({ kind: 'secret', action: 'update', object });
  }

  changedConfig(object: ConfigObject): void {
    this.announce({ kind: 'config', action: 'update', object });
  }

  removeSecret(object: SecretObject): void {
    this.secrets.delete(object.ID);
    this.announce({ kind: 'secret', action: 'remove', object });
  }

  removeConfig(object: ConfigObject): void {
    this.configs.delete(object.ID);
    this.announce({ kind: 'config', action: 'remove', object });
  }

  changedNode(object: NodeObject): void {
    this.announce({ kind: 'node', action: 'update', object });
  }

  changedService(object: ServiceObject): void {
    this.announce({ kind: 'service', action: 'update', object });
  }

  changedTask(object: TaskObject): void {
    this.announce({ kind: 'task', action: 'update', object });
  }

  changedNetwork(object: NetworkObject): void {
    this.announce({ kind: 'network', action: 'update', object });
  }

  removeNode(object: NodeObject): void {
    this.nodes.delete(object.ID);
    this.announce({ kind: 'node', action: 'remove', object });
  }

  removeService(object: ServiceObject): void {
    this.services.delete(object.ID);
    this.announce({ kind: 'service', action: 'remove', object });
  }

  removeNetwork(object: NetworkObject): void {
    this.networks.delete(object.ID);
    this.announce({ kind: 'network', action: 'remove', object });
  }

  removeTask(object: TaskObject): void {
    this.tasks.delete(object.ID);
    this.tasksOfService.get(object.ServiceID)?.delete(object);
    this.tasksOfNode.get(object.NodeID)?.delete(object);
    this.announce({ kind: 'task', action: 'remove', object });
  }

  /** The tasks of a service, oldest first. */
  serviceTasks(serviceId: string): TaskObject[] {
    return [...(this.tasksOfService.get(serviceId) ?? [])];
  }

  /** The tasks that were put on a node, oldest first. */
  nodeTasks(nodeId: string): TaskObject[] {
    return [...(this.tasksOfNode.get(nodeId) ?? [])];
  }

  /** Tells the watchers of everything that there is, without a change: a new leader looks at what it took over. */
  remind(): void {
    for (const object of this.networks.values()) this.queue({ kind: 'network', action: 'update', object });
    for (const object of this.nodes.values()) this.queue({ kind: 'node', action: 'update', object });
    for (const object of this.services.values()) this.queue({ kind: 'service', action: 'update', object });
    for (const object of this.tasks.values()) this.queue({ kind: 'task', action: 'update', object });
  }

  private announce(event: StoreEvent): void {
    event.object.Version = ++this.index;
    event.object.UpdatedAt = this.now;
    this.queue(event);
  }

  private queue(event: StoreEvent): void {
    this.pending.push(event);
    if (this.queued) return;
    this.queued = true;
    this.scheduler.soon(deliver, this, undefined);
  }

  /** Hands what is pending to all watchers. */
  flush(): void {
    this.queued = false;
    const events = this.pending;
    this.pending = [];
    if (this.closed) return;
    for (const watcher of this.watchers) watcher(events);
  }
}

function deliver(store: Store): void {
  store.flush();
}

function indexed(index: Map<string, Set<TaskObject>>, key: string): Set<TaskObject> {
  let set = index.get(key);
  if (set === undefined) {
    set = new Set();
    index.set(key, set);
  }
  return set;
}
