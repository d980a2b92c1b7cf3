/**
 * The shell: bash on hosts, and `sh` as dash (hosts) or busybox (containers) word their errors.
 *
 * Parsed by unbash, executed here. unbash is synchronous, typed and parses what bash -n accepts; the executors on npm
 * (just-bash, bashkit, cockle) run a pipeline stage by stage on whole strings and answer with promises, so that
 * `tcpdump | grep SYN` would print nothing until it ended, ^C would arrive too late, and a replay could not be exact.
 * Here every stage is a process, every wait is a yield, and pipes, groups and signals belong to process/.
 *
 * Not emulated, and refused: select, coproc, associative arrays, `{var}>` redirections, programmable completion, vi mode.
 */
import { strerror } from '../base/errno.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../process/program.ts';
import { interactive } from './interactive.ts';
import { runText } from './source.ts';
import { ExpansionError, Leave, Shell, type Flavour } from './state.ts';
import { runTrap } from './traps.ts';

interface Invocation {
  command: string | undefined;
  interactive: boolean;
  login: boolean;
  fromInput: boolean;
  readonly set: string[];
  words: string[];
}

function invocation(argv: readonly string[]): Invocation | string {
  const result: Invocation = {
    command: undefined,
    interactive: false,
    login: false,
    fromInput: false,
    set: [],
    words: [],
  };
  let wantsCommand = false;
  let at = 1;
  for (; at < argv.length; at++) {
    const word = argv[at] as string;
    if (word === '--') {
      at++;
      break;
    }
    if (word === '--login') result.login = true;
    else if (word === '--norc' || word === '--noprofile') continue;
    else if (word === '--posix') return `${word}: is not emulated here`;
    else if (word.startsWith('--')) return `${word}: invalid option`;
    else if (/^[-+]./.test(word)) {
      for (const letter of word.slice(1)) {
        if (letter === 'c') wantsCommand = true;
        else if (letter === 'i') result.interactive = true;
        else if (letter === 'l') result.login = true;
        else if (letter === 's') result.fromInput = true;
        else if (letter === 'o') result.set.push(`${word.slice(0, 1)}o`, argv[++at] ?? '');
        else if ('aefhmnuvxC'.includes(letter)) result.set.push(word.slice(0, 1) + letter);
        else return `-${letter}: invalid option`;
      }
    } else break;
  }
  result.words = argv.slice(at);
  if (wantsCommand) {
    result.command = result.words[0];
    if (result.command === undefined) return '-c: option requires an argument';
    result.words = result.words.slice(1);
  }
  return result;
}

function flavourOf(ctx: ProgramContext): Flavour {
  if (ctx.container !== '') return 'busybox';
  return /bash$/.test(ctx.argv[0] ?? '') ? 'bash' : 'dash';
}

function createShell(ctx: ProgramContext, flavour: Flavour): Shell {
  const sh = new Shell(ctx, ctx.argv[0]?.replace(/^-/, '') ?? 'sh', flavour);
  for (const [name, value] of ctx.env)
    if (/^[A-Za-z_]\w*$/.test(name)) sh.vars.set(name, { value, exported: true, readonly: false });
  sh.set('PWD', ctx.cwd, true);
  sh.set('IFS', ' \t\n');
  sh.set('OPTIND', '1');
  if (flavour === 'bash') {
    sh.set('BASH_VERSION', '5.2.37(1)-release');
    sh.set('BASH', '/bin/bash');
    sh.set('SHLVL', String(Number(ctx.env.get('SHLVL') ?? '0') + 1), true);
  }
  return sh;
}

function* main(ctx: ProgramContext): Program {
  const flavour = flavourOf(ctx);
  const given = invocation(ctx.argv);
  if (typeof given === 'string') {
    yield* ctx.err(`${ctx.argv[0]}: ${given}\n`);
    return 2;
  }
  const sh = createShell(ctx, flavour);
  if (given.set.length > 0) yield* runText(sh, `set ${given.set.join(' ')}`);
  const onTerminal =
    given.command === undefined &&
    given.words.length === 0 &&
    ctx.file(0)?.isTty === true &&
    ctx.file(2)?.isTty === true;
  if (onTerminal || (given.interactive && given.command === undefined && given.words.length === 0))
    return yield* ending(sh, () => talk(sh));
  return yield* ending(sh, () => batch(sh, given));
}

/** An interactive shell leads a group of its own, in the foreground, while it lives. */
function* talk(sh: Shell): Blocking<number> {
  const { ctx } = sh;
  sh.interactive = true;
  sh.talks = true;
  const tty = ctx.tty;
  if (tty !== undefined) {
    sh.options.monitor = true;
    if (ctx.pgid !== ctx.pid) ctx.setpgid(0, 0);
    tty.setForeground(ctx.pgid);
  }
  if (sh.flavour === 'bash') {
    sh.aliases.set('ll', 'ls -l');
    const rc = ctx.fs.readText(`${sh.get('HOME') ?? '/root'}/.bashrc`);
    if (rc.ok) yield* runText(sh, rc.value);
  }
  return yield* interactive(sh);
}

function* batch(sh: Shell, { command, words, fromInput }: Invocation): Blocking<number> {
  if (command !== undefined) {
    if (words[0] !== undefined) sh.name = words[0];
    sh.positional = words.slice(1);
    return yield* runText(sh, command, true);
  }
  const [path] = words;
  if (path === undefined || fromInput) {
    sh.positional = words;
    return yield* runText(sh, yield* sh.ctx.readAll(0));
  }
  const text = sh.ctx.fs.readText(path);
  if (!text.ok) {
    const reason = strerror(text.errno);
    if (sh.flavour === 'bash') yield* sh.ctx.err(`${sh.name}: ${path}: ${reason}\n`);
    else yield* sh.ctx.err(`${sh.name}: ${sh.flavour === 'dash' ? '0: ' : ''}cannot open ${path}: No such file\n`);
    return text.errno === 'ENOENT' ? 127 : 126;
  }
  sh.name = path;
  sh.positional = words.slice(1);
  return yield* runText(sh, text.value);
}

/** What leaves the shell ends it; the EXIT trap comes last. */
function* ending(sh: Shell, body: () => Blocking<number>): Program {
  let status = 0;
  try {
    status = yield* body();
  } catch (error) {
    if (error instanceof ExpansionError) {
      yield* sh.ctx.err(`${sh.prefix}${error.message}\n`);
      status = error.status;
    } else if (error instanceof Leave) status = error.status;
    else throw error;
  }
  return yield* runTrap(sh, 'EXIT', status);
}

/** bash, sh and ash. */
export const shellTool: Tool = {
  name: 'bash',
  aliases: ['sh', 'ash'],
  directory: '/bin',
  summary: 'the shell: runs commands, pipelines and scripts',
  main,
};
