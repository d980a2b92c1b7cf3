/** Command substitution `$( )` and process substitution `<( )`: a forked shell on a pipe. */
import type { CommandExpansionPart, ProcessSubstitutionPart, Script } from 'unbash';
import { Utf8Decoder } from '../base/utf8.ts';
import type { Blocking, OpenFile, Program, ProgramContext } from '../process/program.ts';
import { runSubshell } from './execute.ts';
import { expandToString } from './expand.ts';
import { parseScript } from './parse.ts';
import { ExpansionError, type Shell } from './state.ts';

/** What the command prints, without its trailing newlines. */
export function* substitute(sh: Shell, part: CommandExpansionPart): Blocking<string> {
  const { source, script } = sourceOf(part.text, part.script);
  const file = readsFile(script);
  if (file !== undefined) {
    const path = yield* expandToString(sh, file);
    const text = sh.ctx.fs.readText(path);
    if (text.ok) return text.value.replace(/\n+$/, '');
    yield* sh.ctx.err(`${sh.prefix}${path}: No such file or directory\n`);
    sh.substitutionStatus = 1;
    return '';
  }
  const { read, write } = sh.ctx.pipe();
  read.retain();
  const pid = sh.ctx.fork('', child(sh, script, source), { files: childFiles(sh, 1, write) });
  const text = yield* drain(sh, read);
  read.release();
  const ended = yield* sh.ctx.waitpid(pid);
  sh.substitutionStatus = ended?.status ?? 0;
  return text.replace(/\n+$/, '').replaceAll('\0', '');
}

/** `$(<file)` */
function readsFile(script: Script): Parameters<typeof expandToString>[1] | undefined {
  const command = script.commands.length === 1 ? script.commands[0]?.command : undefined;
  if (command?.type !== 'Command' || command.name !== undefined || command.prefix.length !== 1) return undefined;
  const [redirect] = command.redirects;
  return redirect?.type === 'Redirect' && redirect.operator === '<' ? redirect.target : undefined;
}

function* drain(sh: Shell, file: OpenFile): Blocking<string> {
  const decoder = new Utf8Decoder();
  const texts: string[] = [];
  for (;;) {
    const read = file.read(65536);
    if (read.ok) {
      if (read.value.length === 0) return texts.join('');
      texts.push(decoder.decode(read.value));
    } else if ((yield* sh.ctx.wait([file.readable])) === 'interrupted') return texts.join('');
  }
}

/** Positions in a nested script count from the whole text, except after escaped backticks. */
function sourceOf(text: string, script: Script | undefined): { source: string; script: Script } {
  if (script !== undefined) return { source: script.source ?? '', script };
  const source = text.startsWith('`') ? text.slice(1, -1) : text.slice(2, -1);
  const parsed = parseScript(source);
  if (parsed.errors !== undefined)
    throw new ExpansionError(`command substitution: ${parsed.errors[0]?.message ?? 'syntax error'}`, 2);
  return { source, script: parsed };
}

function child(sh: Shell, script: Script, source: string): (ctx: ProgramContext) => Program {
  return (ctx) => runSubshell(sh.fork(ctx), script.commands, source === '' ? sh.source : source);
}

function childFiles(sh: Shell, fd: number, file: OpenFile): Map<number, OpenFile | null> {
  return sh.extraFiles().set(fd, file);
}

/** Starts the command and gives the name of a file that stands for its output or input. */
export function processSubstitution(sh: Shell, part: ProcessSubstitutionPart): string {
  const { source, script } = sourceOf(part.text, part.script);
  const { read, write } = sh.ctx.pipe();
  const reading = part.operator === '<';
  let fd = 63;
  while (sh.ctx.file(fd) !== undefined) fd--;
  const ours = reading ? read : write;
  sh.ctx.fork('', child(sh, script, source), { files: childFiles(sh, reading ? 1 : 0, reading ? write : read) });
  sh.ctx.install(ours, fd);
  sh.openFds.add(fd);
  sh.substitutions.push(fd);
  return `/dev/fd/${fd}`;
}
