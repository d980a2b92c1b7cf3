/**
 * The command line of ipvsadm 1.31: popt's rules for words, then ipvsadm's own tables of what goes with what
 * (ipvsadm.c: parse_options, generic_opt_check, process_options).
 */
import { parseIpv4 } from '../../base/address.ts';
import type { ForwardMethod } from '../../ipvs/index.ts';
import { PROTO_SCTP, PROTO_TCP, PROTO_UDP } from '../../wire/packet.ts';
import { servicePort } from '../../wire/services.ts';

/** The program ends: text for stderr and the exit status. */
export class Stop {
  readonly text: string;
  readonly status: number;
  constructor(text: string, status: number) {
    this.text = text;
    this.status = status;
  }
}

type ArgumentKind = 'none' | 'string' | 'optional';

interface Option {
  readonly long: string;
  readonly short?: string;
  readonly takes: ArgumentKind;
}

const OPTIONS: readonly Option[] = [
  ...commandOptions(
    'add-service/A edit-service/E delete-service/D clear/C list/L list/l zero/Z add-server/a edit-server/e delete-server/d',
  ),
  ...commandOptions(
    'set help/h version/v restore/R save/S masquerading/m ipip/i gatewaying/g numeric/n connection/c timeout daemon stats',
  ),
  ...commandOptions(
    'rate thresholds persistent-conn nosort sort exact ipv6/6 ops/o tun-info tun-nocsum tun-csum tun-remcsum',
  ),
  ...commandOptions(
    'start-daemon stop-daemon tcp-service/t udp-service/u sctp-service fwmark-service/f scheduler/s netmask/M',
    'string',
  ),
  ...commandOptions(
    'real-server/r weight/w u-threshold/x l-threshold/y mcast-interface mcast-group mcast-port mcast-ttl syncid',
    'string',
  ),
  ...commandOptions('sync-maxlen pe sched-flags/b tun-type tun-port', 'string'),
  { long: 'persistent', short: 'p', takes: 'optional' },
];

function commandOptions(text: string, takes: ArgumentKind = 'none'): Option[] {
  return text.split(' ').map((word) => {
    const [long, short] = word.split('/');
    return short === undefined ? { long, takes } : { long, short, takes };
  });
}

/** Known to ipvsadm, without an effect here. */
const NOT_EMULATED = new Set(['pe', 'tun-info', 'tun-port', 'tun-nocsum', 'tun-csum', 'tun-remcsum']);

/** popt's reading of a command line, one option at a time. */
class OptionReader {
  private readonly words: string[];
  private cluster = '';
  /** Words that are no options. */
  readonly rest: string[] = [];
  argument: string | undefined;
  /** The word as typed, for messages. */
  typed = '';

  constructor(words: readonly string[]) {
    this.words = [...words];
  }

  /** The next option's long name; undefined at the end; a Stop on an error of popt's. */
  next(): string | undefined | Stop {
    this.argument = undefined;
    if (this.cluster !== '') return this.shortOption();
    for (;;) {
      const word = this.words.shift();
      if (word === undefined) return undefined;
      if (word === '--') {
        this.rest.push(...this.words.splice(0));
        return undefined;
      }
      if (!word.startsWith('-') || word === '-') {
        this.rest.push(word);
        continue;
      }
      if (!word.startsWith('--')) {
        this.cluster = word.slice(1);
        return this.shortOption();
      }
      const equals = word.indexOf('=');
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
      this.typed = `--${name}`;
      const option = OPTIONS.find((each) => each.long === name);
      return option === undefined
        ? new Stop(`${word}: unknown option\n`, 255)
        : this.take(option, equals < 0 ? undefined : word.slice(equals + 1));
    }
  }

  private shortOption(): string | Stop {
    const letter = this.cluster[0];
    this.cluster = this.cluster.slice(1);
    this.typed = `-${letter}`;
    const option = OPTIONS.find((each) => each.short === letter);
    if (option === undefined) return new Stop(`-${letter}: unknown option\n`, 255);
    if (option.takes === 'none' || this.cluster === '') return this.take(option, undefined);
    const joined = this.cluster.startsWith('=') ? this.cluster.slice(1) : this.cluster;
    this.cluster = '';
    return this.take(option, joined);
  }

  private take(option: Option, joined: string | undefined): string | Stop {
    if (option.takes === 'none') return option.long;
    if (joined !== undefined) this.argument = joined;
    else if (option.takes === 'string' || !(this.words[0] ?? '-').startsWith('-')) this.argument = this.words.shift();
    if (option.takes === 'string' && this.argument === undefined)
      return new Stop(`${this.typed}: missing argument\n`, 255);
    return option.long;
  }
}

const SERVER_OPTIONS = 'forwarding-method weight u-threshold l-threshold tun-type'.split(' ');
const DAEMON_OPTIONS = 'mcast-interface syncid sync-maxlen mcast-group mcast-port mcast-ttl'.split(' ');

