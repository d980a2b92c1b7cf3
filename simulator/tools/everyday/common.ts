/** What the everyday tools share: options in getopt's words, inputs that are files or standard input, lines in and out. */
import { strerror } from '../../base/errno.ts';
import { Utf8Decoder } from '../../base/utf8.ts';
import type { Blocking, ProgramContext } from '../../process/program.ts';
import { getopt, type OptionTable } from '../net/getopt.ts';

export interface Parsed {
  /** By name: the last value, '' for flags. */
  readonly flags: ReadonlyMap<string, string>;
  /** In the order they were given. */
  readonly all: readonly { readonly name: string; readonly value: string }[];
  readonly operands: readonly string[];
}

/** Known options that are accepted by the real tool and refused here. */
export type Unsupported = readonly string[];

/** The tool's name as it was called. */
export function nameOf(ctx: ProgramContext): string {
  return ctx.argv[0]?.replace(/^.*\//, '') ?? '';
}

/** Images made of busybox word their errors differently. */
export function isBusybox(ctx: ProgramContext): boolean {
  return ctx.container !== '' && ctx.fs.lstat('/bin/busybox').ok;
}

/** Parses the command line; on an error prints it as GNU tools do and answers the exit status. */
export function* parseOptions(
  ctx: ProgramContext,
  table: OptionTable,
  unsupported: Unsupported = [],
  status = 1,
): Blocking<Parsed | number> {
  const name = nameOf(ctx);
  const parsed = getopt(ctx.argv.slice(1), table);
  if (parsed.error !== undefined) return yield* usage(ctx, parsed.error, status);
  for (const option of parsed.options) {
    if (!unsupported.includes(option.name)) continue;
    yield* ctx.err(`${name}: option ${option.name.length === 1 ? '-' : '--'}${option.name} is not emulated here\n`);
    return status;
  }
  return {
    flags: new Map(parsed.options.map((option) => [option.name, option.value])),
    all: parsed.options,
    operands: parsed.operands,
  };
}

/** `NAME: message` and the pointer to --help. */
export function* usage(ctx: ProgramContext, message: string, status = 1): Blocking<number> {
  const name = nameOf(ctx);
  yield* ctx.err(`${name}: ${message}\nTry '${name} --help' for more information.\n`);
  return status;
}

/** `NAME: message` */
export function* complain(ctx: ProgramContext, message: string, status = 1): Blocking<number> {
  yield* ctx.err(`${nameOf(ctx)}: ${message}\n`);
  return status;
}

/** Of tools without options: refuses any that is given, with the exit status; undefined when there is none. */
export function* noOptions(ctx: ProgramContext, status = 1): Blocking<number | undefined> {
  const parsed = yield* parseOptions(ctx, { short: '' }, [], status);
  return typeof parsed === 'number' ? parsed : undefined;
}

/** Opens an input (`-` is standard input); prints why not and answers undefined when it cannot. */
export function* openInput(ctx: ProgramContext, path: string, quiet = false): Blocking<number | undefined> {
  if (path === '-') return 0;
  const file = ctx.fs.open(path, 'r');
  const stat = file.ok ? ctx.fs.stat(path) : file;
  if (file.ok && !(stat.ok && stat.value.type === 'directory')) return ctx.install(file.value);
  if (!quiet) {
    const reason = file.ok ? strerror('EISDIR') : strerror(file.errno);
    if (isBusybox(ctx)) yield* complain(ctx, file.ok ? `read error: ${reason}` : `can't open '${path}': ${reason}`);
    else yield* complain(ctx, `${path}: ${reason}`);
  }
  return undefined;
}

/** Closes what {@link openInput} opened. */
export function closeInput(ctx: ProgramContext, fd: number): void {
  if (fd !== 0) ctx.close(fd);
}

/** The whole text of all inputs; `ok` is false when one could not be read. */
export function* readInputs(ctx: ProgramContext, paths: readonly string[]): Blocking<{ text: string; ok: boolean }> {
  let text = '';
  let ok = true;
  for (const path of paths.length === 0 ? ['-'] : paths) {
    const fd = yield* openInput(ctx, path);
    if (fd === undefined) ok = false;
    else {
      text += yield* ctx.readAll(fd);
      closeInput(ctx, fd);
    }
  }
  return { text, ok };
}

/** Lines of a text; a last line without newline counts. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/**
 * Gives the lines of an input to `each` as they arrive, several at a time, and whether a newline ends each. Prints as it goes:
 * what `each` returns as text is written at the end of every chunk, so that pipelines stream without a write per line.
 */
export function* eachLine(
  ctx: ProgramContext,
  fd: number,
  each: (line: string, newline: boolean) => string | undefined,
  enough: () => boolean = () => false,
): Blocking<void> {
  const decoder = new Utf8Decoder();
  let rest = '';
  for (;;) {
    const read = yield* ctx.read(fd);
    const ended = !read.ok || read.value.length === 0;
    if (!ended) rest += decoder.decode(read.value);
    const lines = rest.split('\n');
    rest = ended ? '' : (lines.pop() ?? '');
    const open = ended && lines.at(-1) !== '' ? lines.length - 1 : -1;
    if (ended && open < 0) lines.pop();
    let output = '';
    for (let i = 0; i < lines.length; i++) {
      output += each(lines[i] as string, i !== open) ?? '';
      if (enough()) break;
    }
    if (output !== '') yield* ctx.out(output);
    if (lines.length > 0) yield* ctx.spend(lines.length >> 4);
    if (ended || enough()) return;
  }
}

/** A decimal count with GNU's suffixes (`10`, `2k`, `1M`, `kB`); undefined when malformed. */
export function parseSize(text: string): number | undefined {
  const match = /^([-+]?\d+)(b|kB|K|k|KiB|MB|M|MiB|G)?$/.exec(text);
  if (match === null) return undefined;
  const factors: Readonly<Record<string, number>> = {
    b: 512,
    kB: 1000,
    K: 1024,
    k: 1024,
    KiB: 1024,
    MB: 1e6,
    M: 1048576,
    MiB: 1048576,
    G: 1073741824,
  };
  return Number(match[1]) * (factors[match[2] ?? ''] ?? 1);
}

/** Octets as `ls -h` and `du -h` show them. */
export function humanSize(bytes: number): string {
  if (bytes < 1024) return String(bytes);
  let value = bytes;
  let unit = '';
  for (const next of ['K', 'M', 'G', 'T']) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : Math.ceil(value)}${unit}`;
}

/** `-rw-r--r--` */
export function modeText(type: string, mode: number): string {
  const kind =
    ({ directory: 'd', symlink: 'l', device: 'c', fifo: 'p', socket: 's' } as Readonly<Record<string, string>>)[type] ??
    '-';
  const bits = [...'rwxrwxrwx'].map((letter, i) => ((mode & (0o400 >> i)) === 0 ? '-' : letter));
  if ((mode & 0o1000) !== 0) bits[8] = bits[8] === 'x' ? 't' : 'T';
  if ((mode & 0o2000) !== 0) bits[5] = bits[5] === 'x' ? 's' : 'S';
  if ((mode & 0o4000) !== 0) bits[2] = bits[2] === 'x' ? 's' : 'S';
  return kind + bits.join('');
}

/** Owner's name. */
export function userName(uid: number): string {
  return uid === 0 ? 'root' : uid === 65534 ? 'nobody' : String(uid);
}
