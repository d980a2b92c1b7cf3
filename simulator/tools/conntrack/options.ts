/** The command line of conntrack(8) 1.4.8. Complaints are in its words. */
import { maskOf, parseIpv4 } from '../../base/address.ts';
import { CONNTRACK_PROTOCOLS, STATUS_NAMES, type AddressFilter, type ConntrackFilter } from '../../netfilter/index.ts';

type ConntrackCommand = 'L' | 'G' | 'D' | 'I' | 'U' | 'E' | 'F' | 'C' | 'S' | 'h' | 'V';

export interface ConntrackLine {
  readonly command: ConntrackCommand;
  readonly filter: ConntrackFilter;
  /** Words of `-o`. */
  readonly output: ReadonlySet<string>;
  /** Words of `-e`; empty for all. */
  readonly events: ReadonlySet<string>;
  readonly zero: boolean;
  /** `conntrack`, or one of the others. */
  readonly table: string;
  /** `-t`, seconds. */
  readonly timeout: number | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const LONG: Readonly<Record<string, string>> = {
  dump: 'L',
  list: 'L',
  get: 'G',
  delete: 'D',
  create: 'I',
  update: 'U',
  event: 'E',
  flush: 'F',
  count: 'C',
  stats: 'S',
  help: 'h',
  version: 'V',
  src: 's',
  'orig-src': 's',
  dst: 'd',
  'orig-dst': 'd',
  'reply-src': 'r',
  'reply-dst': 'q',
  protonum: 'p',
  proto: 'p',
  family: 'f',
  timeout: 't',
  status: 'u',
  zone: 'w',
  'src-nat': 'n',
  'dst-nat': 'g',
  'any-nat': 'j',
  mark: 'm',
  'event-mask': 'e',
  zero: 'z',
  output: 'o',
  id: 'i',
  'buffer-size': 'b',
  'mask-src': 'mask-src',
  'mask-dst': 'mask-dst',
  sport: 'sport',
  'orig-port-src': 'sport',
  dport: 'dport',
  'orig-port-dst': 'dport',
  'reply-port-src': 'reply-port-src',
  'reply-port-dst': 'reply-port-dst',
  'icmp-type': 'icmp-type',
  'icmp-code': 'icmp-code',
  'icmp-id': 'icmp-id',
};

const COMMANDS = 'LGDIUEFCShV';
const TAKES_VALUE = new Set(
  's d r q p f t u w m e o i b mask-src mask-dst sport dport reply-port-src reply-port-dst icmp-type icmp-code icmp-id'.split(
    ' ',
  ),
);
const OPTIONAL_VALUE = 'ngj';
/** Known to the real tool, without meaning here. */
const REFUSED = new Set([
  'w',
  'c',
  'l',
  'label',
  'label-add',
  'label-del',
  'tuple-src',
  'tuple-dst',
  'orig-zone',
  'reply-zone',
  'R',
  'A',
  'load-file',
  'add',
  'secmark',
]);
const TABLES = new Set(['conntrack', 'expect', 'dying', 'unconfirmed']);

/** A command line understood, or the complaint (the status is 2). */
export function parseConntrack(given: readonly string[]): ConntrackLine | string {
  const words = [...given];
  const filter: Mutable<ConntrackFilter> = {};
  const output = new Set<string>();
  let events: Set<string> | undefined;
  let buffer = false;
  let command: ConntrackCommand | undefined;
  let zero = false;
  let meant = 'conntrack';
  let timeout: number | undefined;
  const masks: { src?: number; dst?: number } = {};

  while (words.length > 0) {
    const word = words.shift() as string;
    let name: string;
    let inline: string | undefined;
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const long = equals < 0 ? word.slice(2) : word.slice(2, equals);
      if (equals >= 0) inline = word.slice(equals + 1);
      if (REFUSED.has(long)) return `option --${long} is not emulated here`;
      const known = LONG[long];
      if (known === undefined) return `unknown option \`${word}'`;
      name = known;
    } else if (word.startsWith('-') && word.length > 1) {
      name = word[1] as string;
      if (REFUSED.has(name)) return `option -${name} is not emulated here`;
      const rest = word.slice(2);
      if (rest !== '') {
        if (TAKES_VALUE.has(name) || OPTIONAL_VALUE.includes(name)) inline = rest;
        else words.unshift(`-${rest}`);
      }
      if (!COMMANDS.includes(name) && !TAKES_VALUE.has(name) && !OPTIONAL_VALUE.includes(name) && name !== 'z')
        return `unknown option \`-${name}'`;
    } else return `unknown argument \`${word}'`;

    if (COMMANDS.includes(name)) {
      if (command !== undefined) return 'Invalid commands combination';
      command = name as ConntrackCommand;
      const table = words[0];
      if (table !== undefined && !table.startsWith('-') && 'LGDIUEFC'.includes(name)) {
        words.shift();
        if (!TABLES.has(table)) return `unknown type \`${table}'`;
        meant = table;
      }
      continue;
    }
    let value = inline;
    if (value === undefined && (TAKES_VALUE.has(name) || OPTIONAL_VALUE.includes(name))) {
      const next = words[0];
      if (next !== undefined && (TAKES_VALUE.has(name) || !next.startsWith('-'))) value = words.shift();
      else if (TAKES_VALUE.has(name)) return `option \`${word}' requires an argument`;
    }
    if (name === 'z') zero = true;
    else if (name === 't') {
      if (!/^\d+$/.test(value ?? '') || Number(value) > 0xffffffff) return `Bad parameter \`${value ?? ''}'`;
      timeout = Number(value);
    } else {
      if (name === 'e') events ??= new Set();
      if (name === 'b') buffer = true;
      const problem = take(name, value ?? '', filter, output, events ?? new Set(), masks);
      if (problem !== undefined) return problem;
    }
  }
  if (command === undefined) return '';
  if (masks.src !== undefined && filter.originalSource !== undefined)
    filter.originalSource = { ...filter.originalSource, mask: masks.src };
  if (masks.dst !== undefined && filter.originalDestination !== undefined) {
    filter.originalDestination = { ...filter.originalDestination, mask: masks.dst };
  }
  if (timeout !== undefined && command !== 'U') return 'option -t is not emulated here except with -U';
  if (events !== undefined && command !== 'E') return `Illegal option \`-e' with this command`;
  if (buffer && command !== 'E') return `Illegal option \`-b' with this command`;
  for (const [side, filtered] of [
    ['src', filter.originalSource],
    ['dst', filter.originalDestination],
  ] as const)
    if (masks[side] !== undefined && filtered === undefined) return `Can't use --mask-${side} without --${side}`;
  if (zero && command !== 'L') return `Illegal option \`-z' with this command`;
  return { command, filter, output, events: events ?? new Set(), zero, table: meant, timeout };
}

