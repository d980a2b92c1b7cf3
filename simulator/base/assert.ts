/** For bugs of the simulator itself; the page says so when one is thrown. Never for a learner's bad input. */
export class SimulatorBug extends Error {
  override readonly name = 'SimulatorBug';
}

/** Throws {@link SimulatorBug} when `condition` does not hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new SimulatorBug(message);
}
