/** What the members of raft say to each other, and what each is to its application. Mirrors etcd's raftpb and swarmkit's raft.Node. */
export interface RaftMember {
  readonly id: string;
  readonly address: string;
}

export interface Entry<C> {
  readonly index: number;
  readonly term: number;
  readonly changes: readonly C[];
}

/** What members say to each other; `from` and `term` stand in each. */
export type RaftMessage<C, S> = { readonly kind: 'raft'; readonly from: string; readonly term: number } & (
  | {
      readonly k: 'append';
      readonly after: number;
      readonly afterTerm: number;
      readonly entries: readonly Entry<C>[];
      readonly commit: number;
      readonly members: readonly RaftMember[];
      readonly reached: readonly string[];
    }
  | {
      readonly k: 'state';
      readonly index: number;
      readonly indexTerm: number;
      readonly state: S;
      readonly members: readonly RaftMember[];
      readonly reached: readonly string[];
    }
  | { readonly k: 'ack'; readonly fits: boolean; readonly match: number }
  | { readonly k: 'vote'; readonly index: number; readonly indexTerm: number; readonly transfer: boolean }
  | { readonly k: 'ballot'; readonly yes: boolean }
  | { readonly k: 'now' }
);

/** A message without what every message has. */
export type Body<C, S> =
  RaftMessage<C, S> extends infer M ? (M extends unknown ? Omit<M, 'kind' | 'from' | 'term'> : never) : never;

/** What is replicated, and what is to be done when the leader changes. C: one change; S: all state. */
export interface RaftApplication<C, S> {
  /** Committed changes of another leader. */
  apply(changes: readonly C[]): void;
  install(state: S): void;
  snapshot(): S;
  /** This member leads from now on; everything in its log has been applied. */
  lead(): void;
  /** Another leads, or nobody known. */
  follow(): void;
  /** What may be visible outside has changed: leader, commit, reachability. */
  changed(): void;
  send(to: RaftMember, message: RaftMessage<C, S>): void;
}

/** What a member keeps on its disk beside the state; what is not yet committed, and so not in it, stands in `tail`. */
export interface RaftNotes<C> {
  readonly term: number;
  readonly vote: string | undefined;
  readonly index: number;
  readonly indexTerm: number;
  readonly members: readonly RaftMember[];
  readonly tail: readonly Entry<C>[];
}

/** What a manager asks of consensus. */
export interface Consensus<C, S> {
  readonly members: readonly RaftMember[];
  /** Who leads, as far as is known. */
  readonly leader: string | undefined;
  readonly leading: boolean;
  /** Indices of the newest entry, and of the newest that a quorum has. */
  readonly last: number;
  readonly commit: number;
  readonly notes: RaftNotes<C>;
  start(): void;
  stop(): void;
  /** Whether the leader reaches a member. */
  reaches(id: string): boolean;
  /** Whether a quorum of the others is reached. */
  canRemove(id: string): boolean;
  propose(changes: readonly C[]): void;
  setMembers(members: readonly RaftMember[]): void;
  /** Gives the lead away; false when nobody could take it. */
  transfer(): boolean;
  receive(message: RaftMessage<C, S>): void;
}
