/** The formats of printf(1) and the escapes of echo(1) and `$'…'`, shared by the tools and the shell's builtins. */

/** Text after escapes; `stop` when \c ended the output. */
export interface Escaped {
  readonly text: string;
  readonly stop: boolean;
}

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** Replaces backslash escapes. `octalZero`: octal needs a leading 0 (echo -e, %b); otherwise \NNN counts (printf formats). */
export function unescape(text: string, octalZero: boolean): Escaped {
  let result = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\') {
      result += text[i];
      continue;
    }
    const c = text[i + 1];
    const rest = text.slice(i + 1);
    if (c === 'c' && octalZero) return { text: result, stop: true };
    const coded =
      /^x([0-9a-fA-F]{1,2})/.exec(rest) ??
      /^u([0-9a-fA-F]{1,4})/.exec(rest) ??
      /^U([0-9a-fA-F]{1,8})/.exec(rest) ??
      (octalZero ? /^(0[0-7]{0,3})/.exec(rest) : /^([0-7]{1,3})/.exec(rest));
    if (coded !== null) {
      result += String.fromCodePoint(parseInt(coded[1] as string, /^[xuU]/.test(rest) ? 16 : 8));
      i += coded[0].length;
    } else if (c !== undefined && SIMPLE[c] !== undefined) {
      result += SIMPLE[c];
      i++;
    } else if ((c === '"' || c === "'") && !octalZero) {
      result += c;
      i++;
    } else result += '\\';
  }
  return { text: result, stop: false };
}

/** What `echo` prints for `args`. `flavour` dash interprets escapes always and knows no -e. */
export function echoText(args: readonly string[]): string {
  let newline = true;
  let escapes = false;
  let at = 0;
  for (; at < args.length && /^-[neE]+$/.test(args[at] as string); at++) {
    const flags = args[at] as string;
    if (flags.includes('n')) newline = false;
    if (flags.includes('e')) escapes = true;
    if (flags.includes('E')) escapes = false;
  }
  const text = args.slice(at).join(' ');
  const shown = escapes ? unescape(text, true) : { text, stop: false };
  return shown.text + (newline && !shown.stop ? '\n' : '');
}

/** What `printf` prints, and the complaints about its arguments. */
export interface Printed {
  readonly text: string;
  readonly complaints: readonly string[];
}

/** Formats `args`; the format is used again while arguments are left. */
export function formatPrintf(format: string, args: readonly string[]): Printed {
  const complaints: string[] = [];
  let text = '';
  let at = 0;
  do {
    const before = at;
    const pass = onePass(format, args, at, complaints);
    text += pass.text;
    at = pass.at;
    if (pass.stop || at === before) break;
  } while (at < args.length);
  return { text, complaints };
}

/** Characters of one field. */
const WIDEST = 100_000;

