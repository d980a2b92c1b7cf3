/** `-m string`: a pattern somewhere in the packet. Mirrors libxt_string.c and net/netfilter/xt_string.c. */
import { encodeUtf8 } from '../../base/utf8.ts';
import { FLAG, INVERTIBLE, parameterProblem, VALUE, type MatchExtension } from '../extension.ts';
import { parseUnsigned } from '../names.ts';
import { packetBytes } from '../octets.ts';

interface StringMatch {
  pattern: readonly number[];
  algorithm: string;
  from: number;
  to: number;
  invert: boolean;
  ignoreCase: boolean;
}

/** XT_STRING_MAX_PATTERN_SIZE */
const LONGEST = 128;

export const stringMatch: MatchExtension<StringMatch> = {
  name: 'string',
  options: { string: INVERTIBLE, 'hex-string': INVERTIBLE, algo: VALUE, from: VALUE, to: VALUE, icase: FLAG },
  init: () => ({ pattern: [], algorithm: '', from: 0, to: 65535, invert: false, ignoreCase: false }),
  parse(data, option, value, invert) {
    switch (option) {
      case 'string':
      case 'hex-string': {
        const pattern = option === 'string' ? [...encodeUtf8(value)] : hexPattern(value);
        if (typeof pattern === 'string') return parameterProblem(pattern);
        if (pattern.length > LONGEST) return parameterProblem(`STRING too long "${value}"`);
        data.pattern = pattern;
        data.invert = invert;
        return undefined;
      }
      case 'algo':
        data.algorithm = value.slice(0, 15);
        return undefined;
      case 'icase':
        data.ignoreCase = true;
        return undefined;
      default: {
        const offset = parseUnsigned(value, 65535);
        if (offset === undefined)
          return parameterProblem(`string: bad value for option "--${option}", or out of range (0-65535).\n`);
        if (option === 'from') data.from = offset;
        else data.to = offset;
        return undefined;
      }
    }
  },
  check(data) {
    if (data.algorithm === '') return parameterProblem('string: option "--algo" must be specified\n');
    if (!['bm', 'kmp', 'fsm'].includes(data.algorithm))
      return parameterProblem(`string: algorithm ${data.algorithm} is not emulated here`);
    return data.pattern.length === 0
      ? parameterProblem("STRING match: You must specify `--string' or `--hex-string'")
      : undefined;
  },
  save(data) {
    let text = `${data.invert ? ' !' : ''}${isPlain(data.pattern) ? ' --string' : ' --hex-string'} ${quoted(data.pattern)}`;
    text += ` --algo ${data.algorithm}`;
    if (data.from !== 0) text += ` --from ${data.from}`;
    if (data.to !== 65535) text += ` --to ${data.to}`;
    return data.ignoreCase ? `${text} --icase` : text;
  },
  list(data) {
    let text = ` STRING match ${data.invert ? '!' : ''} ${quoted(data.pattern)} ALGO name ${data.algorithm}`;
    if (data.from !== 0) text += ` FROM ${data.from}`;
    if (data.to !== 65535) text += ` TO ${data.to}`;
    return data.ignoreCase ? `${text} ICASE` : text;
  },
  matches(data, _ns, packet) {
    const bytes = packetBytes(packet);
    const { pattern, ignoreCase } = data;
    // An occurrence must begin within [from, to].
    const last = Math.min(data.to, bytes.length - pattern.length);
    for (let at = data.from; at <= last; at++) {
      let i = 0;
      while (i < pattern.length && same(bytes[at + i] as number, pattern[i] as number, ignoreCase)) i++;
      if (i === pattern.length) return !data.invert;
    }
    return data.invert;
  },
};

function same(a: number, b: number, ignoreCase: boolean): boolean {
  return a === b || (ignoreCase && lower(a) === lower(b));
}

function lower(octet: number): number {
  return octet >= 65 && octet <= 90 ? octet + 32 : octet;
}

/** Text in which `|48 65|` stands for octets. */
function hexPattern(text: string): number[] | string {
  const pattern: number[] = [];
  const parts = text.split('|');
  if (parts.length % 2 === 0) return `STRING: missing closing '|' in "${text}"`;
  for (const [at, part] of parts.entries()) {
    if (at % 2 === 0) {
      pattern.push(...encodeUtf8(part));
      continue;
    }
    const digits = part.replace(/\s+/g, '');
    if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits)) return `STRING: invalid hex block in "${text}"`;
    for (let i = 0; i < digits.length; i += 2) pattern.push(parseInt(digits.slice(i, i + 2), 16));
  }
  return pattern;
}

function isPlain(pattern: readonly number[]): boolean {
  return pattern.every((octet) => octet >= 32 && octet < 127 && octet !== 124);
}

function quoted(pattern: readonly number[]): string {
  if (isPlain(pattern)) {
    const text = String.fromCharCode(...pattern);
    return `"${text.replace(/["\\]/g, '\\$&')}"`;
  }
  return `"|${pattern.map((octet) => octet.toString(16).padStart(2, '0')).join('')}|"`;
}
