/** Arithmetic on TCP sequence numbers, modulo 2^32. Mirrors before()/after() of include/net/tcp.h. Values are unsigned. */

/** a < b. */
export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** a > b. */
export function after(a: number, b: number): boolean {
  return ((b - a) | 0) < 0;
}

/** a + n. */
export function advance(a: number, n: number): number {
  return (a + n) >>> 0;
}

/** How far b is ahead of a; negative when behind. */
export function distance(a: number, b: number): number {
  return (b - a) | 0;
}
