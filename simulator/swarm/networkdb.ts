/**
 * The gossip between nodes: who is there, which networks each takes part in, and two tables per network (end points of
 * services, and where each overlay address lives). Mirrors moby libnetwork/networkdb over hashicorp/memberlist.
 *
 * Deviates: events go straight to every member of the network (real: to three at random, who pass them on), and indirect
 * probes are left out; a failed UDP probe is tried once more over TCP, as there. Payloads are JSON.
 */
import type { RandomStream } from '../base/random.ts';
import { MILLISECOND, MINUTE, SECOND, type Scheduler, type Timer } from '../base/scheduler.ts';
import type { Channel } from './channel.ts';
import type { ControlNetwork } from './channel.ts';

export const GOSSIP_PORT = 7946;
const GOSSIP_INTERVAL = 200 * MILLISECOND;
const PHASE_STEP = 10 * MILLISECOND;
const PROBE_INTERVAL = SECOND;
const PROBE_TIMEOUT = 500 * MILLISECOND;
const PUSH_PULL_INTERVAL = 30 * SECOND;
const RECONNECT_INTERVAL = 10 * SECOND;
/** Real: 30 minutes; one bulk sync with everybody would do. */
const TOMB_LIFE = 5 * MINUTE;
/** memberlist's UDPBufferSize. */
const PACKET_SIZE = 1400;

/** UDP and TCP on the gossip port. */
export interface GossipNetwork extends ControlNetwork {
  /** Opens the UDP socket; false when the port is taken. */
  bindUdp(port: number, receive: (text: string, address: string) => void): boolean;
  unbindUdp(port: number): void;
  sendUdp(address: string, port: number, text: string): void;
}

export interface TableEvent {
  readonly type: 'create' | 'update' | 'delete';
  readonly networkId: string;
  readonly table: string;
  readonly key: string;
  /** On deletion the value that was there. */
  readonly value: unknown;
  /** Name of the node that owns it. */
  readonly owner: string;
}

interface Entry {
  value: unknown;
  readonly owner: string;
  time: number;
}

interface Tomb {
  readonly owner: string;
  readonly time: number;
  /** Virtual time after which it is forgotten. */
  readonly until: number;
}

/** Entries of one network: table/key → entry. Tombs keep the time of deletion, so that a late creation does not win. */
interface Table {
  readonly entries: Map<string, Entry>;
  readonly tombs: Map<string, Tomb>;
}

interface NetworkState {
  joined: boolean;
  /** Members in the order in which they were seen to join. */
  readonly members: Set<string>;
  readonly tables: Table;
}

type MemberState = 'alive' | 'suspect' | 'dead';

interface Member {
  readonly name: string;
  readonly address: string;
  incarnation: number;
  state: MemberState;
  timer: Timer | undefined;
}

/** What travels. Short keys: a packet holds 1400 octets. */
type Message =
  | { readonly k: 'ping'; readonly q: number; readonly n: string }
  | { readonly k: 'ack'; readonly q: number; readonly n: string }
  | { readonly k: MemberState; readonly n: string; readonly a: string; readonly i: number }
  | { readonly k: 'left'; readonly n: string }
  | { readonly k: 'join' | 'leave'; readonly w: string; readonly n: string }
  | { readonly k: 'set' | 'del'; readonly w: string; readonly t: string; readonly e: string; readonly v?: unknown; readonly o: string; readonly c: number };

interface PushPull {
  readonly k: 'sync';
  readonly from: string;
  readonly reply: boolean;
  readonly messages: readonly Message[];
}

export interface NetworkDbOptions {
  readonly scheduler: Scheduler;
  readonly random: RandomStream;
  readonly network: GossipNetwork;
  /** 12 hexadecimal digits, shown in Peers. */
  readonly name: string;
  readonly address: string;
  onTable(event: TableEvent): void;
  onPeers(): void;
}

export class NetworkDb {
  readonly name: string;
  readonly address: string;
  private readonly options: NetworkDbOptions;
  private readonly members = new Map<string, Member>();
  private readonly networks = new Map<string, NetworkState>();
  /** Lamport clock. */
  private clock = 1;
  private incarnation = 1;
  private sequence = 0;
  /** Queued packets by member name. */
  private readonly queue = new Map<string, Message[]>();
  private flushTimer: Timer | undefined;
  private readonly timers: Timer[] = [];
  private readonly probes = new Map<number, () => void>();
  private probeOrder: string[] = [];
  private stopped = false;

