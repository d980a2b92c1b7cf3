/**
 * A daemon as one of the managers: a member of raft with its copy of the store; while it leads, the {@link Manager} over it. What
 * reaches a manager that does not lead is passed on to the one that does. Mirrors swarmkit manager/manager.go, role_manager.go and
 * the proxies of its services (protobuf/plugin/raftproxy).
 *
 * Deviates: reads are answered from the own copy, which is as new as the leader's last word; the leader shows a change before its
 * quorum has it, though a client waits for that.
 */
import type { Origin } from '../base/origin.ts';
import type { RandomStreams } from '../base/random.ts';
import { SECOND, type Scheduler } from '../base/scheduler.ts';
import type { DataPlane } from '../eras/era.ts';
import { Alone } from './alone.ts';
import { DEADLINE, LEADERLESS, LOST, NO_LEADER, REQUEST_TIMEOUT, type Call, type CallResult } from './calls.ts';
import type { Channel, ControlNetwork } from './channel.ts';
import type { Dice } from './dice.ts';
import { CONTROL_PORT, Manager, type ClusterOptions } from './manager.ts';
import type { ToAgent, ToManager } from './messages.ts';
import type { NodeDescription, NodeObject } from './objects.ts';
import { Peers } from './peers.ts';
import { Raft } from './raft.ts';
import type { Consensus, RaftMember, RaftMessage, RaftNotes } from './raftmessages.ts';
import {
  applyChanges,
  changesOf,
  installSnapshot,
  snapshotOf,
  type StoreChange,
  type StoreSnapshot,
} from './replica.ts';
import { Store, type StoreEvent } from './store.ts';

type RaftWord = RaftMessage<StoreChange, StoreSnapshot>;
type BetweenManagers =
  | RaftWord
  | { readonly kind: 'call'; readonly number: number; readonly call: Call }
  | { readonly kind: 'answer'; readonly number: number; readonly result: CallResult };

export interface ManagerParts {
  readonly scheduler: Scheduler;
  readonly random: RandomStreams;
  readonly wallClock: () => number;
  readonly network: ControlNetwork;
  readonly hostname: string;
  readonly nodeId: string;
  readonly address: string;
  readonly ways: DataPlane | undefined;
  readonly dice: Dice | undefined;
  /** Something that clients see has changed. */
  changed(): void;
  serve(call: Call): CallResult;
  /** Something happened to an object; of the leader only. */
  tell(event: StoreEvent): void;
}

/** What is kept while the daemon is down. */
export type ManagerMemory =
  { readonly alone: Manager } | { readonly notes: RaftNotes<StoreChange>; readonly snapshot: StoreSnapshot };

export class ManagerNode {
  /** Set while this manager leads. */
  leading: Manager | undefined;
  store: Store;
  private readonly parts: ManagerParts;
  private readonly self: RaftMember;
  private raft: Consensus<StoreChange, StoreSnapshot>;
  private peers: Peers | undefined;
  /** The connections that other managers made, by node. */
  private readonly incoming = new Map<string, Channel>();
  private readonly calls = new Map<number, (result: CallResult) => void>();
  private readonly waiting = new Set<() => boolean>();
  private nextCall = 1;
  private arrived: (() => void) | undefined;
  private stopped = false;
  private memory: ManagerMemory | undefined;

  private constructor(parts: ManagerParts, store: Store, leading: Manager | undefined, notes?: RaftNotes<StoreChange>) {
    this.parts = parts;
    this.store = store;
    this.leading = leading;
    this.self = { id: parts.nodeId, address: `${parts.address}:${CONTROL_PORT}` };
    this.raft = leading === undefined ? this.among(notes) : new Alone(this.self, (members) => this.grow(members));
    if (leading !== undefined) this.watch(leading);
    parts.network.listen(CONTROL_PORT, (channel) => this.accept(channel));
  }

  /** Consensus with others, or with what is left of them. */
  private among(notes: RaftNotes<StoreChange> | undefined): Consensus<StoreChange, StoreSnapshot> {
    const { parts } = this;
    return new Raft(
      this.self,
      parts.scheduler,
      parts.random.stream(`raft/${parts.hostname}`),
      {
        apply: (changes) => applyChanges(this.store, changes),
        install: (state) => this.install(state),
        snapshot: () => snapshotOf(this.store),
        lead: () => this.lead(),
        follow: () => this.follow(),
        changed: () => this.settle(),
        send: (to, message) => this.send(to, message),
      },
      notes,
    );
  }

