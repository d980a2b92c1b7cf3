/**
 * Serves the agents: registers nodes, tells each its tasks, takes their statuses, and counts heartbeats.
 * Mirrors swarmkit manager/dispatcher (dispatcher.go, assignments.go, nodes.go) and resourceapi (attachments).
 */
import { SECOND, type Scheduler, type Timer } from '../base/scheduler.ts';
import type { RandomStream } from '../base/random.ts';
import type { Channel } from './channel.ts';
import { injectedFiles } from './files.ts';
import { swarmId } from './ids.ts';
import type { AssignedTask, ToAgent, ToManager } from './messages.ts';
import { rank, type NetworkObject, type NodeDescription, type NodeObject, type TaskObject, type TaskStatus } from './objects.ts';
import type { Store, StoreEvent } from './store.ts';
import { want } from './tasks.ts';

/** Heartbeats that may be missed before a node is DOWN. */
const GRACE = 3;

interface Session {
  readonly nodeId: string;
  readonly channel: Channel;
  timer: Timer | undefined;
  /** Task id → version last sent. */
  readonly sent: Map<string, number>;
  /** Tasks to look at before the next message. */
  readonly dirty: Set<string>;
  nodeDirty: boolean;
}

export class Dispatcher {
  private readonly store: Store;
  private readonly scheduler: Scheduler;
  private readonly random: RandomStream;
  private readonly sessions = new Map<string, Session>();
  private readonly waitingForAddress = new Map<string, (task: TaskObject) => void>();
  private readonly logs = new Map<number, (lines: unknown) => void>();
  private nextSubscription = 1;
  private managers: string | undefined;
  private closed = false;

  constructor(store: Store, scheduler: Scheduler, random: RandomStream) {
    this.store = store;
    this.scheduler = scheduler;
    this.random = random;
    store.watch((events) => this.handle(events));
  }

  /** Hangs up on everybody (the manager leaves). */
  close(): void {
    this.closed = true;
    for (const session of this.sessions.values()) {
      session.timer?.cancel();
      session.channel.close();
    }
    this.sessions.clear();
  }

  /** The manager's daemon ends and will be back: sessions break off, nobody is DOWN for that. */
  pause(): void {
    for (const session of this.sessions.values()) {
      session.timer?.cancel();
      session.channel.close();
    }
    this.sessions.clear();
  }

  /** The manager is back: nodes that do not report in time are DOWN. */
  resume(): void {
    const period = (this.store.cluster?.HeartbeatPeriod ?? 5) * SECOND;
    this.scheduler.after(period * GRACE, () => {
      for (const node of this.store.nodes.values()) if (node.Status.State === 'ready' && !this.sessions.has(node.ID)) this.setDown(node.ID);
    });
  }

  /** A new leader knows of no node how it is until it registers (markNodesUnknown). */
  expectAll(): void {
    for (const node of this.store.nodes.values()) {
      if (node.Status.State === 'down') continue;
      node.Status = { State: 'unknown', Message: 'Node moved to "unknown" state due to leadership change in cluster', Addr: node.Status.Addr };
      this.store.changedNode(node);
    }
    const period = (this.store.cluster?.HeartbeatPeriod ?? 5) * SECOND;
    this.scheduler.after(period * GRACE, () => {
      for (const node of this.store.nodes.values()) if (node.Status.State === 'unknown') this.setDown(node.ID, 'heartbeat failure for node in "unknown" state');
    });
  }

  /** Takes over a connection once its node is known. */
  open(nodeId: string, description: NodeDescription, address: string, channel: Channel): void {
    const node = this.store.nodes.get(nodeId);
    if (node === undefined) {
      channel.send({ kind: 'refused', reason: 'node not found' } satisfies ToAgent);
      return;
    }
    const old = this.sessions.get(nodeId);
    if (old !== undefined) {
      old.timer?.cancel();
      old.channel.onClose = () => undefined;
      old.channel.close();
    }
    const session: Session = { nodeId, channel, timer: undefined, sent: new Map(), dirty: new Set(), nodeDirty: true };
    this.sessions.set(nodeId, session);
    channel.onMessage = (message) => this.receive(session, message as ToManager);
    channel.onClose = () => undefined; // Only missed heartbeats make a node DOWN.
    node.Description = description;
    node.Status = { State: 'ready', Addr: address };
    this.store.changedNode(node);
    this.beat(session);
    for (const task of this.store.nodeTasks(nodeId)) session.dirty.add(task.ID);
    this.send(session, true);
  }

