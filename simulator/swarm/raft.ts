/**
 * Consensus among managers. Mirrors etcd's raft as swarmkit configures it (manager/state/raft: a tick each second, heartbeats at each,
 * elections after 10 to 19 ticks without one, CheckQuorum and its lease, no PreVote) and its transport.
 *
 * Deviates: members are told with each append and count from then on (real: an entry of the log); what a member writes to its disk
 * is kept in memory by its daemon. One member alone is leader at once, and no tick and no message costs anything.
 */
import { SECOND, type Scheduler, type Timer } from '../base/scheduler.ts';
import type { RandomStream } from '../base/random.ts';
import type { Body, Consensus, Entry, RaftApplication, RaftMember, RaftMessage, RaftNotes } from './raftmessages.ts';

const TICK = SECOND;
const ELECTION_TICKS = 10;
/** LogEntriesForSlowFollowers: who lacks more gets all state. */
const LOG_KEPT = 500;
/** SendTimeout of the transport, and the tick in which it would be noticed. */
const REACHABLE_FOR = 3 * SECOND;

interface Peer {
  match: number;
  next: number;
  heard: number;
  /** Heard since the quorum was checked last. */
  recent: boolean;
}

export class Raft<C, S> implements Consensus<C, S> {
  readonly self: RaftMember;
  members: readonly RaftMember[];
  role: 'leader' | 'follower' | 'candidate' = 'follower';
  leader: string | undefined;
  commit = 0;
  private readonly application: RaftApplication<C, S>;
  private readonly scheduler: Scheduler;
  private readonly random: RandomStream;
  private term = 1;
  private vote: string | undefined;
  private log: Entry<C>[] = [];
  private lastIndex = 0;
  private lastTerm = 0;
  private applied = 0;
  private readonly peers = new Map<string, Peer>();
  private readonly ballots = new Map<string, boolean>();
  /** As a follower: whom the leader reaches. */
  private reached: readonly string[] = [];
  private elapsed = 0;
  private patience = ELECTION_TICKS;
  private timer: Timer | undefined;
  private stopped = false;

  constructor(
    self: RaftMember,
    scheduler: Scheduler,
    random: RandomStream,
    application: RaftApplication<C, S>,
    notes?: RaftNotes<C>,
  ) {
    this.self = self;
    this.scheduler = scheduler;
    this.random = random;
    this.application = application;
    this.members = notes?.members ?? [self];
    if (notes !== undefined) {
      this.term = notes.term;
      this.vote = notes.vote;
      this.log = [...notes.tail];
      const newest = this.log[this.log.length - 1];
      this.applied = this.commit = notes.index;
      this.lastIndex = newest?.index ?? notes.index;
      this.lastTerm = newest?.term ?? notes.indexTerm;
    }
  }

