/**
 * /proc/sys: names, reading and writing. Mirrors net/ipv4/sysctl_net_ipv4.c, net/ipv4/devinet.c (conf), net/core/sysctl_net_core.c,
 * net/bridge/br_netfilter_hooks.c; texts and errors as procfs gives them. A file is known by its
 * path below /proc/sys (`net/ipv4/ip_forward`); names with dots are taken as well. Only names with a meaning here exist; other rooms add theirs with {@link registerSysctls}. Values outside /proc/sys/net are the machine's, the same in every namespace.
 */
import type { Origin } from '../base/origin.ts';
import { done, ok, refuse, type Result } from '../base/result.ts';
import type { Ipv4Conf } from './device.ts';
import { setIpv6Disabled } from './devices.ts';
import type { NetnsKnobs, NetworkNamespace } from './netns.ts';

/** One file below /proc/sys. */
export interface Sysctl {
  /** Path below /proc/sys, e.g. `net/ipv4/vs/conntrack`. */
  readonly path: string;
  /** The text without its newline; undefined where the namespace does not have the file. */
  read(ns: NetworkNamespace): string | undefined;
  /** Absent: read-only (EACCES, as `sysctl` reports). `text` is without its newline. */
  write?(ns: NetworkNamespace, text: string): Result<undefined>;
}

type NumericKnob = { [K in keyof NetnsKnobs]: NetnsKnobs[K] extends number ? K : never }[keyof NetnsKnobs];
type ConfName = Exclude<keyof Ipv4Conf, 'proxy_delay'>;

const INT_MAX = 0x7fffffff;

/** Knobs of a namespace: path, field, lowest and highest value. */
const KNOBS: readonly (readonly [path: string, field: NumericKnob, low: number, high: number])[] = [
  ['net/bridge/bridge-nf-call-arptables', 'bridge_nf_call_arptables', -INT_MAX, INT_MAX],
  ['net/bridge/bridge-nf-call-iptables', 'bridge_nf_call_iptables', -INT_MAX, INT_MAX],
  ['net/core/somaxconn', 'somaxconn', 0, INT_MAX],
  ['net/ipv4/fwmark_reflect', 'fwmark_reflect', 0, 255],
  ['net/ipv4/icmp_echo_ignore_all', 'icmp_echo_ignore_all', 0, 1],
  ['net/ipv4/icmp_echo_ignore_broadcasts', 'icmp_echo_ignore_broadcasts', 0, 1],
  ['net/ipv4/icmp_ratelimit', 'icmp_ratelimit', 0, INT_MAX],
  ['net/ipv4/ip_default_ttl', 'ip_default_ttl', 1, 255],
  ['net/ipv4/ip_forward_use_pmtu', 'ip_forward_use_pmtu', 0, 1],
  ['net/ipv4/ip_nonlocal_bind', 'ip_nonlocal_bind', 0, 1],
  ['net/ipv4/tcp_fin_timeout', 'tcp_fin_timeout', 0, INT_MAX],
  ['net/ipv4/tcp_keepalive_intvl', 'tcp_keepalive_intvl', 0, INT_MAX],
  ['net/ipv4/tcp_keepalive_probes', 'tcp_keepalive_probes', 0, 255],
  ['net/ipv4/tcp_keepalive_time', 'tcp_keepalive_time', 0, INT_MAX],
  ['net/ipv4/tcp_max_syn_backlog', 'tcp_max_syn_backlog', 0, INT_MAX],
  ['net/ipv4/tcp_retries2', 'tcp_retries2', 0, 255],
  ['net/ipv4/tcp_sack', 'tcp_sack', 0, 1],
  ['net/ipv4/tcp_syn_retries', 'tcp_syn_retries', 1, 127],
  ['net/ipv4/tcp_synack_retries', 'tcp_synack_retries', 0, 255],
  ['net/ipv4/tcp_timestamps', 'tcp_timestamps', 0, 2],
  ['net/ipv4/tcp_window_scaling', 'tcp_window_scaling', 0, 1],
];

/** net.ipv4.conf.{all,default,DEV}.* */
const CONF_NAMES: readonly ConfName[] = [
  'accept_local',
  'accept_redirects',
  'arp_accept',
  'arp_announce',
  'arp_filter',
  'arp_ignore',
  'arp_notify',
  'forwarding',
  'log_martians',
  'proxy_arp',
  'route_localnet',
  'rp_filter',
  'secure_redirects',
  'send_redirects',
  'src_valid_mark',
];

