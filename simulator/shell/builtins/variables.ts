/** Builtins about variables and options: export, local, declare, set, shift, read, unset, shopt, getopts, mapfile, let. */
import { decodeUtf8 } from '../../base/utf8.ts';
import { SECOND } from '../../base/scheduler.ts';
import type { Blocking, OpenFile } from '../../process/program.ts';
import { evaluateText } from '../arithmetic.ts';
import { split } from '../expand.ts';
import type { Shell, ShellOptions, Variable } from '../state.ts';
import { runPendingTraps } from '../traps.ts';
import { complain } from './flow.ts';

const NAME = /^[A-Za-z_]\w*$/;

/** Applies `change` to every `name[=value]`; the answer is 1 when a name is not valid. */
function* each(
  sh: Shell,
  builtin: string,
  words: readonly string[],
  change: (name: string, value: string | undefined) => Blocking<number>,
): Blocking<number> {
  let status = 0;
  for (const word of words) {
    const match = /^([A-Za-z_]\w*)(\+?)(?:=([\s\S]*))?$/.exec(word);
    if (match === null) status = yield* complain(sh, `${builtin}: \`${word}': not a valid identifier`);
    else {
      const [, name = '', append, value] = match;
      const text = append === '+' && value !== undefined ? (sh.get(name) ?? '') + value : value;
      status = (yield* change(name, text)) === 0 ? status : 1;
    }
  }
  return status;
}

function* put(sh: Shell, name: string, value: string | undefined, attributes: Partial<Variable>): Blocking<number> {
  if (value !== undefined && !sh.set(name, value)) return yield* complain(sh, `${name}: readonly variable`);
  let variable = sh.vars.get(name);
  if (variable === undefined) sh.vars.set(name, (variable = { value: '', exported: false, readonly: false }));
  Object.assign(variable, attributes);
  return 0;
}

function quoted(value: string | string[]): string {
  if (Array.isArray(value)) return `(${value.map((text, i) => `[${i}]=${quoted(text)}`).join(' ')})`;
  return `"${value.replace(/["\\$`]/g, '\\$&')}"`;
}

function flagsOf(variable: Variable): string {
  const flags = `${Array.isArray(variable.value) ? 'a' : ''}${variable.integer === true ? 'i' : ''}${variable.readonly ? 'r' : ''}${variable.exported ? 'x' : ''}`;
  return flags === '' ? '--' : `-${flags}`;
}

function* listDeclared(sh: Shell, wanted: (variable: Variable) => boolean): Blocking<number> {
  for (const [name, variable] of [...sh.vars].sort()) {
    if (wanted(variable)) yield* sh.ctx.out(`declare ${flagsOf(variable)} ${name}=${quoted(variable.value)}\n`);
  }
  return 0;
}

export function* exportNames(sh: Shell, args: readonly string[]): Blocking<number> {
  if (args.length === 0 || args[0] === '-p') return yield* listDeclared(sh, (variable) => variable.exported);
  const off = args[0] === '-n';
  return yield* each(sh, 'export', off ? args.slice(1) : args, (name, value) =>
    put(sh, name, value, { exported: !off }),
  );
}

export function* readonlyNames(sh: Shell, args: readonly string[]): Blocking<number> {
  if (args.length === 0 || args[0] === '-p') return yield* listDeclared(sh, (variable) => variable.readonly);
  return yield* each(sh, 'readonly', args, (name, value) => put(sh, name, value, { readonly: true }));
}

export function* local(sh: Shell, args: readonly string[]): Blocking<number> {
  const scope = sh.locals.at(-1);
  if (scope === undefined) return yield* complain(sh, 'local: can only be used in a function');
  const words = args.filter((arg) => !arg.startsWith('-'));
  return yield* each(sh, 'local', words, function* (name, value) {
    hide(sh, scope, name);
    return yield* put(sh, name, value, {});
  });
}

function hide(sh: Shell, scope: Map<string, Variable | undefined>, name: string): void {
  if (scope.has(name)) return;
  scope.set(name, sh.vars.get(name));
  sh.vars.set(name, { value: '', exported: false, readonly: false });
}

