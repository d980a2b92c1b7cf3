/**
 * Counters and rates. After net/netfilter/ipvs/ip_vs_est.c: an estimator takes a sample every two seconds from its start
 * on and smooths rates with weight 1/4. Since Linux 6.2 the counters that are listed are those of the last sample, too, up
 * to two seconds old, and zeroing forgets no more than what was sampled.
 *
 * Deviation: sampling is lazy, the samples that were missed are caught up when somebody counts or reads. When a sample
 * falls is a matter of the machine's speed: {@link Chance} may tell.
 */
import type { Chance, Sample } from '../base/chance.ts';
import { SECOND } from '../base/scheduler.ts';

/** Time between two samples, microseconds. */
const SAMPLE = 2 * SECOND;

/** How long ago the last sample may have been in a real run, whose clock this one's follows but nearly. */
const REACH = 3 * SECOND;

/** After so many samples without traffic every rate is nil. */
const QUIET_SAMPLES = 64;

/** Counters and rates at one moment, as a listing shows them. */
export interface IpvsCounters {
  readonly connections: number;
  readonly inPackets: number;
  readonly outPackets: number;
  readonly inBytes: number;
  readonly outBytes: number;
  /** Per second. */
  readonly connectionRate: number;
  readonly inPacketRate: number;
  readonly outPacketRate: number;
  readonly inByteRate: number;
  readonly outByteRate: number;
}

/** struct ip_vs_stats, of a service, a real server or all together. */
export class IpvsStats {
  /** connections, inPackets, outPackets, inBytes, outBytes. */
  private readonly total = [0, 0, 0, 0, 0];
  /** The same at the last sample (kstats), and what was zeroed of it (kstats0). */
  private readonly sampled = [0, 0, 0, 0, 0];
  private readonly base = [0, 0, 0, 0, 0];
  /** Per second. */
  private readonly rate = [0, 0, 0, 0, 0];
  private sampledAt: number;
  private readonly chance: Chance | undefined;
  /** What was counted of late, oldest first; kept only for chance. */
  private readonly past: { readonly at: number; readonly counts: Sample }[] = [];
  /** What may have been zeroed, oldest first; undefined when it is known. */
  private bases: readonly Sample[] | undefined;
  /** The states of late when it was stopped. */
  private stopped: readonly Sample[] | undefined;

  constructor(now: number, chance?: Chance) {
    this.sampledAt = now;
    this.chance = chance;
  }

  countConnection(now: number): void {
    if (now - this.sampledAt >= SAMPLE) this.sample(now);
    this.total[0]++;
    if (this.chance !== undefined) this.remember(now);
  }

  countIn(now: number, bytes: number): void {
    if (now - this.sampledAt >= SAMPLE) this.sample(now);
    this.total[1]++;
    this.total[3] += bytes;
    if (this.chance !== undefined) this.remember(now);
  }

  countOut(now: number, bytes: number): void {
    if (now - this.sampledAt >= SAMPLE) this.sample(now);
    this.total[2]++;
    this.total[4] += bytes;
    if (this.chance !== undefined) this.remember(now);
  }

  /** ip_vs_start_estimator: the first sample is two seconds from now. */
  start(now: number): void {
    this.sampledAt = now;
    this.stopped = undefined;
  }

  /** ip_vs_zero_stats: what was sampled is forgotten, with the rates. */
  zero(now: number): void {
    if (now - this.sampledAt >= SAMPLE) this.sample(now);
    for (let i = 0; i < 5; i++) {
      this.base[i] = this.sampled[i];
      this.rate[i] = 0;
    }
    if (this.chance !== undefined) this.bases = this.stopped ?? this.ofLate(now);
  }

  /** ip_vs_stop_estimator: takes no more samples; what was not sampled is, once it starts again. */
  stop(now: number): void {
    if (now - this.sampledAt >= SAMPLE) this.sample(now);
    this.sampledAt = Infinity;
    if (this.chance !== undefined) this.stopped = this.ofLate(now);
  }

  /** What a listing shows; `of` says of whom. */
  read(now: number, of: string): IpvsCounters {
    if (now - this.sampledAt >= SAMPLE) this.sample(now);
    if (this.chance !== undefined) this.ask(this.chance, now, of);
    const { sampled, base, rate } = this;
    return {
      connections: sampled[0] - base[0],
      inPackets: sampled[1] - base[1],
      outPackets: sampled[2] - base[2],
      inBytes: sampled[3] - base[3],
      outBytes: sampled[4] - base[4],
      connectionRate: Math.round(rate[0]),
      inPacketRate: Math.round(rate[1]),
      outPacketRate: Math.round(rate[2]),
      inByteRate: Math.round(rate[3]),
      outByteRate: Math.round(rate[4]),
    };
  }

  private remember(now: number): void {
    this.past.push({ at: now, counts: [...this.total] });
  }

  /** What the last sample may have caught: what it did here, and all states since. */
  private ofLate(now: number): Sample[] {
    const fresh = this.past.findIndex(({ at }) => at >= now - REACH);
    // The last one before stood when the time began.
    this.past.splice(0, Math.max(0, (fresh < 0 ? this.past.length : fresh) - 1));
    return [[...this.sampled], ...this.past.map(({ counts }) => counts)];
  }

  private ask(chance: Chance, now: number, of: string): void {
    const states = this.ofLate(now);
    const bases = this.bases ?? [[...this.base]];
    const fallen = chance.sampled(of, bases, states);
    if (fallen === undefined) return;
    for (let i = 0; i < 5; i++) {
      this.sampled[i] = states[fallen.state][i];
      this.base[i] = bases[fallen.base][i];
    }
    this.bases = undefined;
  }

  private sample(now: number): void {
    let missed = Math.floor((now - this.sampledAt) / SAMPLE);
    this.sampledAt += missed * SAMPLE;
    for (let i = 0; i < 5; i++) {
      const fresh = (this.total[i] - this.sampled[i]) / (SAMPLE / SECOND);
      this.rate[i] += (fresh - this.rate[i]) / 4;
      this.sampled[i] = this.total[i];
    }
    if (missed > QUIET_SAMPLES) this.rate.fill(0);
    else while (--missed > 0) for (let i = 0; i < 5; i++) this.rate[i] -= this.rate[i] / 4;
  }
}
