/** sort(1) and uniq(1) of coreutils 9.7 in the C locale. Emulated: sort -b -d -f -g -h -n -V -r -u -s -c -o -k -t; uniq -c -d -u -i -f -s -w. */
import { strerror } from '../../base/errno.ts';
import type { Program, ProgramContext, Tool } from '../../process/program.ts';
import { complain, linesOf, parseOptions, readInputs } from './common.ts';

interface Key {
  readonly from: number;
  readonly fromChar: number;
  readonly to: number;
  readonly toChar: number;
  readonly flags: string;
}

function parseKey(text: string): Key | undefined {
  const match = /^(\d+)(?:\.(\d+))?([bdfghinrVM]*)(?:,(\d+)(?:\.(\d+))?([bdfghinrVM]*))?$/.exec(text);
  if (match === null) return undefined;
  const [, from, fromChar, flags = '', to, toChar, more = ''] = match;
  return {
    from: Number(from),
    fromChar: Number(fromChar ?? 1),
    to: Number(to ?? Infinity),
    toChar: Number(toChar ?? 0),
    flags: flags + more,
  };
}

/** The part of the line that a key names. Without a separator, fields begin with their leading blanks. */
function keyText(line: string, key: Key, separator: string | undefined): string {
  const fields = separator === undefined ? (line.match(/\s*\S+|\s+$/g) ?? []) : line.split(separator);
  const blank = separator === undefined || key.flags.includes('b');
  const join = separator ?? '';
  const chosen = fields.slice(key.from - 1, key.to === Infinity ? undefined : key.to);
  if (chosen.length === 0) return '';
  if (key.toChar > 0 && chosen.length === key.to - key.from + 1)
    chosen[chosen.length - 1] = (chosen.at(-1) as string).slice(0, key.toChar);
  const text = chosen.join(join);
  return (blank && key.flags.includes('b') ? text.trimStart() : text).slice(key.fromChar - 1);
}

const UNITS = 'KMGTPE';

function numeric(text: string): number {
  const match = /^\s*(-?\d*\.?\d*)/.exec(text);
  return Number(match?.[1] ?? 0) || 0;
}

function human(text: string): number {
  const match = /^\s*(-?[\d.]+)([KMGTPEkmg]?)/.exec(text);
  return match === null ? 0 : Number(match[1]) * 1024 ** ` ${UNITS}`.indexOf((match[2] || ' ').toUpperCase());
}

