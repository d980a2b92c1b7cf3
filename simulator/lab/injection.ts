/** Faults of a world: when each begins and is mended, and which are under way. */
import type { Origin } from '../base/origin.ts';
import type { RandomStreams } from '../base/random.ts';
import type { Scheduler, Timer } from '../base/scheduler.ts';
import type { FaultField } from './faults/fault.ts';
import { faultOf, faultProblem, type FaultSpec, timesOf } from './faults/index.ts';

/** One that is under way, or waits for its moment. */
export interface ActiveFault {
  readonly id: string;
  readonly spec: FaultSpec;
  /** What a person would read. */
  readonly says: string;
  /** Virtual microseconds at which it begins or began. */
  readonly since: number;
}

interface Running extends ActiveFault {
  timer: Timer | undefined;
  mend: (() => void) | undefined;
}

/** What the faults of one world share. */
export type Ground = Omit<FaultField, 'random' | 'origin'> & {
  readonly docker: readonly string[];
  readonly scheduler: Scheduler;
  readonly streams: RandomStreams;
};

export class Faults {
  private readonly ground: Ground;
  private readonly running = new Map<string, Running>();

  constructor(ground: Ground) {
    this.ground = ground;
  }

  /** Those under way and those to come, oldest first. */
  get active(): ActiveFault[] {
    return [...this.running.values()].map(({ id, spec, says, since }) => ({ id, spec, says, since }));
  }

  /** Begins a fault, or sets the time for it. Throws RangeError on one that cannot be in this world. `origin` is given what it says. */
  begin(id: string, spec: FaultSpec, origin: (says: string) => Origin): void {
    const { scheduler, streams, hosts, docker } = this.ground;
    const { kind, params } = faultOf(spec);
    const problem = faultProblem(spec, hosts, docker);
    if (problem !== undefined) throw new RangeError(`${problem.path.map(String).join('.')}: ${problem.message}`);
    const says = kind.says(params);
    const { after, lasts } = timesOf(spec);
    const own: Running = { id, spec, says, since: scheduler.now + after, timer: undefined, mend: undefined };
    const now = (): void => {
      const field = { ...this.ground, random: streams.stream(`fault/${id}`), origin: origin(says) };
      own.mend = kind.begin(params, field);
      own.timer = undefined;
      if (!kind.lasts(params)) this.running.delete(id);
      else if (lasts !== undefined) own.timer = scheduler.after(lasts, () => this.mend(id));
    };
    this.running.set(id, own);
    if (after === 0) now();
    else own.timer = scheduler.after(after, now);
  }

  /** Ends a fault; one that is over already stays so. */
  mend(id: string): void {
    const own = this.running.get(id);
    if (own === undefined) return;
    this.running.delete(id);
    own.timer?.cancel();
    own.mend?.();
  }
}
