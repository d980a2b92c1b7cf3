/**
 * What real swarmkit leaves to the order of Go maps. A world decides it always in the same way; who replays a real run and knows
 * how the dice fell there says so.
 */
/** One way in which a group of tasks may be placed. */
export interface Fall {
  /** Nodes, by their places in the order of joining. */
  readonly nodes: readonly number[];
  /** The task that comes first; the others follow in their order, and around. */
  readonly first: number;
}

export interface Dice {
  /**
   * In which order a group of tasks and the nodes that are equally good for them are taken: one of `falls`, or as always (undefined).
   * `outcome` tells whither (hostname) each task (`web.1`) would go.
   */
  place(falls: readonly Fall[], outcome: (fall: Fall | undefined) => ReadonlyMap<string, string>): Fall | undefined;
  /** Which of some new tasks (`web.1`) gets the first address; the others follow in their order, and around. */
  firstAddress(tasks: readonly string[]): number;
  /** Whose node, of `count` tasks that were placed at once, gets its own address on their networks first; the others follow likewise. */
  firstPlaced(count: number): number;
  /**
   * Whether a machine is still at it at `now` (virtual µs): making the container of a task, or starting it. `name` is `web.1`, `id`
   * the task's. An idle machine is not.
   */
  busy(name: string, id: string, stage: 'preparing' | 'starting', now: number): boolean;
}
