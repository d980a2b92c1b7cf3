/**
 * What real swarmkit leaves to the order of Go maps. A world decides it always in the same way; who replays a real run and knows
 * how the dice fell there says so.
 */
export interface Dice {
  /**
   * In which order equally good nodes are taken for a group of tasks: one of `orders` (places in the order of joining), or as always
   * (undefined). `outcome` tells whither (hostname) each task (`web.1`) would go.
   */
  place(orders: readonly (readonly number[])[], outcome: (order: readonly number[] | undefined) => ReadonlyMap<string, string>): readonly number[] | undefined;
  /** Which of `count` new tasks gets the first address; the others follow in their order, and around. */
  firstAddress(count: number): number;
  /** Whose node, of `count` tasks that were placed at once, gets its own address on their networks first; the others follow likewise. */
  firstPlaced(count: number): number;
}
