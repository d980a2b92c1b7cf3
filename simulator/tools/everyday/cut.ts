/** cut(1), tr(1) and paste(1) of coreutils 9.7. Emulated: cut -b -c -f -d -s --complement --output-delimiter; tr -d -s -c -t; paste -d -s. */
import { Utf8Decoder } from '../../base/utf8.ts';
import { unescape } from '../../process/builtin/printf.ts';
import type { Program, ProgramContext, Tool } from '../../process/program.ts';
import { closeInput, complain, eachLine, linesOf, openInput, parseOptions, readInputs, usage } from './common.ts';

type Range = readonly [from: number, to: number];

function parseList(text: string): Range[] | undefined {
  const ranges: Range[] = [];
  for (const part of text.split(/[,\s]/)) {
    const match = /^(\d*)(-?)(\d*)$/.exec(part);
    if (match === null || part === '' || part === '-') return undefined;
    const from = match[1] === '' ? 1 : Number(match[1]);
    const to = match[2] === '' ? from : match[3] === '' ? Infinity : Number(match[3]);
    if (from < 1 || to < from) return undefined;
    ranges.push([from, to]);
  }
  return ranges;
}

function* cut(ctx: ProgramContext): Program {
  const long = {
    bytes: { value: true, as: 'b' },
    characters: { value: true, as: 'c' },
    fields: { value: true, as: 'f' },
    delimiter: { value: true, as: 'd' },
    'only-delimited': { value: false, as: 's' },
    complement: { value: false, as: 'complement' },
    'output-delimiter': { value: true, as: 'output-delimiter' },
  };
  const parsed = yield* parseOptions(ctx, { short: 'b:c:f:d:snz', long }, ['z']);
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  if (parsed.all.filter(({ name }) => 'bcf'.includes(name)).length > 1)
    return yield* usage(ctx, 'only one list may be specified');
  const spec = flags.get('f') ?? flags.get('c') ?? flags.get('b');
  if (spec === undefined) return yield* usage(ctx, 'you must specify a list of bytes, characters, or fields');
  const ranges = parseList(spec);
  const kind = flags.has('f') ? 'field' : 'byte/character';
  if (ranges === undefined) {
    const zero = /(^|,)0/.test(spec);
    return yield* usage(
      ctx,
      zero
        ? kind === 'field'
          ? 'fields are numbered from 1'
          : 'byte/character positions are numbered from 1'
        : `invalid ${kind} ${kind === 'field' ? 'value' : 'position'} '${spec}'`,
    );
  }
  const delimiter = flags.get('d') ?? '\t';
  if ([...delimiter].length > 1) return yield* usage(ctx, 'the delimiter must be a single character');
  const chosen = (i: number): boolean => ranges.some(([from, to]) => i >= from && i <= to) !== flags.has('complement');
  const glue = flags.get('output-delimiter');
  const select = (line: string): string | undefined => {
    if (!flags.has('f')) return `${[...line].filter((_, i) => chosen(i + 1)).join(glue ?? '')}\n`;
    if (!line.includes(delimiter)) return flags.has('s') ? undefined : `${line}\n`;
    return `${line
      .split(delimiter)
      .filter((_, i) => chosen(i + 1))
      .join(glue ?? delimiter)}\n`;
  };
  let status = 0;
  for (const path of operands.length === 0 ? ['-'] : operands) {
    const fd = yield* openInput(ctx, path);
    if (fd === undefined) status = 1;
    else {
      yield* eachLine(ctx, fd, select);
      closeInput(ctx, fd);
    }
  }
  return status;
}

const SETS: Readonly<Record<string, string>> = {
  digit: '0123456789',
  lower: 'abcdefghijklmnopqrstuvwxyz',
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  space: '\t\n\v\f\r ',
  blank: '\t ',
  punct: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
  xdigit: '0123456789ABCDEFabcdef',
};

function expandSet(text: string): string[] {
  const set: string[] = [];
  const source = [...unescape(text, false).text];
  for (let i = 0; i < source.length; i++) {
    const rest = source.slice(i).join('');
    const named = /^\[:(\w+):\]/.exec(rest);
    const repeated = /^\[(.)\*(\d*)\]/.exec(rest);
    if (named !== null) {
      const name = named[1] as string;
      const all =
        name === 'alpha'
          ? `${SETS['upper']}${SETS['lower']}`
          : name === 'alnum'
            ? `${SETS['digit']}${SETS['upper']}${SETS['lower']}`
            : (SETS[name] ?? '');
      set.push(...all);
      i += named[0].length - 1;
    } else if (repeated !== null) {
      set.push(...Array.from({ length: Number(repeated[2]) || 256 }, () => repeated[1] as string));
      i += repeated[0].length - 1;
    } else if (source[i + 1] === '-' && source[i + 2] !== undefined) {
      const [from, to] = [
        (source[i] as string).codePointAt(0) as number,
        (source[i + 2] as string).codePointAt(0) as number,
      ];
      for (let code = from; code <= to; code++) set.push(String.fromCodePoint(code));
      i += 2;
    } else set.push(source[i] as string);
  }
  return set;
}

