/** Simple commands: assignments, functions, builtins, and programs found on PATH. */
import type { Assignment, Command } from 'unbash';
import { strerror, type Errno } from '../base/errno.ts';
import { encodeUtf8 } from '../base/utf8.ts';
import { ForkError } from '../process/pids.ts';
import type { Blocking, OpenFile } from '../process/program.ts';
import { quote } from '../process/builtin/printf.ts';
import { evaluateText } from './arithmetic.ts';
import { BUILTINS, DECLARATIONS, SPECIAL } from './builtins.ts';
import { expandArguments, expandPieces, expandToString } from './expand.ts';
import { waitForeground } from './jobcontrol.ts';
import { openRedirections, replaceFiles, withFiles, type FileMap } from './redirect.ts';
import { runText } from './source.ts';
import { ExpansionError, Leave, type FunctionBody, type Shell } from './state.ts';
import { runBody, subshell } from './execute.ts';

/** Runs a simple command. `last`: nothing comes after it in this process, so a program may replace the shell. */
export function* runCommand(sh: Shell, node: Command, last: boolean): Blocking<number> {
  sh.position = node.pos;
  sh.substitutionStatus = 0;
  const args = node.name === undefined ? [] : yield* commandWords(sh, node);
  const assignments = node.prefix.filter((item): item is Assignment => item.type === 'Assignment');
  if (args.length === 0) return yield* withoutCommand(sh, node, assignments);
  const extra = new Map<string, string>();
  for (const assignment of assignments) extra.set(assignment.name, yield* assignedText(sh, assignment));
  if (sh.options.xtrace)
    yield* trace(sh, [...[...extra].map(([name, value]) => `${name}=${value}`), ...args.map(shown)]);
  const files = yield* openRedirections(sh, node.redirects);
  if (files === undefined) return failed(sh, args[0] ?? '');
  return yield* invoke(sh, args, extra, files, last);
}

/** Arguments after expansion; of `export` and its like, assignments are not split. */
function* commandWords(sh: Shell, node: Command): Blocking<string[]> {
  const name = yield* expandArguments(sh, node.name === undefined ? [] : [node.name]);
  const first = name[0] ?? '';
  if (!DECLARATIONS.has(first)) return [...name, ...(yield* expandArguments(sh, node.args))];
  const words = [...name];
  for (const arg of node.args) {
    if (arg.type === 'Word') words.push(...(yield* expandArguments(sh, [arg])));
    else if (arg.value.type === 'Word')
      words.push(`${arg.name}${arg.append === true ? '+' : ''}=${yield* expandToString(sh, arg.value, true)}`);
    else {
      yield* assign(sh, arg);
      words.push(arg.name);
    }
  }
  return words;
}

function* trace(sh: Shell, words: readonly string[]): Blocking<void> {
  yield* sh.ctx.err(`${sh.get('PS4') ?? '+ '}${words.join(' ')}\n`);
}

