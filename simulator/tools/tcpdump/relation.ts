/** Relations of a filter: `tcp[tcpflags] & (tcp-syn|tcp-rst) != 0`, `ip[8] < 5`, `len > 100`. After pcap-filter(7). */
import { FilterError, SYNTAX_ERROR, type TokenStream } from './lexer.ts';
import { PROTOCOLS, type Test } from './primitives.ts';
import type { FrameView } from './view.ts';

/** A number of a frame; undefined when the frame has no such place, and then the whole relation is false. */
type Value = (view: FrameView) => number | undefined;

/** Named offsets and values. */
const CONSTANTS: Readonly<Record<string, number>> = {
  tcpflags: 13,
  'tcp-fin': 1,
  'tcp-syn': 2,
  'tcp-rst': 4,
  'tcp-push': 8,
  'tcp-ack': 16,
  'tcp-urg': 32,
  'tcp-ece': 64,
  'tcp-cwr': 128,
  icmptype: 0,
  icmpcode: 1,
  'icmp-echoreply': 0,
  'icmp-unreach': 3,
  'icmp-sourcequench': 4,
  'icmp-redirect': 5,
  'icmp-echo': 8,
  'icmp-routeradvert': 9,
  'icmp-routersolicit': 10,
  'icmp-timxceed': 11,
  'icmp-paramprob': 12,
  'icmp-tstamp': 13,
  'icmp-tstampreply': 14,
  'icmp-ireq': 15,
  'icmp-ireqreply': 16,
  'icmp-maskreq': 17,
  'icmp-maskreply': 18,
};

const BINARY: readonly Readonly<Record<string, (a: number, b: number) => number>>[] = [
  { '|': (a, b) => (a | b) >>> 0 },
  { '^': (a, b) => (a ^ b) >>> 0 },
  { '&': (a, b) => (a & b) >>> 0 },
  { '<<': (a, b) => (a << b) >>> 0, '>>': (a, b) => a >>> b },
  { '+': (a, b) => (a + b) >>> 0, '-': (a, b) => (a - b) >>> 0 },
  { '*': (a, b) => Math.imul(a, b) >>> 0, '/': (a, b) => Math.floor(a / b) >>> 0, '%': (a, b) => (a % b) >>> 0 },
];

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

/** Reads a relation, if one stands here; else leaves the stream as it was. */
export function parseRelation(tokens: TokenStream): Test | undefined {
  const start = tokens.at;
  const left = arithmetic(tokens, 0);
  const operator = left === undefined ? undefined : tokens.accept(...Object.keys(COMPARISONS));
  if (left === undefined || operator === undefined) {
    tokens.at = start;
    return undefined;
  }
  const right = arithmetic(tokens, 0);
  if (right === undefined) throw new FilterError(SYNTAX_ERROR);
  const compare = COMPARISONS[operator];
  return (view) => {
    const a = left(view);
    const b = right(view);
    return a !== undefined && b !== undefined && compare(a, b);
  };
}

function arithmetic(tokens: TokenStream, level: number): Value | undefined {
  if (level === BINARY.length) return operand(tokens);
  let left = arithmetic(tokens, level + 1);
  for (;;) {
    if (left === undefined) return undefined;
    const operator = tokens.accept(...Object.keys(BINARY[level]));
    if (operator === undefined) return left;
    const first = left;
    const second = arithmetic(tokens, level + 1);
    if (second === undefined) return undefined;
    const apply = BINARY[level][operator];
    left = (view) => {
      const a = first(view);
      const b = second(view);
      return a === undefined || b === undefined ? undefined : apply(a, b);
    };
  }
}

function operand(tokens: TokenStream): Value | undefined {
  if (tokens.accept('-') !== undefined) {
    const value = operand(tokens);
    return value === undefined ? undefined : (view) => -(value(view) ?? NaN) >>> 0;
  }
  if (tokens.accept('(') !== undefined) {
    const value = arithmetic(tokens, 0);
    return value !== undefined && tokens.accept(')') !== undefined ? value : undefined;
  }
  const token = tokens.peek();
  if (token === undefined) return undefined;
  if (token.kind === 'number') {
    tokens.next();
    const number = Number(token.text);
    return () => number;
  }
  if (token.text === 'len') {
    tokens.next();
    return (view) => view.length;
  }
  if (Object.hasOwn(CONSTANTS, token.text)) {
    tokens.next();
    const number = CONSTANTS[token.text];
    return () => number;
  }
  if (!Object.hasOwn(PROTOCOLS, token.text) || tokens.peek(1)?.text !== '[') return undefined;
  tokens.next();
  tokens.next();
  const offset = arithmetic(tokens, 0);
  if (offset === undefined) throw new FilterError(SYNTAX_ERROR);
  let size = 1;
  if (tokens.accept(':') !== undefined) {
    size = Number(tokens.next().text);
    if (size !== 1 && size !== 2 && size !== 4) throw new FilterError('data size must be 1, 2, or 4');
  }
  tokens.expect(']');
  return accessor(token.text, offset, size);
}

/** `proto[offset:size]` */
function accessor(word: string, offset: Value, size: number): Value {
  const { etherType, number } = PROTOCOLS[word];
  return (view) => {
    const index = offset(view);
    if (index === undefined) return undefined;
    let base = 0;
    if (etherType !== undefined) {
      if (view.etherType !== etherType) return undefined;
      base = view.network;
    } else if (number !== undefined) {
      if (view.protocol !== number || view.transport < 0) return undefined;
      base = view.transport;
    }
    const from = base + index;
    if (from + size > view.bytes.length) return undefined;
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + view.bytes[from + i];
    return value;
  };
}