/** Of the machine, not of a namespace: what scripts read and nothing here depends on. */
const MACHINE: readonly (readonly [path: string, text: (ns: NetworkNamespace) => string])[] = [
  ['kernel/hostname', (ns) => ns.kernel.host],
  ['kernel/osrelease', (ns) => ns.kernel.platform.kernel],
  ['kernel/ostype', () => 'Linux'],
  ['kernel/pid_max', () => '4194304'],
  ['vm/overcommit_memory', () => '0'],
  ['vm/swappiness', () => '60'],
];

const CORE: readonly Sysctl[] = [
  ...KNOBS.map(([path, field, low, high]) =>
    numeric(
      path,
      (ns) => ns.knobs[field],
      (ns, value) => (ns.knobs[field] = value),
      low,
      high,
    ),
  ),
  numeric('net/ipv4/ip_forward', (ns) => ns.knobs.ip_forward, setForwarding, -INT_MAX, INT_MAX),
  {
    path: 'net/ipv4/ip_local_port_range',
    read: (ns) => `${ns.knobs.ip_local_port_min}\t${ns.knobs.ip_local_port_max}`,
    write: setPortRange,
  },
  numeric(
    'net/ipv6/conf/default/disable_ipv6',
    (ns) => ns.disableIpv6Default,
    (ns, value) => (ns.disableIpv6Default = value),
    0,
    1,
  ),
  ...MACHINE.map(([path, read]) => ({ path, read })),
];

const registered = new Map<string, Sysctl>(CORE.map((entry) => [entry.path, entry]));

/** Adds files: other rooms call it once, when their module is loaded. A second registration of a name replaces the first. */
export function registerSysctls(entries: readonly Sysctl[]): void {
  for (const entry of entries) registered.set(entry.path, entry);
}

/** An integer file: EINVAL for anything but a number, or one out of range. */
function numeric(
  path: string,
  read: (ns: NetworkNamespace) => number,
  set: (ns: NetworkNamespace, value: number) => void,
  low = -INT_MAX,
  high = INT_MAX,
): Sysctl {
  return {
    path,
    read: (ns) => String(read(ns)),
    write(ns, text) {
      const value = parseInteger(text);
      if (value === undefined || value < low || value > high) return refuse('EINVAL');
      set(ns, value);
      return done;
    },
  };
}

/** A decimal, octal (0…) or hexadecimal (0x…) integer with blanks around it, as proc_dointvec reads it. */
export function parseInteger(text: string): number | undefined {
  const match = /^\s*(-?)(0x[0-9a-f]+|[0-9]+)\s*$/i.exec(text);
  if (match === null) return undefined;
  const digits = match[2] as string;
  const value = /^0[0-7]+$/.test(digits) ? parseInt(digits, 8) : Number(digits);
  return Number.isNaN(value) ? undefined : match[1] === '-' ? -value : value;
}

/** The path of a name typed with dots; with a slash first, slashes part and dots belong to names (`net/ipv4/conf/eth0.5/…`). */
export function sysctlPath(name: string): string {
  const dot = name.indexOf('.');
  const slash = name.indexOf('/');
  if (slash >= 0 && (dot < 0 || slash < dot)) return name;
  return name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
}

/** The name of a path with dots; dots within (of devices) become slashes. */
export function sysctlName(path: string): string {
  return path.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/'));
}

/** The text of a file, without newline. ENOENT. */
export function readSysctl(ns: NetworkNamespace, path: string): Result<string> {
  const text = find(ns, sysctlPath(path))?.read(ns);
  return text === undefined ? refuse('ENOENT') : ok(text);
}

/** Who set one of these knobs last; undefined when nobody did since the namespace was born. */
export function knobOrigin(ns: NetworkNamespace, ...paths: readonly string[]): Origin | undefined {
  let found: Origin | undefined;
  for (const [path, origin] of ns.knobOrigins ?? []) if (paths.includes(path)) found = origin;
  return found;
}

