/** Programs that run programs: env, xargs, watch, nohup, setsid, sudo, busybox, time's own binary is the shell's keyword. */
import { strerror, type Errno } from '../../base/errno.ts';
import { SECOND } from '../../base/scheduler.ts';
import { strftime } from '../../process/calendar.ts';
import { parseSignal, SIGNAL_NUMBERS } from '../../process/signals.ts';
import type { Blocking, Program, ProgramContext, Tool } from '../../process/program.ts';
import { complain, linesOf, nameOf, parseOptions, usage } from './common.ts';
import { busyboxNetTools } from '../busyboxnet.ts';
import { busyboxIpTool } from '../ip/busybox.ts';

/** Becomes `argv`; prints why not in the way of GNU programs (126 and 127). */
export function* become(ctx: ProgramContext, argv: readonly string[], env?: ReadonlyMap<string, string>): Program {
  const name = nameOf(ctx);
  const program = ctx.exec(argv, env);
  if (program.ok) return yield* program.value;
  yield* ctx.err(`${name}: ${quoteName(name, argv[0] ?? '')}: ${strerror(program.errno)}\n`);
  return program.errno === 'ENOENT' ? 127 : 126;
}

function quoteName(tool: string, command: string): string {
  return tool === 'nohup' || tool === 'timeout'
    ? `failed to run command '${command}'`
    : tool === 'env'
      ? `'${command}'`
      : tool === 'setsid'
        ? `failed to execute ${command}`
        : command;
}

function* env(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  const result = new Map(ctx.env);
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] as string;
    if (word === '-i' || word === '-' || word === '--ignore-environment') result.clear();
    else if (word === '-u') result.delete(words[++at] ?? '');
    else if (word.startsWith('--unset=')) result.delete(word.slice(8));
    else if (word === '--') {
      at++;
      break;
    } else if (/^-./.test(word))
      return yield* usage(
        ctx,
        word.startsWith('--') ? `unrecognized option '${word}'` : `invalid option -- '${word[1]}'`,
        125,
      );
    else break;
  }
  for (; at < words.length && (words[at] as string).includes('='); at++) {
    const word = words[at] as string;
    const equals = word.indexOf('=');
    result.set(word.slice(0, equals), word.slice(equals + 1));
  }
  if (at < words.length) return yield* become(ctx, words.slice(at), result);
  yield* ctx.out([...result].map(([name, value]) => `${name}=${value}\n`).join(''));
  return 0;
}

/** Runs a child to its end; the answer is its status, or why it could not be started. */
function* runChild(ctx: ProgramContext, argv: readonly string[]): Blocking<{ status: number } | { errno: Errno }> {
  const child = ctx.spawn(argv);
  if (!child.ok) return { errno: child.errno };
  for (;;) {
    const ended = yield* ctx.waitpid(child.value);
    if (ended === undefined) return { status: 1 };
    if (!ended.stopped) return { status: ended.status };
  }
}

function* xargs(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  // Options end at the command's name.
  let end = 0;
  while (end < words.length && /^-./.test(words[end] as string))
    end +=
      /^-[nIdLPsEa]$/.test(words[end] as string) ||
      /^--(max-args|replace|delimiter|max-lines|max-procs|arg-file)$/.test(words[end] as string)
        ? 2
        : 1;
  const long = {
    'max-args': { value: true, as: 'n' },
    'no-run-if-empty': { value: false, as: 'r' },
    null: { value: false, as: '0' },
    delimiter: { value: true, as: 'd' },
    verbose: { value: false, as: 't' },
  };
  const call = Object.create(ctx, { argv: { value: ['xargs', ...words.slice(0, end)] } }) as ProgramContext;
  const parsed = yield* parseOptions(call, { short: 'n:I:d:L:P:s:E:a:0rtpx', long }, ['p', 's', 'E', 'a', 'P', 'x']);
  if (typeof parsed === 'number') return parsed;
  const { flags } = parsed;
  for (const name of ['n', 'L']) {
    const text = flags.get(name);
    if (text === undefined) continue;
    if (!/^\d+$/.test(text)) return yield* complain(ctx, `invalid number "${text}" for -${name} option`);
    if (Number(text) < 1) return yield* complain(ctx, `value ${text} for -${name} option should be >= 1`);
  }
  const command = words.length > end ? words.slice(end) : ['echo'];
  const text = yield* ctx.readAll(0);
  const replace = flags.get('I');
  const items = splitItems(text, flags);
  const batches: string[][] = [];
  if (replace !== undefined)
    for (const item of items) batches.push(command.map((word) => word.replaceAll(replace, item)));
  else {
    const size = Number(flags.get('n') ?? flags.get('L') ?? Infinity);
    for (let i = 0; i < items.length; i += size) {
      batches.push([...command, ...items.slice(i, size === Infinity ? undefined : i + size)]);
      if (size === Infinity) break;
    }
    if (items.length === 0 && !flags.has('r')) batches.push([...command]);
  }
  let status = 0;
  for (const batch of batches) {
    if (flags.has('t')) yield* ctx.err(`${batch.join(' ')}\n`);
    const result = yield* runChild(ctx, batch);
    if ('errno' in result)
      return yield* complain(ctx, `${batch[0]}: ${strerror(result.errno)}`, result.errno === 'ENOENT' ? 127 : 126);
    if (result.status === 255) return yield* complain(ctx, `${batch[0]}: exited with status 255; aborting`, 124);
    if (result.status > 128)
      return yield* complain(ctx, `${batch[0]}: terminated by signal ${result.status - 128}`, 125);
    if (result.status !== 0) status = 123;
  }
  return status;
}

