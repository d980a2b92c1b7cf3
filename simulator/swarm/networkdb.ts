/**
 * The gossip between nodes: which networks each takes part in, and two tables per network (end points of services, and where each
 * overlay address lives). Mirrors moby libnetwork/networkdb.
 */
import { MINUTE } from '../base/scheduler.ts';
import { Memberlist, type MemberlistOptions } from './memberlist.ts';

/** Real: 30 minutes; one bulk sync with everybody would do. */
const TOMB_LIFE = 5 * MINUTE;

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

/** What travels about networks and their tables. */
type Message =
  | { readonly k: 'join' | 'leave'; readonly w: string; readonly n: string }
  | EntryMessage;

interface EntryMessage {
  readonly k: 'set' | 'del';
  readonly w: string;
  readonly t: string;
  readonly e: string;
  readonly v?: unknown;
  readonly o: string;
  readonly c: number;
}

export interface NetworkDbOptions extends MemberlistOptions {
  onTable(event: TableEvent): void;
  onPeers(): void;
}

export class NetworkDb {
  readonly name: string;
  readonly address: string;
  private readonly options: NetworkDbOptions;
  private readonly members: Memberlist<Message>;
  private readonly networks = new Map<string, NetworkState>();
  /** Lamport clock. */
  private clock = 1;

  constructor(options: NetworkDbOptions) {
    this.options = options;
    this.name = options.name;
    this.address = options.address;
    this.members = new Memberlist<Message>(options, {
      state: () => this.everything(),
      take: (message) => this.take(message),
      believes: (message) => message.k !== 'set' || message.o === this.name || this.members.member(message.o)?.state !== 'dead',
      introduce: (name) => [...this.networks].filter(([, state]) => state.members.has(name)).map(([id]) => ({ k: 'join', w: id, n: name })),
      lost: (name) => {
        for (const state of this.networks.values()) state.members.delete(name);
        this.dropEntriesOf(name);
        this.options.onPeers();
      },
    });
  }

  /** Meets the cluster through one of its members; `done` comes after the exchange, or when it failed. */
  join(address: string, done: () => void): void {
    this.members.join(address, done);
  }

  /** Says good-bye and closes the sockets. */
  stop(): void {
    this.members.stop();
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
    this.members.broadcast({ k: 'join', w: id, n: this.name }, this.members.alive());
    // Bulk sync with one of those who know the network.
    const other = this.members.alive().find((member) => state.members.has(member.name));
    if (other !== undefined) this.members.pushPull(other.address);
  }

  leaveNetwork(id: string): void {
    const state = this.networks.get(id);
    if (state === undefined || !state.joined) return;
    state.joined = false;
    state.members.delete(this.name);
    this.members.broadcast({ k: 'leave', w: id, n: this.name }, this.members.alive());
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
      const address = name === this.name ? this.address : this.members.member(name)?.address;
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
    return name === this.name ? this.address : (this.members.member(name)?.address ?? '');
  }

  private tell(networkId: string, message: Message): void {
    const { members } = this.network(networkId);
    const concerned = this.members.alive().filter((member) => members.has(member.name));
    this.members.broadcast(message, concerned);
  }

  /** Everything known of networks and of the tables of this node's own networks. */
  private everything(): Message[] {
    const messages: Message[] = [];
    for (const [id, state] of this.networks) {
      for (const name of state.members) messages.push({ k: 'join', w: id, n: name });
      if (!state.joined) continue;
      for (const [key, tomb] of state.tables.tombs) messages.push({ k: 'del', ...place(id, key), o: tomb.owner, c: tomb.time });
      messages.push(...entryMessages(id, state));
    }
    return messages;
  }

  private take(message: Message): void {
    if ('o' in message) return this.takeEntry(message);
    const state = this.network(message.w);
    const { members } = state;
    if (message.k === 'leave') {
      members.delete(message.n);
      this.dropEntriesOf(message.n, message.w);
    } else if (!members.has(message.n)) {
      members.add(message.n);
      this.welcome(message.w, state, message.n);
    }
    this.options.onPeers();
  }

  /** A newcomer hears what this node had told before it came: news are sent several times over, so real ones reach it too. */
  private welcome(networkId: string, state: NetworkState, name: string): void {
    const member = this.members.member(name);
    if (!state.joined || member === undefined || member.state === 'dead') return;
    for (const message of entryMessages(networkId, state)) if (message.o === this.name) this.members.broadcast(message, [member]);
  }

  private takeEntry(message: EntryMessage): void {
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
}

/** Where an entry is, of its key table/key. */
function place(networkId: string, key: string): { w: string; t: string; e: string } {
  const slash = key.indexOf('/');
  return { w: networkId, t: key.slice(0, slash), e: key.slice(slash + 1) };
}

function entryMessages(networkId: string, state: NetworkState): EntryMessage[] {
  return [...state.tables.entries].map(([key, entry]) => ({ k: 'set', ...place(networkId, key), v: entry.value, o: entry.owner, c: entry.time }));
}
