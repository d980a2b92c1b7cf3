/** cat(1) and tac(1), rev(1), nl(1) of coreutils and util-linux. Emulated: cat -n -b -A -E -T -s; nl -ba. */
import type { Blocking, Program, ProgramContext, Tool } from '../../process/program.ts';
import { closeInput, eachLine, linesOf, openInput, parseOptions, readInputs } from './common.ts';

function* cat(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(
    ctx,
    { short: 'nbAETsuvet', long: { number: { value: false, as: 'n' }, 'show-all': { value: false, as: 'A' } } },
    ['e', 't'],
  );
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  let status = 0;
  const decorated = [...flags.keys()].some((flag) => flag !== 'u');
  const counter = { line: 0, blank: false };
  for (const path of operands.length === 0 ? ['-'] : operands) {
    const fd = yield* openInput(ctx, path);
    if (fd === undefined) {
      status = 1;
      continue;
    }
    if (decorated) yield* eachLine(ctx, fd, (line, newline) => decorate(line, flags, counter, newline));
    else yield* copy(ctx, fd);
    closeInput(ctx, fd);
  }
  return status;
}

/** Octets from `fd` to standard output as they come. */
export function* copy(ctx: ProgramContext, fd: number): Blocking<void> {
  for (;;) {
    const read = yield* ctx.read(fd);
    if (!read.ok || read.value.length === 0) return;
    yield* ctx.out(read.value);
  }
}

function decorate(
  line: string,
  flags: ReadonlyMap<string, string>,
  counter: { line: number; blank: boolean },
  newline: boolean,
): string {
  const blank = line === '';
  if (flags.has('s') && blank && counter.blank) return '';
  counter.blank = blank;
  const all = flags.has('A');
  let text = line;

  if (all || flags.has('v'))
    text = text.replace(/[\x00-\x08\x0b-\x1f]/g, (c) => `^${String.fromCharCode(c.charCodeAt(0) + 64)}`);
  if (all || flags.has('T')) text = text.replaceAll('\t', '^I');
  if ((all || flags.has('E')) && newline) text += '$';
  const numbered = flags.has('b') ? !blank : flags.has('n');
  return `${numbered ? `${String(++counter.line).padStart(6)}\t` : ''}${text}${newline ? '\n' : ''}`;
}

function* tac(ctx: ProgramContext): Program {
  const { text, ok } = yield* readInputs(ctx, ctx.argv.slice(1));
  yield* ctx.out(
    text
      .split(/(?<=\n)/)
      .reverse()
      .join(''),
  );
  return ok ? 0 : 1;
}

function* rev(ctx: ProgramContext): Program {
  let status = 0;
  for (const path of ctx.argv.length > 1 ? ctx.argv.slice(1) : ['-']) {
    const fd = yield* openInput(ctx, path);
    if (fd === undefined) status = 1;
    else yield* eachLine(ctx, fd, (line, newline) => `${[...line].reverse().join('')}${newline ? '\n' : ''}`);
  }
  return status;
}

function* nl(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'b:w:s:n:v:' }, ['w', 's', 'n', 'v']);
  if (typeof parsed === 'number') return parsed;
  const all = parsed.flags.get('b') === 'a';
  const { text, ok } = yield* readInputs(ctx, parsed.operands);
  let number = 0;
  const numbered = linesOf(text).map((line) =>
    all || line !== '' ? `${String(++number).padStart(6)}\t${line}\n` : `       ${line}\n`,
  );
  yield* ctx.out(numbered.join(''));
  return ok ? 0 : 1;
}

/** Options of less about how it holds its screen, which it does not: quit at the end, raw colours, no clearing, searches without case. */
const PAGER_HABITS = 'eEFRrXKi';
/** Those that would change what is shown. */
const PAGER_REFUSED = 'aABcCdfgGIJLmMnNoOqQsSuUVwWzp:P:b:h:j:k:t:T:x:y:D:';

function* pager(ctx: ProgramContext): Program {
  const known = yield* parseOptions(ctx, { short: PAGER_HABITS + PAGER_REFUSED }, [
    ...PAGER_REFUSED.replaceAll(':', ''),
  ]);
  if (typeof known === 'number') return known;
  const paths = known.operands;
  let status = 0;
  for (const path of paths.length === 0 ? ['-'] : paths) {
    const fd = yield* openInput(ctx, path);
    if (fd === undefined) status = 1;
    else yield* copy(ctx, fd);
  }
  return status;
}

export const catTool: Tool = { name: 'cat', directory: '/bin', summary: 'concatenate files and print them', main: cat };
export const tacTool: Tool = { name: 'tac', summary: 'print files with their lines in reverse order', main: tac };
export const revTool: Tool = { name: 'rev', summary: 'reverse the characters of each line', main: rev };
export const nlTool: Tool = { name: 'nl', summary: 'number lines', main: nl };
export const lessTool: Tool = {
  name: 'less',
  aliases: ['more'],
  summary: 'show text (all of it at once: the terminal scrolls)',
  main: pager,
};
