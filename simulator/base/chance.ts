/**
 * What a real run leaves to chance, or to the speed of its machine. A world decides it always in the same way; who replays a
 * real run and knows how it fell there says so.
 */

/** The counters of something at one moment. */
export type Sample = readonly number[];

export interface Chance {
  /**
   * What the last sample of the counters of `of` caught, and what the one before they were zeroed: places in `states` and
   * `bases`, which are what they were of late, oldest first. undefined: as usual.
   */
  sampled(
    of: string,
    bases: readonly Sample[],
    states: readonly Sample[],
  ): { readonly base: number; readonly state: number } | undefined;
  /** A draw among `options`, all of them possible, which would usually fall on `usual`. */
  drawn(options: readonly string[], usual: number): number;
  /**
   * In which order servers came to a round robin that were brought together: of its list `names`, those at `places` have not
   * had a turn yet, and `next` has the next one. What stands at each of `places`, itself a place; undefined: as they are.
   */
  arrived(names: readonly string[], places: readonly number[], next: number): readonly number[] | undefined;
  /** Round robin has sent a connection to this server. */
  turned(name: string): void;
  /** What a server takes to see that its client is done, microseconds; 0 on an idle machine. */
  latency(): number;
  /** The port of a client that asked for none; `usual` is free. */
  port(usual: number, free: (port: number) => boolean): number;
}