  constructor(options: NetworkDbOptions) {
    this.options = options;
    this.name = options.name;
    this.address = options.address;
    options.network.bindUdp(GOSSIP_PORT, (text, address) => this.receivePacket(text, address));
    options.network.listen(GOSSIP_PORT, (channel) => this.accept(channel));
    this.every(PROBE_INTERVAL, () => this.probe());
    this.every(PUSH_PULL_INTERVAL, () => this.pushPullWithOne());
    this.every(RECONNECT_INTERVAL, () => this.reconnect());
  }

  private every(interval: number, run: () => void): void {
    const again = (): void => {
      if (this.stopped) return;
      run();
      this.timers.push(this.options.scheduler.after(interval, again));
      if (this.timers.length > 16) this.timers.splice(0, this.timers.length - 8);
    };
    // A random first moment, so that nodes do not tick together.
    this.timers.push(this.options.scheduler.after(interval + this.options.random.below(interval), again));
  }

  /** Meets the cluster through one of its members; `done` comes after the exchange, or when it failed. */
  join(address: string, done: () => void): void {
    if (address !== this.address) this.pushPull(address, done, done);
    else done();
  }

  /** Says good-bye and closes the sockets. */
  stop(): void {
    if (this.stopped) return;
    for (const member of this.alive()) this.sendNow(member, [{ k: 'left', n: this.name }]);
    this.stopped = true;
    this.flushTimer?.cancel();
    for (const timer of this.timers) timer.cancel();
    for (const member of this.members.values()) member.timer?.cancel();
    this.options.network.unbindUdp(GOSSIP_PORT);
    this.options.network.unlisten(GOSSIP_PORT);
  }

  private alive(): Member[] {
    return [...this.members.values()].filter((member) => member.state !== 'dead');
  }

  // -- networks and tables, from this node

  private network(id: string): NetworkState {
    let state = this.networks.get(id);
    if (state === undefined) {
      state = { joined: false, members: new Set(), tables: { entries: new Map(), tombs: new Map() } };
      this.networks.set(id, state);
    }
    return state;
  }

  /** This node takes part in a network from now on: it hears its events, and what is known already. */
  joinNetwork(id: string): void {
    const state = this.network(id);
    if (state.joined) return;
    state.joined = true;
    state.members.add(this.name);
    this.broadcast({ k: 'join', w: id, n: this.name }, this.alive());
    // Bulk sync with one of those who know the network.
    const other = this.alive().find((member) => state.members.has(member.name));
    if (other !== undefined) this.pushPull(other.address);
  }

  leaveNetwork(id: string): void {
    const state = this.networks.get(id);
    if (state === undefined || !state.joined) return;
    state.joined = false;
    state.members.delete(this.name);
    this.broadcast({ k: 'leave', w: id, n: this.name }, this.alive());
    state.tables.entries.clear();
    state.tables.tombs.clear();
  }

  /** Publishes or replaces an entry that this node owns. */
  set(networkId: string, table: string, key: string, value: unknown): void {
    const time = ++this.clock;
    const { entries, tombs } = this.network(networkId).tables;
    entries.set(`${table}/${key}`, { value, owner: this.name, time });
    tombs.delete(`${table}/${key}`);
    this.tell(networkId, { k: 'set', w: networkId, t: table, e: key, v: value, o: this.name, c: time });
  }

  delete(networkId: string, table: string, key: string): void {
    const state = this.networks.get(networkId);
    if (state === undefined || !state.tables.entries.delete(`${table}/${key}`)) return;
    const time = ++this.clock;
    this.bury(state, `${table}/${key}`, this.name, time);
    this.tell(networkId, { k: 'del', w: networkId, t: table, e: key, o: this.name, c: time });
  }

  /** The members of a network as `docker network inspect` lists them. */
  peers(networkId: string): { Name: string; IP: string }[] {
    const peers: { Name: string; IP: string }[] = [];
    for (const name of this.networks.get(networkId)?.members ?? []) {
      const address = name === this.name ? this.address : this.members.get(name)?.address;
      if (address !== undefined) peers.push({ Name: name, IP: address });
    }
    return peers;
  }

