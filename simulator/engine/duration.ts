/**
 * Durations and sizes in words: github.com/docker/go-units (duration.go, size.go), and the STATUS column that
 * the daemon makes of a container's state (moby container/state.go, State.String).
 */
import type { ContainerState } from './apiTypes.ts';
import { parseRfc3339, ZERO_TIME } from './time.ts';

/** `About a minute`, `3 hours`; `micros` is a span in microseconds. */
export function humanDuration(micros: number): string {
  const seconds = Math.trunc(micros / 1_000_000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(micros / 60_000_000);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const exactHours = micros / 3_600_000_000;
  const hours = Math.trunc(exactHours + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(Math.trunc(exactHours) / 24 / 365)} years`;
}

/** `1.5GB` (decimal) with four significant digits, as HumanSize prints. */
export function humanSize(bytes: number, digits = 4): string {
  return scaled(bytes, 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'], digits);
}

/** `5.793GiB` (binary), as BytesSize prints. */
export function bytesSize(bytes: number): string {
  return scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'], 4);
}

function scaled(size: number, base: number, units: readonly string[], digits: number): string {
  let unit = 0;
  let value = size;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  // %.4g: significant digits, trailing zeros dropped.
  return `${Number(value.toPrecision(digits))}${units[unit] as string}`;
}

/** The STATUS column of `docker ps`; `now` is the virtual wall clock in microseconds. */
export function containerStatus(state: ContainerState, now: number): string {
  const since = (time: string): string => humanDuration(now - (parseRfc3339(time) ?? now));
  if (state.Running) {
    if (state.Paused) return `Up ${since(state.StartedAt)} (Paused)`;
    if (state.Restarting) return `Restarting (${state.ExitCode}) ${since(state.FinishedAt)} ago`;
    const health = state.Health?.Status;
    const words = health === undefined ? '' : health === 'starting' ? ' (health: starting)' : ` (${health})`;
    return `Up ${since(state.StartedAt)}${words}`;
  }
  if (state.Status === 'removing') return 'Removal In Progress';
  if (state.Dead) return 'Dead';
  if (state.StartedAt === ZERO_TIME) return 'Created';
  if (state.FinishedAt === ZERO_TIME) return '';
  return `Exited (${state.ExitCode}) ${since(state.FinishedAt)} ago`;
}
