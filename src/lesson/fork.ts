/** Forks of a world: the scenario again, and the same input log. Exact, and the one that was forked is not touched. */
import { type Externals, type InputEvent, type Scenario, World } from '../../simulator/index.ts';

/** A world as a value. */
export interface Session {
  readonly scenario: Scenario;
  readonly log: readonly InputEvent[];
  /** Virtual microseconds. */
  readonly now: number;
}

/** The session of a world as it is now. */
export function sessionOf(world: World): Session {
  return { scenario: world.scenario, log: [...world.inputLog], now: world.now };
}

/** A new world that is where the session is. Packets are not observed while it catches up. */
export async function forkOf({ scenario, log, now }: Session, externals: Externals): Promise<World> {
  const world = new World(scenario, { externals, trace: false });
  for (const event of log) {
    while (world.executed < event.executed) {
      await world.pendingExternal();
      world.run(event.at, event.executed - world.executed);
    }
    world.apply(event);
  }
  for (;;) {
    await world.pendingExternal();
    if (world.run(now, 100_000) !== 'budget') return world;
  }
}