/** What the options were checked against, by command: needed `+`, allowed by its name, all else illegal. */
const COMMANDS: Readonly<
  Record<string, { readonly name: string; readonly needs: readonly string[]; readonly allows: readonly string[] }>
> = {
  'add-service': {
    name: 'add-service',
    needs: ['service-address'],
    allows: ['scheduler', 'persistent', 'netmask', 'ops', 'sched-flags'],
  },
  'edit-service': {
    name: 'edit-service',
    needs: ['service-address'],
    allows: ['scheduler', 'persistent', 'netmask', 'ops', 'sched-flags'],
  },
  'delete-service': { name: 'delete-service', needs: ['service-address'], allows: [] },
  'start-daemon': { name: 'start-daemon', needs: [], allows: DAEMON_OPTIONS },
  'stop-daemon': { name: 'stop-daemon', needs: [], allows: ['syncid'] },
  clear: { name: 'flush', needs: [], allows: [] },
  list: {
    name: 'list',
    needs: [],
    allows:
      'numeric connection service-address timeout daemon stats rate thresholds persistent-conn nosort exact'.split(' '),
  },
  'add-server': {
    name: 'add-server',
    needs: ['service-address', 'real-server'],
    allows: SERVER_OPTIONS,
  },
  'edit-server': {
    name: 'edit-server',
    needs: ['service-address', 'real-server'],
    allows: SERVER_OPTIONS,
  },
  'delete-server': { name: 'delete-server', needs: ['service-address', 'real-server'], allows: [] },
  set: { name: 'set', needs: [], allows: [] },
  restore: { name: 'restore', needs: [], allows: [] },
  save: { name: 'save', needs: [], allows: ['numeric'] },
  zero: { name: 'zero', needs: [], allows: ['service-address'] },
  help: { name: 'help', needs: [], allows: [] },
  version: { name: 'version', needs: [], allows: [] },
};

/** The order in which ipvsadm looks at its options. */
const OPTION_ORDER =
  'numeric connection service-address scheduler persistent netmask real-server forwarding-method weight u-threshold l-threshold mcast-interface timeout daemon stats rate thresholds persistent-conn nosort syncid exact ops sched-flags mcast-group mcast-port mcast-ttl sync-maxlen tun-type'.split(
    ' ',
  );

/** A command line, understood. */
export interface CommandLine {
  /** Long name of the command option. */
  command: string;
  readonly given: Set<string>;
  service: { fwmark: number; protocol: number; address: number; address6?: string; port: number };
  scheduler: string;
  schedulerFlags: string[];
  persistence: number;
  netmask: number;
  onePacket: boolean;
  server: { address: number; address6?: string; port: number };
  forward: ForwardMethod;
  weight: number;
  upperThreshold: number;
  lowerThreshold: number;
  /** tcp, tcpfin, udp of --set. */
  timeouts: number[];
}

const INT_MAX = 0x7fffffff;
/** 31 days, in seconds. */
const MAX_TIMEOUT = 86400 * 31;
const DEFAULT_PERSISTENCE = 360;

function tryHelp(): Stop {
  return new Stop("Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n", 255);
}

function failure(text: string): Stop {
  return new Stop(`${text}\n`, 2);
}

/** string_to_number: the number, or -1 when it is none or out of range. */
function numberIn(text: string, least: number, greatest: number): number {
  if (!/^\s*[+-]?\d+$/.test(text)) return -1;
  const value = Number(text);
  return value >= least && value <= greatest ? value : -1;
}

/** parse_service: `host[:port]`, names resolved by `resolve`; undefined when malformed. */
function parseEndpoint(
  text: string,
  protocol: number,
  resolve: (name: string) => number | undefined,
): { address: number; address6?: string; port?: number } | undefined {
  if (/^\d*$/.test(text)) return undefined;
  if (text.startsWith('[') || /:.*:/.test(text)) return parseEndpoint6(text, protocol);
  const colon = text.lastIndexOf(':');
  const host = colon < 0 ? text : text.slice(0, colon);
  const address = parseIpv4(host) ?? resolve(host);
  if (address === undefined) return undefined;
  if (colon < 0) return { address };
  const port = parsePort(text.slice(colon + 1), protocol);
  return port === undefined ? undefined : { address, port };
}

/** `[address]:port` or a bare address. */
function parseEndpoint6(
  text: string,
  protocol: number,
): { address: number; address6: string; port?: number } | undefined {
  const [, bracketed, word] = /^\[([^\]]*)\]:(.*)$/.exec(text) ?? [];
  const address6 = parseAddress6(bracketed ?? text);
  if (address6 === undefined) return undefined;
  if (word === undefined) return { address: 0, address6 };
  const port = parsePort(word, protocol);
  return port === undefined ? undefined : { address: 0, address6, port };
}

