/**
 * Rule "free port": a kernel gives a client's connection a port by chance. Where a later listing of the recording shows which
 * ports its connections had, the emulator's get the same in the next pass: hashes over ports, and ports that are used again
 * while an entry for them is still there, are then as they were.
 */
import type { Countdown } from './countdowns.ts';

/** An entry of the emulator's and the port that the recorded one in its place has. */
export interface PortPair {
  readonly client: string;
  readonly own: number;
  readonly recorded: number;
}

/** What it costs to take two entries for the same, or to leave one out. */
const SECOND_APART = 1.5;
const OTHER_SERVER = 2;
const LEFT_OUT = 4;
const NOT_RECORDED = 8;
/** At the old end entries have expired. */
const EXPIRED = 0.2;
/** Ports of one run lie nearer than this: the kernel goes up in small steps, and begins elsewhere every ten seconds. */
const RUN = 300;
/** Seconds without a connection after which a run has ended. */
const PAUSE = 4;

/** Oldest first. Within a run in the order of ports, for the last packet of the first may have come last. */
function inOrder(entries: readonly Countdown[]): Countdown[] {
  const runs: { readonly entries: Countdown[]; low: number; high: number; left: number }[] = [];
  for (const entry of [...entries].sort((a, b) => a.left - b.left || a.port - b.port)) {
    const { port, left } = entry;
    const run = runs.findLast((each) => left - each.left <= PAUSE && port > each.low - RUN && port < each.high + RUN);
    if (run === undefined) runs.push({ entries: [entry], low: port, high: port, left });
    else {
      run.entries.push(entry);
      run.low = Math.min(run.low, port);
      run.high = Math.max(run.high, port);
      run.left = left;
    }
  }
  return runs.flatMap((run) => run.entries.sort((a, b) => a.port - b.port));
}

/** Aligns `own` (in the order in which they were made) with what was recorded of the same client and service. */
export function pairPorts(own: readonly Countdown[], recorded: readonly Countdown[]): PortPair[] {
  const theirs = inOrder(recorded);
  const width = theirs.length + 1;
  const cost = new Float64Array((own.length + 1) * width);
  const step = new Uint8Array(cost.length);
  for (let i = 0; i <= own.length; i++) {
    for (let j = 0; j <= theirs.length; j++) {
      const at = i * width + j;
      let best = i === 0 && j === 0 ? 0 : Infinity;
      const consider = (value: number, how: number): void => {
        if (value < best) [best, step[at]] = [value, how];
      };
      if (i > 0 && j > 0) {
        const [a, b] = [own[i - 1] as Countdown, theirs[j - 1] as Countdown];
        const apart = Math.max(0, Math.abs(a.left - b.left) - 1) * SECOND_APART;
        consider((cost[at - width - 1] as number) + apart + (a.server === b.server ? 0 : OTHER_SERVER), 1);
      }
      if (i > 0) consider((cost[at - width] as number) + (j === 0 ? EXPIRED : LEFT_OUT), 2);
      if (j > 0) consider((cost[at - 1] as number) + (i === 0 ? EXPIRED : NOT_RECORDED), 3);
      cost[at] = best;
    }
  }
  const partner: (Countdown | undefined)[] = own.map(() => undefined);
  for (let [i, j] = [own.length, theirs.length]; i > 0 || j > 0;) {
    const how = step[i * width + j];
    if (how === 1) partner[i - 1] = theirs[j - 1];
    if (how !== 3) i--;
    if (how !== 2) j--;
  }
  const pairs: PortPair[] = [];
  const taken = new Set<number>();
  for (const [i, entry] of own.entries()) {
    const port = partner[i]?.port ?? usedAgain(partner, i, theirs, taken);
    if (port === undefined) continue;
    if (partner[i] === undefined) taken.add(port);
    pairs.push({ client: entry.client, own: entry.port, recorded: port });
  }
  return pairs;
}

/** An entry between two of a run is missing: its port was used again, and belongs to a younger one. */
function usedAgain(
  partner: readonly (Countdown | undefined)[],
  at: number,
  theirs: readonly Countdown[],
  taken: ReadonlySet<number>,
): number | undefined {
  let [before, after] = [at - 1, at + 1];
  while (before >= 0 && partner[before] === undefined) before--;
  while (after < partner.length && partner[after] === undefined) after++;
  const [from, to] = [partner[before], partner[after]];
  if (from === undefined || to === undefined) return undefined;
  const low = from.port;
  // Where the next run begins, this one may have gone on a little.
  const high = to.port > low && to.port - low < RUN ? to.port : low + RUN / 4;
  return theirs.find(({ port, left }) => port > low && port < high && left > to.left && !taken.has(port))?.port;
}
