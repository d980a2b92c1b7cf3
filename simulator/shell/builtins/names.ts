/** Builtins about names and places: cd, pwd, type, command, alias, history. */
import { strerror } from '../../base/errno.ts';
import type { Blocking } from '../../process/program.ts';
import { BUILTINS } from '../builtins.ts';
import { invoke } from '../command.ts';
import type { Shell } from '../state.ts';
import { complain } from './flow.ts';

export const KEYWORDS: ReadonlySet<string> = new Set(
  '! case coproc do done elif else esac fi for function if in select then time until while { } [['.split(' '),
);

export function* cd(sh: Shell, args: readonly string[]): Blocking<number> {
  const { ctx } = sh;
  const words = args.filter((arg) => arg !== '-L' && arg !== '-P' && arg !== '--');
  if (words.length > 1) return yield* complain(sh, 'cd: too many arguments');
  const back = words[0] === '-';
  const target = back ? sh.get('OLDPWD') : (words[0] ?? sh.get('HOME'));
  if (target === undefined) return yield* complain(sh, `cd: ${back ? 'OLDPWD' : 'HOME'} not set`);
  const path = ctx.fs.absolute(target);
  const stat = ctx.fs.stat(path);
  if (!stat.ok || stat.value.type !== 'directory') {
    const reason = strerror(stat.ok ? 'ENOTDIR' : stat.errno);
    if (sh.flavour === 'dash') return yield* complain(sh, `cd: can't cd to ${target}`, 2);
    if (sh.flavour === 'busybox') return yield* complain(sh, `cd: can't cd to ${target}: ${reason}`);
    return yield* complain(sh, `cd: ${target}: ${reason}`);
  }
  sh.set('OLDPWD', ctx.cwd, true);
  ctx.cwd = path;
  sh.set('PWD', path, true);
  if (back) yield* ctx.out(`${path}\n`);
  return 0;
}

export function* pwd(sh: Shell): Blocking<number> {
  yield* sh.ctx.out(`${sh.ctx.cwd}\n`);
  return 0;
}

interface Meaning {
  readonly kind: 'alias' | 'keyword' | 'function' | 'builtin' | 'file';
  readonly value: string;
}

function meaningOf(sh: Shell, name: string): Meaning | undefined {
  const alias = sh.aliases.get(name);
  if (alias !== undefined && sh.interactive) return { kind: 'alias', value: alias };
  if (KEYWORDS.has(name)) return { kind: 'keyword', value: name };
  const body = sh.functions.get(name);
  if (body !== undefined) return { kind: 'function', value: body.source.slice(body.body.pos, body.body.end) };
  if (BUILTINS.has(name)) return { kind: 'builtin', value: name };
  const found = sh.ctx.which(name);
  return found.ok ? { kind: 'file', value: found.value.path } : undefined;
}

export function* type(sh: Shell, args: readonly string[]): Blocking<number> {
  const short = args[0] === '-t';
  const paths = args[0] === '-p' || args[0] === '-P';
  let status = 0;
  for (const name of short || paths || args[0] === '-a' ? args.slice(1) : args) {
    const meaning = meaningOf(sh, name);
    if (meaning === undefined) {
      status = 1;
      if (!short && !paths) yield* complain(sh, `type: ${name}: not found`);
    } else if (short) yield* sh.ctx.out(`${meaning.kind}\n`);
    else if (paths) yield* sh.ctx.out(meaning.kind === 'file' ? `${meaning.value}\n` : '');
    else yield* sh.ctx.out(`${sentence(name, meaning)}\n`);
  }
  return status;
}

function sentence(name: string, { kind, value }: Meaning): string {
  switch (kind) {
    case 'alias':
      return `${name} is aliased to \`${value}'`;
    case 'keyword':
      return `${name} is a shell keyword`;
    case 'function':
      return `${name} is a function\n${name} () \n${value}`;
    case 'builtin':
      return `${name} is a shell builtin`;
    case 'file':
      return `${name} is ${value}`;
  }
}

export function* command(sh: Shell, args: readonly string[]): Blocking<number> {
  const [flag] = args;
  if (flag !== '-v' && flag !== '-V') {
    const words = flag === '-p' || flag === '--' ? args.slice(1) : args;
    return words.length === 0 ? 0 : yield* invoke(sh, words, new Map(), new Map(), false, true);
  }
  let status = 0;
  for (const name of args.slice(1)) {
    const meaning = meaningOf(sh, name);
    if (meaning === undefined) {
      status = 1;
      if (flag === '-V') yield* complain(sh, `command: ${name}: not found`);
    } else if (flag === '-V') yield* sh.ctx.out(`${sentence(name, meaning)}\n`);
    else
      yield* sh.ctx.out(
        meaning.kind === 'alias'
          ? `alias ${name}='${meaning.value}'\n`
          : `${meaning.kind === 'file' ? meaning.value : name}\n`,
      );
  }
  return status;
}

export function* builtin(sh: Shell, args: readonly string[]): Blocking<number> {
  const [name, ...rest] = args;
  if (name === undefined) return 0;
  const run = BUILTINS.get(name);
  return run === undefined ? yield* complain(sh, `builtin: ${name}: not a shell builtin`) : yield* run(sh, rest);
}

export function* alias(sh: Shell, args: readonly string[]): Blocking<number> {
  let status = 0;
  const words = args.filter((arg) => arg !== '-p');
  if (words.length === 0)
    for (const [name, value] of [...sh.aliases].sort()) yield* sh.ctx.out(`alias ${name}='${value}'\n`);
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals > 0) sh.aliases.set(word.slice(0, equals), word.slice(equals + 1));
    else {
      const value = sh.aliases.get(word);
      if (value === undefined) status = yield* complain(sh, `alias: ${word}: not found`);
      else yield* sh.ctx.out(`alias ${word}='${value}'\n`);
    }
  }
  return status;
}

export function* unalias(sh: Shell, args: readonly string[]): Blocking<number> {
  let status = 0;
  if (args[0] === '-a') sh.aliases.clear();
  else
    for (const name of args) if (!sh.aliases.delete(name)) status = yield* complain(sh, `unalias: ${name}: not found`);
  return status;
}

export function* history(sh: Shell, args: readonly string[]): Blocking<number> {
  const [word] = args;
  if (word === '-c') {
    sh.history.length = 0;
    return 0;
  }
  if (word !== undefined && !/^\d+$/.test(word))
    return yield* complain(sh, `history: ${word}: numeric argument required`);
  const from = word === undefined ? 0 : Math.max(0, sh.history.length - Number(word));
  for (let i = from; i < sh.history.length; i++) yield* sh.ctx.out(`${String(i + 1).padStart(5)}  ${sh.history[i]}\n`);
  return 0;
}
