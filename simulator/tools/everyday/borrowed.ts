/**
 * awk, sed and jq: real implementations from outside (just-bash's awk and sed, jq-web), reached through process/external.ts.
 * They answer a whole input at once; to stream, they are run again on each longer input and only the new end of the answer
 * is printed. That is right for programs whose output only grows; others (END, `$` addresses, -s …) wait for the end.
 *
 * Emulated: awk -F -v -f PROGRAM [FILE…]; sed -n -e -f -E -r -s -i -u --posix -z refused; jq with the options of 1.7 but
 * --seq, --stream and --rawfile.
 */
import { strerror } from '../../base/errno.ts';
import { Utf8Decoder } from '../../base/utf8.ts';
import { ExternalFailure } from '../../process/process.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../../process/program.ts';
import { complain, parseOptions, readInputs, usage } from './common.ts';

/** What a library is asked: run `argv` on `stdin`. */
interface Request {
  readonly argv: readonly string[];
  readonly stdin: string;
  readonly files: Readonly<Record<string, string>>;
}

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** Input kept for re-running; beyond it a program waits for the end. */
const MOST_STREAMED = 200_000;

function* ask(ctx: ProgramContext, library: string, request: Request): Blocking<Answer> {
  try {
    return (yield* ctx.external(library, request)) as Answer;
  } catch (error) {
    if (!(error instanceof ExternalFailure)) throw error;
    return { stdout: '', stderr: `${request.argv[0]}: ${error.message}\n`, status: 2 };
  }
}

/** Runs on standard input as it arrives. `grows`: longer input only adds output. */
function* stream(ctx: ProgramContext, library: string, argv: readonly string[], grows: boolean): Program {
  const decoder = new Utf8Decoder();
  let input = '';
  let printed = 0;
  for (;;) {
    const read = yield* ctx.read(0);
    const ended = !read.ok || read.value.length === 0;
    if (!ended) input += decoder.decode(read.value);
    const complete = ended ? input : input.slice(0, input.lastIndexOf('\n') + 1);
    if (!ended && (!grows || complete === '' || input.length > MOST_STREAMED)) continue;
    const answer = yield* ask(ctx, library, { argv, stdin: complete, files: {} });
    yield* ctx.out(answer.stdout.slice(printed));
    printed = Math.max(printed, answer.stdout.length);
    const failed = answer.stderr !== '' || answer.status !== 0;
    if (ended || (failed && answer.status > 1)) {
      if (answer.stderr !== '') yield* ctx.err(answer.stderr);
      return answer.status;
    }
  }
}

function* onText(ctx: ProgramContext, library: string, argv: readonly string[], text: string): Program {
  const answer = yield* ask(ctx, library, { argv, stdin: text, files: {} });
  yield* ctx.out(answer.stdout);
  if (answer.stderr !== '') yield* ctx.err(answer.stderr);
  return answer.status;
}

function* awk(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  const options: string[] = [];
  let program: string | undefined;
  let at = 0;
  for (; at < words.length && /^-./.test(words[at] as string); at++) {
    const word = words[at] as string;
    if (word === '--') {
      at++;
      break;
    }
    const match = /^-([Fvf])([\s\S]*)$/.exec(word);
    if (match === null) {
      yield* ctx.err(`awk: option ${word} is not emulated here\n`);
      return 2;
    }
    const value = match[2] === '' ? (words[++at] ?? '') : (match[2] as string);
    if (match[1] === 'f') {
      const text = ctx.fs.readText(value);
      if (!text.ok) return yield* complain(ctx, `cannot open "${value}" (${strerror(text.errno)})`, 2);
      program = (program ?? '') + text.value;
    } else options.push(`-${match[1]}`, value);
  }
  program ??= words[at++];
  if (program === undefined) {
    yield* ctx.err('usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]\n');
    return 2;
  }
  const operands = words.slice(at);
  const argv = ['awk', ...options, program];
  if (/^\s*BEGIN\s*\{[^}]*\}\s*$/.test(program)) return yield* onText(ctx, 'awk', argv, '');
  const assignments = operands.filter((word) => /^[A-Za-z_]\w*=/.test(word)).flatMap((word) => ['-v', word]);
  const files = operands.filter((word) => !/^[A-Za-z_]\w*=/.test(word));
  const full = ['awk', ...options, ...assignments, program];
  if (files.length === 0) return yield* stream(ctx, 'awk', full, !/\bEND\b/.test(program));
  const { text, ok } = yield* readInputs(ctx, files);
  const status = yield* onText(ctx, 'awk', full, text);
  return ok ? status : 2;
}

