/**
 * The drawn side of the course map: which track a lesson stands on, and what runs past it. A line leaves a lesson and runs
 * down to the last one that builds on it; as in a drawing of branches, a lesson goes on on the track of the one before it
 * when nothing else needs that track.
 */

export interface Station {
  readonly number: number;
  readonly prior: readonly number[];
}

export interface TrackRow {
  /** Where the lesson stands. */
  readonly track: number;
  /** Tracks that pass beside it, from top to bottom. */
  readonly past: readonly number[];
  /** Tracks that come from above and end here. */
  readonly from: readonly number[];
  /** Tracks that lead on from here, down: the lesson's own, or none. */
  readonly down: boolean;
}

/** Lays out the lessons, in their order; every prior one stands above. */
export function layTracks(stations: readonly Station[]): { rows: TrackRow[]; width: number } {
  /** The row of the last lesson that builds on one. */
  const last = new Map<number, number>();
  stations.forEach(({ prior }, row) => prior.forEach((one) => last.set(one, row)));
  /** For each track, whose line runs on it. */
  const tracks: (number | undefined)[] = [];
  const rows = stations.map(({ number, prior }, row): TrackRow => {
    const from = prior.map((one) => tracks.indexOf(one));
    const ending = prior.filter((one) => last.get(one) === row).map((one) => tracks.indexOf(one));
    for (const track of ending) tracks[track] = undefined;
    const past = tracks.flatMap((line, track) => (line === undefined ? [] : [track]));
    const free = tracks.indexOf(undefined);
    const track = ending.length > 0 ? Math.min(...ending) : free === -1 ? tracks.length : free;
    const down = last.has(number);
    tracks[track] = down ? number : undefined;
    return { track, past, from, down };
  });
  return { rows, width: Math.max(1, tracks.length) };
}
