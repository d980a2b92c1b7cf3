/**
 * Functions that templates can call: Go's (src/text/template/funcs.go) and docker's (docker/cli templates/templates.go).
 * A function throws {@link CallError}; the executor adds where.
 */
import { sprint, sprintf, sprintln } from './printf.ts';
import {
  byteOrder,
  format,
  GoFloat,
  GoStruct,
  GoStringer,
  GoTime,
  isList,
  isMap,
  toJson,
  truth,
  typeName,
  type Value,
} from './value.ts';

/** What is wrong with a call, without the place. */
export class CallError extends Error {
  override readonly name = 'CallError';
}

interface TemplateFunction {
  /** Fewest and most arguments. */
  readonly arity: readonly [number, number];
  readonly call: (...values: Value[]) => Value;
}

export type FunctionTable = ReadonlyMap<string, TemplateFunction>;

const MANY = Infinity;

function text(value: Value, what: string): string {
  if (typeof value === 'string') return value;
  throw new CallError(`wrong type for value; expected string; got ${what === '' ? typeName(value) : what}`);
}

function whole(value: Value): number {
  if (typeof value === 'number') return value;
  throw new CallError(`wrong type for value; expected int; got ${typeName(value)}`);
}

const GO_FUNCTIONS: readonly (readonly [string, TemplateFunction])[] = [
  // `and` and `or` are evaluated by the executor, which stops early; listed so that they are known.
  ['and', { arity: [1, MANY], call: (...values) => values.find((value) => !truth(value)) ?? values.at(-1) }],
  ['or', { arity: [1, MANY], call: (...values) => values.find((value) => truth(value)) ?? values.at(-1) }],
  ['not', { arity: [1, 1], call: (value) => !truth(value) }],
  ['len', { arity: [1, 1], call: length }],
  ['index', { arity: [1, MANY], call: index }],
  ['slice', { arity: [1, 4], call: slice }],
  ['print', { arity: [0, MANY], call: (...values) => sprint(values) }],
  ['printf', { arity: [1, MANY], call: (pattern, ...values) => sprintf(text(pattern, ''), values) }],
  ['println', { arity: [0, MANY], call: (...values) => sprintln(values) }],
  ['html', { arity: [0, MANY], call: (...values) => escapeHtml(sprint(values)) }],
  ['js', { arity: [0, MANY], call: (...values) => toJson(sprint(values)).slice(1, -1).replaceAll("'", "\\'") }],
  ['urlquery', { arity: [0, MANY], call: (...values) => encodeURIComponent(sprint(values)).replaceAll('%20', '+') }],
  ['eq', { arity: [1, MANY], call: equalsAny }],
  ['ne', { arity: [2, 2], call: (a, b) => !equal(a, b) }],
  ['lt', { arity: [2, 2], call: (a, b) => compare(a, b) < 0 }],
  ['le', { arity: [2, 2], call: (a, b) => compare(a, b) <= 0 }],
  ['gt', { arity: [2, 2], call: (a, b) => compare(a, b) > 0 }],
  ['ge', { arity: [2, 2], call: (a, b) => compare(a, b) >= 0 }],
];

