/**
 * haproxy's configuration: sections global, defaults, frontend, backend, listen. Mirrors haproxy 3.0, src/cfgparse*.c, in mode
 * http: bind, default_backend, balance roundrobin|source|leastconn, cookie NAME insert [indirect] [nocache], server with check,
 * cookie, weight, backup, option forwardfor, timeouts. What haproxy knows and this does not do is refused by name.
 */
import { parseIpv4 } from '../../base/address.ts';
import { MILLISECOND, SECOND } from '../../base/scheduler.ts';

export interface ProxyServer {
  readonly name: string;
  readonly address: number;
  readonly port: number;
  readonly weight: number;
  readonly cookie: string;
  readonly check: boolean;
  readonly backup: boolean;
}

export interface ProxySection {
  readonly kind: 'frontend' | 'backend' | 'listen';
  readonly name: string;
  readonly line: number;
  ports: number[];
  defaultBackend: string;
  balance: 'roundrobin' | 'source' | 'leastconn';
  cookie: { readonly name: string; readonly indirect: boolean; readonly nocache: boolean } | undefined;
  servers: ProxyServer[];
  forwardFor: boolean;
  connect: number;
  server: number;
}

export interface HaproxyConfig {
  readonly sections: readonly ProxySection[];
  /** What haproxy says while it reads: `parsing [FILE:LINE] : …`. Any is fatal. */
  readonly problems: readonly string[];
}

const IGNORED_GLOBAL = /^(maxconn|log|user|group|daemon|nbthread|chroot|pidfile|stats|ulimit-n|master-worker)$/;
const NOT_HERE =
  /^(acl|use_backend|http-request|http-response|tcp-request|tcp-response|stats|errorfile|redirect|stick|stick-table|reqrep|compression|default-server|server-template|http-check|tcp-check|monitor-uri|capture|filter|email-alert|hash-type|retries|fullconn|http-reuse|option|maxconn|log-format|unique-id-format|source|rate-limit|dispatch)$/;

/** Names that must be looked up before {@link readHaproxy}. */
export function serverNames(text: string): string[] {
  return [...text.matchAll(/^\s*server\s+\S+\s+([^\s:]+)/gm)].map((match) => match[1] ?? '');
}

export function readHaproxy(
  text: string,
  file: string,
  addresses: ReadonlyMap<string, readonly number[]>,
): HaproxyConfig {
  const problems: string[] = [];
  const sections: ProxySection[] = [];
  const defaults = {
    forwardFor: false,
    connect: 5 * SECOND,
    server: 50 * SECOND,
    balance: 'roundrobin' as ProxySection['balance'],
  };
  let where = '';
  let section: ProxySection | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const words = raw
      .replace(/(^|\s)#.*$/, '')
      .trim()
      .split(/\s+/);
    const [keyword = '', ...args] = words;
    const [first = ''] = args;
    if (keyword === '') continue;
    const place = `parsing [${file}:${index + 1}] :`;
    const problem = (words: string): void => void problems.push(`${place} ${words}`);
    const unknown = (): void =>
      problem(
        NOT_HERE.test(keyword)
          ? `'${keyword}${keyword === 'option' ? ` ${first}` : ''}' is not emulated here`
          : `unknown keyword '${keyword}' in '${where}' section`,
      );
    if (/^(global|defaults|frontend|backend|listen)$/.test(keyword)) {
      where = keyword;
      section = undefined;
      if (keyword === 'global' || keyword === 'defaults') continue;
      if (first === '') problem(`'${keyword}' expects a name as first argument`);
      section = {
        kind: keyword as ProxySection['kind'],
        name: first,
        line: index + 1,
        ports: [],
        defaultBackend: '',
        cookie: undefined,
        servers: [],
        ...defaults,
      };
      sections.push(section);
      continue;
    }
    if (where === '') problem(`unknown keyword '${keyword}' out of section.`);
    else if (where === 'global') {
      if (!IGNORED_GLOBAL.test(keyword)) unknown();
    } else
      common(keyword, args, section ?? defaults, problem) ||
        (section !== undefined && own(keyword, args, section, problem, addresses)) ||
        unknown();
  }
  for (const one of sections) {
    if (
      one.kind === 'frontend' &&
      one.defaultBackend !== '' &&
      !sections.some(({ kind, name }) => kind !== 'frontend' && name === one.defaultBackend)
    )
      problems.push(`Proxy '${one.name}': unable to find required default_backend: '${one.defaultBackend}'.`);
    if (one.kind !== 'backend' && one.ports.length === 0)
      problems.push(
        `${one.kind} '${one.name}' has no 'bind' directive. Please declare it as a backend if this was intended.`,
      );
  }
  return { sections, problems };
}