  /** The first managers beside this one. */
  private grow(members: readonly RaftMember[]): void {
    this.raft = this.among(this.raft.notes);
    this.raft.start();
    this.raft.setMembers(members);
  }

  /** The connections to other managers, made when there is something to say. */
  private get lines(): Peers {
    this.peers ??= new Peers(
      this.parts.network,
      this.parts.scheduler,
      (message) => this.hear(message as BetweenManagers, undefined),
      (target) => this.failed(target),
    );
    return this.peers;
  }

  /** `docker swarm init`: the first manager of a new swarm. */
  static found(
    parts: Omit<ManagerParts, 'nodeId'>,
    options: ClusterOptions,
    description: NodeDescription,
    availability: NodeObject['Spec']['Availability'],
    origin: Origin,
  ): ManagerNode {
    const manager = new Manager(parts.scheduler, parts.random, parts.wallClock, options);
    const { ID: nodeId } = manager.bootstrap(description, parts.address, availability, origin);
    return new ManagerNode({ ...parts, nodeId }, manager.store, manager).begin();
  }

  /** A node that becomes one of the managers; `done` is told whether all state has come. */
  static enlist(
    parts: ManagerParts,
    target: { address: string; port: number },
    done: (arrived: boolean) => void,
  ): ManagerNode {
    const node = new ManagerNode(parts, new Store(parts.scheduler, parts.wallClock), undefined, {
      term: 0,
      vote: undefined,
      index: 0,
      indexTerm: -1,
      members: [],
      tail: [],
    });
    const settle = (arrived: boolean): void => {
      node.arrived = undefined;
      patience.cancel();
      done(arrived);
    };
    const patience = parts.scheduler.after(REQUEST_TIMEOUT, () => settle(false));
    node.arrived = () => settle(true);
    parts.network.dial(
      target.address,
      target.port,
      (channel) => {
        channel.onMessage = (message) => {
          channel.close();
          if ((message as ToAgent).kind === 'refused') settle(false);
        };
        channel.send({ kind: 'enlist', nodeId: parts.nodeId, address: node.self.address } satisfies ToManager);
      },
      () => settle(false),
    );
    return node.begin();
  }

  /** The daemon is back. */
  static resume(parts: ManagerParts, memory: ManagerMemory): ManagerNode {
    if ('alone' in memory) {
      memory.alone.dispatcher.resume();
      return new ManagerNode(parts, memory.alone.store, memory.alone).begin();
    }
    const store = new Store(parts.scheduler, parts.wallClock);
    installSnapshot(store, memory.snapshot);
    return new ManagerNode(parts, store, undefined, memory.notes).begin();
  }

  private begin(): this {
    this.raft.start();
    return this;
  }

  /** `--force-new-cluster`: what this manager knows becomes a swarm that it manages alone. */
  forceNewCluster(parts: ManagerParts): ManagerNode {
    const memory = this.suspend();
    if ('alone' in memory) return ManagerNode.resume(parts, memory);
    const { term, vote, index, indexTerm } = memory.notes;
    const store = new Store(parts.scheduler, parts.wallClock);
    installSnapshot(store, memory.snapshot);
    const self: RaftMember = { id: parts.nodeId, address: `${parts.address}:${CONTROL_PORT}` };
    for (const node of store.nodes.values()) if (node.ID !== parts.nodeId) delete node.ManagerStatus;
    return new ManagerNode(parts, store, undefined, {
      term,
      vote,
      index,
      indexTerm,
      members: [self],
      tail: [],
    }).begin();
  }

  // -- what clients see

  /** Whether anybody leads, as far as this manager knows. */
  get quorate(): boolean {
    return this.raft.leader !== undefined;
  }

  /** How the leader sees a manager; undefined of nodes that are none. */
  status(node: NodeObject): { Leader: boolean; Reachability: 'reachable' | 'unreachable'; Addr: string } | undefined {
    const member = this.raft.members.find(({ id }) => id === node.ID);
    if (member === undefined) return undefined;
    return {
      Leader: this.raft.leader === node.ID,
      Reachability: this.raft.reaches(node.ID) ? 'reachable' : 'unreachable',
      Addr: member.address,
    };
  }