function take(
  name: string,
  value: string,
  filter: Mutable<ConntrackFilter>,
  output: Set<string>,
  events: Set<string>,
  masks: { src?: number; dst?: number },
): string | undefined {
  switch (name) {
    case 's':
      return address(value, (found) => (filter.originalSource = found));
    case 'd':
      return address(value, (found) => (filter.originalDestination = found));
    case 'r':
      return address(value, (found) => (filter.replySource = found));
    case 'q':
      return address(value, (found) => (filter.replyDestination = found));
    case 'mask-src':
      return address(value, (found) => (masks.src = found.address));
    case 'mask-dst':
      return address(value, (found) => (masks.dst = found.address));
    case 'n':
      return nat(value, (found) => (filter.sourceNat = found));
    case 'g':
      return nat(value, (found) => (filter.destinationNat = found));
    case 'j':
      return nat(value, (found) => (filter.anyNat = found));
    case 'p': {
      const known = [...CONNTRACK_PROTOCOLS].find(([, one]) => one === value.toLowerCase())?.[0];
      const protocol = known ?? (/^\d+$/.test(value) && Number(value) < 256 ? Number(value) : undefined);
      if (protocol === undefined) return `\`${value}' unsupported protocol`;
      filter.protocol = protocol;
      return undefined;
    }
    case 'f':
      return value === 'ipv4'
        ? undefined
        : value === 'ipv6'
          ? 'option -f ipv6 is not emulated here'
          : `\`${value}' unsupported protocol`;
    case 'u':
      return status(value, filter);
    case 'm': {
      const match = /^(0x[0-9a-fA-F]+|\d+)(?:\/(0x[0-9a-fA-F]+|\d+))?$/.exec(value);
      if (match === null) return `unknown arguments`;
      filter.mark = {
        value: Number(match[1]) >>> 0,
        mask: match[2] === undefined ? 0xffffffff : Number(match[2]) >>> 0,
      };
      return undefined;
    }
    case 'e':
      for (const word of value.toUpperCase().split(',')) {
        if (!['NEW', 'UPDATES', 'UPDATE', 'DESTROY', 'ALL'].includes(word)) return `Bad parameter \`${word}'`;
        if (word === 'ALL') events.clear();
        else events.add(word === 'UPDATES' ? 'UPDATE' : word);
      }
      return undefined;
    case 'o':
      for (const word of value.split(',')) {
        if (word === 'ktimestamp' || word === 'labels' || word === 'userspace' || word === 'save')
          return `option -o ${word} is not emulated here`;
        if (!['xml', 'extended', 'timestamp', 'id'].includes(word)) return `Bad parameter \`${word}'`;
        output.add(word);
      }
      return undefined;
    case 'i':
      filter.id = Number(value);
      return undefined;
    case 'b':
      return undefined;
    default:
      return port(name, value, filter);
  }
}

function port(name: string, value: string, filter: Mutable<ConntrackFilter>): string | undefined {
  if (!/^\d+$/.test(value) || Number(value) > 65535) return `Bad parameter \`${value}'`;
  const number = Number(value);
  if (name === 'sport') filter.originalSport = number;
  else if (name === 'dport') filter.originalDport = number;
  else if (name === 'reply-port-src') filter.replySport = number;
  else if (name === 'reply-port-dst') filter.replyDport = number;
  else if (name === 'icmp-type') filter.icmpType = number;
  else if (name === 'icmp-code') filter.icmpCode = number;
  else filter.icmpId = number;
  return undefined;
}

function address(text: string, set: (found: AddressFilter) => void): string | undefined {
  const [host = '', prefix] = text.split('/');
  const value = parseIpv4(host);
  if (value === undefined) return `Invalid IP address \`${text}'`;
  if (prefix !== undefined && (!/^\d+$/.test(prefix) || Number(prefix) > 32)) return `Invalid netmask`;
  set({ address: value, mask: prefix === undefined ? 0xffffffff : maskOf(Number(prefix)) });
  return undefined;
}

function nat(text: string, set: (found: AddressFilter | 'any') => void): string | undefined {
  if (text === '') {
    set('any');
    return undefined;
  }
  return address(text, set);
}

function status(text: string, filter: Mutable<ConntrackFilter>): string | undefined {
  for (const word of text.toUpperCase().split(',')) {
    const bits = STATUS_NAMES.get(word);
    if (bits === undefined) return `Bad parameter \`${word}'`;
    filter.status = (filter.status ?? 0) | bits.set;
    filter.withoutStatus = (filter.withoutStatus ?? 0) | bits.clear;
  }
  return undefined;
}