export function* declare(sh: Shell, args: readonly string[]): Blocking<number> {
  const flags = args.filter((arg) => /^[-+]./.test(arg)).join('');
  const words = args.filter((arg) => !/^[-+]./.test(arg));
  const unknown = /[^-+pxraigAfF]/.exec(flags);
  if (unknown !== null) return yield* complain(sh, `declare: -${unknown[0]}: invalid option`, 2);
  if (flags.includes('A')) return yield* complain(sh, 'declare: -A: associative arrays are not emulated here', 2);
  if (flags.includes('p') || (words.length === 0 && flags === '')) {
    if (words.length === 0) return yield* listDeclared(sh, () => true);
    for (const name of words) {
      const variable = sh.vars.get(name);
      if (variable === undefined) return yield* complain(sh, `declare: ${name}: not found`);
      yield* sh.ctx.out(`declare ${flagsOf(variable)} ${name}=${quoted(variable.value)}\n`);
    }
    return 0;
  }
  const scope = flags.includes('g') ? undefined : sh.locals.at(-1);
  return yield* each(sh, 'declare', words, function* (name, value) {
    if (scope !== undefined) hide(sh, scope, name);
    const attributes: Partial<Variable> = {};
    if (flags.includes('x')) attributes.exported = true;
    if (flags.includes('i')) attributes.integer = true;
    const text = flags.includes('i') && value !== undefined ? String(yield* evaluateText(sh, value)) : value;
    const status = yield* put(sh, name, text, attributes);
    const variable = sh.vars.get(name);
    if (variable !== undefined && flags.includes('a') && !Array.isArray(variable.value))
      variable.value = value === undefined ? [] : [value];
    if (variable !== undefined && flags.includes('r')) variable.readonly = true;
    return status;
  });
}

export function* unset(sh: Shell, args: readonly string[]): Blocking<number> {
  let status = 0;
  for (const name of args.filter((arg) => arg !== '-v' && arg !== '-f')) {
    const element = /^(\w+)\[(.+)\]$/.exec(name);
    if (args[0] === '-f') sh.functions.delete(name);
    else if (element !== null) {
      const value = sh.vars.get(element[1] as string)?.value;
      if (Array.isArray(value)) delete value[Number(yield* evaluateText(sh, element[2] as string))];
    } else if (sh.vars.get(name)?.readonly === true)
      status = yield* complain(sh, `unset: ${name}: cannot unset: readonly variable`);
    else if (!sh.vars.delete(name)) sh.functions.delete(name);
  }
  return status;
}

const LETTERS: Readonly<Record<string, keyof ShellOptions>> = {
  a: 'allexport',
  C: 'noclobber',
  e: 'errexit',
  f: 'noglob',
  m: 'monitor',
  n: 'noexec',
  u: 'nounset',
  x: 'xtrace',
};
const HARMLESS = /^[bBhHkptvEPT]$/;

export function* set(sh: Shell, args: readonly string[]): Blocking<number> {
  if (args.length === 0) {
    for (const [name, { value }] of [...sh.vars].sort())
      yield* sh.ctx.out(`${name}=${Array.isArray(value) ? quoted(value) : value}\n`);
    return 0;
  }
  let at = 0;
  for (; at < args.length; at++) {
    const word = args[at] as string;
    if (word === '--') {
      sh.positional = args.slice(at + 1);
      return 0;
    }
    if (!/^[-+]./.test(word)) break;
    const on = word.startsWith('-');
    for (const letter of word.slice(1)) {
      if (letter === 'o') {
        const status = yield* longOption(sh, args[++at], on);
        if (status !== 0) return status;
      } else if (LETTERS[letter] !== undefined) sh.options[LETTERS[letter]] = on;
      else if (!HARMLESS.test(letter))
        return yield* complain(sh, `set: ${word.slice(0, 1)}${letter}: invalid option`, 2);
      else return yield* complain(sh, `set: option ${word.slice(0, 1)}${letter} is not emulated here`);
    }
  }
  if (at < args.length) sh.positional = args.slice(at);
  return 0;
}

function* longOption(sh: Shell, name: string | undefined, on: boolean): Blocking<number> {
  if (name === undefined) {
    for (const [option, value] of Object.entries(sh.options))
      yield* sh.ctx.out(`${option.padEnd(15)}\t${value ? 'on' : 'off'}\n`);
    return 0;
  }
  if (!Object.hasOwn(sh.options, name)) return yield* complain(sh, `set: ${name}: invalid option name`, 2);
  sh.options[name as keyof ShellOptions] = on;
  return 0;
}

