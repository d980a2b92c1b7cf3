/** mkdir, rmdir, rm, cp, mv, ln, touch, chmod, readlink, realpath, mktemp, stat of coreutils 9.7, with their usual options. */
import { strerror, type Errno } from '../../base/errno.ts';
import { SECOND } from '../../base/scheduler.ts';
import { strftime } from '../../process/calendar.ts';
import type { Blocking, Program, ProgramContext, Stat, Tool } from '../../process/program.ts';
import { complain, modeText, parseOptions, usage, userName } from './common.ts';

function isDirectory(ctx: ProgramContext, path: string): boolean {
  const stat = ctx.fs.stat(path);
  return stat.ok && stat.value.type === 'directory';
}

function baseName(path: string): string {
  return path.replace(/\/+$/, '').replace(/^.*\//, '') || '/';
}

function* mkdir(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, {
    short: 'pm:v',
    long: { parents: { value: false, as: 'p' }, mode: { value: true, as: 'm' }, verbose: { value: false, as: 'v' } },
  });
  if (typeof parsed === 'number') return parsed;
  if (parsed.operands.length === 0) return yield* usage(ctx, 'missing operand');
  let status = 0;
  for (const path of parsed.operands) {
    const parts = parsed.flags.has('p') ? ancestors(path) : [path];
    for (const part of parts) {
      const made = ctx.fs.mkdir(part);
      if (!made.ok && !(parsed.flags.has('p') && made.errno === 'EEXIST' && isDirectory(ctx, part))) {
        status = yield* complain(ctx, `cannot create directory '${path}': ${strerror(made.errno)}`);
        break;
      }
      if (made.ok && parsed.flags.has('v')) yield* ctx.out(`mkdir: created directory '${part}'\n`);
    }
    const mode = parsed.flags.get('m');
    if (mode !== undefined && status === 0) ctx.fs.chmod(path, parseInt(mode, 8));
  }
  return status;
}

function ancestors(path: string): string[] {
  const parts = path.replace(/\/+$/, '').split('/');
  return parts.map((_, i) => parts.slice(0, i + 1).join('/')).filter((part) => part !== '');
}

function* rmdir(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'pv' }, ['p']);
  if (typeof parsed === 'number') return parsed;
  if (parsed.operands.length === 0) return yield* usage(ctx, 'missing operand');
  let status = 0;
  for (const path of parsed.operands) {
    if (parsed.flags.has('v')) yield* ctx.out(`rmdir: removing directory, '${path}'\n`);
    const gone = ctx.fs.rmdir(path);
    if (!gone.ok)
      status = yield* complain(
        ctx,
        `failed to remove '${path}': ${gone.errno === 'ENOTEMPTY' ? 'Directory not empty' : strerror(gone.errno)}`,
      );
  }
  return status;
}

function* rm(ctx: ProgramContext): Program {
  const long = {
    recursive: { value: false, as: 'r' },
    force: { value: false, as: 'f' },
    verbose: { value: false, as: 'v' },
    dir: { value: false, as: 'd' },
  };
  const parsed = yield* parseOptions(ctx, { short: 'rRfvdiI', long }, ['i', 'I']);
  if (typeof parsed === 'number') return parsed;
  const { flags, operands } = parsed;
  const force = flags.has('f');
  if (operands.length === 0) return force ? 0 : yield* usage(ctx, 'missing operand');
  let status = 0;
  for (const path of operands) {
    if (ctx.fs.absolute(path) === '/') status = yield* complain(ctx, `it is dangerous to operate recursively on '/'`);
    else if (!(yield* remove(ctx, path, flags))) status = 1;
  }
  return status;
}

function* remove(ctx: ProgramContext, path: string, flags: ReadonlyMap<string, string>): Blocking<boolean> {
  const refused = function* (errno: Errno): Blocking<boolean> {
    if (errno === 'ENOENT' && flags.has('f')) return true;
    yield* complain(ctx, `cannot remove '${path}': ${strerror(errno)}`);
    return false;
  };
  const stat = ctx.fs.lstat(path);
  if (!stat.ok) return yield* refused(stat.errno);
  if (stat.value.type !== 'directory') {
    const gone = ctx.fs.unlink(path);
    if (!gone.ok) return yield* refused(gone.errno);
  } else if (flags.has('r') || flags.has('R')) {
    const names = ctx.fs.readdir(path);
    let all = true;
    for (const name of names.ok ? [...names.value] : [])
      all = (yield* remove(ctx, `${path.replace(/\/$/, '')}/${name}`, flags)) && all;
    if (!all) return false;
    const gone = ctx.fs.rmdir(path);
    if (!gone.ok) return yield* refused(gone.errno);
  } else if (flags.has('d')) {
    const gone = ctx.fs.rmdir(path);
    if (!gone.ok) return yield* refused(gone.errno);
  } else return yield* refused('EISDIR');
  if (flags.has('v')) yield* ctx.out(`removed '${path}'\n`);
  return true;
}