function parsePort(word: string, protocol: number): number | undefined {
  const port = numberIn(word, 0, 65535);
  return port >= 0 ? port : servicePort(word, protocol === PROTO_UDP ? 'udp' : 'tcp');
}

/** Reads a command line without its first word; `resolve` looks a host name up. */
export function parseCommandLine(
  words: readonly string[],
  resolve: (name: string) => number | undefined,
): CommandLine | Stop {
  const reader = new OptionReader(words);
  const command = reader.next();
  if (typeof command !== 'string') return tryHelp();
  if (!Object.hasOwn(COMMANDS, command)) return tryHelp();
  if (command.endsWith('-daemon') && reader.argument !== 'master' && reader.argument !== 'backup')
    return failure(
      command === 'start-daemon' ? 'illegal start-daemon parameter specified' : 'illegal start_daemon specified',
    );
  const line: CommandLine = {
    command,
    given: new Set(),
    service: { fwmark: 0, protocol: 0, address: 0, port: 0 },
    scheduler: '',
    schedulerFlags: [],
    persistence: 0,
    netmask: 0xffffffff,
    onePacket: false,
    server: { address: 0, port: 0 },
    forward: 'route',
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    timeouts: [],
  };
  for (;;) {
    const option = reader.next();
    if (option === undefined) break;
    const stop = option instanceof Stop ? option : takeOption(line, option, reader, resolve);
    if (stop !== undefined) return stop;
  }
  return finish(line, reader.rest);
}

/** The canonical text of an IPv6 address (RFC 5952); undefined when it is none. */
function parseAddress6(text: string): string | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const [left = [], right] = groups;
  if (![...left, ...(right ?? [])].every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const missing = 8 - left.length - (right?.length ?? 0);
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  const words = [...left, ...new Array<string>(missing).fill('0'), ...(right ?? [])].map((group) =>
    parseInt(group, 16).toString(16),
  );
  const zeros = [...words.join(':').matchAll(/(?<=^|:)0(?::0)+(?=$|:)/g)]
    .map((match) => match[0])
    .sort((a, b) => b.length - a.length);
  const [longest] = zeros;
  if (longest === undefined) return words.join(':');
  return words.join(':').replace(new RegExp(`(?:^|:)${longest}(?:$|:)`), '::');
}

function notEmulated(option: string): Stop {
  return failure(`ipvsadm: option ${option} is not emulated here`);
}

/** Options that share one place on the command line. */
const GROUPS: Readonly<Record<string, string>> = {
  'tcp-service': 'service-address',
  'udp-service': 'service-address',
  'sctp-service': 'service-address',
  'fwmark-service': 'service-address',
  masquerading: 'forwarding-method',
  gatewaying: 'forwarding-method',
  ipip: 'forwarding-method',
};

