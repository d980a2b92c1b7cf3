/**
 * Runs the generators of simulator/lesson: gives them the worlds and the time that they ask for. It waits only where a
 * library has to answer, so that a worker can call it between two slices of its own world.
 */
import type { World } from '../../simulator/index.ts';
import type { Looking } from '../../simulator/lesson/index.ts';

/** Events run before others get their turn. */
const SLICE = 50_000;
/** Events that one wish for time may take before it counts as a runaway. */
const RUNAWAY = 5_000_000;

/** What a driver is given: the worlds, and something to do between slices. */
export interface Drive {
  readonly world: (which: 'now' | 'fresh' | 'solved') => Promise<World>;
  /** Lets others have their turn; nothing when the caller is alone. */
  readonly breathe?: () => Promise<void>;
}

/** Runs what looks at worlds to its end. */
export async function drive<T>(looking: Looking<T>, { world, breathe }: Drive): Promise<T> {
  let step = looking.next();
  while (step.done !== true) {
    const request = step.value;
    if (request.ask === 'world') step = looking.next(await world(request.which));
    else {
      await advance(request.world, request.until, request.over, breathe);
      step = looking.next();
    }
  }
  return step.value;
}

/** Advances a world until `until` (virtual µs) has come or `over` holds. */
export async function advance(
  world: World,
  until: number,
  over: () => boolean,
  breathe?: () => Promise<void>,
): Promise<void> {
  const limit = world.executed + RUNAWAY;
  let rested = world.executed;
  while (!over() && world.now < until && world.executed < limit) {
    const pending = world.pendingExternal();
    if (pending !== undefined) {
      await pending;
      continue;
    }
    const due = world.nextDue();
    world.run(due === undefined ? until : Math.min(due, until), SLICE);
    if (breathe !== undefined && world.executed - rested > SLICE) {
      rested = world.executed;
      await breathe();
    }
  }
}
