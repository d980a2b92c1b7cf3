/**
 * Parked copies of a world along its log. A world cannot be copied and only goes forward, so an earlier instant is
 * reached by replay; a replica that stands shortly before it makes that short. They are a cache: built and moved in
 * idle time, thrown away freely. Replicas run without a trace, which keeps them small.
 */
import { reaches, type Target } from './instant.ts';
import type { LabSession } from './session.ts';
import { serves, type Branch, type Timeline } from './timeline.ts';

/** Events between two replicas: about 100 ms of replay. */
const GAP = 2500;
/** More replicas than this are not kept, of a world with three machines. */
const MOST = 24;
/** Worlds that stood at the end of their branch and still have their trace. */
const MOST_ENDS = 3;
/** Events run between two looks at the clock. */
const SLICE = 200;

interface Parked {
  readonly session: LabSession;
  readonly branch: number;
  /** It is where its branch ended when it was left, and has a trace. */
  readonly atEnd: boolean;
}

/** What keeping replicas needs of its surroundings. */
export interface ReplicaOptions {
  /** Builds a fresh world without a trace. */
  make(seed: number | undefined): LabSession;
  readonly timeline: Timeline;
  /** Machines of the scenario; worlds of many are kept in smaller numbers. */
  readonly machines: number;
}

export class Replicas {
  readonly #options: ReplicaOptions;
  readonly #most: number;
  #parked: Parked[] = [];

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#most = Math.max(2, Math.min(MOST, Math.floor((MOST * 4) / options.machines)));
  }

  /** Where replicas stand, in events run; for tests and figures. */
  get positions(): number[] {
    return this.#parked.map(({ session }) => session.world.executed).sort((a, b) => a - b);
  }

  /** Takes the world from which a target on a branch is reached soonest, or builds one. It follows the branch's log. */
  take(branch: Branch, target: Target): LabSession {
    const best = this.#nearest(branch, target);
    const session = best === undefined ? this.#options.make(branch.seed) : best.session;
    this.#parked = this.#parked.filter((parked) => parked !== best);
    session.follow(branch.log);
    return session;
  }

  /** The parked world that would be taken. */
  peek(branch: Branch, target: Target): LabSession | undefined {
    return this.#nearest(branch, target)?.session;
  }

  #nearest(branch: Branch, target: Target): Parked | undefined {
    let best: Parked | undefined;
    for (const parked of this.#parked) {
      const shared = this.#options.timeline.shared(parked.branch, branch.id);
      if (!serves(parked.session.instant, shared, target)) continue;
      // The end of a branch is worth keeping where it is, unless it is what was asked for.
      if (parked.atEnd && !reachesExactly(parked, target)) continue;
      if (best === undefined || ahead(parked, best)) best = parked;
    }
    return best;
  }

  /** Parks a world that was on show. */
  put(session: LabSession, branch: number, atEnd: boolean): void {
    if (!atEnd) {
      session.world.trace.clear();
      session.world.trace.countOnly();
    }
    this.#parked.push({ session, branch, atEnd });
    const ends = this.#parked.filter((parked) => parked.atEnd);
    if (ends.length > MOST_ENDS) this.#parked.splice(this.#parked.indexOf(ends[0]!), 1);
  }

  /** The trace of a world that stood at the end of a branch, if it is still there. */
  endOf(branch: number): LabSession | undefined {
    return this.#parked.findLast((parked) => parked.atEnd && parked.branch === branch)?.session;
  }

  /**
   * Spreads replicas evenly over the current branch. Works until `enough` says so, and answers whether there is more to
   * do. Building a world is one piece of work that is not interrupted.
   */
  tend(enough: () => boolean): boolean {
    const { timeline, make } = this.#options;
    const branch = timeline.current;
    const origin = timeline.originOf(branch).executed;
    const length = branch.end.executed - origin;
    const count = Math.max(1, Math.min(this.#most, Math.ceil(length / GAP)));
    const idle = this.#useful(branch);
    let missing = false;
    for (let index = count - 1; index >= 0; index--) {
      const place = origin + Math.floor((index * length) / count);
      const at = idle.findLastIndex(({ session }) => session.world.executed <= place);
      if (at < 0) {
        missing = true;
        break;
      }
      const [{ session }] = idle.splice(at, 1) as [Parked];
      if (this.#advance(session, branch, place, enough)) return true;
    }
    this.#drop(idle.slice(SPARE));
    if (!missing) return false;
    this.#parked.push({ session: make(branch.seed), branch: branch.id, atEnd: false });
    return true;
  }

  /** Moves a replica to a place; answers whether it was interrupted. */
  #advance(session: LabSession, branch: Branch, place: number, enough: () => boolean): boolean {
    session.follow(branch.log);
    while (session.world.executed < place && session.pendingExternal() === undefined) {
      if (enough()) return true;
      if (session.playTo(branch.end, Math.min(SLICE, place - session.world.executed))) break;
    }
    return false;
  }

  /** Replicas on the current branch's log that may be moved, from the first to the last. */
  #useful(branch: Branch): Parked[] {
    const { timeline } = this.#options;
    return this.#parked
      .filter(({ session, branch: own, atEnd }) => {
        const shared = timeline.shared(own, branch.id);
        return !atEnd && shared !== undefined && reaches(session.instant, shared);
      })
      .sort((one, other) => one.session.world.executed - other.session.world.executed);
  }

  /** Lets replicas go, and with them those of other logs. */
  #drop(parked: readonly Parked[]): void {
    const useful = this.#useful(this.#options.timeline.current);
    this.#parked = this.#parked.filter((one) => one.atEnd || (useful.includes(one) && !parked.includes(one)));
  }
}

/** Replicas kept beyond the number that is needed: where the learner looked last. */
const SPARE = 2;

function ahead(one: Parked, other: Parked): boolean {
  return one.session.world.executed > other.session.world.executed;
}

function reachesExactly({ session }: Parked, target: Target): boolean {
  return session.instant.at === target.at;
}
