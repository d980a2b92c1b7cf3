/** Builtins that print or test: echo, printf, test. */
import { echoText, formatPrintf, unescape } from '../../process/builtin/printf.ts';
import { runTest } from '../../process/builtin/test.ts';
import type { Blocking } from '../../process/program.ts';
import type { Shell } from '../state.ts';
import { complain } from './flow.ts';

export function* echo(sh: Shell, args: readonly string[]): Blocking<number> {
  // dash interprets escapes without being asked, and knows -n only.
  if (sh.flavour === 'dash') {
    const quiet = args[0] === '-n';
    const { text, stop } = unescape((quiet ? args.slice(1) : args).join(' '), true);
    yield* sh.ctx.out(quiet || stop ? text : `${text}\n`);
  } else yield* sh.ctx.out(echoText(args));
  return 0;
}

export function* printf(sh: Shell, args: readonly string[]): Blocking<number> {
  let words = args;
  let variable: string | undefined;
  if (words[0] === '-v') {
    variable = words[1];
    words = words.slice(2);
  }
  if (words[0] === '--') words = words.slice(1);
  const [format, ...rest] = words;
  if (format === undefined) return yield* complain(sh, 'printf: usage: printf [-v var] format [arguments]', 2);
  const { text, complaints } = formatPrintf(format, rest);
  if (variable === undefined) yield* sh.ctx.out(text);
  else sh.set(variable, text);
  for (const complaint of complaints) yield* complain(sh, `printf: ${complaint}`);
  return complaints.length === 0 ? 0 : 1;
}

export function* test(sh: Shell, args: readonly string[]): Blocking<number> {
  const { status, message } = runTest(sh.ctx, args);
  return message === undefined ? status : yield* complain(sh, `test: ${message}`, status);
}

export function* bracket(sh: Shell, args: readonly string[]): Blocking<number> {
  if (args.at(-1) !== ']') return yield* complain(sh, "[: missing `]'", 2);
  const { status, message } = runTest(sh.ctx, args.slice(0, -1));
  return message === undefined ? status : yield* complain(sh, `[: ${message}`, status);
}