  get memberCount(): number {
    return this.raft.members.length;
  }

  canRemove(nodeId: string): boolean {
    return this.raft.canRemove(nodeId);
  }

  /** Address of the manager that leads, if another does. */
  get leaderAddress(): string | undefined {
    return this.leading !== undefined
      ? undefined
      : this.raft.members.find(({ id }) => id === this.raft.leader)?.address;
  }

  /** Has the leader do something; `done` is called with its answer once a quorum has what changed. */
  call(call: Call, done: (result: CallResult) => void): void {
    if (this.leading !== undefined) return this.perform(call, done);
    const { leaderAddress } = this;
    if (leaderAddress === undefined) return done(LEADERLESS);
    const number = this.nextCall++;
    const timer = this.parts.scheduler.after(REQUEST_TIMEOUT, () => settle(DEADLINE));
    const settle = (result: CallResult): void => {
      timer.cancel();
      if (this.calls.delete(number)) done(result);
    };
    this.calls.set(number, settle);
    this.lines.send(leaderAddress, { kind: 'call', number, call } satisfies BetweenManagers);
  }

  /** As the leader. */
  private perform(call: Call, done: (result: CallResult) => void): void {
    const result = this.parts.serve(call);
    if (!result.ok || this.raft.members.length === 1) return done(result);
    // The store announces what has changed in this instant, and this comes after that.
    this.parts.scheduler.soon(
      run,
      () => this.whenCommitted(this.raft.last, (refused) => done(refused ?? result)),
      undefined,
    );
  }

  private whenCommitted(index: number, done: (refused?: CallResult) => void): void {
    const timer = this.parts.scheduler.after(REQUEST_TIMEOUT, () => {
      if (this.waiting.delete(look)) done(DEADLINE);
    });
    const look = (): boolean => {
      if (!this.raft.leading) done(LOST);
      else if (this.raft.commit < index) return false;
      else done();
      timer.cancel();
      return true;
    };
    if (!look()) this.waiting.add(look);
  }

  // -- the store

  private watch(manager: Manager): void {
    manager.store.watch((events) => {
      if (this.leading !== manager || this.stopped) return;
      for (const event of events) {
        if (event.kind === 'node' && event.action === 'update') this.reconcileRole(event.object);
        this.parts.tell(event);
      }
      if (this.raft.members.length > 1) this.raft.propose(changesOf(events));
      this.parts.changed();
    });
  }

  private install(state: StoreSnapshot): void {
    this.store = new Store(this.parts.scheduler, this.parts.wallClock);
    installSnapshot(this.store, state);
    const { arrived } = this;
    this.arrived = undefined;
    arrived?.();
  }

  private lead(): void {
    if (this.leading !== undefined) return; // The first manager of a swarm has begun already.
    const { cluster } = this.store;
    if (cluster === undefined) return;
    const { parts } = this;
    const options: ClusterOptions = {
      defaultAddressPool: cluster.DefaultAddrPool,
      subnetSize: cluster.SubnetSize,
      dataPathPort: cluster.DataPathPort,
      ways: parts.ways,
      dice: parts.dice,
    };
    this.leading = new Manager(parts.scheduler, parts.random, parts.wallClock, options, this.store);
    this.watch(this.leading);
    this.leading.takeOver();
  }

  private follow(): void {
    const { leading } = this;
    this.leading = undefined;
    if (leading === undefined) return;
    leading.stop();
    const copy = new Store(this.parts.scheduler, this.parts.wallClock);
    installSnapshot(copy, snapshotOf(leading.store));
    this.store = copy;
  }

  /** A node that is to manage no more leaves raft; the leader gives the lead away first. */
  private reconcileRole(node: NodeObject): void {
    if (node.Spec.Role !== 'worker' || node.ManagerStatus === undefined) return;
    if (node.ID === this.parts.nodeId) {
      // Not at once: who asked for it is to get an answer.
      this.parts.scheduler.after(SECOND, () => {
        if (this.leading !== undefined && !this.raft.transfer()) this.reconcileRole(node);
      });
      return;
    }
    delete node.ManagerStatus;
    this.raft.setMembers(this.raft.members.filter(({ id }) => id !== node.ID));
    this.leading?.store.changedNode(node);
  }