const DOCKER_FUNCTIONS: readonly (readonly [string, TemplateFunction])[] = [
  ['json', { arity: [1, 1], call: (value) => toJson(value) }],
  ['split', { arity: [2, 2], call: (value, separator) => text(value, '').split(text(separator, '')) }],
  ['join', { arity: [2, 2], call: (list, separator) => strings(list).join(text(separator, '')) }],
  [
    'title',
    {
      arity: [1, 1],
      call: (value) =>
        text(value, '').replace(
          /(^|[^\p{L}\p{N}_'])(\p{L})/gu,
          (_, before: string, letter: string) => before + letter.toUpperCase(),
        ),
    },
  ],
  ['lower', { arity: [1, 1], call: (value) => text(value, '').toLowerCase() }],
  ['upper', { arity: [1, 1], call: (value) => text(value, '').toUpperCase() }],
  [
    'pad',
    {
      arity: [3, 3],
      call: (value, before, after) =>
        text(value, '') === '' ? '' : ' '.repeat(whole(before)) + text(value, '') + ' '.repeat(whole(after)),
    },
  ],
  ['truncate', { arity: [2, 2], call: (value, size) => text(value, '').slice(0, whole(size)) }],
];

/** In the header row of a table these leave the title as it is. */
const HEADER_FUNCTIONS: readonly (readonly [string, TemplateFunction])[] = [
  'json',
  'split',
  'join',
  'title',
  'lower',
  'upper',
  'truncate',
].map((name) => [name, { arity: [1, 2], call: (value: Value) => value }]);

/** For templates that print data. */
export const FUNCTIONS: FunctionTable = new Map([...GO_FUNCTIONS, ...DOCKER_FUNCTIONS]);

/** For the header row. */
export const HEADER: FunctionTable = new Map([...GO_FUNCTIONS, ...DOCKER_FUNCTIONS, ...HEADER_FUNCTIONS]);

function strings(value: Value): string[] {
  if (value === undefined || value === null) return [];
  if (!isList(value) || !value.every((item) => typeof item === 'string'))
    throw new CallError(`wrong type for value; expected []string; got ${typeName(value)}`);
  return [...value];
}

function length(value: Value): number {
  if (typeof value === 'string') return utf8Length(value);
  if (isList(value)) return value.length;
  if (isMap(value)) return Object.keys(value).length;
  if (value === undefined || value === null) throw new CallError('error calling len: len of nil pointer');
  throw new CallError(`error calling len: len of type ${typeName(value)}`);
}

function utf8Length(value: string): number {
  let octets = 0;
  for (const c of value) {
    const code = c.codePointAt(0) ?? 0;
    octets += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return octets;
}

function index(start: Value, ...keys: Value[]): Value {
  let value = start;
  for (const key of keys) {
    if (value === undefined || value === null) throw new CallError('error calling index: index of untyped nil');
    if (isList(value) || typeof value === 'string') {
      if (typeof key !== 'number')
        throw new CallError(`error calling index: cannot index slice/array with type ${typeName(key)}`);
      if (key < 0 || key >= value.length) throw new CallError(`error calling index: index out of range: ${key}`);
      value = typeof value === 'string' ? value.charCodeAt(key) : value[key];
    } else if (isMap(value)) {
      if (typeof key !== 'string')
        throw new CallError(`error calling index: value has type ${typeName(key)}; should be string`);
      // Maps of strings have an empty one for every other key.
      const texts = Object.values(value).every((each) => typeof each === 'string');
      value = Object.hasOwn(value, key) ? value[key] : texts ? '' : undefined;
    } else throw new CallError(`error calling index: can't index item of type ${typeName(value)}`);
  }
  return value;
}

function slice(value: Value, ...bounds: Value[]): Value {
  if (typeof value !== 'string' && !isList(value))
    throw new CallError(`error calling slice: can't slice item of type ${typeName(value)}`);
  const [from = 0, to = value.length] = bounds.map(whole);
  for (const bound of [from, to])
    if (bound < 0 || bound > value.length) throw new CallError(`error calling slice: index out of range: ${bound}`);
  if (from > to) throw new CallError(`error calling slice: invalid slice index: ${from} > ${to}`);
  return value.slice(from, to);
}

function kind(value: Value): string {
  if (value === undefined || value === null) return 'nil';
  if (value instanceof GoStringer) return 'number';
  if (value instanceof GoFloat) return 'float';
  return typeof value === 'object' ? 'other' : typeof value;
}

function scalar(value: Value): number | string {
  if (value instanceof GoFloat || value instanceof GoStringer) return value.number;
  return typeof value === 'number' ? value : format(value);
}

function equal(a: Value, b: Value): boolean {
  const [x, y] = [kind(a), kind(b)];
  if (x === 'nil' || y === 'nil') return x === y;
  if (x === 'other' || y === 'other') {
    if (a instanceof GoTime && b instanceof GoTime) return a.text === b.text;
    throw new CallError(
      `error calling eq: ${a instanceof GoStruct || isList(a) || isMap(a) ? `non-comparable type ${format(a)}: ${typeName(a)}` : 'incompatible types for comparison'}`,
    );
  }
  if (x !== y) throw new CallError('error calling eq: incompatible types for comparison');
  return scalar(a) === scalar(b);
}

function equalsAny(first: Value, ...others: Value[]): boolean {
  if (others.length === 0) throw new CallError('error calling eq: missing argument for comparison');
  return others.some((other) => equal(first, other));
}

function compare(a: Value, b: Value): number {
  const [x, y] = [kind(a), kind(b)];
  if (x !== y) throw new CallError('error calling lt: incompatible types for comparison');
  if (x === 'other' || x === 'boolean' || x === 'nil')
    throw new CallError('error calling lt: invalid type for comparison');
  const [left, right] = [scalar(a), scalar(b)];
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return byteOrder(String(left), String(right));
}

function escapeHtml(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll("'", '&#39;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&#34;');
}