type Defaults = Pick<ProxySection, 'forwardFor' | 'connect' | 'server' | 'balance'>;

/** What may stand in defaults too; false when it is none of these. */
function common(keyword: string, args: readonly string[], into: Defaults, problem: (words: string) => void): boolean {
  const [first = '', second = ''] = args;
  switch (keyword) {
    case 'mode':
      if (first === 'tcp') problem("'mode tcp' is not emulated here, only http");
      else if (first !== 'http') problem(`unknown proxy mode '${first}'.`);
      return true;
    case 'log':
      return true;
    case 'option':
      if (first === 'forwardfor') into.forwardFor = true;
      else if (!['httplog', 'dontlognull', 'http-server-close'].includes(first)) return false;
      return true;
    case 'timeout': {
      const time = timeOf(second);
      if (!['connect', 'client', 'server', 'http-request', 'queue', 'check'].includes(first))
        problem(`'timeout' supports 'client', 'server', 'connect', 'check', 'queue', 'http-request' (got '${first}')`);
      else if (time === undefined) problem(`invalid character '${second}' in 'timeout ${first}'`);
      else if (first === 'connect') into.connect = time;
      else if (first === 'server') into.server = time;
      return true;
    }
    case 'balance':
      if (first === 'roundrobin' || first === 'source' || first === 'leastconn') into.balance = first;
      else problem(`'balance' : only supports 'roundrobin', 'source' and 'leastconn' here (got '${first}').`);
      return true;
    default:
      return false;
  }
}

function own(
  keyword: string,
  args: readonly string[],
  section: ProxySection,
  problem: (words: string) => void,
  addresses: ReadonlyMap<string, readonly number[]>,
): boolean {
  const [first = ''] = args;
  const isFront = section.kind !== 'backend';
  const isBack = section.kind !== 'frontend';
  switch (keyword) {
    case 'bind': {
      if (!isFront) return false;
      const port = Number(/:(\d+)$/.exec(first)?.[1] ?? NaN);
      if (!(port > 0 && port < 65_536)) problem(`'bind' : missing port number: '${first}'`);
      else if (args.length > 1) problem(`'bind' : '${args[1] ?? ''}' is not emulated here`);
      else section.ports.push(port);
      return true;
    }
    case 'default_backend':
      if (!isFront) return false;
      if (first === '') problem("'default_backend' expects a backend name.");
      section.defaultBackend = first;
      return true;
    case 'cookie': {
      if (!isBack) return false;
      const unknown = args.slice(1).find((word) => !['insert', 'indirect', 'nocache'].includes(word));
      if (unknown !== undefined)
        problem(`'cookie' supports 'insert', 'indirect' and 'nocache' here (got '${unknown}')`);
      else if (!args.includes('insert')) problem("'cookie' without 'insert' is not emulated here");
      else section.cookie = { name: first, indirect: args.includes('indirect'), nocache: args.includes('nocache') };
      return true;
    }
    case 'server':
      if (!isBack) return false;
      addServer(args, section, problem, addresses);
      return true;
    default:
      return false;
  }
}

function addServer(
  [name = '', where = '', ...options]: readonly string[],
  section: ProxySection,
  problem: (words: string) => void,
  addresses: ReadonlyMap<string, readonly number[]>,
): void {
  const [host = '', port = ''] = where.split(':');
  if (where === '') return problem("'server' expects <name> and <addr>[:<port>] as arguments.");
  const literal = parseIpv4(host);
  const address = literal ?? addresses.get(host)?.[0];
  if (address === undefined) return problem(`'server ${name}' : could not resolve address '${host}'.`);
  if (!(Number(port) > 0)) return problem(`'server ${name}' : a port is needed here: '${where}'`);
  const made = { name, address, port: Number(port), weight: 1, cookie: '', check: false, backup: false };
  for (let at = 0; at < options.length; at++) {
    const word = options[at];
    if (word === 'check') made.check = true;
    else if (word === 'backup') made.backup = true;
    else if (word === 'cookie') made.cookie = options[++at] ?? '';
    else if (word === 'weight') made.weight = Number(options[++at]);
    else return problem(`'server ${name}' : unknown keyword '${word ?? ''}'.`);
  }
  if (!(made.weight >= 0 && made.weight <= 256))
    return problem(`'server ${name}' : weight of a server must be within 0 and 256`);
  section.servers.push(made);
}

function timeOf(text: string): number | undefined {
  const parts = /^(\d+)(us|ms|s|m)?$/.exec(text);
  if (parts === null) return undefined;
  const units: Readonly<Record<string, number>> = { us: 1, ms: MILLISECOND, s: SECOND, m: 60 * SECOND };
  return Number(parts[1]) * (units[parts[2] ?? 'ms'] ?? 0);
}