function byVersion(a: string, b: string): number {
  const parts = (text: string): string[] => text.match(/\d+|\D+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x = '', y = ''] = [left[i], right[i]];
    const difference = /^\d/.test(x) && /^\d/.test(y) ? Number(x) - Number(y) : compareText(x, y);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareBy(flags: string, a: string, b: string): number {
  let [x, y] = [a, b];
  if (flags.includes('b')) [x, y] = [x.trimStart(), y.trimStart()];
  if (flags.includes('n')) return numeric(x) - numeric(y);
  if (flags.includes('g')) return Number.parseFloat(x) - Number.parseFloat(y) || 0;
  if (flags.includes('h')) return human(x) - human(y);
  if (flags.includes('V')) return byVersion(x, y);
  if (flags.includes('d')) [x, y] = [x.replace(/[^\w\s]/g, ''), y.replace(/[^\w\s]/g, '')];
  if (flags.includes('f')) [x, y] = [x.toUpperCase(), y.toUpperCase()];
  return compareText(x, y);
}

function* sort(ctx: ProgramContext): Program {
  const long = {
    numeric: { value: false, as: 'n' },
    'numeric-sort': { value: false, as: 'n' },
    'human-numeric-sort': { value: false, as: 'h' },
    'version-sort': { value: false, as: 'V' },
    reverse: { value: false, as: 'r' },
    unique: { value: false, as: 'u' },
    key: { value: true, as: 'k' },
    'field-separator': { value: true, as: 't' },
    'ignore-case': { value: false, as: 'f' },
    output: { value: true, as: 'o' },
    stable: { value: false, as: 's' },
    check: { value: false, as: 'c' },
  };
  const parsed = yield* parseOptions(ctx, { short: 'bdfghinVMruscCmzk:t:o:S:T:', long }, ['i', 'M', 'm', 'z'], 2);
  if (typeof parsed === 'number') return parsed;
  const { flags, all, operands } = parsed;
  const keys: Key[] = [];
  for (const { name, value } of all) {
    if (name !== 'k') continue;
    const key = parseKey(value);
    if (key === undefined)
      return yield* complain(ctx, `invalid number at field start: invalid count at start of '${value}'`, 2);
    if (key.from === 0) return yield* complain(ctx, `field number is zero: invalid field specification '${value}'`, 2);
    keys.push(key);
  }
  const global = [...flags.keys()].join('');
  const separator = flags.get('t');
  const order = (a: string, b: string): number => {
    for (const key of keys) {
      const own = key.flags === '' ? global : key.flags;
      const difference = compareBy(own, keyText(a, key, separator), keyText(b, key, separator));
      if (difference !== 0) return own.includes('r') ? -difference : difference;
    }
    if (keys.length > 0) return 0;
    const difference = compareBy(global, a, b);
    return global.includes('r') ? -difference : difference;
  };
  const stable = flags.has('s') || flags.has('u');
  const full = (a: string, b: string): number =>
    order(a, b) || (stable ? 0 : global.includes('r') ? -compareText(a, b) : compareText(a, b));
  for (const path of operands) {
    const stat = path === '-' ? undefined : ctx.fs.stat(path);
    if (stat?.ok === false) return yield* complain(ctx, `cannot read: ${path}: ${strerror(stat.errno)}`, 2);
  }
  const input = yield* readInputs(ctx, operands);
  if (!input.ok) return 2;
  const lines = linesOf(input.text);
  if (flags.has('c') || flags.has('C')) {
    const at = lines.findIndex((line, i) => i > 0 && full(lines[i - 1] as string, line) > 0);
    if (at < 0) return 0;
    return flags.has('C') ? 1 : yield* complain(ctx, `${operands[0] ?? '-'}:${at + 1}: disorder: ${lines[at]}`);
  }
  lines.sort(full);
  const kept = flags.has('u') ? lines.filter((line, i) => i === 0 || order(lines[i - 1] as string, line) !== 0) : lines;
  const text = kept.map((line) => `${line}\n`).join('');
  const output = flags.get('o');
  if (output === undefined) yield* ctx.out(text);
  else ctx.fs.writeFile(output, text);
  return 0;
}

function* uniq(ctx: ProgramContext): Program {
  const long = {
    count: { value: false, as: 'c' },
    repeated: { value: false, as: 'd' },
    unique: { value: false, as: 'u' },
    'ignore-case': { value: false, as: 'i' },
    'skip-fields': { value: true, as: 'f' },
    'skip-chars': { value: true, as: 's' },
    'check-chars': { value: true, as: 'w' },
  };
  const parsed = yield* parseOptions(ctx, { short: 'cduif:s:w:Dz', long }, ['D', 'z']);
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  const [input, output] = operands;
  const key = (line: string): string => {
    let text = line;
    for (let i = 0; i < Number(flags.get('f') ?? 0); i++) text = text.replace(/^\s*\S+/, '');
    text = text.slice(Number(flags.get('s') ?? 0));
    if (flags.has('w')) text = text.slice(0, Number(flags.get('w')));
    return flags.has('i') ? text.toLowerCase() : text;
  };
  const show = (line: string, count: number): string => {
    if (flags.has('d') && count < 2) return '';
    if (flags.has('u') && count > 1) return '';
    return flags.has('c') ? `${String(count).padStart(7)} ${line}\n` : `${line}\n`;
  };
  let text = '';
  let current: string | undefined;
  let count = 0;
  const source = input === undefined || input === '-' ? undefined : ctx.fs.open(input, 'r');
  if (source?.ok === false) return yield* complain(ctx, `${input}: No such file or directory`);
  const fd = source === undefined ? 0 : ctx.install(source.value);
  for (let line = yield* ctx.readLine(fd); line !== undefined; line = yield* ctx.readLine(fd)) {
    if (current !== undefined && key(current) === key(line)) {
      count++;
      continue;
    }
    if (current !== undefined) text += show(current, count);
    if (output === undefined && text !== '') {
      yield* ctx.out(text);
      text = '';
    }
    current = line;
    count = 1;
  }
  if (current !== undefined) text += show(current, count);
  if (output === undefined) yield* ctx.out(text);
  else ctx.fs.writeFile(output, text);
  return 0;
}

export const sortTool: Tool = { name: 'sort', summary: 'sort lines', main: sort };
export const uniqTool: Tool = { name: 'uniq', summary: 'leave out repeated lines, or count them', main: uniq };
