/**
 * Where a moment stands on the scrubber. Between inputs little happens that one goes back for, so long waits are drawn
 * shorter: a day that was skipped must not squeeze an evening of commands into a hair.
 */

/** Waits up to this long are drawn in full; microseconds. */
const FULL = 10_000_000;

export class TimeScale {
  /** Moments in order, and where each stands. */
  readonly #moments: readonly number[];
  readonly #places: readonly number[];

  /** @param moments of inputs, between the two ends; all in microseconds, in order */
  constructor(origin: number, moments: readonly number[], end: number) {
    this.#moments = [origin, ...moments.filter((moment) => moment > origin && moment < end), Math.max(end, origin + 1)];
    let place = 0;
    this.#places = this.#moments.map(
      (moment, index) => (place += drawn(moment - (this.#moments[index - 1] ?? moment))),
    );
  }

  /** From 0 to 1. */
  placeOf(moment: number): number {
    return between(this.#moments, this.#places, moment) / this.#places.at(-1)!;
  }

  momentAt(place: number): number {
    return Math.round(between(this.#places, this.#moments, place * this.#places.at(-1)!));
  }
}

/** How long a wait is drawn. */
function drawn(wait: number): number {
  return wait <= FULL ? wait : FULL * (1 + Math.log(wait / FULL));
}

/** The straight line through pairs of points. */
function between(from: readonly number[], to: readonly number[], value: number): number {
  const next = from.findIndex((point) => point >= value);
  if (next === 0) return to[0]!;
  if (next < 0) return to.at(-1)!;
  const part = (value - from[next - 1]!) / (from[next]! - from[next - 1]! || 1);
  return to[next - 1]! + part * (to[next]! - to[next - 1]!);
}