const SHOPTS: ReadonlySet<string> = new Set(['dotglob', 'nullglob', 'failglob', 'extglob', 'expand_aliases']);

export function* shopt(sh: Shell, args: readonly string[]): Blocking<number> {
  const [flag, ...names] = args;
  if (flag === '-s' || flag === '-u') {
    for (const name of names) {
      if (!SHOPTS.has(name)) return yield* complain(sh, `shopt: ${name}: invalid shell option name`);
      if (flag === '-s') sh.shopt.add(name);
      else sh.shopt.delete(name);
    }
    return 0;
  }
  const shown = args.filter((arg) => !arg.startsWith('-'));
  for (const name of shown.length > 0 ? shown : SHOPTS)
    yield* sh.ctx.out(`${name.padEnd(15)}\t${sh.shopt.has(name) ? 'on' : 'off'}\n`);
  return shown.every((name) => sh.shopt.has(name)) ? 0 : 1;
}

export function* shift(sh: Shell, args: readonly string[]): Blocking<number> {
  const count = Number(args[0] ?? 1);
  if (Number.isNaN(count)) return yield* complain(sh, `shift: ${args[0]}: numeric argument required`);
  if (count > sh.positional.length || count < 0) return 1;
  sh.positional = sh.positional.slice(count);
  return 0;
}

interface ReadOptions {
  raw: boolean;
  prompt: string;
  silent: boolean;
  timeout: number | undefined;
  count: number | undefined;
  delimiter: string;
  array: string | undefined;
  fd: number;
  names: string[];
}

function readOptions(args: readonly string[]): ReadOptions | string {
  const options: ReadOptions = {
    raw: false,
    prompt: '',
    silent: false,
    timeout: undefined,
    count: undefined,
    delimiter: '\n',
    array: undefined,
    fd: 0,
    names: [],
  };
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string;
    if (!/^-./.test(word) || options.names.length > 0) {
      options.names.push(word);
      continue;
    }
    for (let j = 1; j < word.length; j++) {
      const letter = word[j] as string;
      if (letter === 'r') options.raw = true;
      else if (letter === 's') options.silent = true;
      else if ('ptndau'.includes(letter)) {
        const value = j + 1 < word.length ? word.slice(j + 1) : (args[++i] ?? '');
        if (letter === 'p') options.prompt = value;
        if (letter === 't') options.timeout = Number(value);
        if (letter === 'n') options.count = Number(value);
        if (letter === 'd') options.delimiter = value.slice(0, 1) || '\0';
        if (letter === 'a') options.array = value;
        if (letter === 'u') options.fd = Number(value);
        break;
      } else return letter;
    }
  }
  return options;
}

export function* read(sh: Shell, args: readonly string[]): Blocking<number> {
  const options = readOptions(args);
  if (typeof options === 'string') return yield* complain(sh, `read: -${options}: invalid option`, 2);
  const file = sh.ctx.file(options.fd);
  if (file === undefined)
    return yield* complain(sh, `read: ${options.fd}: invalid file descriptor: Bad file descriptor`);
  if (options.prompt !== '' && file.isTty) yield* sh.ctx.err(options.prompt);
  const deadline = options.timeout === undefined ? undefined : sh.ctx.now + options.timeout * SECOND;
  const { text, ended } = yield* readDelimited(sh, file, options, deadline);
  const ifs = sh.get('IFS') ?? ' \t\n';
  if (options.array !== undefined) {
    sh.set(options.array, words(text, ifs));
    return ended;
  }
  if (options.names.length === 0) sh.set('REPLY', text);
  else assignWords(sh, options.names, text, ifs);
  return ended;
}

function words(text: string, ifs: string): string[] {
  return split([{ text, quoted: false, split: true, starts: false }], ifs).map((field) =>
    field.map((segment) => segment.text).join(''),
  );
}

/** The last name takes the rest of the line, without white space at its ends. */
function assignWords(sh: Shell, names: readonly string[], text: string, ifs: string): void {
  const white = [...ifs].filter((c) => /\s/.test(c)).join('');
  const strip = (value: string): string => {
    let [from, to] = [0, value.length];
    while (from < to && white.includes(value[from] as string)) from++;
    while (to > from && white.includes(value[to - 1] as string)) to--;
    return value.slice(from, to);
  };
  let rest = strip(text);
  names.forEach((name, index) => {
    if (index === names.length - 1) {
      sh.set(name, rest);
      return;
    }
    let end = 0;
    while (end < rest.length && !ifs.includes(rest[end] as string)) end++;
    sh.set(name, rest.slice(0, end));
    let next = end;
    while (next < rest.length && white.includes(rest[next] as string)) next++;
    if (next < rest.length && ifs.includes(rest[next] as string) && !white.includes(rest[next] as string)) next++;
    else if (next === end) next++;
    rest = strip(rest.slice(next));
  });
}