  /** All entries of a network's table, for a network that was just made here. */
  entries(networkId: string, table: string): TableEvent[] {
    const found: TableEvent[] = [];
    for (const [key, entry] of this.networks.get(networkId)?.tables.entries ?? []) {
      if (key.startsWith(`${table}/`)) found.push({ type: 'create', networkId, table, key: key.slice(table.length + 1), value: entry.value, owner: entry.owner });
    }
    return found;
  }

  /** Address of a member by its name, '' when unknown. */
  addressOf(name: string): string {
    return name === this.name ? this.address : (this.members.get(name)?.address ?? '');
  }

  private tell(networkId: string, message: Message): void {
    const { members } = this.network(networkId);
    this.broadcast(
      message,
      this.alive().filter((member) => members.has(member.name)),
    );
  }

  // -- sending

  private broadcast(message: Message, to: readonly Member[]): void {
    for (const { name } of to) {
      const queued = this.queue.get(name);
      if (queued === undefined) this.queue.set(name, [message]);
      else queued.push(message);
    }
    if (this.queue.size > 0) this.flushTimer ??= this.options.scheduler.at(this.nextTick(), () => this.flush());
  }

  /** Gossip goes out on a tick of its own per node; the phase follows from the address, so that neighbours do not tick together. */
  private nextTick(): number {
    const { now } = this.options.scheduler;
    const last = Number(this.address.slice(this.address.lastIndexOf('.') + 1));
    const phase = GOSSIP_INTERVAL - ((last % 19) + 1) * PHASE_STEP;
    return (Math.floor((now - phase) / GOSSIP_INTERVAL) + 1) * GOSSIP_INTERVAL + phase;
  }

  private flush(): void {
    this.flushTimer = undefined;
    const queued = [...this.queue];
    this.queue.clear();
    for (const [name, messages] of queued) {
      const member = this.members.get(name);
      if (member !== undefined && member.state !== 'dead') this.sendNow(member, messages);
    }
  }

  /** Packs messages into as few packets as hold them. */
  private sendNow(member: Member, messages: readonly Message[]): void {
    let packet: string[] = [];
    let size = 2;
    const emit = (): void => {
      if (packet.length > 0) this.options.network.sendUdp(member.address, GOSSIP_PORT, `[${packet.join(',')}]`);
      packet = [];
      size = 2;
    };
    for (const message of messages) {
      const text = JSON.stringify(message);
      if (size + text.length + 1 > PACKET_SIZE) emit();
      packet.push(text);
      size += text.length + 1;
    }
    emit();
  }

  // -- receiving

  private receivePacket(text: string, address: string): void {
    if (this.stopped) return;
    for (const message of JSON.parse(text) as Message[]) this.take(message, address);
  }

  private take(message: Message, from: string): void {
    switch (message.k) {
      case 'ping':
        this.options.network.sendUdp(from, GOSSIP_PORT, JSON.stringify([{ k: 'ack', q: message.q, n: this.name } satisfies Message]));
        break;
      case 'ack':
        this.probes.get(message.q)?.();
        break;
      case 'alive':
        this.takeAlive(message.n, message.a, message.i);
        break;
      case 'suspect':
      case 'dead':
        this.takeRumour(message.k, message.n, message.i);
        break;
      case 'left': {
        const member = this.members.get(message.n);
        if (member !== undefined) this.lose(member, false);
        break;
      }
      case 'join':
      case 'leave': {
        const { members } = this.network(message.w);
        if (message.k === 'join') members.add(message.n);
        else {
          members.delete(message.n);
          this.dropEntriesOf(message.n, message.w);
        }
        this.options.onPeers();
        break;
      }
      case 'set':
      case 'del':
        this.takeEntry(message);
        break;
    }
  }

  private takeEntry(message: Extract<Message, { k: 'set' | 'del' }>): void {
    const state = this.networks.get(message.w);
    this.clock = Math.max(this.clock, message.c) + 1;
    if (state === undefined || !state.joined || message.o === this.name) return;
    const { entries, tombs } = state.tables;
    const key = `${message.t}/${message.e}`;
    const old = entries.get(key);
    if ((old !== undefined && old.time >= message.c) || (tombs.get(key)?.time ?? 0) >= message.c) return;
    const event = { networkId: message.w, table: message.t, key: message.e, owner: message.o };
    if (message.k === 'del') {
      this.bury(state, key, message.o, message.c);
      if (old === undefined) return;
      entries.delete(key);
      this.options.onTable({ ...event, type: 'delete', value: old.value });
      return;
    }
    entries.set(key, { value: message.v, owner: message.o, time: message.c });
    this.options.onTable({ ...event, type: old === undefined ? 'create' : 'update', value: message.v });
  }