  /** Begins: alone as leader, among others as follower. */
  start(): void {
    if (this.members.length === 1 && this.members[0]?.id === this.self.id) this.becomeLeader();
    else {
      this.draw();
      this.tickLater();
    }
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /** What is written down, beside the state of the application. */
  get notes(): RaftNotes<C> {
    const tail = this.log.filter((entry) => entry.index > this.applied);
    return {
      term: this.term,
      vote: this.vote,
      index: this.applied,
      indexTerm: this.termAt(this.applied) ?? this.lastTerm,
      members: this.members,
      tail,
    };
  }

  get leading(): boolean {
    return this.role === 'leader';
  }

  /** Index of the newest entry. */
  get last(): number {
    return this.lastIndex;
  }

  /** Whether the leader (this member, or the one it follows) reaches `id`. */
  reaches(id: string): boolean {
    if (!this.leading) return id === this.leader || this.reached.includes(id);
    return id === this.self.id || this.scheduler.now - (this.peers.get(id)?.heard ?? -Infinity) < REACHABLE_FOR;
  }

  /** CanRemoveMember: a quorum of those that stay is reached. */
  canRemove(id: string): boolean {
    const left = this.members.filter((member) => member.id !== id);
    const quorum = Math.floor(left.length / 2) + 1;
    return left.filter((member) => this.reaches(member.id)).length >= quorum;
  }

  // -- the leader's part

  /** Changes that the leader has made. Alone, nobody else needs them. */
  propose(changes: readonly C[]): void {
    if (!this.leading || this.stopped) return;
    this.append(changes);
    for (const member of this.others()) this.sendAppend(member);
    this.advance();
  }

  private append(changes: readonly C[]): void {
    this.log.push({ index: ++this.lastIndex, term: this.term, changes });
    this.lastTerm = this.term;
    if (this.log.length > LOG_KEPT) this.log = this.log.slice(-LOG_KEPT / 2);
    this.applied = this.lastIndex;
  }

  /** A member more, or one less; from here on the others are told. */
  setMembers(members: readonly RaftMember[]): void {
    const before = this.members;
    this.members = members;
    for (const member of this.others()) {
      if (!this.peers.has(member.id))
        this.peers.set(member.id, { match: 0, next: -1, heard: this.scheduler.now, recent: true });
    }
    for (const member of before) {
      if (members.some(({ id }) => id === member.id)) continue;
      this.sendAppend(member);
      this.peers.delete(member.id);
    }
    if (members.length > 1) this.tickLater();
    this.propose([]);
    this.application.changed();
  }

  /** Gives the lead to another member; true when there is one that has everything. */
  transfer(): boolean {
    const heir = this.others().find(
      (member) => this.reaches(member.id) && this.peers.get(member.id)?.match === this.lastIndex,
    );
    if (!this.leading || heir === undefined) return false;
    this.send(heir, { k: 'now' });
    return true;
  }

  private others(): readonly RaftMember[] {
    return this.members.filter((member) => member.id !== this.self.id);
  }

  private get quorum(): number {
    return Math.floor(this.members.length / 2) + 1;
  }

  private sendAppend(member: RaftMember): void {
    const peer = this.peers.get(member.id);
    if (peer === undefined) return;
    const reached = this.members.map(({ id }) => id).filter((id) => this.reaches(id));
    const after = peer.next - 1;
    const afterTerm = this.termAt(after);
    if (peer.next < 0 || afterTerm === undefined) {
      this.send(member, {
        k: 'state',
        index: this.lastIndex,
        indexTerm: this.lastTerm,
        state: this.application.snapshot(),
        members: this.members,
        reached,
      });
    } else {
      const entries = this.log.filter((entry) => entry.index > after);
      this.send(member, {
        k: 'append',
        after,
        afterTerm,
        entries,
        commit: this.commit,
        members: this.members,
        reached,
      });
    }
    // What was sent arrives in order or not at all: then it is refused, and sent again from there.
    peer.next = this.lastIndex + 1;
  }

  /** The term of an entry that is still in the log, or the newest of all. */
  private termAt(index: number): number | undefined {
    if (index === this.lastIndex) return this.lastTerm;
    return this.log.find((entry) => entry.index === index)?.term;
  }

  private advance(): void {
    const matches = this.members
      .map(({ id }) => (id === this.self.id ? this.lastIndex : (this.peers.get(id)?.match ?? 0)))
      .sort((a, b) => b - a);
    const agreed = matches[this.quorum - 1] ?? 0;
    if (agreed <= this.commit || this.termAt(agreed) !== this.term) return;
    this.commit = agreed;
    this.application.changed();
  }

  // -- time

  private tickLater(): void {
    if (this.timer !== undefined || this.stopped) return;
    this.timer = this.scheduler.after(TICK, () => {
      this.timer = undefined;
      this.tick();
      if (this.members.length > 1) this.tickLater();
    });
  }

  private draw(): void {
    this.elapsed = 0;
    this.patience = ELECTION_TICKS + this.random.below(ELECTION_TICKS);
  }

  private tick(): void {
    if (this.stopped) return;
    this.elapsed++;
    if (this.role !== 'leader') {
      if (this.elapsed >= this.patience) this.campaign(false);
      return;
    }
    if (this.elapsed >= ELECTION_TICKS) {
      this.elapsed = 0;
      const heard = this.others().filter((member) => this.peers.get(member.id)?.recent === true).length + 1;
      for (const peer of this.peers.values()) peer.recent = false;
      if (heard < this.quorum) {
        this.becomeFollower(this.term, undefined);
        return;
      }
    }
    const before = this.others().filter((member) => this.reaches(member.id)).length;
    for (const member of this.others()) this.sendAppend(member);
    if (before !== this.lastReached) {
      this.lastReached = before;
      this.application.changed();
    }
  }

  private lastReached = -1;

  // -- elections

  private campaign(transfer: boolean): void {
    if (!this.members.some(({ id }) => id === this.self.id)) return;
    this.role = 'candidate';
    this.leader = undefined;
    this.term++;
    this.vote = this.self.id;
    this.ballots.clear();
    this.ballots.set(this.self.id, true);
    this.draw();
    for (const member of this.others())
      this.send(member, { k: 'vote', index: this.lastIndex, indexTerm: this.lastTerm, transfer });
    this.application.changed();
    this.count();
  }

  private count(): void {
    const yes = [...this.ballots.values()].filter(Boolean).length;
    if (yes >= this.quorum) this.becomeLeader();
  }

  private becomeLeader(): void {
    // What is in the log but not yet committed will be, with the first entry of this term.
    for (const entry of this.log) if (entry.index > this.applied) this.application.apply(entry.changes);
    this.role = 'leader';
    this.leader = this.self.id;
    this.elapsed = 0;
    this.peers.clear();
    for (const member of this.others())
      this.peers.set(member.id, {
        match: 0,
        next: this.lastIndex + 1,
        heard: this.ballots.get(member.id) === undefined ? -Infinity : this.scheduler.now,
        recent: true,
      });
    this.append([]);
    this.application.lead();
    for (const member of this.others()) this.sendAppend(member);
    this.advance();
    this.tickLater();
    this.application.changed();
  }

  private becomeFollower(term: number, leader: string | undefined): void {
    const led = this.role === 'leader';
    if (term > this.term) this.vote = undefined;
    this.term = term;
    this.role = 'follower';
    this.leader = leader;
    this.draw();
    if (led) this.application.follow();
    this.application.changed();
  }

  // -- messages

  private send(to: RaftMember, body: Body<C, S>): void {
    if (!this.stopped)
      this.application.send(to, { kind: 'raft', from: this.self.id, term: this.term, ...body } as RaftMessage<C, S>);
  }

  receive(message: RaftMessage<C, S>): void {
    if (this.stopped) return;
    const from = this.members.find((member) => member.id === message.from);
    if (message.term > this.term) {
      // The lease: who has heard of a leader of late elects no other.
      const leased = this.leader !== undefined && this.elapsed < ELECTION_TICKS;
      if (message.k === 'vote' && leased && !message.transfer) return;
      this.becomeFollower(message.term, message.k === 'append' || message.k === 'state' ? message.from : undefined);
    } else if (message.term < this.term) {
      if ((message.k === 'append' || message.k === 'state') && from !== undefined)
        this.send(from, { k: 'ack', fits: false, match: 0 });
      return;
    }
    switch (message.k) {
      case 'append':
      case 'state':
        this.heed(message);
        break;
      case 'ack':
        this.acknowledged(message.from, message.fits, message.match);
        break;
      case 'vote':
        if (from !== undefined) this.voteFor(from, message.index, message.indexTerm);
        break;
      case 'ballot':
        this.ballots.set(message.from, message.yes);
        if (this.role === 'candidate') this.count();
        break;
      case 'now':
        if (message.from === this.leader) this.campaign(true);
        break;
    }
  }

  private voteFor(candidate: RaftMember, index: number, indexTerm: number): void {
    const fresh = indexTerm > this.lastTerm || (indexTerm === this.lastTerm && index >= this.lastIndex);
    const free = this.vote === undefined || this.vote === candidate.id;
    const yes = free && fresh && this.role === 'follower';
    if (yes) {
      this.vote = candidate.id;
      this.elapsed = 0;
    }
    this.send(candidate, { k: 'ballot', yes });
  }

  /** The leader's word. */
  private heed(message: Extract<RaftMessage<C, S>, { k: 'append' | 'state' }>): void {
    if (this.role === 'leader') return;
    const known =
      this.leader === message.from &&
      this.reached.join() === message.reached.join() &&
      this.members.length === message.members.length;
    this.role = 'follower';
    this.leader = message.from;
    this.elapsed = 0;
    this.members = message.members;
    this.reached = message.reached;
    this.tickLater();
    const fits =
      message.k === 'state'
        ? this.installed(message.index, message.indexTerm, message.state)
        : this.take(message.after, message.afterTerm, message.entries, message.commit);
    const leader = this.members.find((member) => member.id === message.from);
    if (leader !== undefined) this.send(leader, { k: 'ack', fits, match: fits ? this.lastIndex : this.applied });
    if (!known) this.application.changed();
  }

  private installed(index: number, indexTerm: number, state: S): boolean {
    this.log = [];
    this.lastIndex = this.applied = this.commit = index;
    this.lastTerm = indexTerm;
    this.application.install(state);
    return true;
  }

  private take(after: number, afterTerm: number, entries: readonly Entry<C>[], commit: number): boolean {
    if (this.termAt(after) !== afterTerm) return false;
    const kept = this.log.filter((entry) => entry.index <= after);
    // Entries that were applied already are never taken back.
    if (after < this.applied) return false;
    this.log = [...kept, ...entries].slice(-LOG_KEPT);
    const newest = this.log[this.log.length - 1];
    this.lastIndex = entries.length > 0 ? (newest as Entry<C>).index : after;
    this.lastTerm = entries.length > 0 ? (newest as Entry<C>).term : afterTerm;
    this.commit = Math.max(this.commit, Math.min(commit, this.lastIndex));
    const ready = this.log.filter((entry) => entry.index > this.applied && entry.index <= this.commit);
    this.applied = Math.max(this.applied, this.commit);
    for (const entry of ready) this.application.apply(entry.changes);
    return true;
  }

  private acknowledged(id: string, fits: boolean, match: number): void {
    const peer = this.peers.get(id);
    const member = this.members.find((each) => each.id === id);
    if (peer === undefined || member === undefined || !this.leading) return;
    peer.heard = this.scheduler.now;
    peer.recent = true;
    if (fits) {
      peer.match = Math.max(peer.match, match);
      this.advance();
    } else {
      // Everything, rather than a search for the place where the logs part.
      peer.next = -1;
      this.sendAppend(member);
    }
  }
}
