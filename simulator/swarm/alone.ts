/** Consensus of one manager with itself: it leads, nothing is sent and nothing ticks. With a second member raft takes over. */
import type { Consensus, RaftMember, RaftNotes } from './raftmessages.ts';

export class Alone<C, S> implements Consensus<C, S> {
  readonly members: readonly RaftMember[];
  readonly leader: string;
  readonly leading = true;
  readonly last = 0;
  readonly commit = 0;
  readonly notes: RaftNotes<C>;
  private readonly grown: (members: readonly RaftMember[]) => void;

  /** `grown` is told of the first members beside this one. */
  constructor(self: RaftMember, grown: (members: readonly RaftMember[]) => void) {
    this.members = [self];
    this.leader = self.id;
    this.notes = { term: 1, vote: undefined, index: 0, indexTerm: 1, members: [self], tail: [] };
    this.grown = grown;
  }

  start(): void {
    // It leads already.
  }

  stop(): void {
    // Nothing is under way.
  }

  reaches(id: string): boolean {
    return id === this.leader;
  }

  canRemove(): boolean {
    return false;
  }

  propose(): void {
    // Nobody else is to hear of it.
  }

  setMembers(members: readonly RaftMember[]): void {
    if (members.length > 1) this.grown(members);
  }

  transfer(): boolean {
    return false;
  }

  receive(): void {
    // From a stranger.
  }
}
