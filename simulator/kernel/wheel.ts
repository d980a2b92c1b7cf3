/**
 * When a kernel timer really runs: the timer wheel of kernel/time/timer.c puts it into a slot that is the wider the
 * farther away it is, and never early. Mirrors calc_wheel_index for HZ=250 (levels of 64 slots, each 8 times as wide).
 */
const JIFFY = 4000;
const SLOTS = 64;

/** Virtual time at which a timer set at `now` for `at` runs. */
export function wheelTime(now: number, at: number): number {
  let slot = JIFFY;
  while (at - now >= slot * SLOTS) slot *= 8;
  return (Math.floor(at / slot) + 1) * slot;
}
