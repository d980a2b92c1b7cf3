/** fmt.Sprintf, Sprint and Sprintln for template values (src/fmt/print.go): verbs v s q d x X o b c t f e g U T %, flags - + # 0 blank, width, precision. */
import { quote } from './strconv.ts';
import { format, formatFloat, GoFloat, GoStringer, isList, typeName, type Value } from './value.ts';

/** fmt.Sprintf */
export function sprintf(pattern: string, values: readonly Value[]): string {
  let out = '';
  let used = 0;
  let last = 0;
  const verbs = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?([a-zA-Z%])?/g;
  for (let match = verbs.exec(pattern); match !== null; match = verbs.exec(pattern)) {
    out += pattern.slice(last, match.index);
    last = match.index + match[0].length;
    const [, flags = '', widthText, precisionText, verb] = match;
    if (verb === undefined) {
      out += '%!(NOVERB)';
      continue;
    }
    if (verb === '%') {
      out += '%';
      continue;
    }
    const star = (text: string | undefined): number | undefined =>
      text === '*' ? Number(values[used++] ?? 0) : text === undefined ? undefined : Number(text);
    const width = star(widthText);
    const precision = star(precisionText);
    if (used >= values.length) {
      out += `%!${verb}(MISSING)`;
      continue;
    }
    out += pad(one(verb, flags, precision, values[used++]), flags, width, verb);
  }
  out += pattern.slice(last);
  if (used < values.length)
    out += `%!(EXTRA ${values
      .slice(used)
      .map((value) => `${typeName(value)}=${format(value)}`)
      .join(', ')})`;
  return out;
}

function one(verb: string, flags: string, precision: number | undefined, value: Value): string {
  if (isList(value) && 'qdsx'.includes(verb))
    return `[${value.map((item) => one(verb, flags, precision, item)).join(' ')}]`;
  if (verb === 'v') return flags.includes('#') && typeof value === 'string' ? quote(value) : format(value);
  if (verb === 'T') return typeName(value);
  if (verb === 't' && typeof value === 'boolean') return String(value);
  if (verb === 's' && typeof value !== 'number' && typeof value !== 'boolean' && !(value instanceof GoFloat))
    return cut(format(value), precision);
  if (verb === 'q' && typeof value === 'string') return quote(cut(value, precision));
  if (verb === 'q' && typeof value === 'number') return `'${String.fromCodePoint(value)}'`;
  if ((verb === 'x' || verb === 'X') && typeof value === 'string') {
    const hex = [...value].map((c) => (c.codePointAt(0) ?? 0).toString(16).padStart(2, '0')).join('');
    return verb === 'X' ? hex.toUpperCase() : hex;
  }
  const number = value instanceof GoStringer ? value.number : value;
  if (typeof number === 'number') {
    const whole = integer(verb, flags, number);
    if (whole !== undefined) return whole;
  }
  if (value instanceof GoFloat && 'feEgG'.includes(verb)) return float(verb, flags, precision, value.number);
  return `%!${verb}(${typeName(value)}=${format(value)})`;
}

function integer(verb: string, flags: string, value: number): string | undefined {
  const sign = value >= 0 && flags.includes('+') ? '+' : '';
  const prefix = (text: string): string => (flags.includes('#') ? text : '');
  const based = (base: number, mark: string): string =>
    `${value < 0 ? '-' : sign}${prefix(mark)}${Math.abs(value).toString(base)}`;
  switch (verb) {
    case 'd':
      return sign + String(value);
    case 'x':
      return based(16, '0x');
    case 'X':
      return based(16, '0x').toUpperCase();
    case 'o':
      return based(8, '0');
    case 'b':
      return based(2, '0b');
    case 'c':
      return String.fromCodePoint(value);
    case 'U':
      return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`;
    default:
      return undefined;
  }
}

function float(verb: string, flags: string, precision: number | undefined, value: number): string {
  const sign = value >= 0 && flags.includes('+') ? '+' : '';
  if (verb === 'f') return sign + value.toFixed(precision ?? 6);
  if (verb === 'e' || verb === 'E') {
    const text = value.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2');
    return sign + (verb === 'E' ? text.toUpperCase() : text);
  }
  return (
    sign + (precision === undefined ? formatFloat(value) : String(Number(value.toPrecision(Math.max(1, precision)))))
  );
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : [...text].slice(0, precision).join('');
}

function pad(text: string, flags: string, width: number | undefined, verb: string): string {
  if (width === undefined) return text;
  const missing = Math.abs(width) - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-') || width < 0) return text + ' '.repeat(missing);
  if (!flags.includes('0') || 'sqvT'.includes(verb)) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

/** fmt.Sprint: a blank between operands when neither is a string. */
export function sprint(values: readonly Value[]): string {
  let out = '';
  values.forEach((value, i) => {
    if (i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string') out += ' ';
    out += format(value);
  });
  return out;
}

/** fmt.Sprintln */
export function sprintln(values: readonly Value[]): string {
  return `${values.map(format).join(' ')}\n`;
}