  private receive(session: Session, message: ToManager): void {
    if (this.closed) return;
    if (this.sessions.get(session.nodeId) !== session) {
      // Given up for dead, and alive: it is to register anew (ErrSessionInvalid).
      session.channel.send({ kind: 'refused', reason: 'session invalid' } satisfies ToAgent);
      return;
    }
    switch (message.kind) {
      case 'heartbeat':
        this.beat(session);
        if (message.ask === true) session.channel.send({ kind: 'beat' } satisfies ToAgent);
        break;
      case 'status':
        for (const { taskId, status } of message.updates) this.takeStatus(session, taskId, status);
        break;
      case 'attach':
        this.attach(session, message);
        break;
      case 'detach': {
        const task = this.store.tasks.get(message.attachmentId);
        if (task !== undefined) want(this.store, task, 'remove');
        break;
      }
      case 'find-network':
        session.channel.send({ kind: 'network', request: message.request, network: this.findNetwork(message.network) } satisfies ToAgent);
        break;
      case 'log-lines':
        this.logs.get(message.subscription)?.(message.lines);
        break;
      case 'join':
      case 'session':
      case 'enlist':
        break; // Only at the beginning of a connection.
    }
  }

  // -- logs

  connected(nodeId: string): boolean {
    return this.sessions.has(nodeId);
  }

  /** Asks nodes for the lines of tasks; `take` gets them as they come. */
  requestLogs(tasks: readonly { readonly nodeId: string; readonly taskId: string }[], options: unknown, take: (lines: unknown) => void): number {
    const subscription = this.nextSubscription++;
    this.logs.set(subscription, take);
    for (const [nodeId, session] of this.sessions) {
      const wanted = tasks.filter((task) => task.nodeId === nodeId).map((task) => task.taskId);
      if (wanted.length > 0) session.channel.send({ kind: 'logs', subscription, tasks: wanted, options } satisfies ToAgent);
    }
    return subscription;
  }

  stopLogs(subscription: number): void {
    this.logs.delete(subscription);
    for (const session of this.sessions.values()) session.channel.send({ kind: 'logs', subscription, tasks: [], options: undefined } satisfies ToAgent);
  }

  private findNetwork(name: string): NetworkObject | undefined {
    const networks = [...this.store.networks.values()];
    return this.store.networks.get(name) ?? networks.find((network) => network.Spec.Name === name) ?? networks.find((network) => network.ID.startsWith(name));
  }

  // -- heartbeats

  private beat(session: Session): void {
    session.timer?.cancel();
    const period = (this.store.cluster?.HeartbeatPeriod ?? 5) * SECOND;
    session.timer = this.scheduler.after(period * GRACE, () => this.markDown(session));
    const node = this.store.nodes.get(session.nodeId);
    if (node !== undefined && node.Status.State !== 'ready') {
      node.Status = { State: 'ready', Addr: node.Status.Addr };
      this.store.changedNode(node);
    }
  }

  private markDown(session: Session): void {
    session.timer?.cancel();
    if (this.sessions.get(session.nodeId) === session) this.sessions.delete(session.nodeId);
    this.setDown(session.nodeId);
  }

  private setDown(nodeId: string, why = 'heartbeat failure'): void {
    const node = this.store.nodes.get(nodeId);
    if (node === undefined || this.closed) return;
    node.Status = { State: 'down', Message: why, Addr: node.Status.Addr };
    this.store.changedNode(node);
  }

  /** A node was removed from the swarm by command. */
  drop(nodeId: string): void {
    const session = this.sessions.get(nodeId);
    if (session === undefined) return;
    session.timer?.cancel();
    session.channel.send({ kind: 'removed' } satisfies ToAgent);
    session.channel.close();
    this.sessions.delete(nodeId);
  }

  // -- statuses

  private takeStatus(session: Session, taskId: string, status: TaskStatus): void {
    const task = this.store.tasks.get(taskId);
    if (task === undefined || task.NodeID !== session.nodeId) return;
    if (rank(status.State) < rank(task.Status.State) || (status.State === task.Status.State && status.Message === task.Status.Message && status.PortStatus === undefined)) return;
    task.Status = status;
    this.store.changedTask(task);
  }

  // -- assignments

  private handle(events: readonly StoreEvent[]): void {
    if (this.closed) return;
    const touched = new Set<Session>();
    for (const event of events) {
      if (event.kind === 'task') {
        const task = event.object;
        if (rank(task.Status.State) >= rank('pending')) this.answerAttach(task);
        const session = this.sessions.get(task.NodeID);
        if (session === undefined || (rank(task.Status.State) < rank('assigned') && event.action !== 'remove')) continue;
        session.dirty.add(task.ID);
        touched.add(session);
      } else if (event.kind === 'node') {
        const session = this.sessions.get(event.object.ID);
        if (session === undefined) continue;
        session.nodeDirty = true;
        touched.add(session);
      } else if (event.kind === 'cluster' || (event.kind === 'network' && event.object.Spec.Ingress)) {
        for (const session of this.sessions.values()) {
          session.nodeDirty = true;
          touched.add(session);
        }
      }
    }
    if (events.some(({ kind }) => kind === 'node') && this.managersChanged()) {
      for (const session of this.sessions.values()) {
        session.nodeDirty = true;
        touched.add(session);
      }
    }
    for (const session of touched) this.send(session, false);
  }