/** Sources and, for each, where it goes. */
function* targets(ctx: ProgramContext, operands: readonly string[]): Blocking<[string, string][] | number> {
  if (operands.length === 0) return yield* usage(ctx, 'missing file operand');
  if (operands.length === 1) return yield* usage(ctx, `missing destination file operand after '${operands[0]}'`);
  const last = operands.at(-1) as string;
  const into = isDirectory(ctx, last);
  if (operands.length > 2 && !into)
    return yield* complain(ctx, `target '${last}': ${strerror(ctx.fs.stat(last).ok ? 'ENOTDIR' : 'ENOENT')}`);
  return operands.slice(0, -1).map((from) => [from, into ? `${last.replace(/\/$/, '')}/${baseName(from)}` : last]);
}

function* cp(ctx: ProgramContext): Program {
  const long = {
    recursive: { value: false, as: 'r' },
    archive: { value: false, as: 'a' },
    force: { value: false, as: 'f' },
    verbose: { value: false, as: 'v' },
  };
  const parsed = yield* parseOptions(ctx, { short: 'rRafvpnLPdui', long }, ['u', 'i', 'n', 'p']);
  if (typeof parsed === 'number') return parsed;
  const pairs = yield* targets(ctx, parsed.operands);
  if (typeof pairs === 'number') return pairs;
  const recursive = ['r', 'R', 'a'].some((flag) => parsed.flags.has(flag));
  // The last of these says; links met below a folder are copied as links unless -L is given.
  const linked = parsed.all.findLast(({ name }) => 'LPda'.includes(name))?.name ?? (recursive ? 'P' : 'L');
  const how = { recursive, verbose: parsed.flags.has('v'), links: linked !== 'L', made: new Set<number>() };
  let status = 0;
  for (const [from, to] of pairs) if (!(yield* copyTree(ctx, from, to, how))) status = 1;
  return status;
}

function* copyTree(
  ctx: ProgramContext,
  from: string,
  to: string,
  how: {
    readonly recursive: boolean;
    readonly verbose: boolean;
    readonly links: boolean;
    /** Inodes of directories that this run made. */ readonly made: Set<number>;
  },
): Blocking<boolean> {
  const { recursive, verbose } = how;
  const stat = how.links ? ctx.fs.lstat(from) : ctx.fs.stat(from);
  if (!stat.ok) return (yield* complain(ctx, `cannot stat '${from}': ${strerror(stat.errno)}`)) === 0;
  if (verbose) yield* ctx.out(`'${from}' -> '${to}'\n`);
  if (stat.value.type === 'directory') {
    if (!recursive) return (yield* complain(ctx, `-r not specified; omitting directory '${from}'`)) === 0;
    const into = ctx.fs.stat(to);
    if (how.made.has(stat.value.inode) || (into.ok && into.value.inode === stat.value.inode))
      return (yield* complain(ctx, `cannot copy a directory, '${from}', into itself, '${to}'`)) === 0;
    if (!isDirectory(ctx, to)) {
      const made = ctx.fs.mkdir(to);
      if (!made.ok) return (yield* complain(ctx, `cannot create directory '${to}': ${strerror(made.errno)}`)) === 0;
      const fresh = ctx.fs.stat(to);
      if (fresh.ok) how.made.add(fresh.value.inode);
    }
    const names = ctx.fs.readdir(from);
    let all = true;
    for (const name of names.ok ? names.value : [])
      all = (yield* copyTree(ctx, `${from}/${name}`, `${to}/${name}`, how)) && all;
    return all;
  }
  if (ctx.fs.absolute(from) === ctx.fs.absolute(to))
    return (yield* complain(ctx, `'${from}' and '${to}' are the same file`)) === 0;
  if (stat.value.target !== undefined) {
    ctx.fs.unlink(to);
    const linked = ctx.fs.symlink(stat.value.target, to);
    return linked.ok || (yield* complain(ctx, `cannot create symbolic link '${to}': ${strerror(linked.errno)}`)) === 0;
  }
  const bytes = ctx.fs.readFile(from);
  if (!bytes.ok) return (yield* complain(ctx, `cannot open '${from}' for reading: ${strerror(bytes.errno)}`)) === 0;
  const written = ctx.fs.writeFile(to, bytes.value);
  if (!written.ok)
    return (yield* complain(ctx, `cannot create regular file '${to}': ${strerror(written.errno)}`)) === 0;
  if (stat.value.type === 'file') ctx.fs.chmod(to, stat.value.mode);
  return true;
}