/** Reads octet by octet, so that what follows is left for the next reader. */
function* readDelimited(
  sh: Shell,
  file: OpenFile,
  options: ReadOptions,
  deadline: number | undefined,
): Blocking<{ text: string; ended: number }> {
  const bytes: number[] = [];
  const delimiter = options.delimiter.charCodeAt(0);
  let escaped = false;
  const finish = (ended: number): { text: string; ended: number } => {
    const text = decodeUtf8(Uint8Array.from(bytes));
    return { text: options.raw ? text : text.replace(/\\(.)/g, '$1'), ended };
  };
  for (;;) {
    const got = file.read(1);
    if (!got.ok) {
      if (got.errno !== 'EAGAIN') return finish(1);
      const wake = yield* sh.ctx.wait([file.readable], deadline);
      if (wake === 'timeout') return finish(142);
      if (wake === 'interrupted') yield* runPendingTraps(sh);
      continue;
    }
    const byte = got.value[0];
    if (byte === undefined) return finish(1);
    if (!options.raw && escaped) {
      escaped = false;
      if (byte === 10) bytes.pop();
      else bytes.push(byte);
      continue;
    }
    if (byte === delimiter) return finish(0);
    if (!options.raw && byte === 92) escaped = true;
    bytes.push(byte);
    if (options.count !== undefined && bytes.length >= options.count) return finish(0);
  }
}

export function* mapfile(sh: Shell, args: readonly string[]): Blocking<number> {
  const strip = args.includes('-t');
  const name = args.find((arg) => !arg.startsWith('-')) ?? 'MAPFILE';
  const text = yield* sh.ctx.readAll(0);
  const lines = text.split(/(?<=\n)/);
  sh.set(name, strip ? lines.map((line) => line.replace(/\n$/, '')) : lines);
  return 0;
}

export function* letBuiltin(sh: Shell, args: readonly string[]): Blocking<number> {
  if (args.length === 0) return yield* complain(sh, 'let: expression expected');
  let value = 0n;
  for (const text of args) value = yield* evaluateText(sh, text);
  return value === 0n ? 1 : 0;
}

export function* getopts(sh: Shell, args: readonly string[]): Blocking<number> {
  const [spec = '', name = '', ...given] = args;
  if (!NAME.test(name)) return yield* complain(sh, 'getopts: usage: getopts optstring name [arg ...]', 2);
  const list = given.length > 0 ? given : sh.positional;
  let index = Number(sh.get('OPTIND') ?? '1');
  const word = list[index - 1];
  if (word === undefined || !/^-./.test(word) || word === '--') {
    sh.set(name, '?');
    if (word === '--') sh.set('OPTIND', String(index + 1));
    sh.getoptsOffset = 1;
    return 1;
  }
  const letter = word[sh.getoptsOffset] as string;
  const at = spec.indexOf(letter);
  sh.getoptsOffset++;
  const restOfWord = word.slice(sh.getoptsOffset);
  if (restOfWord === '') {
    index++;
    sh.getoptsOffset = 1;
  }
  let result = letter;
  sh.vars.delete('OPTARG');
  if (at < 0 || letter === ':') {
    result = '?';
    if (!spec.startsWith(':')) yield* sh.ctx.err(`${sh.name}: illegal option -- ${letter}\n`);
    else sh.set('OPTARG', letter);
  } else if (spec[at + 1] === ':') {
    const value = restOfWord === '' ? list[index++ - 1] : restOfWord;
    if (restOfWord !== '') index++;
    sh.getoptsOffset = 1;
    if (value === undefined) {
      result = spec.startsWith(':') ? ':' : '?';
      if (!spec.startsWith(':')) yield* sh.ctx.err(`${sh.name}: option requires an argument -- ${letter}\n`);
    } else sh.set('OPTARG', value);
  }
  sh.set('OPTIND', String(index));
  sh.set(name, result);
  return 0;
}