function shown(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : /^[^'\n]*$/.test(word) ? `'${word}'` : quote(word);
}

function failed(sh: Shell, name: string): number {
  if (SPECIAL.has(name) && !sh.interactive && sh.flavour !== 'bash') throw new Leave('exit', 1);
  return 1;
}

function* withoutCommand(sh: Shell, node: Command, assignments: readonly Assignment[]): Blocking<number> {
  for (const assignment of assignments) {
    const value = yield* assign(sh, assignment);
    if (sh.options.xtrace) yield* trace(sh, [`${assignment.name}=${shown(value)}`]);
  }
  const files = yield* openRedirections(sh, node.redirects);
  if (files === undefined) return 1;
  for (const file of files.values()) {
    file?.retain();
    file?.release();
  }
  return sh.substitutionStatus;
}

function* assignedText(sh: Shell, assignment: Assignment): Blocking<string> {
  if (assignment.value.type !== 'Word') return '';
  return yield* expandToString(sh, assignment.value, true);
}

/** `name=value`, `name+=value`, `name[i]=value`, `name=(…)`; answers the text for the trace. */
export function* assign(sh: Shell, { name, value, index, append }: Assignment): Blocking<string> {
  const before = sh.vars.get(name);
  let result: string | string[];
  let text: string;
  if (value.type === 'ArrayValue') {
    const added = yield* expandArguments(sh, value.elements);
    result = append === true ? [...asArray(before?.value), ...added] : added;
    text = `(${added.join(' ')})`;
  } else {
    text = yield* expandToString(sh, value, true);
    if (before?.integer === true) text = String(yield* evaluateText(sh, text));
    if (index !== undefined) {
      const values = asArray(before?.value);
      const at = Number(yield* evaluateText(sh, (yield* expandPieces(sh, index)).map((piece) => piece.text).join('')));
      values[at < 0 ? values.length + at : at] = append === true ? (values[at] ?? '') + text : text;
      result = values;
    } else result = append === true ? (sh.get(name) ?? '') + text : text;
  }
  if (!sh.set(name, result)) throw new ExpansionError(`${name}: readonly variable`);
  return text;
}

function asArray(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : Array.isArray(value) ? [...value] : [value];
}

/** Runs words that are already expanded: a function, a builtin, or a program. */
export function* invoke(
  sh: Shell,
  args: readonly string[],
  extra: ReadonlyMap<string, string>,
  files: FileMap,
  last = false,
  skipFunctions = false,
): Blocking<number> {
  const name = args[0] ?? '';
  const body = skipFunctions ? undefined : sh.functions.get(name);
  if (body !== undefined)
    return yield* withFiles(sh, files, () => withVariables(sh, extra, () => callFunction(sh, body, args)));
  const builtin = BUILTINS.get(name);
  if (builtin === undefined) return yield* runProgram(sh, args, extra, files, last);
  if (name === 'exec') {
    if (args.length === 1) {
      replaceFiles(sh, files);
      return 0;
    }
    replaceFiles(sh, files);
    for (const [variable, value] of extra) sh.set(variable, value, true);
    return yield* builtin(sh, args.slice(1));
  }
  return yield* withFiles(sh, files, () => withVariables(sh, extra, () => builtin(sh, args.slice(1))));
}

/** Assignments before a function or builtin last as long as it does. */
function* withVariables(sh: Shell, extra: ReadonlyMap<string, string>, body: () => Blocking<number>): Blocking<number> {
  if (extra.size === 0) return yield* body();
  const saved = [...extra.keys()].map((name) => [name, sh.vars.get(name)] as const);
  for (const [name, value] of extra) sh.vars.set(name, { value, exported: true, readonly: false });
  try {
    return yield* body();
  } finally {
    for (const [name, variable] of saved) {
      if (variable === undefined) sh.vars.delete(name);
      else sh.vars.set(name, variable);
    }
  }
}

const MAX_CALLS = 200;

function* callFunction(sh: Shell, body: FunctionBody, args: readonly string[]): Blocking<number> {
  if (sh.functionDepth >= MAX_CALLS)
    throw new ExpansionError(`${args[0]}: maximum function nesting level exceeded (${MAX_CALLS})`);
  const saved = { positional: sh.positional, source: sh.source, loopDepth: sh.loopDepth, position: sh.position };
  sh.positional = args.slice(1);
  sh.source = body.source;
  sh.loopDepth = 0;
  sh.functionDepth++;
  sh.locals.push(new Map());
  try {
    return yield* runBody(sh, body.body);
  } catch (error) {
    if (error instanceof Leave && error.kind === 'return') return error.status;
    throw error;
  } finally {
    for (const [name, variable] of sh.locals.pop() ?? []) {
      if (variable === undefined) sh.vars.delete(name);
      else sh.vars.set(name, variable);
    }
    sh.functionDepth--;
    Object.assign(sh, saved);
  }
}

function* runProgram(
  sh: Shell,
  args: readonly string[],
  extra: ReadonlyMap<string, string>,
  files: FileMap,
  last: boolean,
): Blocking<number> {
  const { ctx } = sh;
  const env = sh.environment(extra);
  if (last) {
    replaceFiles(sh, files);
    const program = ctx.exec(args, env);
    if (program.ok) return yield* program.value;
    return yield* notStarted(sh, args, program.errno, undefined);
  }
  const all = sh.extraFiles();
  for (const [fd, file] of files) all.set(fd, file);
  const group = sh.options.monitor ? 'foreground' : 'inherit';
  const started = ctx.spawn(args, { files: all, env, group });
  if (!started.ok) {
    if (started.errno === 'EAGAIN') throw new ForkError('too many processes');
    return yield* notStarted(sh, args, started.errno, all);
  }
  return yield* waitForeground(sh, [started.value], sh.options.monitor ? started.value : 0, args.join(' '));
}

/** Says why a program cannot be started; a file without `#!` is read as a script. */
function* notStarted(
  sh: Shell,
  args: readonly string[],
  errno: Errno,
  files: Map<number, OpenFile | null> | undefined,
): Blocking<number> {
  const name = args[0] ?? '';
  if (errno === 'ENOEXEC') return yield* runScriptFile(sh, args, files);
  const bash = sh.flavour === 'bash';
  const missing = bash ? 'command not found' : 'not found';
  const words =
    errno === 'ENOENT'
      ? name.includes('/') && bash
        ? strerror(errno)
        : missing
      : isDirectory(sh, name)
        ? 'Is a directory'
        : strerror(errno);
  const text = `${sh.prefix}${name}: ${words}\n`;
  const target = files?.get(2);
  if (target !== undefined && target !== null) {
    target.retain();
    target.write(encodeUtf8(text));
    target.release();
  } else yield* sh.ctx.err(text);
  return errno === 'ENOENT' ? 127 : 126;
}

function isDirectory(sh: Shell, path: string): boolean {
  const stat = sh.ctx.fs.stat(path);
  return stat.ok && stat.value.type === 'directory';
}

function* runScriptFile(
  sh: Shell,
  args: readonly string[],
  files: Map<number, OpenFile | null> | undefined,
): Blocking<number> {
  const found = sh.ctx.which(args[0] ?? '');
  const text = found.ok ? sh.ctx.fs.readText(found.value.path) : found;
  if (!text.ok) return 126;
  const pid = sh.ctx.fork(
    args.join(' '),
    (ctx) =>
      subshell(sh.fork(ctx), (child) => {
        child.name = args[0] ?? '';
        child.positional = args.slice(1);
        return runText(child, text.value);
      }),
    files === undefined ? {} : { files },
  );
  return yield* waitForeground(sh, [pid], 0, args.join(' '));
}