function splitItems(text: string, flags: ReadonlyMap<string, string>): string[] {
  if (flags.has('0')) return text.split('\0').filter((item) => item !== '');
  const delimiter = flags.get('d');
  if (delimiter !== undefined) return linesOf(text.replaceAll(delimiter === '\\n' ? '\n' : delimiter, '\n'));
  if (flags.has('I') || flags.has('L'))
    return linesOf(text)
      .map((line) => line.trim())
      .filter((line) => line !== '');
  const items: string[] = [];
  for (const match of text.matchAll(/(?:"[^"\n]*"|'[^'\n]*'|\\[\s\S]|[^\s"'\\])+/g))
    items.push(match[0].replace(/"([^"\n]*)"|'([^'\n]*)'|\\([\s\S])/g, '$1$2$3'));
  return items;
}

function* watch(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  let interval = 2 * SECOND;
  let title = true;
  let exact = false;
  let at = 0;
  for (; at < words.length && /^-./.test(words[at] as string); at++) {
    const word = words[at] as string;
    const given = /^(?:-n|--interval=?)(.*)$/.exec(word);
    if (given !== null) {
      const text = given[1] === '' ? (words[++at] ?? '') : (given[1] as string);
      if (!/^\d*\.?\d+$/.test(text)) return yield* complain(ctx, `failed to parse argument: '${text}'`);
      interval = Math.max(SECOND / 10, Math.round(Number(text) * SECOND));
    } else if (word === '-t' || word === '--no-title') title = false;
    else if (word === '-x' || word === '--exec') exact = true;
    else if (/^(-[dbegcpqw]|--(differences|beep|errexit|chgexit|color|precise))/.test(word))
      return yield* complain(ctx, `option ${word} is not emulated here`);
    else return yield* usage(ctx, `invalid option -- '${word[1]}'`);
  }
  const command = words.slice(at);
  if (command.length === 0) {
    yield* ctx.err('Usage:\n watch [options] command\n');
    return 1;
  }
  return yield* repeat(ctx, command, exact, title, interval);
}

/** Runs the command again and again on a cleared screen, until a signal ends it. */
function* repeat(
  ctx: ProgramContext,
  command: readonly string[],
  exact: boolean,
  title: boolean,
  interval: number,
): Program {
  const argv = exact ? command : ['sh', '-c', command.join(' ')];
  const rows = ctx.tty?.rows ?? 24;
  const columns = ctx.tty?.columns ?? 80;
  for (;;) {
    const { read, write } = ctx.pipe();
    const fd = ctx.install(read);
    const child = ctx.spawn(argv, {
      files: new Map([
        [1, write],
        [2, write],
      ]),
    });
    if (!child.ok) return yield* complain(ctx, `unable to execute '${argv[0]}': ${strerror(child.errno)}`);
    const text = yield* ctx.readAll(fd);
    ctx.close(fd);
    yield* ctx.waitpid(child.value);
    const left = `Every ${(interval / SECOND).toFixed(1)}s: ${command.join(' ')}`;
    const right = `${ctx.hostname}: ${strftime('%a %b %e %H:%M:%S %Y', Math.floor(ctx.wallClock / SECOND))}`;
    const room = columns - right.length - 1;
    const head = title
      ? `${left.length > room ? `${left.slice(0, Math.max(0, room - 3))}...` : left.padEnd(room)} ${right}\n\n`
      : '';
    const lines = linesOf(text)
      .slice(0, rows - (title ? 3 : 1))
      .map((line) => line.slice(0, columns));
    yield* ctx.out(`\x1b[H\x1b[2J${head}${lines.join('\n')}\n`);
    yield* ctx.sleep(interval);
  }
}

function* sudo(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  let at = 0;
  for (; at < words.length && /^-./.test(words[at] as string); at++) {
    const word = words[at] as string;
    if (word === '-u' || word === '-g') {
      const user = words[++at];
      if (user === undefined) return yield* complain(ctx, `option requires an argument -- '${word[1]}'`);
      if (user !== 'root') return yield* complain(ctx, `running as ${user} is not emulated here`);
    } else if (word === '-i' || word === '-s')
      return yield* become(ctx, words.length > at + 1 ? ['bash', '-c', words.slice(at + 1).join(' ')] : ['bash']);
    else if (word === '--') {
      at++;
      break;
    } else if (/^-[kSb]/.test(word)) return yield* complain(ctx, `option ${word} is not emulated here`);
    else if (!/^-[nEH]+$/.test(word)) return yield* complain(ctx, `invalid option -- '${word[1]}'`);
  }
  let command = words.slice(at);
  const env = new Map(ctx.env);
  while (/^\w+=/.test(command[0] ?? '')) {
    const [word = ''] = command;
    env.set(word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1));
    command = command.slice(1);
  }
  if (command.length === 0) {
    yield* ctx.err('usage: sudo -h | -K | -k | -V\nusage: sudo [-EHn] [-u user] [VAR=value] [command [arg ...]]\n');
    return 1;
  }
  const program = ctx.exec(command, env);
  if (program.ok) return yield* program.value;
  return yield* complain(
    ctx,
    program.errno === 'ENOENT' ? `${command[0]}: command not found` : `${command[0]}: ${strerror(program.errno)}`,
  );
}

function* su(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1).filter((word) => word !== '-' && word !== '-l' && word !== '--login');
  const wrong = words.find((word, i) => word.startsWith('-') && word !== '-c' && words[i - 1] !== '-c');
  if (wrong !== undefined)
    return yield* /^-[mpsgGP]$/.test(wrong)
      ? complain(ctx, `option ${wrong} is not emulated here`)
      : usage(ctx, wrong.startsWith('--') ? `unrecognized option '${wrong}'` : `invalid option -- '${wrong[1]}'`);
  if (words.length === 0 || words[0] === 'root') {
    const at = words.indexOf('-c');
    return yield* become(ctx, at < 0 ? ['bash'] : ['bash', '-c', words[at + 1] ?? '']);
  }
  return yield* complain(ctx, `running as ${words[0]} is not emulated here`);
}