function* sed(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  const options: string[] = [];
  const scripts: string[] = [];
  const operands: string[] = [];
  let inPlace = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === '--') {
      operands.push(...words.slice(at + 1));
      break;
    }
    if (word === '-n' || word === '--quiet' || word === '--silent') options.push('-n');
    else if (word === '-E' || word === '-r' || word === '--regexp-extended') options.push('-E');
    else if (word === '-ne' || word === '-rn' || word === '-nr' || word === '-nE' || word === '-En') {
      options.push('-n', ...(/[rE]/.test(word) ? ['-E'] : []));
      if (word === '-ne') scripts.push(words[++at] ?? '');
    } else if (word === '-i' || /^-i./.test(word) || word === '--in-place') inPlace = true;
    else if (word === '-u' || word === '--unbuffered') continue;
    else if (word === '-e' || word === '-f') {
      const value = words[++at];
      if (value === undefined) return yield* usage(ctx, `option requires an argument -- '${word[1]}'`);
      const text = word === '-f' ? ctx.fs.readText(value) : undefined;
      if (text?.ok === false) return yield* complain(ctx, `couldn't open file ${value}: ${strerror(text.errno)}`);
      scripts.push(text?.ok === true ? text.value : value);
    } else if (word.startsWith('--expression=')) scripts.push(word.slice(13));
    else if (/^-./.test(word)) return yield* complain(ctx, `option ${word} is not emulated here`);
    else operands.push(word);
  }
  if (scripts.length === 0) {
    const first = operands.shift();
    if (first === undefined) {
      yield* ctx.err('Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n');
      return 1;
    }
    scripts.push(first);
  }
  const argv = ['sed', ...options, '-e', scripts.join('\n')];
  if (inPlace) return yield* sedInPlace(ctx, argv, operands);
  if (operands.length === 0)
    return yield* stream(ctx, 'sed', argv, !/\$|[NGHDxq]/.test(scripts.join('\n').replace(/s(.).*?\1.*?\1/g, '')));
  const { text, ok } = yield* readFiles(ctx, operands);
  const status = yield* onText(ctx, 'sed', argv, text);
  return ok ? status : 2;
}

function* readFiles(ctx: ProgramContext, paths: readonly string[]): Blocking<{ text: string; ok: boolean }> {
  let text = '';
  let ok = true;
  for (const path of paths) {
    const file = path === '-' ? undefined : ctx.fs.readText(path);
    if (file === undefined) text += yield* ctx.readAll(0);
    else if (file.ok) text += file.value;
    else {
      ok = false;
      yield* complain(
        ctx,
        file.errno === 'EISDIR'
          ? `couldn't edit ${path}: not a regular file`
          : `can't read ${path}: ${strerror(file.errno)}`,
      );
    }
  }
  return { text, ok };
}

function* sedInPlace(ctx: ProgramContext, argv: readonly string[], paths: readonly string[]): Program {
  let status = 0;
  for (const path of paths) {
    const text = ctx.fs.readText(path);
    if (!text.ok) {
      status = yield* complain(ctx, `can't read ${path}: ${strerror(text.errno)}`, 2);
      continue;
    }
    const answer = yield* ask(ctx, 'sed', { argv, stdin: text.value, files: {} });
    if (answer.status !== 0) {
      yield* ctx.err(answer.stderr);
      return answer.status;
    }
    const written = ctx.fs.writeFile(path, answer.stdout);
    if (!written.ok) status = yield* complain(ctx, `couldn't write ${path}: ${strerror(written.errno)}`, 4);
  }
  return status;
}