function takeOption(
  line: CommandLine,
  option: string,
  reader: OptionReader,
  resolve: (name: string) => number | undefined,
): Stop | undefined {
  if (Object.hasOwn(COMMANDS, option)) return failure(`invalid option \`${reader.typed}'`);
  if (option === 'sort') return undefined;
  const place = GROUPS[option] ?? option;
  if (line.given.has(place)) return failure(`multiple '${place}' options specified`);
  line.given.add(place);
  if (NOT_EMULATED.has(option)) return notEmulated(reader.typed);
  const text = reader.argument ?? '';
  const illegal = (what: string): Stop => failure(`illegal ${what} specified`);
  switch (option) {
    case 'tcp-service':
    case 'udp-service':
    case 'sctp-service': {
      const protocol = option === 'tcp-service' ? PROTO_TCP : option === 'udp-service' ? PROTO_UDP : PROTO_SCTP;
      const where = parseEndpoint(text, protocol, resolve);
      if (where === undefined) return illegal('virtual server address[:port]');
      line.service = { fwmark: 0, protocol, ...where, port: where.port ?? 0 };
      if (where.address6 !== undefined) line.netmask = 128;
      return undefined;
    }
    case 'fwmark-service': {
      const fwmark = numberIn(text, 1, 0xffffffff);
      if (fwmark < 0) return failure(`invalid fwmark value \`${text}' specified`);
      line.service = { fwmark, protocol: 0, address: 0, port: 0 };
      return undefined;
    }
    case 'ipv6':
      if (line.service.fwmark === 0) return failure('-6 used before -f\n');
      line.service.address6 = '::';
      line.netmask = 128;
      return undefined;
    case 'real-server': {
      const where = parseEndpoint(text, line.service.protocol, resolve);
      if (where === undefined) return illegal('real server address[:port]');
      line.server = { ...where, port: where.port ?? line.service.port };
      return undefined;
    }
    case 'scheduler':
      line.scheduler = text.slice(0, 16);
      return undefined;
    case 'sched-flags':
      line.schedulerFlags = text.split(',');
      return undefined;
    case 'persistent':
      line.persistence = reader.argument === undefined ? DEFAULT_PERSISTENCE : numberIn(text, 1, MAX_TIMEOUT);
      return line.persistence < 0 ? failure(`invalid timeout value \`${text}' specified`) : undefined;
    case 'netmask': {
      if (line.service.address6 !== undefined) {
        line.netmask = numberIn(text, 1, 128);
        return line.netmask < 0 ? illegal('ipv6 netmask') : undefined;
      }
      const netmask = parseIpv4(text);
      if (netmask === undefined) return illegal('virtual server persistent mask');
      line.netmask = netmask;
      return undefined;
    }
    case 'masquerading':
      line.forward = 'masq';
      return undefined;
    case 'ipip':
      line.forward = 'tunnel';
      return undefined;
    case 'tun-type':
      if (text === 'gue' || text === 'gre') return notEmulated(`--tun-type ${text}`);
      return text === 'ipip' ? undefined : illegal('tunnel type');
    case 'syncid':
      return numberIn(text, 0, 255) < 0 ? illegal('syncid') : undefined;
    case 'sync-maxlen':
      return numberIn(text, 1, 65535) < 0 ? illegal('sync-maxlen') : undefined;
    case 'mcast-port':
      return numberIn(text, 1, 65535) < 0 ? illegal('mcast-port') : undefined;
    case 'mcast-ttl':
      return numberIn(text, 1, 255) < 0 ? illegal('mcast-ttl') : undefined;
    case 'weight':
      line.weight = numberIn(text, 0, INT_MAX);
      return line.weight < 0 ? illegal('weight') : undefined;
    case 'u-threshold':
      line.upperThreshold = numberIn(text, 0, INT_MAX);
      return line.upperThreshold < 0 ? illegal('u_threshold') : undefined;
    case 'l-threshold':
      line.lowerThreshold = numberIn(text, 0, INT_MAX);
      return line.lowerThreshold < 0 ? illegal('l_threshold') : undefined;
    case 'ops':
      line.onePacket = true;
      return undefined;
    default:
      return undefined;
  }
}

/** What parse_options, generic_opt_check and process_options look at once all words are read. */
function finish(line: CommandLine, rest: readonly string[]): CommandLine | Stop {
  let unread = rest;
  if (line.command === 'set') {
    if (rest.length < 3) return failure('--set option requires 3 timeout values');
    for (const word of rest.slice(0, 3)) {
      const seconds = numberIn(word, 0, MAX_TIMEOUT);
      if (seconds < 0) return failure(`invalid timeout value \`${word}' specified`);
      line.timeouts.push(seconds);
    }
    unread = rest.slice(3);
  }
  if (unread.length > 0) return failure(`unexpected argument ${unread[0]}`);
  const { name, needs, allows } = COMMANDS[line.command];
  for (const option of OPTION_ORDER) {
    const given = line.given.has(option);
    if (!given && needs.includes(option))
      return failure(`You need to supply the '${option}' option for the '${name}' command`);
    if (given && !needs.includes(option) && !allows.includes(option))
      return failure(`Illegal '${option}' option with the '${name}' command`);
  }
  const { service } = line;
  if (line.command === 'add-service' || line.command === 'edit-service') {
    if (service.fwmark === 0 && service.port === 0 && line.persistence === 0)
      return failure('Zero port specified for non-persistent service');
    if (line.onePacket && service.fwmark === 0 && service.protocol !== PROTO_UDP) {
      return failure('One-packet scheduling is only for UDP virtual services');
    }
    if (line.scheduler === '') line.scheduler = 'wlc';
  }
  if (line.command === 'start-daemon' || line.command === 'stop-daemon')
    return failure('ipvsadm: the synchronisation daemon is not emulated here');
  if (line.given.has('real-server') && (line.server.address6 === undefined) !== (service.address6 === undefined))
    return failure(
      line.forward === 'tunnel'
        ? 'ipvsadm: tunnels between IPv4 and IPv6 are not emulated here'
        : 'Different address family is allowed only for tunneling servers',
    );
  // Only masquerading can change the port.
  if (
    (line.command === 'add-server' || line.command === 'edit-server') &&
    line.forward !== 'masq' &&
    service.fwmark === 0
  )
    line.server.port = service.port;
  if (line.command === 'list' && conflicting(line.given)) return failure('options conflicts in the list command');
  return line;
}

function conflicting(given: ReadonlySet<string>): boolean {
  const instead = ['connection', 'timeout', 'daemon'].filter((option) => given.has(option)).length;
  const columns = ['stats', 'persistent-conn', 'rate', 'thresholds'].some((option) => given.has(option));
  return instead > 1 || (instead > 0 && columns);
}
