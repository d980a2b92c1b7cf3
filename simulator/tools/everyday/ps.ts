/** ps(1) of procps 4.0 and of busybox, pgrep(1) and pidof(8). Emulated: no options, -e -A -a -x -f -l(ong refused) -C -p -o, BSD `aux`, `ax`; pgrep -a -f -l -o -n -x. */
import { SECOND } from '../../base/scheduler.ts';
import { civil, MONTHS } from '../../process/calendar.ts';
import { parseSignal } from '../../process/signals.ts';
import type { Blocking, ProcessView, Program, ProgramContext, Signal, Tool } from '../../process/program.ts';
import { complain, isBusybox, nameOf, parseOptions, usage, userName } from './common.ts';

interface Column {
  readonly title: string;
  /** Numbers stand right. */
  readonly right: boolean;
  readonly width: number;
  readonly value: (process: ProcessView, ctx: ProgramContext) => string;
}

function commandLine({ argv, state, command }: ProcessView): string {
  return state === 'Z' ? `[${command}] <defunct>` : argv.join(' ');
}

function cpuTime(process: ProcessView, format: 'long' | 'short'): string {
  const seconds = Math.floor(process.cpu / SECOND);
  const two = (n: number): string => String(n).padStart(2, '0');
  if (format === 'short') return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function started(process: ProcessView, ctx: ProgramContext): string {
  const seconds = Math.floor((ctx.wallClock - ctx.now + process.startedAt) / SECOND);
  const { hour, minute, month, day } = civil(seconds);
  const old = ctx.now - process.startedAt > 86400 * SECOND;
  return old
    ? `${(MONTHS[month - 1] as string).slice(0, 3)}${String(day).padStart(2, '0')}`
    : `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

function elapsed(process: ProcessView, ctx: ProgramContext): string {
  const seconds = Math.floor((ctx.now - process.startedAt) / SECOND);
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${two(hours)}:` : ''}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

const COLUMNS: Readonly<Record<string, Column>> = {
  pid: { title: 'PID', right: true, width: 5, value: (p) => String(p.pid) },
  ppid: { title: 'PPID', right: true, width: 5, value: (p) => String(p.ppid) },
  pgid: { title: 'PGID', right: true, width: 5, value: (p) => String(p.pgid) },
  user: { title: 'USER', right: false, width: 8, value: (p) => userName(p.uid) },
  uid: { title: 'UID', right: true, width: 5, value: (p) => String(p.uid) },
  tty: { title: 'TT', right: false, width: 8, value: (p) => p.tty },
  stat: { title: 'STAT', right: false, width: 4, value: (p) => p.state },
  state: { title: 'S', right: false, width: 1, value: (p) => p.state },
  time: { title: 'TIME', right: true, width: 8, value: (p) => cpuTime(p, 'long') },
  etime: { title: 'ELAPSED', right: true, width: 11, value: elapsed },
  start: { title: 'STARTED', right: true, width: 8, value: started },
  comm: {
    title: 'COMMAND',
    right: false,
    width: 15,
    value: (p) => (p.state === 'Z' ? `${p.command} <defunct>` : p.command.slice(0, 15)),
  },
  args: { title: 'COMMAND', right: false, width: 27, value: commandLine },
  netns: { title: 'NETNS', right: true, width: 10, value: (p) => String(p.netns.inode) },
};
const ALIASES: Readonly<Record<string, string>> = {
  cmd: 'args',
  command: 'args',
  ucmd: 'comm',
  tt: 'tty',
  tname: 'tty',
  s: 'state',
  euser: 'user',
  cputime: 'time',
  lstart: 'start',
};

function table(ctx: ProgramContext, processes: readonly ProcessView[], columns: readonly Column[]): string {
  const rows = processes.map((process) => columns.map((column) => column.value(process, ctx)));
  const headings = columns.some((column) => column.title !== '');
  const widths = columns.map((column, i) =>
    Math.max(column.width, column.title.length, ...rows.map((row) => (column.right ? (row[i] as string).length : 0))),
  );
  const line = (cells: readonly string[]): string =>
    `${cells.map((cell, i) => (i === cells.length - 1 && columns[i]?.right !== true ? cell : columns[i]?.right === true ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number))).join(' ')}\n`;
  return (headings ? line(columns.map((column) => column.title)) : '') + rows.map(line).join('');
}

interface Selection {
  all: boolean;
  readonly names: string[];
  readonly pids: number[];
  format: 'plain' | 'full' | 'user' | 'bsd';
  readonly columns: Column[];
}

function* select(ctx: ProgramContext): Blocking<Selection | number> {
  const selection: Selection = { all: false, names: [], pids: [], format: 'plain', columns: [] };
  const words = ctx.argv.slice(1);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (!word.startsWith('-')) {
      if (/^\d+$/.test(word)) selection.pids.push(Number(word));
      else if (/^[auxwfh]+$/.test(word)) {
        selection.all ||= word.includes('x') || word.includes('a');
        selection.format = word.includes('u') ? 'user' : 'bsd';
      } else return yield* bad(ctx, `unsupported option (BSD syntax)`);
      continue;
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] as string;
      if (letter === 'e' || letter === 'A' || letter === 'a' || letter === 'x') selection.all = true;
      else if (letter === 'f' || letter === 'F') selection.format = 'full';
      else if (letter === 'u' && at === 1 && /^-[aux]*u/.test(word)) selection.format = 'user';
      else if (letter === 'w' || letter === 'd') continue;
      else if ('oCp'.includes(letter)) {
        const value = word.slice(at + 1) || (words[++i] ?? '');
        if (value === '') return yield* bad(ctx, 'option requires an argument');
        if (letter === 'C') selection.names.push(...value.split(','));
        if (letter === 'p') selection.pids.push(...value.split(/[, ]/).map(Number));
        if (letter === 'o' && !addColumns(selection, value))
          return yield* bad(ctx, `unknown user-defined format specifier "${value}"`);
        break;
      } else return yield* bad(ctx, `option -${letter} is not emulated here`);
    }
  }
  return selection;
}