function* mv(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(
    ctx,
    { short: 'fvniTu', long: { force: { value: false, as: 'f' }, verbose: { value: false, as: 'v' } } },
    ['n', 'i', 'T', 'u'],
  );
  if (typeof parsed === 'number') return parsed;
  const pairs = yield* targets(ctx, parsed.operands);
  if (typeof pairs === 'number') return pairs;
  let status = 0;
  for (const [from, to] of pairs) {
    const moved = ctx.fs.rename(from, to);
    if (!moved.ok) {
      const text =
        moved.errno === 'ENOENT' && !ctx.fs.lstat(from).ok
          ? `cannot stat '${from}'`
          : `cannot move '${from}' to '${to}'`;
      status = yield* complain(ctx, `${text}: ${strerror(moved.errno)}`);
    } else if (parsed.flags.has('v')) yield* ctx.out(`renamed '${from}' -> '${to}'\n`);
  }
  return status;
}

function* ln(ctx: ProgramContext): Program {
  const long = { symbolic: { value: false, as: 's' }, force: { value: false, as: 'f' } };
  const parsed = yield* parseOptions(ctx, { short: 'sfvnrTLPib', long }, ['r', 'T', 'L', 'P', 'i', 'b']);
  if (typeof parsed === 'number') return parsed;
  const { operands, flags } = parsed;
  if (operands.length === 0) return yield* usage(ctx, 'missing file operand');
  const last = operands.length === 1 ? '.' : (operands.at(-1) as string);
  const into = isDirectory(ctx, last) && !flags.has('n');
  let status = 0;
  for (const target of operands.length === 1 ? operands : operands.slice(0, -1)) {
    const path = into ? `${last}/${baseName(target)}` : last;
    if (flags.has('f')) ctx.fs.unlink(path);
    const made = flags.has('s') ? ctx.fs.symlink(target, path) : ctx.fs.link(target, path);
    if (made.ok) {
      if (flags.has('v')) yield* ctx.out(`'${path}' ${flags.has('s') ? '->' : '=>'} '${target}'\n`);
      continue;
    }
    const kind = flags.has('s') ? 'symbolic' : 'hard';
    if (!flags.has('s') && !ctx.fs.lstat(target).ok)
      status = yield* complain(ctx, `failed to access '${target}': ${strerror('ENOENT')}`);
    else if (!flags.has('s') && isDirectory(ctx, target))
      status = yield* complain(ctx, `${target}: hard link not allowed for directory`);
    else status = yield* complain(ctx, `failed to create ${kind} link '${path}': ${strerror(made.errno)}`);
  }
  return status;
}

function* touch(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'acmd:t:r:', long: { 'no-create': { value: false, as: 'c' } } }, [
    'd',
    't',
    'r',
  ]);
  if (typeof parsed === 'number') return parsed;
  if (parsed.operands.length === 0) return yield* usage(ctx, 'missing file operand');
  let status = 0;
  for (const path of parsed.operands) {
    if (ctx.fs.utimes(path).ok || parsed.flags.has('c')) continue;
    const made = ctx.fs.open(path, 'a');
    if (!made.ok) status = yield* complain(ctx, `cannot touch '${path}': ${strerror(made.errno)}`);
  }
  return status;
}

function* chmod(ctx: ProgramContext): Program {
  const given = ctx.argv.slice(1);
  // A word like -x is a mode.
  const isOption = (word: string): boolean => word.startsWith('-') && !/^-[rwxXt]/.test(word);
  const verbose = given.includes('-v');
  const silent = given.includes('-f');
  const [mode, ...paths] = given.filter((word) => !isOption(word));
  for (const word of given.filter(isOption)) {
    if (word === '-R' || word === '-c') return yield* complain(ctx, `option ${word} is not emulated here`);
    if (word === '-v' || word === '-f') continue;
    const wrong = word.startsWith('--') ? `unrecognized option '${word}'` : `invalid option -- '${word[1] ?? ''}'`;
    return yield* usage(ctx, wrong);
  }
  if (mode === undefined) return yield* usage(ctx, 'missing operand');
  if (paths.length === 0) return yield* usage(ctx, `missing operand after '${mode}'`);
  let status = 0;
  for (const path of paths) {
    const stat = ctx.fs.stat(path);
    if (!stat.ok) {
      status = silent ? 1 : yield* complain(ctx, `cannot access '${path}': ${strerror(stat.errno)}`);
      continue;
    }
    const value = changeMode(stat.value.mode, mode);
    if (value === undefined) return yield* usage(ctx, `invalid mode: '${mode}'`);
    ctx.fs.chmod(path, value);
    if (verbose) yield* ctx.out(`${modeChange(path, stat.value.type, stat.value.mode, value)}\n`);
  }
  return status;
}

