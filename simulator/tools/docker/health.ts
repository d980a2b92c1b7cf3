/** `--health-*` and `--no-healthcheck`: cli/command/service/opts.go, update.go and container/opts.go. */
import type { HealthConfig } from '../../engine/api.ts';
import { Failure } from './failure.ts';
import type { Options } from './options.ts';
import { parseDuration } from './optionValues.ts';

const OPTIONS = [
  'health-cmd',
  'health-interval',
  'health-timeout',
  'health-retries',
  'health-start-period',
  'health-start-interval',
];

const given = (options: Options): boolean => OPTIONS.some((name) => options.has(name));
const duration = (options: Options, name: string): number =>
  options.has(name) ? (parseDuration(options.text(name)) ?? 0) : 0;

/** What is asked for; undefined when nothing is. */
export function healthOf(options: Options): HealthConfig | undefined {
  if (options.flag('no-healthcheck')) {
    if (given(options)) throw new Failure('--no-healthcheck conflicts with --health-* options');
    return { Test: ['NONE'] };
  }
  if (!given(options)) return undefined;
  return compact({
    Test: options.text('health-cmd') === '' ? undefined : ['CMD-SHELL', options.text('health-cmd')],
    Interval: duration(options, 'health-interval'),
    Timeout: duration(options, 'health-timeout'),
    StartPeriod: duration(options, 'health-start-period'),
    StartInterval: duration(options, 'health-start-interval'),
    Retries: options.has('health-retries') ? options.number('health-retries') : 0,
  });
}

/** The configuration after `service update`. */
export function editHealth(before: HealthConfig | undefined, options: Options): HealthConfig | undefined {
  const asked = healthOf(options);
  if (asked === undefined) return before;
  if (asked.Test?.[0] === 'NONE') return asked;
  const kept = before?.Test?.[0] === 'NONE' ? {} : before;
  return { ...kept, ...asked };
}

/** Go leaves out what is zero. */
function compact(config: { [K in keyof HealthConfig]: HealthConfig[K] | undefined }): HealthConfig {
  return Object.fromEntries(
    Object.entries(config).filter(([, part]) => part !== undefined && part !== 0),
  ) as HealthConfig;
}
