/** Forks of a world: the scenario again, and the same input log. Exact, and the one that was forked is not touched. */
import { type Externals, type InputEvent, type Scenario, World } from '../../simulator/index.ts';

/** A world as a value. */
export interface Session {
  readonly scenario: Scenario;
  readonly log: readonly InputEvent[];
  /** Virtual microseconds. */
  readonly now: number;
  /** Instead of the scenario's. */
  readonly seed?: number | undefined;
}

/** The session of a world as it is now. */
export function sessionOf(world: World): Session {
  return { scenario: world.scenario, log: [...world.inputLog], now: world.now };
}

/** Events run before others get their turn. */
const SLICE = 50_000;

/**
 * A new world that is where the session is. Packets are not observed while it catches up; `breathe` lets others have
 * their turn meanwhile.
 */
export async function forkOf(
  { scenario, log, now, seed }: Session,
  externals: Externals,
  breathe?: () => Promise<void>,
): Promise<World> {
  const world = new World(scenario, { externals, trace: false, ...(seed === undefined ? {} : { seed }) });
  let rested = world.executed;
  const rest = async (): Promise<void> => {
    if (breathe === undefined || world.executed - rested < SLICE) return;
    rested = world.executed;
    await breathe();
  };
  await breathe?.();
  for (const event of log) {
    while (world.executed < event.executed) {
      await world.pendingExternal();
      const outcome = world.run(event.at, Math.min(SLICE, event.executed - world.executed));
      if (outcome === 'idle' && world.executed < event.executed && world.pendingExternal() === undefined)
        throw new Error('the log was made by another build');
      await rest();
    }
    world.apply(event);
  }
  for (;;) {
    await world.pendingExternal();
    if (world.run(now, SLICE) !== 'budget') return world;
    await rest();
  }
}