function modeChange(path: string, type: Stat['type'], before: number, after: number): string {
  const text = (mode: number): string => `${mode.toString(8).padStart(4, '0')} (${modeText(type, mode).slice(1)})`;
  const same = (before & 0o7777) === (after & 0o7777);
  if (same) return `mode of '${path}' retained as ${text(after)}`;
  return `mode of '${path}' changed from ${text(before & 0o7777)} to ${text(after)}`;
}

function changeMode(before: number, text: string): number | undefined {
  if (/^[0-7]{1,4}$/.test(text)) return parseInt(text, 8);
  let mode = before;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)([-+=])([rwxXt]*)$/.exec(clause);
    if (match === null) return undefined;
    const [, who = '', operator, letters = ''] = match;
    let mask = 0;
    for (const [letter, bits] of [
      ['r', 0o444],
      ['w', 0o222],
      ['x', 0o111],
    ] as const)
      if (letters.includes(letter)) mask |= bits;
    if (letters.includes('X') && (before & 0o111) !== 0) mask |= 0o111;
    const all = who === '' || who.includes('a');
    const scope =
      (all || who.includes('u') ? 0o700 : 0) |
      (all || who.includes('g') ? 0o070 : 0) |
      (all || who.includes('o') ? 0o007 : 0);
    const bits = (mask & scope) | (letters.includes('t') ? 0o1000 : 0);
    mode = operator === '+' ? mode | bits : operator === '-' ? mode & ~bits : (mode & ~scope) | bits;
  }
  return mode;
}

function* readlink(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'fenmqsvz', long: { canonicalize: { value: false, as: 'f' } } }, [
    'z',
  ]);
  if (typeof parsed === 'number') return parsed;
  const resolves = ['f', 'e', 'm'].some((flag) => parsed.flags.has(flag)) || ctx.argv[0]?.endsWith('realpath') === true;
  if (parsed.operands.length === 0) return yield* usage(ctx, 'missing operand');
  let status = 0;
  for (const path of parsed.operands) {
    const stat = ctx.fs.lstat(path);
    const text = resolves ? resolve(ctx, path) : stat.ok ? stat.value.target : undefined;
    if (text === undefined) {
      status = 1;
      if (ctx.argv[0]?.endsWith('realpath') === true || parsed.flags.has('v'))
        yield* complain(ctx, `${path}: ${strerror(stat.ok ? 'EINVAL' : stat.errno)}`);
    } else yield* ctx.out(parsed.flags.has('n') ? text : `${text}\n`);
  }
  return status;
}

/** The path without links; the last name may be missing. */
function resolve(ctx: ProgramContext, path: string): string | undefined {
  let done = '';
  let todo = ctx.fs
    .absolute(path)
    .split('/')
    .filter((part) => part !== '');
  for (let links = 0; todo.length > 0;) {
    const name = todo[0] as string;
    todo = todo.slice(1);
    const here = name === '..' ? done.replace(/\/[^/]*$/, '') : `${done}/${name}`;
    const stat = ctx.fs.lstat(here);
    if (!stat.ok && todo.length > 0) return undefined;
    const target = stat.ok ? stat.value.target : undefined;
    if (target === undefined || !/^[./\w]/.test(target) || target.includes(':[')) {
      done = here;
      continue;
    }
    if (++links > 40) return undefined;
    if (target.startsWith('/')) done = '';
    todo = [...target.split('/').filter((part) => part !== '' && part !== '.'), ...todo];
  }
  return done === '' ? '/' : done;
}

function* mktemp(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(ctx, { short: 'dp:tqu' }, ['t', 'u']);
  if (typeof parsed === 'number') return parsed;
  const template = parsed.operands[0] ?? 'tmp.XXXXXXXXXX';
  if (!/XXX$/.test(template)) return yield* complain(ctx, `too few X's in template '${template}'`);
  const directory =
    parsed.operands[0] === undefined || parsed.flags.has('p') ? `${parsed.flags.get('p') || '/tmp'}/` : '';
  const path = directory + template.replace(/X+$/, (marks) => ctx.random('mktemp').base36(marks.length));
  const made = parsed.flags.has('d') ? ctx.fs.mkdir(path) : ctx.fs.writeFile(path, '');
  if (!made.ok) {
    if (parsed.flags.has('q')) return 1;
    const kind = parsed.flags.has('d') ? 'directory' : 'file';
    return yield* complain(ctx, `failed to create ${kind} via template '${template}': ${strerror(made.errno)}`);
  }
  ctx.fs.chmod(path, parsed.flags.has('d') ? 0o700 : 0o600);
  yield* ctx.out(`${path}\n`);
  return 0;
}

