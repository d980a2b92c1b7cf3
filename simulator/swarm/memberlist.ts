/**
 * Who is there: members of the gossip cluster, found by exchange of all state over TCP, probed over UDP, suspected, lost and met
 * again. Mirrors hashicorp/memberlist.
 *
 * Deviates: news go straight to everyone concerned (real: to three at random, who pass them on), and indirect probes are left out;
 * a failed UDP probe is tried once more over TCP, as there. Payloads are JSON.
 */
import type { RandomStream } from '../base/random.ts';
import { MILLISECOND, SECOND, type Scheduler, type Timer } from '../base/scheduler.ts';
import { type Channel, type ControlNetwork, readMessage } from './channel.ts';

const GOSSIP_PORT = 7946;
const GOSSIP_INTERVAL = 200 * MILLISECOND;
const PHASE_STEP = 10 * MILLISECOND;
const PROBE_INTERVAL = SECOND;
const PROBE_TIMEOUT = 500 * MILLISECOND;
const PUSH_PULL_INTERVAL = 30 * SECOND;
const RECONNECT_INTERVAL = 10 * SECOND;
/** memberlist's UDPBufferSize. */
const PACKET_SIZE = 1400;

/** UDP and TCP on the gossip port. */
export interface GossipNetwork extends ControlNetwork {
  /** Opens the UDP socket; false when the port is taken. */
  bindUdp(port: number, receive: (text: string, address: string) => void): boolean;
  unbindUdp(port: number): void;
  sendUdp(address: string, port: number, text: string): void;
}

type MemberState = 'alive' | 'suspect' | 'dead';

export interface Member {
  readonly name: string;
  readonly address: string;
  incarnation: number;
  state: MemberState;
  timer: Timer | undefined;
}

/** Messages about members. Short keys: a packet holds 1400 octets. */
export type MemberMessage =
  /** `n` is who is meant: a daemon that has been started anew has another name, and is silent. */
  | { readonly k: 'ping'; readonly q: number; readonly n: string }
  | { readonly k: 'ack'; readonly q: number; readonly n: string }
  | { readonly k: MemberState; readonly n: string; readonly a: string; readonly i: number }
  | { readonly k: 'left'; readonly n: string };

/** What is laid over the membership; M: its own messages. */
export interface Delegate<M> {
  /** Everything known, for an exchange of all state. */
  state(): M[];
  take(message: M): void;
  /** False for a word of a third party about somebody who is lost. */
  believes(message: M): boolean;
  /** What others should hear about a newcomer. */
  introduce(name: string): M[];
  lost(name: string): void;
}

interface Sync<M> {
  readonly k: 'sync';
  readonly from: string;
  readonly reply: boolean;
  readonly messages: readonly (MemberMessage | M)[];
}

export interface MemberlistOptions {
  readonly scheduler: Scheduler;
  readonly random: RandomStream;
  readonly network: GossipNetwork;
  /** 12 hexadecimal digits, shown in Peers. */
  readonly name: string;
  readonly address: string;
}

const KINDS: ReadonlySet<string> = new Set(['ping', 'ack', 'alive', 'suspect', 'dead', 'left']);

function isMemberMessage(message: { readonly k: string }): message is MemberMessage {
  return KINDS.has(message.k);
}

export class Memberlist<M extends { readonly k: string }> {
  private readonly options: MemberlistOptions;
  private readonly delegate: Delegate<M>;
  private readonly name: string;
  private readonly address: string;
  private readonly members = new Map<string, Member>();
  private incarnation = 1;
  private sequence = 0;
  /** Queued messages by member name. */
  private readonly queue = new Map<string, (MemberMessage | M)[]>();
  private flushTimer: Timer | undefined;
  private readonly timers: Timer[] = [];
  private readonly probes = new Map<number, () => void>();
  private probeOrder: string[] = [];
  private stopped = false;

  constructor(options: MemberlistOptions, delegate: Delegate<M>) {
    this.options = options;
    this.delegate = delegate;
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

  member(name: string): Member | undefined {
    return this.members.get(name);
  }

  alive(): Member[] {
    return [...this.members.values()].filter((member) => member.state !== 'dead');
  }

  // -- sending

  /** Queues a message for those members; it leaves with the next tick. */
  broadcast(message: MemberMessage | M, to: readonly Member[]): void {
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
  private sendNow(member: Member, messages: readonly (MemberMessage | M)[]): void {
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
    const packet = readMessage(text);
    if (Array.isArray(packet)) for (const message of packet as (MemberMessage | M)[]) this.take(message, address);
  }

  private take(message: MemberMessage | M, from: string): void {
    if (!isMemberMessage(message)) return this.delegate.take(message);
    switch (message.k) {
      case 'ping':
        if (message.n !== this.name) break;
        this.options.network.sendUdp(from, GOSSIP_PORT, JSON.stringify([{ k: 'ack', q: message.q, n: this.name } satisfies MemberMessage]));
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
    this.delegate.lost(member.name);
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
    this.options.network.sendUdp(member.address, GOSSIP_PORT, JSON.stringify([{ k: 'ping', q: sequence, n: member.name } satisfies MemberMessage]));
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
        channel.send({ k: 'ping', q: 0, n: member.name } satisfies MemberMessage);
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

  /** Exchanges all state with the member at that address. */
  pushPull(address: string, synced: () => void = ignore, failed: () => void = ignore): void {
    this.options.network.dial(
      address,
      GOSSIP_PORT,
      (channel) => {
        channel.onMessage = (message) => {
          this.takeSync(message as Sync<M>, undefined);
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
      if ((message as MemberMessage).k === 'ping') {
        if ((message as MemberMessage).n === this.name) channel.send({ k: 'ack', q: 0, n: this.name } satisfies MemberMessage);
        else channel.close();
      }
      else this.takeSync(message as Sync<M>, channel);
    };
  }

  private everything(reply: boolean): Sync<M> {
    const messages: (MemberMessage | M)[] = [{ k: 'alive', n: this.name, a: this.address, i: this.incarnation }];
    for (const member of this.alive()) messages.push({ k: 'alive', n: member.name, a: member.address, i: member.incarnation });
    return { k: 'sync', from: this.name, reply, messages: [...messages, ...this.delegate.state()] };
  }

  private takeSync(sync: Sync<M>, channel: Channel | undefined): void {
    const before = new Set(this.members.keys());
    const sender = this.members.get(sync.from);
    const wasDead = sender?.state === 'dead';
    if (sender !== undefined) this.revive(sender);
    for (const message of sync.messages) {
      if (isMemberMessage(message) || this.delegate.believes(message)) this.take(message, '');
    }
    if (channel !== undefined && sync.reply) channel.send(this.everything(false));
    // Newcomers are introduced to everybody else.
    for (const [name, member] of this.members) {
      if (before.has(name) && !(wasDead && name === sync.from)) continue;
      const others = this.alive().filter((other) => other.name !== name && before.has(other.name));
      this.broadcast({ k: 'alive', n: name, a: member.address, i: member.incarnation }, others);
      for (const message of this.delegate.introduce(name)) this.broadcast(message, others);
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