function* setsid(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  let at = 0;
  let wait = false;
  let fork = false;
  for (; at < words.length && /^-./.test(words[at] as string); at++) {
    const word = words[at] as string;
    if (word === '-w' || word === '--wait') wait = true;
    else if (word === '-f' || word === '--fork') fork = true;
    else if (word === '-c' || word === '--ctty') return yield* complain(ctx, `option ${word} is not emulated here`);
    else
      return yield* usage(
        ctx,
        word.startsWith('--') ? `unrecognized option '${word}'` : `invalid option -- '${word[1]}'`,
      );
  }
  const command = words.slice(at);
  if (command.length === 0) return yield* complain(ctx, 'no command specified');
  if (ctx.pgid !== ctx.pid && !fork) {
    ctx.setsid();
    return yield* become(ctx, command);
  }
  const pid = ctx.fork(command.join(' '), (child) => become(child, command), { session: 'new' });
  return wait ? ((yield* ctx.waitpid(pid))?.status ?? 0) : 0;
}

function* nohup(ctx: ProgramContext): Program {
  const command = ctx.argv.slice(1);
  if (command.length === 0) return yield* usage(ctx, 'missing operand', 125);
  ctx.catchSignal('SIGHUP', 'ignore');
  if (ctx.file(1)?.isTty === true) {
    yield* ctx.err("nohup: ignoring input and appending output to 'nohup.out'\n");
    const file = ctx.fs.open('nohup.out', 'a');
    if (file.ok) ctx.install(file.value, 1);
    const input = ctx.fs.open('/dev/null', 'r');
    if (input.ok) ctx.install(input.value, 0);
    if (ctx.file(2)?.isTty === true && file.ok) ctx.install(file.value, 2);
  }
  return yield* become(ctx, command);
}

