/**
 * Values of options: what docker/cli's opts/ and Go's strconv and time accept, in their words.
 * Every `check…` answers undefined, or what pflag prints after `flag: `.
 */
import { parseIpv4 } from '../../base/address.ts';

const DURATION_UNITS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Go's time.ParseDuration in nanoseconds; undefined when malformed. */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.exec(text);
  if (match === null) return text === '0' ? 0 : undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g))
    total += Number(amount) * (DURATION_UNITS[unit as string] as number);
  return match[1] === '-' ? -total : total;
}

/** Go's Duration.String: `5s`, `1m30s`, `2160h0m0s`, `1.5s`, `200ms`. */
export function durationText(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  const sign = nanoseconds < 0 ? '-' : '';
  const value = Math.abs(nanoseconds);
  if (value < 1e3) return `${sign}${value}ns`;
  if (value < 1e6) return `${sign}${value / 1e3}µs`;
  if (value < 1e9) return `${sign}${value / 1e6}ms`;
  const hours = Math.floor(value / 3600e9);
  const minutes = Math.floor(value / 60e9) % 60;
  const seconds = (value % 60e9) / 1e9;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}

/** go-units RAMInBytes: `512m`, `1.5GiB`; undefined when malformed. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)*) ?([kKmMgGtTpP])?[iI]?[bB]?$/.exec(text);
  if (match === null) return undefined;
  return Math.trunc(
    Number(match[1]) * 1024 ** ('kmgtp'.indexOf((match[2] ?? '').toLowerCase()) + 1) || Number(match[1]),
  );
}

/** opts.ParseCPUs: billionths of a CPU; undefined when malformed. */
export function parseCpus(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1e9) : undefined;
}

const CHECKS: Record<string, (value: string) => string | undefined> = {
  bool: (value) =>
    /^(1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(value)
      ? undefined
      : `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
  uint: (value) => whole(value, 'ParseUint', /^\d+$/, 2 ** 64),
  uint32: (value) => whole(value, 'ParseUint', /^\d+$/, 2 ** 32),
  uint16: (value) => whole(value, 'ParseUint', /^\d+$/, 2 ** 16),
  int: (value) => whole(value, 'ParseInt', /^[+-]?\d+$/, 2 ** 63),
  float: (value) =>
    /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)
      ? undefined
      : `strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`,
  duration: (value) => {
    const nanoseconds = parseDuration(value);
    if (nanoseconds === undefined)
      return /[0-9]$/.test(value)
        ? `time: missing unit in duration ${JSON.stringify(value)}`
        : `time: invalid duration ${JSON.stringify(value)}`;
    return nanoseconds < 0 ? 'duration cannot be negative' : undefined;
  },
  bytes: (value) => (parseBytes(value) === undefined ? `invalid size: '${value}'` : undefined),
  decimal: (value) => (parseCpus(value) === undefined ? `failed to parse ${value} as a rational number` : undefined),
  filter: (value) => (value === '' || value.includes('=') ? undefined : 'bad format of filter (expected name=value)'),
  ipNetSlice: (value) =>
    value.split(',').every((cidr) => /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(cidr))
      ? undefined
      : `invalid string being converted to CIDR: ${value}`,
  map: () => undefined,
};

/** The check of a type; types without one take any text. */
export function checkValue(type: string, value: string): string | undefined {
  return CHECKS[type]?.(value);
}

function whole(value: string, name: string, pattern: RegExp, limit: number): string | undefined {
  if (!pattern.test(value)) return `strconv.${name}: parsing ${JSON.stringify(value)}: invalid syntax`;
  const number = Number(value);
  return number >= limit || number < -limit
    ? `strconv.${name}: parsing ${JSON.stringify(value)}: value out of range`
    : undefined;
}

/** opts.ValidateIPAddress */
export function checkIp(value: string): string | undefined {
  return parseIpv4(value) === undefined ? `${value} is not an ip address` : undefined;
}

/** opts.ValidateEnv */
export function checkEnv(value: string): string | undefined {
  return value.startsWith('=') || value === '' ? `invalid environment variable: ${value}` : undefined;
}

/** opts.ValidateLabel */
export function checkLabel(value: string): string | undefined {
  return value.startsWith('=') || value === '' ? `invalid label '${value}': empty name` : undefined;
}

/** opts.ValidateExtraHost: `name:ip`. */
export function checkHost(value: string): string | undefined {
  const colon = value.indexOf(':');
  if (colon < 1) return `bad format for add-host: ${JSON.stringify(value)}`;
  const address = value.slice(colon + 1);
  return address === 'host-gateway' || parseIpv4(address) !== undefined
    ? undefined
    : `invalid IP address in add-host: ${JSON.stringify(address)}`;
}

/** opts.MountOpt: what is wrong with the fields of a mount before anybody mounts it. */
export function checkMount(value: string): string | undefined {
  let type = 'volume';
  let target = '';
  for (const field of value.split(',')) {
    const [key = '', text] = field.split('=', 2) as [string, string?];
    const name = key.toLowerCase();
    if (text === undefined && !['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive'].includes(name))
      return `invalid field '${field}' must be a key=value pair`;
    if (name === 'type') type = (text ?? '').toLowerCase();
    else if (name === 'target' || name === 'dst' || name === 'destination') target = text ?? '';
  }
  if (type === '') return 'type is required';
  return target === '' ? 'target is required' : undefined;
}

/** `spread=node.labels.zone` */
export function checkPreference(value: string): string | undefined {
  const equals = value.indexOf('=');
  if (equals < 1) return 'placement preference must be of the format "<strategy>=<arg>"';
  const strategy = value.slice(0, equals);
  return strategy === 'spread' ? undefined : `unsupported placement preference ${strategy} (only spread is supported)`;
}

/** `key=value` texts as an object with sorted keys; without `=` the value is ''. */
export function keyValues(texts: readonly string[]): Record<string, string> {
  const entries = texts.map((text): [string, string] => {
    const equals = text.indexOf('=');
    return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
  });
  const last = new Map(entries);
  return Object.fromEntries([...last].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
