/**
 * What nginx makes of its configuration: servers with locations, and upstreams. Mirrors nginx 1.27 with the modules core, proxy,
 * upstream (round robin with weights, ip_hash, hash, least_conn), return and headers. A directive that nginx has and this one
 * does not do is refused by name; the sticky cookie is one of its commercial edition, so unknown here as there.
 */
import { parseIpv4 } from '../../base/address.ts';
import { MILLISECOND, SECOND } from '../../base/scheduler.ts';
import { ConfigError, type Directive } from './grammar.ts';

export interface Peer {
  readonly name: string;
  readonly address: number;
  readonly port: number;
  readonly weight: number;
  readonly backup: boolean;
  readonly down: boolean;
  readonly maxFails: number;
  readonly failTimeout: number;
}

export interface UpstreamGroup {
  readonly name: string;
  readonly peers: readonly Peer[];
  readonly method: 'round robin' | 'ip_hash' | 'hash' | 'hash consistent' | 'least_conn';
  /** What is hashed, with variables. */
  readonly key: string;
}

export interface Location {
  readonly path: string;
  readonly exact: boolean;
  readonly pass: { readonly group: UpstreamGroup; readonly host: string; readonly uri: string } | undefined;
  readonly headers: readonly (readonly [string, string])[];
  readonly added: readonly (readonly [string, string])[];
  readonly returns: { readonly code: number; readonly text: string } | undefined;
  readonly connectTimeout: number;
  readonly readTimeout: number;
}

export interface Server {
  readonly ports: readonly number[];
  readonly isDefault: boolean;
  readonly names: readonly string[];
  readonly locations: readonly Location[];
  readonly own: Location;
}

export interface NginxConfig {
  readonly servers: readonly Server[];
}

/** Where each directive may stand, and how many words it takes: least and most. */
const KNOWN: Readonly<Record<string, readonly [where: readonly string[], least: number, most: number]>> = {
  user: [['main'], 1, 2],
  worker_processes: [['main'], 1, 1],
  pid: [['main'], 1, 1],
  error_log: [['main', 'http', 'server', 'location'], 1, 2],
  events: [['main'], 0, 0],
  worker_connections: [['events'], 1, 1],
  http: [['main'], 0, 0],
  include: [['main', 'http', 'server', 'location', 'upstream', 'events'], 1, 1],
  default_type: [['http', 'server', 'location'], 1, 1],
  access_log: [['http', 'server', 'location'], 1, 3],
  sendfile: [['http', 'server', 'location'], 1, 1],
  upstream: [['http'], 1, 1],
  server: [['http', 'upstream'], 0, 9],
  ip_hash: [['upstream'], 0, 0],
  hash: [['upstream'], 1, 2],
  least_conn: [['upstream'], 0, 0],
  listen: [['server'], 1, 2],
  server_name: [['server'], 1, 9],
  location: [['server'], 1, 2],
  proxy_pass: [['location'], 1, 1],
  proxy_set_header: [['http', 'server', 'location'], 2, 2],
  proxy_connect_timeout: [['http', 'server', 'location'], 1, 1],
  proxy_read_timeout: [['http', 'server', 'location'], 1, 1],
  add_header: [['http', 'server', 'location'], 2, 3],
  return: [['server', 'location'], 1, 2],
};

const BLOCKS = ['events', 'http', 'upstream', 'location'];
/** What nginx knows and this does not do. */
const NOT_HERE =
  /^(root|alias|index|try_files|rewrite|if|set|map|geo|gzip\w*|ssl_\w+|log_format|keepalive\w*|zone|random|proxy_(?!pass$)\w+|stream|mail|limit_\w+|auth_\w+|client_\w+|error_page|real_ip_\w+|set_real_ip_from|resolver|types|tcp_\w+|server_tokens|load_module|worker_rlimit_nofile|expires|allow|deny|autoindex|charset|internal|satisfy|sub_filter\w*|split_clients)$/;

/** How the builder reaches its surroundings. */
export interface Surroundings {
  /** Addresses of a name, found beforehand. */
  readonly addresses: ReadonlyMap<string, readonly number[]>;
  /** What `include` names. */
  included(path: string, by: Directive): readonly Directive[];
}

/** All names that must be looked up before {@link buildConfig}. */
export function namesOf(directives: readonly Directive[]): string[] {
  return directives.flatMap(({ name, args, block }) => {
    const inner = block === undefined ? [] : namesOf(block);
    if (name === 'server' && block === undefined) return [...inner, hostPort(args[0] ?? '').host];
    if (name === 'proxy_pass') return [...inner, hostPort(urlOf(args[0] ?? '')?.authority ?? '').host];
    return inner;
  });
}