  /** Remembers for a while that an entry was deleted; forgets what was deleted long ago. */
  private bury(state: NetworkState, key: string, owner: string, time: number): void {
    const { tombs } = state.tables;
    const { now } = this.options.scheduler;
    for (const [old, tomb] of tombs) if (tomb.until < now) tombs.delete(old);
    tombs.set(key, { owner, time, until: now + TOMB_LIFE });
  }

  /** Forgets what a node owned, in one network or in all. */
  private dropEntriesOf(name: string, networkId?: string): void {
    for (const [id, state] of this.networks) {
      if (networkId !== undefined && id !== networkId) continue;
      for (const [key, entry] of [...state.tables.entries]) {
        if (entry.owner !== name) continue;
        state.tables.entries.delete(key);
        const slash = key.indexOf('/');
        if (state.joined) this.options.onTable({ type: 'delete', networkId: id, table: key.slice(0, slash), key: key.slice(slash + 1), value: entry.value, owner: name });
      }
    }
  }

  // -- membership

  private takeAlive(name: string, address: string, incarnation: number): void {
    if (name === this.name) return;
    const member = this.members.get(name);
    if (member === undefined) {
      const fresh: Member = { name, address, incarnation, state: 'alive', timer: undefined };
      this.members.set(name, fresh);
      this.probeOrder.push(name);
      return;
    }
    if (incarnation < member.incarnation || (incarnation === member.incarnation && member.state !== 'alive')) return;
    member.incarnation = incarnation;
    this.revive(member);
  }

  private revive(member: Member): void {
    member.timer?.cancel();
    member.timer = undefined;
    member.state = 'alive';
  }

  private takeRumour(state: 'suspect' | 'dead', name: string, incarnation: number): void {
    if (name === this.name) {
      // Refute it.
      this.incarnation = Math.max(this.incarnation, incarnation) + 1;
      this.broadcast({ k: 'alive', n: this.name, a: this.address, i: this.incarnation }, this.alive());
      return;
    }
    const member = this.members.get(name);
    if (member === undefined || incarnation < member.incarnation) return;
    if (state === 'suspect') this.suspect(member);
    else this.lose(member, false);
  }

  private suspect(member: Member): void {
    if (member.state !== 'alive') return;
    member.state = 'suspect';
    this.broadcast({ k: 'suspect', n: member.name, a: member.address, i: member.incarnation }, this.alive());
    const size = this.alive().length + 1;
    const patience = 4 * Math.max(1, Math.log10(size)) * PROBE_INTERVAL;
    member.timer = this.options.scheduler.after(Math.round(patience), () => this.lose(member, true));
  }

  /** A node is gone: so is all it told. */
  private lose(member: Member, rumour: boolean): void {
    if (member.state === 'dead') return;
    member.timer?.cancel();
    member.state = 'dead';
    if (rumour) this.broadcast({ k: 'dead', n: member.name, a: member.address, i: member.incarnation }, this.alive());
    for (const state of this.networks.values()) state.members.delete(member.name);
    this.dropEntriesOf(member.name);
    this.options.onPeers();
  }

  private probe(): void {
    const candidates = this.alive();
    if (candidates.length === 0) return;
    // Round robin over a list in random order, shuffled anew at its end.
    let name: string | undefined;
    do {
      if (this.probeOrder.length === 0) this.probeOrder = shuffled(candidates.map((member) => member.name), this.options.random);
      name = this.probeOrder.shift();
    } while (name === undefined || this.members.get(name)?.state === 'dead' || !this.members.has(name));
    const member = this.members.get(name) as Member;
    const sequence = ++this.sequence;
    this.options.network.sendUdp(member.address, GOSSIP_PORT, JSON.stringify([{ k: 'ping', q: sequence, n: this.name } satisfies Message]));
    const patience = this.options.scheduler.after(PROBE_TIMEOUT, () => {
      this.probes.delete(sequence);
      this.probeByTcp(member);
    });
    this.probes.set(sequence, () => {
      patience.cancel();
      this.probes.delete(sequence);
      if (member.state === 'suspect') this.revive(member);
    });
  }

