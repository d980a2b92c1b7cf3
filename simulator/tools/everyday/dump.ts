/** xxd(1), hexdump(1) and od(1), minimal: xxd [-p] [-l N]; hexdump [-C] [-n N]; od [-A x|d|o|n] [-t x1|o2|c|d1|u1] [-c] [-N N]. */
import type { Blocking, Program, ProgramContext, Tool } from '../../process/program.ts';
import { closeInput, complain, openInput, parseOptions } from './common.ts';

function* readBytes(ctx: ProgramContext, path: string | undefined, most: number): Blocking<Uint8Array | undefined> {
  const fd = yield* openInput(ctx, path ?? '-');
  if (fd === undefined) return undefined;
  const bytes: number[] = [];
  while (bytes.length < most) {
    const read = yield* ctx.read(fd, Math.min(65536, most - bytes.length));
    if (!read.ok || read.value.length === 0) break;
    for (const byte of read.value) bytes.push(byte);
  }
  closeInput(ctx, fd);
  return Uint8Array.from(bytes);
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, '0');
}

function printable(bytes: Uint8Array): string {
  return [...bytes].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
}

function rows(bytes: Uint8Array, size = 16): { at: number; row: Uint8Array }[] {
  const list: { at: number; row: Uint8Array }[] = [];
  for (let at = 0; at < bytes.length; at += size) list.push({ at, row: bytes.subarray(at, at + size) });
  return list;
}

function* xxd(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'pl:c:g:s:ruib' }, ['c', 'g', 's', 'r', 'i', 'b']);
  if (typeof parsed === 'number') return parsed;
  const bytes = yield* readBytes(ctx, parsed.operands[0], Number(parsed.flags.get('l') ?? Infinity));
  if (bytes === undefined) return 2;
  const plain = parsed.flags.has('p');
  for (const { at, row } of rows(bytes, plain ? 30 : 16)) {
    const digits = [...row].map((byte) => (parsed.flags.has('u') ? hex(byte, 2).toUpperCase() : hex(byte, 2)));
    if (plain) yield* ctx.out(`${digits.join('')}\n`);
    else
      yield* ctx.out(
        `${hex(at, 8)}: ${digits.reduce((text, pair, i) => text + pair + (i % 2 === 1 ? ' ' : ''), '').padEnd(40)} ${printable(row)}\n`,
      );
  }
  return 0;
}

function* hexdump(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'Cn:vs:e:bcdox' }, ['s', 'e', 'b', 'c', 'd', 'o', 'x']);
  if (typeof parsed === 'number') return parsed;
  const bytes = yield* readBytes(ctx, parsed.operands[0], Number(parsed.flags.get('n') ?? Infinity));
  if (bytes === undefined) return 1;
  const canonical = parsed.flags.has('C');
  const width = canonical ? 8 : 7;
  let before = '';
  let starred = false;
  for (const { at, row } of rows(bytes)) {
    const key = row.join();
    if (key === before && row.length === 16 && !parsed.flags.has('v')) {
      if (!starred) yield* ctx.out('*\n');
      starred = true;
      continue;
    }
    starred = false;
    before = key;
    const digits = [...row].map((byte) => hex(byte, 2));
    const words = Array.from({ length: Math.ceil(row.length / 2) }, (_, i) =>
      hex((row[2 * i] as number) | ((row[2 * i + 1] ?? 0) << 8), 4),
    );
    const left = digits.slice(0, 8).join(' ').padEnd(23);
    const right = digits.slice(8).join(' ').padEnd(23);
    yield* ctx.out(
      canonical
        ? `${hex(at, width)}  ${left}  ${right}  |${printable(row)}|\n`
        : `${hex(at, width)} ${words.join(' ').padEnd(39)}\n`,
    );
  }
  if (bytes.length > 0) yield* ctx.out(`${hex(bytes.length, width)}\n`);
  return 0;
}

const NAMED: Readonly<Record<number, string>> = {
  0: '\\0',
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
};

function* od(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'A:t:N:j:cbdoxvw:' }, ['j', 'b', 'd', 'x', 'w']);
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  const bytes = yield* readBytes(ctx, operands[0], Number(flags.get('N') ?? Infinity));
  if (bytes === undefined) return 1;
  if (parsed.all.filter(({ name }) => 'cto'.includes(name)).length > 1)
    return yield* complain(ctx, 'more than one type is not emulated here');
  const type = flags.has('c') ? 'c' : (flags.get('t') ?? 'o2');
  const radix = flags.get('A') ?? 'o';
  const address = (at: number): string =>
    radix === 'n'
      ? ''
      : radix === 'x'
        ? hex(at, 6)
        : radix === 'd'
          ? String(at).padStart(7, '0')
          : at.toString(8).padStart(7, '0');
  const show: Readonly<Record<string, (row: Uint8Array) => string[]>> = {
    x1: (row) => [...row].map((byte) => ` ${hex(byte, 2)}`),
    o1: (row) => [...row].map((byte) => ` ${byte.toString(8).padStart(3, '0')}`),
    u1: (row) => [...row].map((byte) => ` ${String(byte).padStart(3)}`),
    d1: (row) => [...row].map((byte) => ` ${String(byte > 127 ? byte - 256 : byte).padStart(4)}`),
    c: (row) =>
      [...row].map((byte) =>
        (
          NAMED[byte] ?? (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : byte.toString(8).padStart(3, '0'))
        ).padStart(4),
      ),
    o2: (row) =>
      Array.from(
        { length: Math.ceil(row.length / 2) },
        (_, i) => ` ${((row[2 * i] as number) | ((row[2 * i + 1] ?? 0) << 8)).toString(8).padStart(6, '0')}`,
      ),
  };
  const format = show[type];
  if (format === undefined) return yield* complain(ctx, `type ${type} is not emulated here`);
  let before = '';
  let starred = false;
  for (const { at, row } of rows(bytes)) {
    const key = row.join();
    const again = key === before && row.length === 16 && !flags.has('v');
    before = key;
    if (!again) yield* ctx.out(`${address(at)}${format(row).join('')}\n`);
    else if (!starred) yield* ctx.out('*\n');
    starred = again;
  }
  if (radix !== 'n') yield* ctx.out(`${address(bytes.length)}\n`);
  return 0;
}

export const xxdTool: Tool = { name: 'xxd', summary: 'show octets in hexadecimal', main: xxd };
export const hexdumpTool: Tool = {
  name: 'hexdump',
  aliases: ['hd'],
  summary: 'show octets in hexadecimal (-C)',
  main: hexdump,
};
export const odTool: Tool = { name: 'od', summary: 'show octets in octal and other forms', main: od };