const KINDS: Readonly<Record<Stat['type'], string>> = {
  file: 'regular file',
  directory: 'directory',
  symlink: 'symbolic link',
  device: 'character special file',
  fifo: 'fifo',
  socket: 'socket',
};

function* stat(ctx: ProgramContext): Program {
  const parsed = yield* parseOptions(
    ctx,
    { short: 'Lc:ft', long: { format: { value: true, as: 'c' }, dereference: { value: false, as: 'L' } } },
    ['f', 't'],
  );
  if (typeof parsed === 'number') return parsed;
  if (parsed.operands.length === 0) return yield* usage(ctx, 'missing operand');
  let status = 0;
  for (const path of parsed.operands) {
    const found = parsed.flags.has('L') ? ctx.fs.stat(path) : ctx.fs.lstat(path);
    if (!found.ok) status = yield* complain(ctx, `cannot statx '${path}': ${strerror(found.errno)}`);
    else yield* ctx.out(describe(ctx, path, found.value, parsed.flags.get('c')));
  }
  return status;
}

function describe(ctx: ProgramContext, path: string, s: Stat, format: string | undefined): string {
  const seconds = Math.floor((ctx.wallClock - ctx.now + s.mtime) / SECOND);
  const kind = s.type === 'file' && s.size === 0 ? 'regular empty file' : KINDS[s.type];
  const octal = s.mode.toString(8);
  const mode = modeText(s.type, s.mode);
  const time = `${strftime('%Y-%m-%d %H:%M:%S', seconds)}.000000000 +0000`;
  if (format === undefined) {
    const name = s.target === undefined ? path : `${path} -> ${s.target}`;
    return `  File: ${name}\n  Size: ${String(s.size).padEnd(10)}\tBlocks: ${String(Math.ceil(s.size / 4096) * 8).padEnd(10)} IO Block: 4096   ${kind}\nDevice: 0,1\tInode: ${String(s.inode).padEnd(11)} Links: ${s.links}\nAccess: (${octal.padStart(4, '0')}/${mode})  Uid: (${String(s.uid).padStart(5)}/${userName(s.uid).padStart(8)})   Gid: (${String(s.gid).padStart(5)}/${userName(s.gid).padStart(8)})\nAccess: ${time}\nModify: ${time}\nChange: ${time}\n Birth: -\n`;
  }
  const values: Readonly<Record<string, string>> = {
    n: path,
    N: `'${path}'`,
    s: String(s.size),
    a: octal,
    A: mode,
    F: kind,
    i: String(s.inode),
    h: String(s.links),
    u: String(s.uid),
    U: userName(s.uid),
    g: String(s.gid),
    G: userName(s.gid),
    y: time,
    Y: String(seconds),
    '%': '%',
  };
  return `${format.replace(/%(.)/g, (whole, letter: string) => values[letter] ?? whole)}\n`;
}

export const mkdirTool: Tool = { name: 'mkdir', directory: '/bin', summary: 'make directories', main: mkdir };
export const rmdirTool: Tool = { name: 'rmdir', directory: '/bin', summary: 'remove empty directories', main: rmdir };
export const rmTool: Tool = { name: 'rm', directory: '/bin', summary: 'remove files', main: rm };
export const cpTool: Tool = { name: 'cp', directory: '/bin', summary: 'copy files', main: cp };
export const mvTool: Tool = { name: 'mv', directory: '/bin', summary: 'move or rename files', main: mv };
export const lnTool: Tool = { name: 'ln', directory: '/bin', summary: 'make links', main: ln };
export const touchTool: Tool = {
  name: 'touch',
  directory: '/bin',
  summary: 'create files or renew their times',
  main: touch,
};
export const chmodTool: Tool = { name: 'chmod', directory: '/bin', summary: 'change permission bits', main: chmod };
export const readlinkTool: Tool = {
  name: 'readlink',
  aliases: ['realpath'],
  summary: 'print where links lead',
  main: readlink,
};
export const mktempTool: Tool = { name: 'mktemp', directory: '/bin', summary: 'make a temporary file', main: mktemp };
export const statTool: Tool = { name: 'stat', summary: 'print what the file system knows of a file', main: stat };