  private probeByTcp(member: Member): void {
    let answered = false;
    const deadline = this.options.scheduler.after(PROBE_INTERVAL - PROBE_TIMEOUT, () => {
      if (!answered && !this.stopped) this.suspect(member);
    });
    this.options.network.dial(
      member.address,
      GOSSIP_PORT,
      (channel) => {
        channel.onMessage = () => {
          answered = true;
          deadline.cancel();
          channel.close();
        };
        channel.send({ k: 'ping', q: 0, n: this.name } satisfies Message);
      },
      () => undefined,
    );
  }

  /** Members that were lost are tried again. */
  private reconnect(): void {
    for (const member of this.members.values()) if (member.state === 'dead') this.pushPull(member.address);
  }

  // -- full exchanges over TCP

  private pushPullWithOne(): void {
    const candidates = this.alive();
    if (candidates.length === 0) return;
    const member = candidates[this.options.random.below(candidates.length)] as Member;
    this.pushPull(member.address);
  }

  private pushPull(address: string, synced: () => void = ignore, failed: () => void = ignore): void {
    this.options.network.dial(
      address,
      GOSSIP_PORT,
      (channel) => {
        channel.onMessage = (message) => {
          this.takeSync(message as PushPull, undefined);
          channel.close();
          synced();
        };
        channel.send(this.everything(true));
      },
      failed,
    );
  }

  private accept(channel: Channel): void {
    channel.onMessage = (message) => {
      if (this.stopped) return channel.close();
      if ((message as Message).k === 'ping') channel.send({ k: 'ack', q: 0, n: this.name } satisfies Message);
      else this.takeSync(message as PushPull, channel);
    };
  }

  private everything(reply: boolean): PushPull {
    const messages: Message[] = [{ k: 'alive', n: this.name, a: this.address, i: this.incarnation }];
    for (const member of this.alive()) messages.push({ k: 'alive', n: member.name, a: member.address, i: member.incarnation });
    for (const [id, state] of this.networks) {
      for (const name of state.members) messages.push({ k: 'join', w: id, n: name });
      if (!state.joined) continue;
      for (const [key, tomb] of state.tables.tombs) {
        const slash = key.indexOf('/');
        messages.push({ k: 'del', w: id, t: key.slice(0, slash), e: key.slice(slash + 1), o: tomb.owner, c: tomb.time });
      }
      for (const [key, entry] of state.tables.entries) {
        const slash = key.indexOf('/');
        messages.push({ k: 'set', w: id, t: key.slice(0, slash), e: key.slice(slash + 1), v: entry.value, o: entry.owner, c: entry.time });
      }
    }
    return { k: 'sync', from: this.name, reply, messages };
  }

  private takeSync(sync: PushPull, channel: Channel | undefined): void {
    const before = new Set(this.members.keys());
    const sender = this.members.get(sync.from);
    const wasDead = sender?.state === 'dead';
    if (sender !== undefined) this.revive(sender);
    for (const message of sync.messages) {
      // A third party's word does not bring back what was found dead here.
      if (message.k === 'set' && message.o !== this.name && this.members.get(message.o)?.state === 'dead') continue;
      this.take(message, '');
    }
    if (channel !== undefined && sync.reply) channel.send(this.everything(false));
    // Newcomers are introduced to everybody else.
    for (const [name, member] of this.members) {
      if (before.has(name) && !(wasDead && name === sync.from)) continue;
      this.broadcast({ k: 'alive', n: name, a: member.address, i: member.incarnation }, this.alive().filter((other) => other.name !== name && before.has(other.name)));
      for (const [id, state] of this.networks) {
        if (state.members.has(name)) this.broadcast({ k: 'join', w: id, n: name }, this.alive().filter((other) => other.name !== name && before.has(other.name)));
      }
    }
  }
}

function ignore(): void {
  // Nobody waits for it.
}

function shuffled(names: string[], random: RandomStream): string[] {
  const order = [...names];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j] as string, order[i] as string];
  }
  return order;
}
