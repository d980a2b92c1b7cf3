/** head(1) and tail(1) of coreutils 9.7. Emulated: -n -c -q -v, -NUM; tail -n +N, -f (also of files that grow), -F. */
import { MILLISECOND } from '../../base/scheduler.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../../process/program.ts';
import { closeInput, complain, openInput, parseOptions, parseSize, type Parsed } from './common.ts';

const LONG = {
  lines: { value: true, as: 'n' },
  bytes: { value: true, as: 'c' },
  quiet: { value: false, as: 'q' },
  verbose: { value: false, as: 'v' },
  silent: { value: false, as: 'q' },
};

/** `-5` is `-n 5`. */
function* options(ctx: ProgramContext, short: string, unsupported: readonly string[]): Blocking<Parsed | number> {
  const argv = ctx.argv.flatMap((word, i) =>
    i > 0 && /^-\d+/.test(word) && !/^-[nc]$/.test(ctx.argv[i - 1] as string) ? ['-n', word.slice(1)] : [word],
  );
  const call = Object.create(ctx, { argv: { value: argv } }) as ProgramContext;
  const long = short.includes('f') ? { ...LONG, follow: { value: false, as: 'f' } } : LONG;
  return yield* parseOptions(call, { short, long }, unsupported);
}

function* eachFile(
  ctx: ProgramContext,
  { flags, operands }: Parsed,
  work: (fd: number, path: string) => Blocking<void>,
): Blocking<number> {
  const titled = flags.has('v') || (operands.length > 1 && !flags.has('q'));
  let status = 0;
  let first = true;
  for (const path of operands.length === 0 ? ['-'] : operands) {
    const file = path === '-' ? undefined : ctx.fs.stat(path);
    if (file?.ok === false) {
      status = yield* complain(ctx, `cannot open '${path}' for reading: No such file or directory`);
      continue;
    }
    const fd = yield* openInput(ctx, path);
    if (fd === undefined) {
      status = 1;
      continue;
    }
    if (titled) yield* ctx.out(`${first ? '' : '\n'}==> ${path === '-' ? 'standard input' : path} <==\n`);
    first = false;
    yield* work(fd, path);
    if (!flags.has('f') && !flags.has('F')) closeInput(ctx, fd);
  }
  return status;
}

function* amount(
  ctx: ProgramContext,
  { flags }: Parsed,
): Blocking<{ unit: 'n' | 'c'; text: string; value: number } | number> {
  const unit = flags.has('c') ? 'c' : 'n';
  const text = flags.get(unit) ?? '10';
  const value = parseSize(text);
  if (value === undefined)
    return yield* complain(ctx, `invalid number of ${unit === 'n' ? 'lines' : 'bytes'}: '${text}'`);
  return { unit, text, value };
}

function* head(ctx: ProgramContext): Program {
  const parsed = yield* options(ctx, 'n:c:qvz', ['z']);
  if (typeof parsed === 'number') return parsed;
  const wanted = yield* amount(ctx, parsed);
  if (typeof wanted === 'number') return wanted;
  const { unit, value } = wanted;
  return yield* eachFile(ctx, parsed, function* (fd) {
    if (value < 0) {
      const text = yield* ctx.readAll(fd);
      const parts = unit === 'n' ? text.split(/(?<=\n)/) : [...text];
      yield* ctx.out(parts.slice(0, value).join(''));
      return;
    }
    let left = value;
    while (left > 0) {
      const read = yield* ctx.read(fd, unit === 'c' ? left : undefined);
      if (!read.ok || read.value.length === 0) return;
      let end = 0;
      if (unit === 'c') {
        end = read.value.length;
        left -= end;
      } else while (end < read.value.length && left > 0) if (read.value[end++] === 10) left--;
      yield* ctx.out(read.value.subarray(0, end));
    }
  });
}

function* tail(ctx: ProgramContext): Program {
  const parsed = yield* options(ctx, 'n:c:qvfFs:z', ['s', 'z']);
  if (typeof parsed === 'number') return parsed;
  const wanted = yield* amount(ctx, parsed);
  if (typeof wanted === 'number') return wanted;
  const { unit, text: spec, value } = wanted;
  const followed: number[] = [];
  const status = yield* eachFile(ctx, parsed, function* (fd, path) {
    const text = yield* ctx.readAll(fd);
    const parts = unit === 'n' ? text.split(/(?<=\n)/).filter((part) => part !== '') : [...text];
    const count = Math.abs(value);
    yield* ctx.out(
      parts.slice(spec.startsWith('+') ? Math.max(0, count - 1) : Math.max(0, parts.length - count)).join(''),
    );
    if (path !== '-') followed.push(fd);
  });
  if (!parsed.flags.has('f') && !parsed.flags.has('F')) return status;
  while (followed.length > 0) {
    yield* ctx.sleep(100 * MILLISECOND);
    for (const fd of followed) {
      const read = yield* ctx.read(fd);
      if (read.ok && read.value.length > 0) yield* ctx.out(read.value);
    }
  }
  return status;
}

export const headTool: Tool = { name: 'head', summary: 'print the first part of files', main: head };
export const tailTool: Tool = { name: 'tail', summary: 'print the last part of files, or follow them', main: tail };