function* busybox(ctx: ProgramContext): Program {
  const [applet, ...rest] = ctx.argv.slice(1);
  if (applet === undefined) {
    yield* ctx.out('BusyBox v1.37.0 multi-call binary.\n\nUsage: busybox [function [arguments]...]\n');
    return 0;
  }
  // Applets that are programs of their own here; the others are the same as on PATH.
  const own = [...busyboxNetTools, busyboxIpTool].find((tool) => tool.name === applet);
  if (own !== undefined) {
    const argv = [applet, ...rest];
    return yield* own.main(Object.create(ctx, { argv: { value: argv } }) as ProgramContext);
  }
  const program = ctx.exec([applet, ...rest]);
  return program.ok ? yield* program.value : yield* complainApplet(ctx, applet);
}

function* complainApplet(ctx: ProgramContext, applet: string): Program {
  yield* ctx.err(`${applet}: applet not found\n`);
  return 127;
}

function* kill(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  const [first = ''] = words;
  if (first === '-l' || first === '-L') {
    yield* ctx.out(
      `${Object.keys(SIGNAL_NUMBERS)
        .map((name) => name.slice(3))
        .join(' ')}\n`,
    );
    return 0;
  }
  const flagged = first === '-s' || first === '--signal';
  const text = flagged ? (words[1] ?? '') : /^-./.test(first) && first !== '--' ? first.slice(1) : 'TERM';
  const targets = flagged ? words.slice(2) : /^-./.test(first) ? words.slice(1) : words;
  const signal = parseSignal(text);
  if (signal === undefined && text !== '0') return yield* complain(ctx, `invalid signal name or number: ${text}`);
  if (targets.length === 0) {
    yield* ctx.err('\nUsage:\n kill [options] <pid> [...]\n');
    return 1;
  }
  let status = 0;
  for (const target of targets) {
    if (!/^-?\d+$/.test(target)) status = yield* complain(ctx, `failed to parse argument: '${target}'`);
    else if (signal === undefined) {
      if (ctx.processes().some((process) => process.pid === Number(target))) continue;
      status = yield* complain(ctx, `(${target}): ${strerror('ESRCH')}`);
    } else {
      const sent = ctx.kill(Number(target), signal);
      if (!sent.ok) status = yield* complain(ctx, `(${target}): ${strerror(sent.errno)}`);
    }
  }
  return status;
}

function* tee(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'aip', long: { append: { value: false, as: 'a' } } });
  if (typeof parsed === 'number') return parsed;
  let status = 0;
  const files: number[] = [];
  for (const path of parsed.operands) {
    const file = ctx.fs.open(path, parsed.flags.has('a') ? 'a' : 'w');
    if (file.ok) files.push(ctx.install(file.value));
    else status = yield* complain(ctx, `${path}: ${strerror(file.errno)}`);
  }
  for (;;) {
    const read = yield* ctx.read(0);
    if (!read.ok || read.value.length === 0) return status;
    for (const fd of [1, ...files]) yield* ctx.write(fd, read.value);
  }
}

export const envTool: Tool = {
  name: 'env',
  aliases: ['printenv'],
  summary: 'run a program in a changed environment, or print it',
  main: (ctx) => (nameOf(ctx) === 'printenv' ? printenv(ctx) : env(ctx)),
};
export const xargsTool: Tool = { name: 'xargs', summary: 'make command lines from standard input', main: xargs };
export const watchTool: Tool = {
  name: 'watch',
  summary: 'run a command again and again on a full screen',
  main: watch,
};
export const sudoTool: Tool = { name: 'sudo', summary: 'run a command as root (everybody here is root)', main: sudo };
export const suTool: Tool = {
  name: 'su',
  directory: '/bin',
  summary: 'run a shell as another user (root only)',
  main: su,
};
export const setsidTool: Tool = { name: 'setsid', summary: 'run a program in a new session', main: setsid };
export const nohupTool: Tool = { name: 'nohup', summary: 'run a command that survives its terminal', main: nohup };
export const busyboxTool: Tool = {
  name: 'busybox',
  directory: '/bin',
  summary: 'run a program by its name',
  main: busybox,
};
export const killTool: Tool = { name: 'kill', directory: '/bin', summary: 'send a signal to processes', main: kill };
export const teeTool: Tool = { name: 'tee', summary: 'copy standard input to files and on', main: tee };

function* printenv(ctx: ProgramContext): Program {
  const names = ctx.argv.slice(1);
  if (names.length === 0) return yield* env(ctx);
  let status = 0;
  for (const name of names) {
    const value = ctx.env.get(name);
    if (value === undefined) status = 1;
    else yield* ctx.out(`${value}\n`);
  }
  return status;
}
