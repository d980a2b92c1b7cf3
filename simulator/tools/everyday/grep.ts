/**
 * grep(1) of GNU grep 3.11. Emulated: -E -F -P -G -e -f -i -v -w -x -c -l -L -n -o -q -s -h -H -r -m -A -B -C -a --color
 * --line-buffered (output is never held back longer than a read).
 */
import { strerror } from '../../base/errno.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../../process/program.ts';
import { getopt } from '../net/getopt.ts';
import { closeInput, complain, eachLine, linesOf, nameOf, openInput, parseOptions } from './common.ts';
import { translateRegex } from './regex.ts';

interface Search {
  readonly pattern: RegExp;
  readonly flags: ReadonlyMap<string, string>;
  readonly titled: boolean;
  readonly before: number;
  readonly after: number;
  readonly most: number;
  readonly colour: boolean;
}

const LONG = {
  'extended-regexp': { value: false, as: 'E' },
  'fixed-strings': { value: false, as: 'F' },
  'perl-regexp': { value: false, as: 'P' },
  regexp: { value: true, as: 'e' },
  file: { value: true, as: 'f' },
  'ignore-case': { value: false, as: 'i' },
  'invert-match': { value: false, as: 'v' },
  'word-regexp': { value: false, as: 'w' },
  'line-regexp': { value: false, as: 'x' },
  count: { value: false, as: 'c' },
  'files-with-matches': { value: false, as: 'l' },
  'files-without-match': { value: false, as: 'L' },
  'line-number': { value: false, as: 'n' },
  'only-matching': { value: false, as: 'o' },
  quiet: { value: false, as: 'q' },
  silent: { value: false, as: 'q' },
  'no-messages': { value: false, as: 's' },
  'no-filename': { value: false, as: 'h' },
  'with-filename': { value: false, as: 'H' },
  recursive: { value: false, as: 'r' },
  'max-count': { value: true, as: 'm' },
  'after-context': { value: true, as: 'A' },
  'before-context': { value: true, as: 'B' },
  context: { value: true, as: 'C' },
  text: { value: false, as: 'a' },
  'line-buffered': { value: false, as: 'line-buffered' },
};

function* main(ctx: ProgramContext): Program {
  // --color takes its value after `=` only.
  const argv = ctx.argv.map((word) => (/^--colou?r(=|$)/.test(word) ? '' : word));
  const colourWord = ctx.argv.find((word) => /^--colou?r(=|$)/.test(word));
  const words = argv.filter((word, i) => word !== '' || ctx.argv[i] === '');
  const call = Object.create(ctx, { argv: { value: words } }) as ProgramContext;
  const table = { short: 'EFGPe:f:ivwxclLnoqshHrRm:A:B:C:aybUzZTu0123456789', long: LONG };
  const wrong = getopt(words.slice(1), table).error;
  if (wrong !== undefined) {
    yield* complain(ctx, wrong);
    return yield* showUsage(ctx);
  }
  const parsed = yield* parseOptions(call, table, ['b', 'U', 'z', 'Z', 'T', 'u'], 2);
  if (typeof parsed === 'number') return parsed;
  const { flags, all } = parsed;
  let operands = [...parsed.operands];
  const patterns = all.filter((option) => option.name === 'e').flatMap((option) => option.value.split('\n'));
  const file = flags.get('f');
  if (file !== undefined) {
    const fd = yield* openInput(ctx, file);
    if (fd === undefined) return 2;
    patterns.push(...linesOf(yield* ctx.readAll(fd)));
  }
  if (patterns.length === 0 && file === undefined) {
    const [first, ...rest] = operands;
    if (first === undefined) return yield* showUsage(ctx);
    patterns.push(...first.split('\n'));
    operands = rest;
  }
  const pattern = compile(patterns, flags, nameOf(ctx));
  if (typeof pattern === 'string') return yield* complain(ctx, pattern, 2);
  const recursive = flags.has('r') || flags.has('R');
  if (operands.length === 0) operands = [recursive ? '.' : '-'];
  const digits = all
    .filter((option) => /^\d$/.test(option.name))
    .map((option) => option.name)
    .join('');
  const context = Number(flags.get('C') ?? (digits === '' ? 0 : digits));
  const when = colourWord?.split('=')[1] ?? 'auto';
  const search: Search = {
    pattern,
    flags,
    titled: flags.has('H') || (!flags.has('h') && (operands.length > 1 || recursive)),
    before: Number(flags.get('B') ?? context),
    after: Number(flags.get('A') ?? context),
    most: Number(flags.get('m') ?? Infinity),
    colour: when === 'always' || (when === 'auto' && ctx.file(1)?.isTty === true && ctx.container === ''),
  };
  return yield* searchAll(ctx, search, operands, recursive);
}

function* showUsage(ctx: ProgramContext): Blocking<number> {
  yield* ctx.err(
    `Usage: ${nameOf(ctx)} [OPTION]... PATTERNS [FILE]...\nTry '${nameOf(ctx)} --help' for more information.\n`,
  );
  return 2;
}