function* tr(ctx: ProgramContext): Program {
  const long = {
    delete: { value: false, as: 'd' },
    'squeeze-repeats': { value: false, as: 's' },
    complement: { value: false, as: 'c' },
    'truncate-set1': { value: false, as: 't' },
  };
  const parsed = yield* parseOptions(ctx, { short: 'dscCt', long });
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  const [first, second, third] = operands;
  const wanted = flags.has('d') && !flags.has('s') ? 1 : flags.has('s') && !flags.has('d') ? operands.length : 2;
  if (first === undefined) return yield* usage(ctx, 'missing operand');
  if (third !== undefined) return yield* usage(ctx, `extra operand '${third}'`);
  if (second === undefined && wanted === 2) {
    yield* ctx.err(
      `tr: missing operand after '${first}'\nTwo strings must be given when ${flags.has('d') ? 'both deleting and squeezing repeats' : 'translating'}.\nTry 'tr --help' for more information.\n`,
    );
    return 1;
  }
  if (second !== undefined && wanted === 1) {
    yield* ctx.err(
      `tr: extra operand '${second}'\nOnly one string may be given when deleting without squeezing repeats.\nTry 'tr --help' for more information.\n`,
    );
    return 1;
  }
  const complement = flags.has('c') || flags.has('C');
  const from = expandSet(first);
  const members = new Set(from);
  const inFirst = (c: string): boolean => members.has(c) !== complement;
  const to = second === undefined ? [] : expandSet(second);
  const table = new Map<string, string>();
  if (!flags.has('d') && second !== undefined && !complement)
    from.forEach((c, i) => table.set(c, to[i] ?? (flags.has('t') ? c : (to.at(-1) ?? c))));
  const squeezed = new Set(second === undefined ? [] : to);
  const squeezes = (c: string): boolean => (second === undefined ? inFirst(c) : squeezed.has(c));
  const decoder = new Utf8Decoder();
  let last = '';
  for (;;) {
    const read = yield* ctx.read(0);
    if (!read.ok || read.value.length === 0) return 0;
    let text = '';
    for (const c of decoder.decode(read.value)) {
      if (flags.has('d') && inFirst(c)) continue;
      const mapped =
        flags.has('d') || second === undefined
          ? c
          : complement
            ? inFirst(c)
              ? (to.at(-1) ?? c)
              : c
            : (table.get(c) ?? c);
      if (flags.has('s') && mapped === last && squeezes(mapped)) continue;
      text += mapped;
      last = mapped;
    }
    yield* ctx.out(text);
  }
}

function* paste(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(
    ctx,
    { short: 'd:sz', long: { delimiters: { value: true, as: 'd' }, serial: { value: false, as: 's' } } },
    ['z'],
  );
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  const marks = [...unescape(flags.get('d') ?? '\t', false).text];
  const mark = (i: number): string => marks[i % Math.max(1, marks.length)] ?? '';
  const inputs: string[][] = [];
  for (const path of operands.length === 0 ? ['-'] : operands) {
    const input = yield* readInputs(ctx, [path]);
    if (!input.ok) return 1;
    inputs.push(linesOf(input.text));
  }
  const join = (words: readonly string[]): string =>
    words.reduce((text, word, i) => (i === 0 ? word : text + mark(i - 1) + word), '');
  if (flags.has('s')) for (const lines of inputs) yield* ctx.out(`${join(lines)}\n`);
  else
    for (let i = 0; i < Math.max(...inputs.map((lines) => lines.length)); i++)
      yield* ctx.out(`${join(inputs.map((lines) => lines[i] ?? ''))}\n`);
  return 0;
}

function* column(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(
    ctx,
    { short: 'ts:o:c:x', long: { table: { value: false, as: 't' }, separator: { value: true, as: 's' } } },
    ['c', 'x'],
  );
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  if (!flags.has('t')) return yield* complain(ctx, 'without -t is not emulated here');
  const separator = flags.get('s');
  const { text, ok } = yield* readInputs(ctx, operands);
  const rows = linesOf(text).map((line) =>
    separator === undefined ? line.trim().split(/\s+/) : line.split(separator),
  );
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  const glue = flags.get('o') ?? '  ';
  yield* ctx.out(
    rows
      .map(
        (row) =>
          `${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] as number))).join(glue)}\n`,
      )
      .join(''),
  );
  return ok ? 0 : 1;
}

export const cutTool: Tool = { name: 'cut', summary: 'take parts of each line', main: cut };
export const trTool: Tool = { name: 'tr', summary: 'translate or delete characters', main: tr };
export const pasteTool: Tool = { name: 'paste', summary: 'merge lines of files', main: paste };
export const columnTool: Tool = { name: 'column', summary: 'align columns (-t)', main: column };
