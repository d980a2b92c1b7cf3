/** The filter language of ss: `state X`, `sport = :80`, `dst 10.0.0.0/24`, with and, or, not and parentheses (ssfilter.y). */
import { inPrefix, parseCidr } from '../../base/address.ts';
import type { DiagSocket } from '../../transport/index.ts';
import { portNumber } from './names.ts';

export type Predicate = (socket: DiagSocket) => boolean;

export interface SsFilter {
  /** States asked for by name; undefined leaves it to -l and -a. */
  readonly states: ReadonlySet<string> | undefined;
  readonly accepts: Predicate;
}

const CONNECTED = ['ESTAB', 'SYN-SENT', 'SYN-RECV', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSING'];

const STATES: Readonly<Record<string, readonly string[]>> = {
  all: [...CONNECTED, 'LISTEN', 'UNCONN'],
  connected: CONNECTED,
  synchronized: CONNECTED.filter((state) => state !== 'SYN-SENT'),
  bucket: ['SYN-RECV', 'TIME-WAIT'],
  big: [...CONNECTED.filter((state) => state !== 'SYN-RECV' && state !== 'TIME-WAIT'), 'LISTEN', 'UNCONN'],
  established: ['ESTAB'],
  'syn-sent': ['SYN-SENT'],
  'syn-recv': ['SYN-RECV'],
  'fin-wait-1': ['FIN-WAIT-1'],
  'fin-wait-2': ['FIN-WAIT-2'],
  'time-wait': ['TIME-WAIT'],
  closed: ['UNCONN'],
  unconnected: ['UNCONN'],
  'close-wait': ['CLOSE-WAIT'],
  'last-ack': ['LAST-ACK'],
  closing: ['CLOSING'],
  listening: ['LISTEN'],
};

/** Parses the operands of ss; a text is the error. */
export function parseFilter(words: readonly string[]): SsFilter | string {
  let rest = words;
  let states: Set<string> | undefined;
  while (rest[0] === 'state' || rest[0] === 'exclude' || rest[0] === 'excl') {
    const named = Object.hasOwn(STATES, rest[1] ?? '') ? STATES[rest[1] ?? ''] : undefined;
    if (named === undefined) return rest[1] === undefined ? 'ss: bison bellows (while parsing filter): "syntax error!" Sorry.' : `ss: wrong state name: ${rest[1]}`;
    if (rest[0] === 'state') {
      states ??= new Set();
      for (const name of named) states.add(name);
    } else {
      states ??= new Set(STATES['all']);
      for (const name of named) states.delete(name);
    }
    rest = rest.slice(2);
  }
  const tokens = rest.join(' ').replace(/([()])/g, ' $1 ').replace(/(!=|>=|<=|==|=|>|<|!)/g, ' $1 ').trim().split(/\s+/).filter((token) => token !== '');
  const parser = new Parser(tokens);
  const accepts = tokens.length === 0 ? (): boolean => true : parser.expression();
  if (accepts === undefined || !parser.done) return 'ss: bison bellows (while parsing filter): "syntax error!" Sorry.';
  return { states, accepts };
}

type Comparison = (a: number, b: number) => boolean;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  eq: (a, b) => a === b,
  '!=': (a, b) => a !== b,
  ne: (a, b) => a !== b,
  neq: (a, b) => a !== b,
  '>': (a, b) => a > b,
  gt: (a, b) => a > b,
  '<': (a, b) => a < b,
  lt: (a, b) => a < b,
  '>=': (a, b) => a >= b,
  ge: (a, b) => a >= b,
  geq: (a, b) => a >= b,
  '<=': (a, b) => a <= b,
  le: (a, b) => a <= b,
  leq: (a, b) => a <= b,
};

class Parser {
  private at = 0;
  private readonly tokens: readonly string[];

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  get done(): boolean {
    return this.at >= this.tokens.length;
  }

  /** term { or term } */
  expression(): Predicate | undefined {
    let left = this.term();
    while (left !== undefined && (this.take('or') || this.take('|') || this.take('||'))) {
      const first: Predicate = left;
      const second = this.term();
      left = second === undefined ? undefined : (socket) => first(socket) || second(socket);
    }
    return left;
  }

  /** factor { and factor }; and may be left out */
  private term(): Predicate | undefined {
    let left = this.factor();
    for (;;) {
      if (left === undefined || this.done) return left;
      const next = this.tokens[this.at];
      if (next === 'or' || next === '|' || next === '||' || next === ')') return left;
      if (!this.take('and') && !this.take('&')) this.take('&&');
      const first: Predicate = left;
      const second = this.factor();
      left = second === undefined ? undefined : (socket) => first(socket) && second(socket);
    }
  }

  private factor(): Predicate | undefined {
    if (this.take('not') || this.take('!')) {
      const inner = this.factor();
      return inner === undefined ? undefined : (socket) => !inner(socket);
    }
    if (this.take('(')) {
      const inner = this.expression();
      return this.take(')') ? inner : undefined;
    }
    const subject = this.tokens[this.at++];
    const operator = this.tokens[this.at] ?? '';
    const compare = Object.hasOwn(COMPARISONS, operator) ? (COMPARISONS[operator] as Comparison) : undefined;
    if (compare !== undefined) this.at++;
    const value = this.tokens[this.at++];
    if (value === undefined) return undefined;
    return predicate(subject ?? '', compare ?? (COMPARISONS['='] as Comparison), value);
  }

  private take(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at++;
    return true;
  }
}

function predicate(subject: string, compare: Comparison, value: string): Predicate | undefined {
  if (subject === 'sport' || subject === 'dport') {
    const port = portNumber(value.replace(/^.*:/, ''));
    if (port === undefined) return undefined;
    return subject === 'sport' ? (socket) => compare(socket.localPort, port) : (socket) => compare(socket.remotePort, port);
  }
  if (subject === 'src' || subject === 'dst') {
    const match = /^\[?(?:::ffff:)?([0-9./*]*)\]?(?::(.+))?$/.exec(value);
    const cidr = match?.[1] === '' || match?.[1] === '*' ? { address: 0, prefix: 0 } : parseCidr(match?.[1] ?? '');
    const port = match?.[2] === undefined || match[2] === '*' ? undefined : portNumber(match[2]);
    if (cidr === undefined || (match?.[2] !== undefined && match[2] !== '*' && port === undefined)) return undefined;
    const matches: Predicate = (socket) => {
      const [address, own] = subject === 'src' ? [socket.local, socket.localPort] : [socket.remote, socket.remotePort];
      return inPrefix(address, cidr.address, cidr.prefix) && (port === undefined || own === port);
    };
    return compare(1, 1) ? matches : (socket) => !matches(socket);
  }
  if (subject === 'dev') return (socket) => (socket.device === value) === compare(1, 1);
  return undefined;
}