function compile(patterns: readonly string[], flags: ReadonlyMap<string, string>, name: string): RegExp | string {
  const fixed = flags.has('F') || name === 'fgrep';
  const kind = flags.has('P') ? 'perl' : flags.has('E') || name === 'egrep' ? 'extended' : 'basic';
  const sources = patterns.map((text) =>
    fixed
      ? text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
      : kind === 'perl'
        ? text
        : translateRegex(text, kind === 'extended'),
  );
  let source = sources.map((text) => `(?:${text})`).join('|');
  if (flags.has('w')) source = `(?<!\\w)(?:${source})(?!\\w)`;
  if (flags.has('x')) source = `^(?:${source})$`;
  try {
    return new RegExp(source, flags.has('i') || flags.has('y') ? 'gi' : 'g');
  } catch {
    return /\(/.test(patterns.join('\n')) ? 'Unmatched ( or \\(' : 'Invalid regular expression';
  }
}

function* searchAll(
  ctx: ProgramContext,
  search: Search,
  operands: readonly string[],
  recursive: boolean,
): Blocking<number> {
  let matched = false;
  let failed = false;
  for (const path of operands) {
    const stat = path === '-' ? undefined : ctx.fs.stat(path);
    if (stat?.ok === true && stat.value.type === 'directory') {
      if (recursive) {
        for (const file of filesBelow(ctx, path)) matched = (yield* searchFile(ctx, search, file)) || matched;
      } else {
        failed = true;
        if (!search.flags.has('s')) yield* complain(ctx, `${path}: ${strerror('EISDIR')}`);
      }
      continue;
    }
    if (stat?.ok === false) {
      failed = true;
      if (!search.flags.has('s')) yield* complain(ctx, `${path}: ${strerror(stat.errno)}`);
      continue;
    }
    matched = (yield* searchFile(ctx, search, path)) || matched;
    if (matched && search.flags.has('q')) return 0;
  }
  return failed && !(matched && search.flags.has('q')) ? 2 : matched ? 0 : 1;
}

function* filesBelow(ctx: ProgramContext, directory: string): Generator<string> {
  const names = ctx.fs.readdir(directory);
  for (const name of names.ok ? [...names.value].sort() : []) {
    const path = `${directory.replace(/\/$/, '')}/${name}`;
    const stat = ctx.fs.lstat(path);
    if (!stat.ok) continue;
    if (stat.value.type === 'directory') yield* filesBelow(ctx, path);
    else if (stat.value.type === 'file') yield path;
  }
}

function* searchFile(ctx: ProgramContext, search: Search, path: string): Blocking<boolean> {
  const fd = yield* openInput(ctx, path, search.flags.has('s'));
  if (fd === undefined) return false;
  const { flags } = search;
  const title = path === '-' ? '(standard input)' : path;
  const printer = new LinePrinter(search, title);
  const quiet = flags.has('q') || flags.has('l') || flags.has('L') || flags.has('c');
  let count = 0;
  let number = 0;
  const enough = (): boolean =>
    (count >= search.most && printer.idle) || (count > 0 && (flags.has('q') || flags.has('l') || flags.has('L')));
  // What holds a NUL is binary: that it matches is all that is said of it, unless -a.
  let binary = false;
  yield* eachLine(
    ctx,
    fd,
    (line) => {
      number++;
      search.pattern.lastIndex = 0;
      const hit = count < search.most && search.pattern.test(line) !== flags.has('v');
      if (hit) count++;
      if (hit && !quiet && !flags.has('a') && line.includes('\0')) binary = true;
      return quiet || binary ? undefined : printer.take(line, number, hit);
    },
    () => binary || enough(),
  );
  if (binary) yield* ctx.out(`${nameOf(ctx)}: ${title}: binary file matches\n`);
  closeInput(ctx, fd);
  if (flags.has('c') && !flags.has('q')) yield* ctx.out(`${search.titled ? `${title}:` : ''}${count}\n`);
  if (flags.has('l') && count > 0) yield* ctx.out(`${title}\n`);
  if (flags.has('L') && count === 0) yield* ctx.out(`${title}\n`);
  return count > 0;
}

/** Lines with their titles, numbers and context. */
class LinePrinter {
  private readonly search: Search;
  private readonly title: string;
  private held: { line: string; number: number }[] = [];
  private trailing = 0;
  private lastPrinted = 0;

  constructor(search: Search, title: string) {
    this.search = search;
    this.title = title;
  }

  get idle(): boolean {
    return this.trailing === 0;
  }

  take(line: string, number: number, hit: boolean): string | undefined {
    const { before, after, flags } = this.search;
    if (!hit) {
      if (this.trailing > 0) {
        this.trailing--;
        return this.print(line, number, '-');
      }
      if (before > 0) {
        this.held.push({ line, number });
        if (this.held.length > before) this.held.shift();
      }
      return undefined;
    }
    let text = '';
    const first = this.held[0]?.number ?? number;
    if ((before > 0 || after > 0) && this.lastPrinted > 0 && first > this.lastPrinted + 1) text += '--\n';
    for (const one of this.held) text += this.print(one.line, one.number, '-');
    this.held = [];
    this.trailing = after;
    if (!flags.has('o')) return text + this.print(line, number, ':');
    this.search.pattern.lastIndex = 0;
    return (
      text +
      [...line.matchAll(this.search.pattern)]
        .filter(([match]) => match !== '')
        .map(([match]) => this.print(match, number, ':'))
        .join('')
    );
  }

  private print(line: string, number: number, mark: string): string {
    const { flags, titled, colour, pattern } = this.search;
    this.lastPrinted = number;
    const shown =
      colour && mark === ':' && !flags.has('v')
        ? line.replace(pattern, (match) => (match === '' ? '' : `\x1b[01;31m\x1b[K${match}\x1b[m\x1b[K`))
        : line;
    return `${titled ? `${this.title}${mark}` : ''}${flags.has('n') ? `${number}${mark}` : ''}${shown}\n`;
  }
}

export const grepTool: Tool = {
  name: 'grep',
  aliases: ['egrep', 'fgrep'],
  directory: '/bin',
  summary: 'print lines that match patterns',
  main,
};