  private settle(): void {
    for (const look of [...this.waiting]) if (look()) this.waiting.delete(look);
    this.parts.changed();
  }

  // -- connections

  private send(to: RaftMember, message: RaftWord): void {
    const incoming = message.k === 'ack' || message.k === 'ballot' ? this.incoming.get(to.id) : undefined;
    if (incoming !== undefined) incoming.send(message);
    else this.lines.send(to.address, message);
  }

  private failed(target: string): void {
    if (target !== this.leaderAddress) return;
    for (const settle of [...this.calls.values()]) settle(LEADERLESS);
  }

  private hear(message: BetweenManagers, channel: Channel | undefined): void {
    if (this.stopped) return;
    switch (message.kind) {
      case 'raft':
        if (channel !== undefined) this.incoming.set(message.from, channel);
        this.raft.receive(message);
        break;
      case 'call': {
        const reply = (result: CallResult): void =>
          channel?.send({ kind: 'answer', number: message.number, result } satisfies BetweenManagers);
        if (this.leading === undefined) reply(LEADERLESS);
        else this.perform(message.call, reply);
        break;
      }
      case 'answer':
        this.calls.get(message.number)?.(message.result);
        break;
    }
  }

  /** Serves a connection to the manager's port, or of the own agent. */
  accept(channel: Channel): void {
    channel.onClose = () => {
      for (const [id, known] of this.incoming) if (known === channel) this.incoming.delete(id);
    };
    channel.onMessage = (raw) => {
      const message = raw as ToManager | BetweenManagers;
      switch (message.kind) {
        case 'raft':
        case 'call':
        case 'answer':
          this.hear(message, channel);
          break;
        case 'enlist':
          if (this.leading === undefined) this.passOn(channel, message);
          else this.admit(channel, message.nodeId, message.address);
          break;
        default:
          if (this.leading === undefined) this.passOn(channel, message);
          else this.leading.serve(channel, message);
      }
    };
  }

  /** Connects a node with the leader. */
  private passOn(channel: Channel, first: object): void {
    const { leaderAddress } = this;
    if (leaderAddress === undefined) {
      channel.send({ kind: 'refused', reason: NO_LEADER } satisfies ToAgent);
      return;
    }
    const [address = '', port = ''] = leaderAddress.split(':');
    const early: object[] = [first];
    channel.onMessage = (message) => early.push(message as object);
    this.parts.network.dial(
      address,
      Number(port),
      (leader) => {
        for (const message of early) leader.send(message);
        channel.onMessage = (message) => leader.send(message as object);
        leader.onMessage = (message) => channel.send(message as object);
        channel.onClose = () => leader.close();
        leader.onClose = () => channel.close();
      },
      () => channel.close(),
    );
  }

  /** One more member of raft. */
  private admit(channel: Channel, nodeId: string, address: string): void {
    const node = this.store.nodes.get(nodeId);
    if (node === undefined || node.Spec.Role !== 'manager') {
      channel.send({
        kind: 'refused',
        reason: 'rpc error: code = PermissionDenied desc = the node is no manager',
      } satisfies ToAgent);
      return;
    }
    channel.send({ kind: 'enlisted' } satisfies ToAgent);
    node.ManagerStatus = { Addr: address };
    this.raft.setMembers([...this.raft.members.filter(({ id }) => id !== nodeId), { id: nodeId, address }]);
    this.leading?.store.changedNode(node);
  }

  // -- the end

  /** The daemon goes down, or its network is gone: what is needed to be the same manager again. */
  suspend(): ManagerMemory {
    this.memory ??= this.remember();
    return this.memory;
  }

  private remember(): ManagerMemory {
    const { leading } = this;
    this.halt();
    if (leading !== undefined && this.raft.members.length === 1) {
      leading.dispatcher.pause();
      return { alone: leading };
    }
    leading?.stop();
    return { notes: this.raft.notes, snapshot: snapshotOf(this.store) };
  }

  /** The node leaves the managers for good. */
  stop(): void {
    this.halt();
    this.leading?.stop();
  }

  private halt(): void {
    this.stopped = true;
    this.raft.stop();
    this.peers?.close();
    this.parts.network.unlisten(CONTROL_PORT);
    for (const channel of this.incoming.values()) channel.close();
    for (const settle of [...this.calls.values()]) settle(LEADERLESS);
  }
}

function run(work: () => void): void {
  work();
}