function addColumns(selection: Selection, text: string): boolean {
  for (const part of text.split(/[, ]+/)) {
    const [name = '', title] = part.split('=');
    const column = COLUMNS[ALIASES[name] ?? name];
    if (column === undefined) return false;
    selection.columns.push(
      title === undefined ? column : { ...column, title, width: title === '' && !column.right ? 0 : column.width },
    );
  }
  return true;
}

function* bad(ctx: ProgramContext, message: string): Blocking<number> {
  yield* ctx.err(
    `error: ${message}\n\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).\n`,
  );
  return 1;
}

function* ps(ctx: ProgramContext): Program {
  if (isBusybox(ctx)) return yield* busyboxPs(ctx);
  const selection = yield* select(ctx);
  if (typeof selection === 'number') return selection;
  const { all, names, pids, format, columns } = selection;
  const own = ctx.processes().find((process) => process.pid === ctx.pid)?.tty ?? '?';
  const chosen = ctx.processes().filter((process) => {
    if (names.length > 0 || pids.length > 0) return names.includes(process.command) || pids.includes(process.pid);
    return all || (process.tty === own && own !== '?');
  });
  yield* ctx.out(columns.length > 0 ? table(ctx, chosen, columns) : formatted(ctx, chosen, format));
  return chosen.length === 0 ? 1 : 0;
}

function formatted(ctx: ProgramContext, processes: readonly ProcessView[], format: Selection['format']): string {
  const { pid, ppid, comm, args, tty, time, stat, user } = COLUMNS as Record<string, Column>;
  const pick = (...list: (Column | undefined)[]): Column[] => list.filter((column) => column !== undefined);
  const wide = (column: Column | undefined, title: string, width: number): Column | undefined =>
    column && { ...column, title, width };
  switch (format) {
    case 'plain':
      return table(ctx, processes, pick(wide(pid, 'PID', 7), wide(tty, 'TTY', 8), time, wide(comm, 'CMD', 3)));
    case 'bsd':
      return table(
        ctx,
        processes,
        pick(
          wide(pid, 'PID', 7),
          wide(tty, 'TTY', 8),
          stat,
          { title: 'TIME', right: true, width: 6, value: (p) => cpuTime(p, 'short') },
          args,
        ),
      );
    case 'full':
      return table(
        ctx,
        processes,
        pick(
          wide(user, 'UID', 8),
          wide(pid, 'PID', 7),
          wide(ppid, 'PPID', 7),
          { title: 'C', right: true, width: 2, value: () => '0' },
          { title: 'STIME', right: false, width: 5, value: started },
          wide(tty, 'TTY', 8),
          time,
          wide(args, 'CMD', 3),
        ),
      );
    case 'user':
      return table(
        ctx,
        processes,
        pick(
          user,
          wide(pid, 'PID', 7),
          { title: '%CPU', right: true, width: 4, value: () => '0.0' },
          { title: '%MEM', right: true, width: 4, value: () => '0.0' },
          { title: 'VSZ', right: true, width: 6, value: () => '0' },
          { title: 'RSS', right: true, width: 5, value: () => '0' },
          wide(tty, 'TTY', 8),
          stat,
          { title: 'START', right: false, width: 5, value: started },
          { title: 'TIME', right: true, width: 6, value: (p) => cpuTime(p, 'short') },
          args,
        ),
      );
  }
}