/** Sets a file. ENOENT, EINVAL, EACCES (read-only). A newline at the end is ignored. */
export function writeSysctl(ns: NetworkNamespace, path: string, text: string, origin?: Origin): Result<undefined> {
  const entry = find(ns, sysctlPath(path));
  if (entry === undefined || entry.read(ns) === undefined) return refuse('ENOENT');
  if (entry.write === undefined) return refuse('EACCES');
  const written = entry.write(ns, text.replace(/\n$/, ''));
  if (written.ok && origin !== undefined) {
    ns.knobOrigins ??= new Map();
    ns.knobOrigins.delete(sysctlPath(path));
    ns.knobOrigins.set(sysctlPath(path), origin);
  }
  return written;
}

/** The paths of all files of a namespace, sorted as directories are listed. */
export function listSysctls(ns: NetworkNamespace): string[] {
  const paths = [...registered].filter(([, entry]) => entry.read(ns) !== undefined).map(([path]) => path);
  for (const owner of ['all', 'default', ...deviceNames(ns)]) {
    for (const name of CONF_NAMES) paths.push(`net/ipv4/conf/${owner}/${name}`);
    if (owner !== 'all') paths.push(`net/ipv4/neigh/${owner}/proxy_delay`);
    if (owner !== 'default') paths.push(`net/ipv6/conf/${owner}/disable_ipv6`);
  }
  return paths.sort(byParts);
}

function byParts(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i] as string, right[i] as string];
    if (x !== y) return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

function deviceNames(ns: NetworkNamespace): string[] {
  return [...ns.byName.keys()].sort();
}

function find(ns: NetworkNamespace, path: string): Sysctl | undefined {
  const known = registered.get(path);
  if (known !== undefined) return known;
  const parts = path.split('/');
  if (parts.length !== 5 || parts[0] !== 'net') return undefined;
  if (parts[2] === 'neigh' && parts[1] === 'ipv4' && parts[4] === 'proxy_delay') return proxyDelay(ns, path, parts[3] ?? '');
  if (parts[2] !== 'conf') return undefined;
  const [, family, , owner = '', name = ''] = parts;
  if (family === 'ipv6' && name === 'disable_ipv6') return disableIpv6(ns, path, owner);
  if (family !== 'ipv4' || !(CONF_NAMES as readonly string[]).includes(name)) return undefined;
  const conf = owner === 'all' ? ns.confAll : owner === 'default' ? ns.confDefault : ns.device(owner)?.conf;
  if (conf === undefined) return undefined;
  const field = name as ConfName;
  return numeric(
    path,
    () => (field === 'forwarding' && owner === 'all' ? ns.knobs.ip_forward : conf[field]),
    (_, value) => {
      if (field === 'forwarding' && owner === 'all') setForwarding(ns, value);
      else conf[field] = value;
    },
  );
}

/** inet_forward_change: `ip_forward` is `conf.all.forwarding`, and sets every device and the default. */
function setForwarding(ns: NetworkNamespace, value: number): void {
  ns.knobs.ip_forward = value;
  ns.confAll.forwarding = value;
  ns.confDefault.forwarding = value;
  for (const dev of ns.devices.values()) dev.conf.forwarding = value;
}

function setPortRange(ns: NetworkNamespace, text: string): Result<undefined> {
  const [low, high, more] = text.trim().split(/\s+/).map(parseInteger);
  if (low === undefined || high === undefined || more !== undefined) return refuse('EINVAL');
  if (low < 1 || high > 65535 || low > high) return refuse('EINVAL');
  ns.knobs.ip_local_port_min = low;
  ns.knobs.ip_local_port_max = high;
  return done;
}

/** net.ipv4.neigh.{default,DEV}.proxy_delay */
function proxyDelay(ns: NetworkNamespace, path: string, owner: string): Sysctl | undefined {
  const conf = owner === 'default' ? ns.confDefault : ns.device(owner)?.conf;
  return conf && numeric(path, () => conf.proxy_delay, (_, value) => (conf.proxy_delay = value), 0);
}

function disableIpv6(ns: NetworkNamespace, path: string, owner: string): Sysctl | undefined {
  if (owner === 'all') {
    return numeric(
      path,
      () => Math.min(1, ...[...ns.devices.values()].map((dev) => dev.disableIpv6)),
      (_, value) => {
        ns.disableIpv6Default = value;
        for (const dev of ns.devices.values()) setIpv6Disabled(dev, value !== 0);
      },
      0,
      1,
    );
  }
  const dev = ns.device(owner);
  if (dev === undefined) return undefined;
  return numeric(
    path,
    () => dev.disableIpv6,
    (_, value) => setIpv6Disabled(dev, value !== 0),
    0,
    1,
  );
}