const JQ_LONG = {
  'compact-output': { value: false, as: 'c' },
  'raw-output': { value: false, as: 'r' },
  'join-output': { value: false, as: 'j' },
  'raw-input': { value: false, as: 'R' },
  'null-input': { value: false, as: 'n' },
  slurp: { value: false, as: 's' },
  'sort-keys': { value: false, as: 'S' },
  'exit-status': { value: false, as: 'e' },
  'color-output': { value: false, as: 'C' },
  'monochrome-output': { value: false, as: 'M' },
  'ascii-output': { value: false, as: 'a' },
  tab: { value: false, as: 'tab' },
  indent: { value: true, as: 'indent' },
  seq: { value: false, as: 'seq' },
  stream: { value: false, as: 'stream' },
};

function* jq(ctx: ProgramContext): Program {
  // --arg and --argjson take two words.
  const named: string[] = [];
  const words: string[] = ['jq'];
  const given = ctx.argv.slice(1);
  for (let i = 0; i < given.length; i++) {
    const word = given[i] as string;
    if (word !== '--arg' && word !== '--argjson') words.push(word);
    else {
      if (given[i + 2] === undefined)
        return yield* jqUsage(ctx, `jq: error: ${word} takes two parameters (e.g. ${word} name value)\n`);
      named.push(word, given[i + 1] as string, given[i + 2] as string);
      i += 2;
    }
  }
  const call = Object.create(ctx, { argv: { value: words } }) as ProgramContext;
  const parsed = yield* parseOptions(call, { short: 'crjRnsSeCMahf:', long: JQ_LONG }, ['seq', 'stream', 'f', 'h'], 2);
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  const [filter = '.', ...paths] = operands;
  if (operands.length === 0 && ctx.file(0)?.isTty === true) return yield* jqUsage(ctx, '');
  const colour = flags.has('C') || (!flags.has('M') && ctx.file(1)?.isTty === true);
  const letters = ['c', 'r', 'j', 'R', 'n', 's', 'S', 'e', 'a']
    .filter((letter) => flags.has(letter))
    .map((letter) => `-${letter}`);
  if (flags.has('tab')) letters.push('--tab');
  if (flags.has('indent')) letters.push('--indent', flags.get('indent') ?? '2');
  const argv = ['jq', ...letters, colour ? '-C' : '-M', ...named, filter];
  if (flags.has('n')) return yield* onText(ctx, 'jq', argv, '');
  if (paths.length === 0)
    return yield* stream(ctx, 'jq', argv, !flags.has('s') && !/\binputs?\b/.test(filter) && !flags.has('e'));
  let text = '';
  for (const path of paths) {
    const file = ctx.fs.readText(path);
    if (!file.ok) {
      yield* ctx.err(`jq: error: Could not open ${path}: ${strerror(file.errno)}\n`);
      return 2;
    }
    text += file.value;
  }
  return yield* onText(ctx, 'jq', argv, text);
}

function* jqUsage(ctx: ProgramContext, message: string): Program {
  yield* ctx.err(`${message}Usage:\tjq [OPTIONS] FILTER [FILES...]\n\tjq [OPTIONS] --args FILTER [ARGUMENTS...]\n`);
  return 2;
}

export const awkTool: Tool = {
  name: 'awk',
  aliases: ['gawk', 'mawk'],
  summary: 'scan lines for patterns and process their fields',
  main: awk,
};
export const sedTool: Tool = { name: 'sed', directory: '/bin', summary: 'edit a stream of lines', main: sed };
export const jqTool: Tool = { name: 'jq', summary: 'process JSON', main: jq };