  /** Whom agents may turn to has changed since the last look. */
  private managersChanged(): boolean {
    const before = this.managers;
    this.managers = this.managerList().map(({ NodeID }) => NodeID).join();
    return before !== undefined && before !== this.managers;
  }

  private managerList(): { NodeID: string; Addr: string }[] {
    return [...this.store.nodes.values()].flatMap((node) => (node.ManagerStatus === undefined ? [] : [{ NodeID: node.ID, Addr: node.ManagerStatus.Addr }]));
  }

  private send(session: Session, full: boolean): void {
    const node = this.store.nodes.get(session.nodeId);
    if (session.nodeDirty && node !== undefined) {
      session.nodeDirty = false;
      session.channel.send(this.nodeMessage(node));
    }
    const update: AssignedTask[] = [];
    const remove: string[] = [];
    for (const id of session.dirty) {
      const task = this.store.tasks.get(id);
      if (task === undefined || task.NodeID !== session.nodeId) {
        if (session.sent.delete(id)) remove.push(id);
        continue;
      }
      const wanted = rank(task.DesiredState);
      if (session.sent.get(id) === wanted) continue;
      // The agent needs nothing told about what has ended, unless it is still to clean up.
      if (!session.sent.has(id) && rank(task.Status.State) > rank('running') && !full) continue;
      session.sent.set(id, wanted);
      update.push(this.assigned(task));
    }
    session.dirty.clear();
    if (full || update.length > 0 || remove.length > 0) session.channel.send({ kind: 'tasks', full, update, remove } satisfies ToAgent);
  }

  private assigned(task: TaskObject): AssignedTask {
    const networks = task.NetworksAttachments.map((attachment) => this.store.networks.get(attachment.NetworkID)).filter((network) => network !== undefined);
    const { Secrets, Configs } = task.Spec.ContainerSpec ?? {};
    if (Secrets === undefined && Configs === undefined) return { task, networks };
    return { task, networks, files: injectedFiles(this.store, task.Spec.ContainerSpec) };
  }

  private nodeMessage(node: NodeObject): ToAgent {
    const ingress = [...this.store.networks.values()].filter((network) => network.Spec.Ingress);
    return { kind: 'node', node, networks: ingress, managers: this.managerList(), heartbeat: this.store.cluster?.HeartbeatPeriod ?? 5, keys: this.store.cluster?.NetworkBootstrapKeys ?? [] };
  }

  // -- attachments of containers to attachable networks

  private attach(session: Session, message: Extract<ToManager, { kind: 'attach' }>): void {
    const network = this.findNetwork(message.network);
    const reply = (attachmentId: string, refusal?: string): void =>
      session.channel.send({ kind: 'attached', request: message.request, attachmentId, ...(refusal === undefined ? {} : { refusal }) } satisfies ToAgent);
    if (network === undefined) return reply('', `rpc error: code = NotFound desc = network ${message.network} not found`);
    if (!network.Spec.Attachable) return reply('', `rpc error: code = PermissionDenied desc = network ${message.network} not manually attachable`);
    const task: TaskObject = {
      ...this.store.meta(swarmId(this.random)),
      Spec: { NetworkAttachmentSpec: { ContainerID: message.containerId }, Networks: [{ ...message.config, Target: network.ID }], ForceUpdate: 0, Runtime: 'attachment' },
      SpecVersion: 0,
      ServiceID: '',
      ServiceName: '',
      Labels: {},
      Slot: 0,
      NodeID: session.nodeId,
      Status: { State: 'new', Timestamp: this.store.now, Message: 'created' },
      DesiredState: 'running',
      NetworksAttachments: message.addresses.length > 0 ? [{ NetworkID: network.ID, Addresses: [...message.addresses], Aliases: [] }] : [],
      origin: message.origin,
    };
    this.waitingForAddress.set(task.ID, (given) => {
      reply(given.ID, given.Status.Err === undefined ? undefined : `rpc error: code = Unknown desc = ${given.Status.Err}`);
    });
    this.store.addTask(task);
  }

  private answerAttach(task: TaskObject): void {
    const answer = this.waitingForAddress.get(task.ID);
    if (answer === undefined) return;
    this.waitingForAddress.delete(task.ID);
    answer(task);
  }
}
