/**
 * Values that templates work on. JSON documents are maps (Go's map[string]interface{}); a {@link GoStruct} is a Go struct
 * with named fields or methods, so that zero values and `can't evaluate field X in type Y` come out as Go's.
 */
import { parseRfc3339 } from '../../../engine/apiTypes.ts';
import { quote } from './strconv.ts';

export type Value =
  | undefined
  | null
  | boolean
  | number
  | string
  | GoFloat
  | GoTime
  | GoStringer
  | GoNil
  | GoStruct
  | readonly Value[]
  | ValueMap;

export interface ValueMap {
  readonly [key: string]: Value;
}

/** A float constant or field: prints with Go's %v of float64. */
export class GoFloat {
  readonly number: number;
  constructor(number: number) {
    this.number = number;
  }
}

/** A time.Time, from its RFC 3339 text. */
export class GoTime {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Something with a String method of its own, e.g. a duration; JSON sees the number. */
export class GoStringer {
  readonly number: number;
  readonly text: string;
  constructor(number: number, text: string) {
    this.number = number;
    this.text = text;
  }
}

/** A nil pointer of a Go struct: prints `<nil>`, where a null of JSON prints `<no value>`. */
export class GoNil {
  readonly typeName: string;
  constructor(typeName: string) {
    this.typeName = typeName;
  }
}

/** A struct: `get` answers undefined for a name that is neither field nor method. */
export class GoStruct {
  readonly typeName: string;
  readonly names: readonly string[];
  private readonly read: (name: string) => Value;
  private readonly encode: () => string;
  /** Methods that take a word: `{{.Label "tier"}}`. */
  readonly methods: ReadonlyMap<string, (argument: string) => Value>;

  constructor(
    typeName: string,
    names: readonly string[],
    read: (name: string) => Value,
    encode: () => string,
    methods: ReadonlyMap<string, (argument: string) => Value> = new Map(),
  ) {
    this.methods = methods;
    this.typeName = typeName;
    this.names = names;
    this.read = read;
    this.encode = encode;
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }

  get(name: string): Value {
    return this.read(name);
  }

  json(): string {
    return this.encode();
  }
}

export function isMap(value: Value): value is ValueMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof GoStruct) &&
    !(value instanceof GoFloat) &&
    !(value instanceof GoTime) &&
    !(value instanceof GoStringer) &&
    !(value instanceof GoNil)
  );
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Go's template truth: not the zero value. */
export function truth(value: Value): boolean {
  if (value === undefined || value === null || value instanceof GoNil) return false;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'string' || isList(value)) return value.length > 0;
  if (value instanceof GoFloat || value instanceof GoStringer) return value.number !== 0;
  if (isMap(value)) return Object.keys(value).length > 0;
  return true;
}

/** Go's name of a value's type, for error messages. */
export function typeName(value: Value): string {
  if (value === undefined || value === null) return 'nil';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  if (typeof value === 'string') return 'string';
  if (value instanceof GoFloat) return 'float64';
  if (value instanceof GoTime) return 'time.Time';
  if (value instanceof GoStringer) return 'time.Duration';
  if (value instanceof GoStruct || value instanceof GoNil) return value.typeName;
  if (isList(value)) return value.every((item) => typeof item === 'string') ? '[]string' : '[]interface {}';
  return 'map[string]interface {}';
}

/** fmt's %v. Inside a map or slice nil is `<nil>`. */
export function format(value: Value): string {
  if (value === undefined || value === null || value instanceof GoNil) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof GoFloat) return formatFloat(value.number);
  if (value instanceof GoStringer) return value.text;
  if (value instanceof GoTime) return goTimeText(value.text);
  if (value instanceof GoStruct) return `{${value.names.map((name) => format(value.get(name))).join(' ')}}`;
  if (isList(value)) return `[${value.map(format).join(' ')}]`;
  const keys = Object.keys(value).sort(byteOrder);
  return `map[${keys.map((key) => `${key}:${format(value[key])}`).join(' ')}]`;
}

/** %v of a float64 (%g with the shortest digits, exponent from 21). */
export function formatFloat(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e21)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return String(value);
}

/** time.Time's String: `2026-11-20 11:25:42.174764678 +0000 UTC`. */
export function goTimeText(rfc3339: string): string {
  return parseRfc3339(rfc3339) === undefined ? rfc3339 : `${rfc3339.slice(0, -1).replace('T', ' ')} +0000 UTC`;
}

/** encoding/json without HTML escaping; maps with sorted keys are the caller's affair (JSON documents come in order). */
export function toJson(value: Value): string {
  if (value === undefined || value === null || value instanceof GoNil) return 'null';
  if (typeof value === 'string')
    return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof GoFloat || value instanceof GoStringer) return String(value.number);
  if (value instanceof GoTime) return quote(value.text);
  if (value instanceof GoStruct) return value.json();
  if (isList(value)) return `[${value.map(toJson).join(',')}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${toJson(item)}`)
    .join(',')}}`;
}

/** Order of Go's strings: by octets (here by code points, which agrees). */
export function byteOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
