/**
 * Whether a container is well: a command that is run in it again and again. Mirrors moby daemon/health.go: `starting` until the
 * first success, `unhealthy` after so many failures in a row; failures within the start period do not count.
 */
import { MILLISECOND, SECOND, type Scheduler, type Timer } from '../base/scheduler.ts';
import { rfc3339Nano, type ContainerHealth, type HealthConfig } from './api.ts';

/** Results that inspect shows, and how much of each. */
const LOG_KEPT = 5;
const OUTPUT_KEPT = 4096;

/** Microseconds. */
const DEFAULT_INTERVAL = 30 * SECOND;
const DEFAULT_TIMEOUT = 30 * SECOND;
const DEFAULT_START_INTERVAL = 5 * SECOND;
const DEFAULT_RETRIES = 3;

/** One run of the command; `kill` gives it up. */
export interface Probe {
  kill(): void;
}

/** Starts a run; `done` gets the exit code, or undefined with the words of what could not be started. */
export type StartProbe = (
  argv: readonly string[],
  done: (exitCode: number | undefined, output: string) => void,
) => Probe;

/** The command line of a configuration; undefined when there is nothing to run. */
export function healthCommand(config: HealthConfig | undefined): readonly string[] | undefined {
  const [kind, ...words] = config?.Test ?? [];
  if (kind === 'CMD') return words;
  return kind === 'CMD-SHELL' ? ['/bin/sh', '-c', words.join(' ')] : undefined;
}

export class HealthMonitor {
  status: ContainerHealth['Status'] = 'starting';
  /** Called after each change of {@link status}. */
  onStatus: ((status: ContainerHealth['Status']) => void)[] = [];
  private streak = 0;
  private readonly log: ContainerHealth['Log'] = [];
  private readonly config: HealthConfig;
  private readonly scheduler: Scheduler;
  private readonly wallClock: () => number;
  private readonly startProbe: StartProbe;
  private readonly startedAt: number;
  private timer: Timer | undefined;
  private probe: Probe | undefined;
  private stopped = false;

  constructor(config: HealthConfig, scheduler: Scheduler, wallClock: () => number, startProbe: StartProbe) {
    this.config = config;
    this.scheduler = scheduler;
    this.wallClock = wallClock;
    this.startProbe = startProbe;
    this.startedAt = scheduler.now;
    this.later();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.probe?.kill();
  }

  view(): ContainerHealth {
    return { Status: this.status, FailingStreak: this.streak, Log: [...this.log] };
  }

  private get starting(): boolean {
    return this.status === 'starting' && this.scheduler.now - this.startedAt < micros(this.config.StartPeriod, 0);
  }

  private later(): void {
    const interval = this.starting
      ? micros(this.config.StartInterval, DEFAULT_START_INTERVAL)
      : micros(this.config.Interval, DEFAULT_INTERVAL);
    this.timer = this.scheduler.after(interval, () => this.run());
  }

  private run(): void {
    const argv = healthCommand(this.config);
    if (this.stopped || argv === undefined) return;
    const begun = this.wallClock();
    const early = this.starting;
    let over = false;
    const end = (exitCode: number, output: string): void => {
      if (over || this.stopped) return;
      over = true;
      limit.cancel();
      this.probe = undefined;
      this.take(
        {
          Start: rfc3339Nano(begun),
          End: rfc3339Nano(this.wallClock()),
          ExitCode: exitCode,
          Output: output.slice(0, OUTPUT_KEPT),
        },
        early,
      );
    };
    const patience = micros(this.config.Timeout, DEFAULT_TIMEOUT);
    const limit = this.scheduler.after(patience, () => {
      const { probe } = this;
      end(
        -1,
        `Health check exceeded timeout (${patience % SECOND === 0 ? `${patience / SECOND}s` : `${patience / MILLISECOND}ms`})`,
      );
      probe?.kill();
    });
    this.probe = this.startProbe(argv, (exitCode, output) => end(exitCode ?? -1, output));
  }

  private take(result: ContainerHealth['Log'][number], early: boolean): void {
    this.log.push(result);
    if (this.log.length > LOG_KEPT) this.log.shift();
    const before = this.status;
    if (result.ExitCode === 0) {
      this.streak = 0;
      this.status = 'healthy';
    } else if (!early || before !== 'starting') {
      this.streak++;
      if (
        this.streak >=
        (this.config.Retries === undefined || this.config.Retries === 0 ? DEFAULT_RETRIES : this.config.Retries)
      )
        this.status = 'unhealthy';
    }
    if (this.status !== before) for (const tell of [...this.onStatus]) tell(this.status);
    if (!this.stopped) this.later();
  }
}

function micros(nanoseconds: number | undefined, otherwise: number): number {
  return nanoseconds === undefined || nanoseconds === 0 ? otherwise : nanoseconds / 1000;
}