const DIRECTIVE = /%(%|([-+ 0#']*)(\*|\d+)?(?:\.(\*|\d+)?)?([a-zA-Z]))/y;

function onePass(
  format: string,
  args: readonly string[],
  from: number,
  complaints: string[],
): { text: string; at: number; stop: boolean } {
  let text = '';
  let at = from;
  let plain = '';
  const flush = (): void => {
    text += unescape(plain, false).text;
    plain = '';
  };
  for (let i = 0; i < format.length;) {
    if (format[i] !== '%') {
      if (format[i] === '\\') plain += format[i++];
      plain += format[i++] ?? '';
      continue;
    }
    DIRECTIVE.lastIndex = i;
    const match = DIRECTIVE.exec(format);
    if (match === null) {
      complaints.push(`\`${format.slice(i)}': missing format character`);
      break;
    }
    flush();
    i += match[0].length;
    if (match[1] === '%') {
      text += '%';
      continue;
    }
    const [, , flags = '', width, precision, kind = ''] = match;
    const w = width === '*' ? Number(args[at++] ?? 0) : Number(width ?? 0);
    const hasPrecision = match[0].includes('.');
    const p = precision === '*' ? Number(args[at++] ?? 0) : hasPrecision ? Number(precision ?? 0) : undefined;
    if (Math.abs(w) > WIDEST || (p ?? 0) > WIDEST) {
      complaints.push(`${Math.abs(w) > WIDEST ? w : p}: a field of this width is not emulated here`);
      return { text, at: args.length, stop: true };
    }
    const argument = args[at];
    at++;
    const piece = convert(kind, flags, p, argument, complaints);
    if (piece === undefined) {
      complaints.push(`\`${kind}': invalid format character`);
      return { text, at: args.length, stop: true };
    }
    text += pad(piece.text, flags, w, /[diouxXeEfFgG]/.test(kind) && (p === undefined || /[eEfFgG]/.test(kind)));
    if (piece.stop) return { text, at, stop: true };
  }
  flush();
  return { text, at, stop: false };
}

function pad(text: string, flags: string, width: number, numeric: boolean): string {
  const length = [...text].length;
  if (length >= width) return text;
  if (flags.includes('-')) return text + ' '.repeat(width - length);
  if (!flags.includes('0') || !numeric) return ' '.repeat(width - length) + text;
  const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(width - length) + text.slice(sign.length);
}

function convert(
  kind: string,
  flags: string,
  precision: number | undefined,
  argument: string | undefined,
  complaints: string[],
): Escaped | undefined {
  const plain = (text: string): Escaped => ({ text, stop: false });
  switch (kind) {
    case 's':
      return plain(precision === undefined ? (argument ?? '') : [...(argument ?? '')].slice(0, precision).join(''));
    case 'b':
      return unescape(argument ?? '', true);
    case 'q':
      return plain(quote(argument ?? ''));
    case 'c':
      return plain((argument ?? '').slice(0, 1));
    case 'd':
    case 'i':
    case 'u': {
      const value = integer(argument ?? '', complaints);
      const digits = (value < 0n ? -value : value).toString().padStart(precision ?? 0, '0');
      return plain(sign(value < 0n, flags) + digits);
    }
    case 'o':
      return plain(
        BigInt.asUintN(64, integer(argument ?? '', complaints))
          .toString(8)
          .padStart(precision ?? 0, '0'),
      );
    case 'x':
    case 'X': {
      const value = BigInt.asUintN(64, integer(argument ?? '', complaints));
      const digits =
        (flags.includes('#') && value !== 0n ? '0x' : '') + value.toString(16).padStart(precision ?? 0, '0');
      return plain(kind === 'X' ? digits.toUpperCase() : digits);
    }
    case 'f':
    case 'F':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
      return plain(float(kind, flags, precision, argument ?? '', complaints));
    default:
      return undefined;
  }
}

function sign(negative: boolean, flags: string): string {
  return negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
}

function integer(text: string, complaints: string[]): bigint {
  if (/^["']/.test(text)) return BigInt(text.codePointAt(1) ?? 0);
  const match = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|\d+)/.exec(text);
  if (text !== '' && match?.[0].length !== text.length) complaints.push(`${text}: invalid number`);
  if (match === null) return 0n;
  const [, minus, digits = '0'] = match;
  const value = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  return minus === '-' ? -value : value;
}

function float(kind: string, flags: string, precision: number | undefined, text: string, complaints: string[]): string {
  const value = text === '' ? 0 : Number(text);
  if (Number.isNaN(value)) complaints.push(`${text}: invalid number`);
  const number = Number.isNaN(value) ? 0 : Math.abs(value);
  const places = precision ?? 6;
  let digits: string;
  if (/f/i.test(kind)) digits = number.toFixed(places);
  else if (/e/i.test(kind)) digits = exponent(number.toExponential(places));
  else {
    const power = number === 0 ? 0 : Math.floor(Math.log10(number));
    const significant = Math.max(1, places);
    digits =
      power < -4 || power >= significant
        ? exponent(number.toExponential(significant - 1).replace(/\.?0+(?=e)/, ''))
        : String(Number(number.toPrecision(significant)));
  }
  const body = sign(value < 0, flags) + digits;
  return kind === kind.toUpperCase() ? body.toUpperCase() : body;
}

function exponent(text: string): string {
  return text.replace(/e([-+])(\d)$/, 'e$10$2');
}

/** A word as the shell would need it typed (printf %q, set, declare -p). */
export function quote(text: string): string {
  if (text === '') return "''";
  if (/[\n\t\x00-\x1f]/.test(text)) {
    return `$'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t')}'`;
  }
  return text.replace(/[^\w@%+=:,./-]/gu, '\\$&');
}