function* busyboxPs(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'o:Tl' }, ['o', 'T', 'l']);
  if (typeof parsed === 'number') return parsed;
  const lines = ctx
    .processes()
    .map(
      (process) => `${String(process.pid).padStart(5)} ${userName(process.uid).padEnd(8)} ${commandLine(process)}\n`,
    );
  yield* ctx.out(`PID   USER     COMMAND\n${lines.join('')}`);
  return 0;
}

function* pgrep(ctx: ProgramContext): Program {
  const killing = nameOf(ctx) === 'pkill';
  let signal: Signal = 'SIGTERM';
  const words = ctx.argv.filter((word, i) => {
    const named = killing && i > 0 && /^-./.test(word) ? parseSignal(word.slice(1)) : undefined;
    if (named !== undefined) signal = named;
    return named === undefined;
  });
  const call = Object.create(ctx, { argv: { value: words } }) as ProgramContext;
  const parsed = yield* parseOptions(
    call,
    { short: 'aflonxcvu:P:g:s:t:', long: { full: { value: false, as: 'f' }, 'list-full': { value: false, as: 'a' } } },
    ['u', 'P', 'g', 's', 't'],
    2,
  );
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  const [pattern] = operands;
  if (pattern === undefined) {
    return yield* usage(ctx, 'no matching criteria specified', 2);
  }
  let wanted: RegExp;
  try {
    wanted = new RegExp(flags.has('x') ? `^(?:${pattern})$` : pattern);
  } catch {
    return yield* complain(ctx, `Invalid regular expression`, 2);
  }
  let found = ctx
    .processes()
    .filter(
      (process) =>
        process.pid !== ctx.pid &&
        wanted.test(flags.has('f') ? process.argv.join(' ') : process.command.slice(0, 15)) !== flags.has('v'),
    );
  if (flags.has('o')) found = found.slice(0, 1);
  if (flags.has('n')) found = found.slice(-1);
  if (killing) for (const process of found) ctx.kill(process.pid, signal);
  else if (flags.has('c')) yield* ctx.out(`${found.length}\n`);
  else
    yield* ctx.out(
      found
        .map(
          (process) =>
            `${process.pid}${flags.has('a') ? ` ${process.argv.join(' ')}` : flags.has('l') ? ` ${process.command}` : ''}\n`,
        )
        .join(''),
    );
  return found.length > 0 ? 0 : 1;
}

function* pidof(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'scnqwxdS:o:' }, [...'cnqwxdSo']);
  if (typeof parsed === 'number') return parsed;
  const names = parsed.operands;
  const found = ctx
    .processes()
    .filter((process) => names.includes(process.command) || names.includes(process.argv[0] ?? ''));
  if (found.length === 0) return 1;
  yield* ctx.out(
    `${found
      .map((process) => process.pid)
      .reverse()
      .slice(0, parsed.flags.has('s') ? 1 : undefined)
      .join(' ')}\n`,
  );
  return 0;
}

export const psTool: Tool = { name: 'ps', directory: '/bin', summary: 'list processes', main: ps };
export const pgrepTool: Tool = {
  name: 'pgrep',
  aliases: ['pkill'],
  summary: 'find or signal processes by name',
  main: pgrep,
};
export const pidofTool: Tool = {
  name: 'pidof',
  directory: '/bin',
  summary: 'print the numbers of running programs',
  main: pidof,
};