function hostPort(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':');
  return colon < 0 ? { host: text, port: 80 } : { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

function urlOf(text: string): { readonly authority: string; readonly uri: string } | undefined {
  const parts = /^http:\/\/([^/]+)(\/.*)?$/.exec(text);
  return parts === null ? undefined : { authority: parts[1] ?? '', uri: parts[2] ?? '' };
}

/** Checks and reads. Throws {@link ConfigError} with the first thing that is wrong. */
export function buildConfig(directives: readonly Directive[], around: Surroundings): NginxConfig {
  const main = checked(directives, 'main', around);
  if (!main.some(({ name }) => name === 'events')) throw new ConfigError('no "events" section in configuration');
  const http = main.find(({ name }) => name === 'http')?.block ?? [];
  const groups = new Map<string, UpstreamGroup>();
  for (const one of http) if (one.name === 'upstream') groups.set(one.args[0] ?? '', groupOf(one, around));
  const servers = http.filter(({ name }) => name === 'server').map((one) => serverOf(one, http, groups, around));
  return { servers };
}

/** Every directive known, at its place, with its words; includes put in. */
function checked(list: readonly Directive[], where: string, around: Surroundings): Directive[] {
  return list.flatMap((one): Directive[] => {
    const { name, args, file, line, block } = one;
    const known = KNOWN[name];
    if (known === undefined)
      throw new ConfigError(
        NOT_HERE.test(name) ? `"${name}" is not emulated here` : `unknown directive "${name}"`,
        file,
        line,
      );
    const [places, least, most] = known;
    if (!places.includes(where)) throw new ConfigError(`"${name}" directive is not allowed here`, file, line);
    const needsBlock = BLOCKS.includes(name) || (name === 'server' && where === 'http');
    if (needsBlock && block === undefined) throw new ConfigError(`directive "${name}" has no opening "{"`, file, line);
    if (!needsBlock && block !== undefined)
      throw new ConfigError(`directive "${name}" is not terminated by ";"`, file, line);
    const wrong =
      name === 'server'
        ? where === 'http'
          ? args.length > 0
          : args.length === 0
        : args.length < least || args.length > most;
    if (wrong) throw new ConfigError(`invalid number of arguments in "${name}" directive`, file, line);
    if (name === 'include') return checked(around.included(args[0] ?? '', one), where, around);
    return [block === undefined ? one : { ...one, block: checked(block, name, around) }];
  });
}

function groupOf({ args: [name = ''], block = [], file, line }: Directive, around: Surroundings): UpstreamGroup {
  const way = block.find((one) => ['ip_hash', 'hash', 'least_conn'].includes(one.name));
  if (way?.name === 'hash' && way.args[1] !== undefined && way.args[1] !== 'consistent')
    throw new ConfigError(`invalid parameter "${way.args[1]}"`, way.file, way.line);
  const method =
    way === undefined
      ? 'round robin'
      : way.name === 'hash'
        ? way.args[1] === undefined
          ? 'hash'
          : 'hash consistent'
        : (way.name as 'ip_hash' | 'least_conn');
  const peers = block.filter((one) => one.name === 'server').flatMap((one) => peersOf(one, one.args[0] ?? '', around));
  if (peers.length === 0) throw new ConfigError(`no servers are inside upstream`, file, line);
  return { name, peers, method, key: way?.args[0] ?? '' };
}

function peersOf(one: Directive, text: string, around: Surroundings): Peer[] {
  const { host, port } = hostPort(text);
  if (!(port > 0 && port < 65_536)) throw new ConfigError(`invalid port in upstream "${text}"`, one.file, one.line);
  const literal = parseIpv4(host);
  const addresses = literal === undefined ? around.addresses.get(host) : [literal];
  if (addresses === undefined || addresses.length === 0)
    throw new ConfigError(`host not found in upstream "${text}"`, one.file, one.line);
  let [weight, maxFails, failTimeout] = [1, 1, 10 * SECOND];
  const flags = one.name === 'server' ? one.args.slice(1) : [];
  for (const flag of flags) {
    const [key = '', value = ''] = flag.split('=');
    if (key === 'weight' && Number(value) >= 1) weight = Number(value);
    else if (key === 'max_fails' && Number(value) >= 0) maxFails = Number(value);
    else if (key === 'fail_timeout') failTimeout = timeOf(value, one);
    else if (flag !== 'backup' && flag !== 'down')
      throw new ConfigError(`invalid parameter "${flag}"`, one.file, one.line);
  }
  return addresses.map((address) => ({
    name: text,
    address,
    port,
    weight,
    maxFails,
    failTimeout,
    backup: flags.includes('backup'),
    down: flags.includes('down'),
  }));
}

/** `5`, `5s`, `200ms`, `1m`. */
function timeOf(text: string, { name, file, line }: Directive): number {
  const parts = /^(\d+)(ms|s|m)?$/.exec(text);
  if (parts === null) throw new ConfigError(`"${name}" directive invalid value`, file, line);
  return Number(parts[1]) * (parts[2] === 'ms' ? MILLISECOND : parts[2] === 'm' ? 60 * SECOND : SECOND);
}

function serverOf(
  { block = [] }: Directive,
  http: readonly Directive[],
  groups: ReadonlyMap<string, UpstreamGroup>,
  around: Surroundings,
): Server {
  const listens = block.filter(({ name }) => name === 'listen');
  const ports = listens.map((one) => {
    const port = Number((one.args[0] ?? '').replace(/^.*:/, ''));
    if (!(port > 0 && port < 65_536))
      throw new ConfigError(`invalid port in "${one.args[0] ?? ''}" of the "listen" directive`, one.file, one.line);
    if (one.args[1] !== undefined && one.args[1] !== 'default_server')
      throw new ConfigError(`"listen" with ${one.args[1]} is not emulated here`, one.file, one.line);
    return port;
  });
  const locations = block
    .filter(({ name }) => name === 'location')
    .map((one) => {
      const [first = '', second] = one.args;
      if (/^(~|~\*|\^~)$/.test(first))
        throw new ConfigError(`"location ${first}" is not emulated here`, one.file, one.line);
      return locationOf(second ?? first, first === '=', [http, block, one.block ?? []], groups, around);
    });
  return {
    ports: ports.length === 0 ? [80] : ports,
    isDefault: listens.some(({ args }) => args[1] === 'default_server'),
    names: block.filter(({ name }) => name === 'server_name').flatMap(({ args }) => args),
    locations,
    own: locationOf('/', false, [http, block], groups, around),
  };
}

/** What holds in a location: the innermost block that has a directive decides. */
function locationOf(
  path: string,
  exact: boolean,
  blocks: readonly (readonly Directive[])[],
  groups: ReadonlyMap<string, UpstreamGroup>,
  around: Surroundings,
): Location {
  const inherited = (name: string): readonly Directive[] =>
    blocks.map((block) => block.filter((one) => one.name === name)).findLast((found) => found.length > 0) ?? [];
  const own = blocks.at(-1) ?? [];
  const passed = blocks.length === 3 ? own.find(({ name }) => name === 'proxy_pass') : undefined;
  const time = (name: string): number => {
    const [one] = inherited(name);
    return one === undefined ? 60 * SECOND : timeOf(one.args[0] ?? '', one);
  };
  const returned = own.find(({ name }) => name === 'return');
  const code = Number(returned?.args[0] ?? 0);
  if (returned !== undefined && !(code >= 100 && code <= 999))
    throw new ConfigError(`invalid return code "${returned.args[0] ?? ''}"`, returned.file, returned.line);
  return {
    path,
    exact,
    pass: passed === undefined ? undefined : passOf(passed, groups, around),
    headers: inherited('proxy_set_header').map(({ args }) => [args[0] ?? '', args[1] ?? ''] as const),
    added: inherited('add_header').map(({ args }) => [args[0] ?? '', args[1] ?? ''] as const),
    returns: returned === undefined ? undefined : { code, text: returned.args[1] ?? '' },
    connectTimeout: time('proxy_connect_timeout'),
    readTimeout: time('proxy_read_timeout'),
  };
}

function passOf(
  one: Directive,
  groups: ReadonlyMap<string, UpstreamGroup>,
  around: Surroundings,
): NonNullable<Location['pass']> {
  const text = one.args[0] ?? '';
  const url = urlOf(text);
  if (url === undefined)
    throw new ConfigError(
      text.startsWith('https://') ? 'https is not emulated here' : 'invalid URL prefix',
      one.file,
      one.line,
    );
  if (url.authority.includes('$') || url.uri.includes('$'))
    throw new ConfigError('variables in "proxy_pass" are not emulated here', one.file, one.line);
  const group = groups.get(url.authority) ?? {
    name: url.authority,
    peers: peersOf(one, url.authority, around),
    method: 'round robin' as const,
    key: '',
  };
  return { group, host: url.authority, uri: url.uri };
}
