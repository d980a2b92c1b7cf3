/** Parameter expansion: `$x`, special parameters, arrays, and the forms of `${…}` (bash(1), Parameter Expansion). */
import type { ParameterExpansionPart, ParameterOperation, Word } from 'unbash';
import type { Blocking } from '../process/program.ts';
import { SECOND } from '../base/scheduler.ts';
import { evaluateText } from './arithmetic.ts';
import { expandPieces, expandToPattern, expandToString, type Piece } from './expand.ts';
import { compile, patternSource } from './pattern.ts';
import { ExpansionError, type Shell } from './state.ts';

/** The value of a parameter as text; undefined when it is not set. Lists are joined. */
export function valueOf(sh: Shell, name: string): string | undefined {
  switch (name) {
    case '?':
      return String(sh.status);
    case '$':
      return String(sh.pid);
    case '!':
      return sh.lastBackground === 0 ? undefined : String(sh.lastBackground);
    case '#':
      return String(sh.positional.length);
    case '0':
      return sh.name;
    case '-':
      return `${sh.options.errexit ? 'e' : ''}h${sh.interactive ? 'i' : ''}${sh.options.monitor ? 'm' : ''}${sh.options.nounset ? 'u' : ''}${sh.options.xtrace ? 'x' : ''}B`;
    case '@':
    case '*':
      return sh.positional.length === 0 ? undefined : sh.positional.join(joiner(sh));
    default:
      if (/^\d+$/.test(name)) return sh.positional[Number(name) - 1];
      return sh.get(name) ?? computed(sh, name);
  }
}

function computed(sh: Shell, name: string): string | undefined {
  const { ctx } = sh;
  switch (name) {
    case 'RANDOM':
      return String(ctx.random('RANDOM').below(32768));
    case 'SECONDS':
      return String(Math.floor((ctx.now - sh.startedAt) / SECOND));
    case 'LINENO':
      return String(sh.line);
    case 'PPID':
      return String(ctx.ppid);
    case 'BASHPID':
      return String(ctx.pid);
    case 'UID':
    case 'EUID':
      return '0';
    case 'EPOCHSECONDS':
      return String(Math.floor(ctx.wallClock / SECOND));
    case 'HOSTNAME':
      return ctx.hostname;
    case 'COLUMNS':
      return ctx.tty === undefined ? undefined : String(ctx.tty.columns);
    case 'LINES':
      return ctx.tty === undefined ? undefined : String(ctx.tty.rows);
    case 'PIPESTATUS':
      return String(sh.pipeStatus[0] ?? 0);
    default:
      return undefined;
  }
}

function joiner(sh: Shell): string {
  const ifs = sh.get('IFS');
  return ifs === undefined ? ' ' : ifs.slice(0, 1);
}

/** Elements of `$@`, `$*`, `${a[@]}`; undefined for a parameter that is no list. */
function listOf(sh: Shell, name: string, index: Word | undefined): string[] | undefined {
  if (name === '@' || name === '*') return sh.positional;
  if (index?.value !== '@' && index?.value !== '*') return undefined;
  if (name === 'PIPESTATUS') return sh.pipeStatus.map(String);
  const value = sh.vars.get(name)?.value;
  if (value === undefined) return [];
  return Array.isArray(value) ? value.filter((element) => element !== undefined) : [value];
}

/** `$name` without braces. */
export function simpleExpansion(sh: Shell, name: string, quoted: boolean): Piece[] {
  if (name === '@' || name === '*') return listPieces(sh, sh.positional, name === '*', quoted);
  const value = valueOf(sh, name);
  if (value === undefined) unset(sh, name);
  return [piece(value ?? '', quoted)];
}

function unset(sh: Shell, name: string): void {
  if (sh.options.nounset && name !== '@' && name !== '*')
    throw new ExpansionError(`${/^\d+$/.test(name) ? `$${name}` : name}: unbound variable`, 127);
}

function piece(text: string, quoted: boolean): Piece {
  return { text, quoted, split: !quoted, starts: false };
}

function listPieces(sh: Shell, values: readonly string[], star: boolean, quoted: boolean): Piece[] {
  if (quoted && star) return [piece(values.join(joiner(sh)), true)];
  return values.map((text, index) => ({ text, quoted, split: !quoted, starts: index > 0 }));
}

/** `${…}`. */
export function* parameterExpansion(sh: Shell, part: ParameterExpansionPart, quoted: boolean): Blocking<Piece[]> {
  const { operation } = part;
  let name = part.parameter;
  let { index } = part;
  if (part.prefix === '!' && operation?.type !== 'Names') {
    if (index?.value === '@' || index?.value === '*')
      return listPieces(sh, indices(sh, name), index.value === '*', quoted);
    name = valueOf(sh, name) ?? '';
    if (name === '') throw new ExpansionError(`${part.parameter}: invalid indirect expansion`);
    index = undefined;
  }
  if (operation?.type === 'Names') return listPieces(sh, names(sh, name), operation.operator === '*', quoted);
  if (operation?.type === 'Unknown') throw new ExpansionError(`${part.text}: bad substitution`);
  const list = listOf(sh, name, index);
  if (part.prefix === '#') {
    const length = list === undefined ? [...((yield* scalar(sh, name, index)) ?? '')].length : list.length;
    return [piece(String(length), quoted)];
  }
  if (list === undefined) return yield* ofScalar(sh, part, name, index, quoted);
  if (operation === undefined) return listPieces(sh, list, star(name, index), quoted);
  if (operation.type === 'Default') {
    if (list.length > 0 && !operation.operator.endsWith('+')) return listPieces(sh, list, star(name, index), quoted);
    return yield* withDefault(sh, operation, list.length > 0 ? list.join(' ') : undefined, name, quoted);
  }
  if (operation.type === 'Slice')
    return listPieces(sh, yield* sliceList(sh, name, list, operation), star(name, index), quoted);
  const changed: string[] = [];
  for (const value of list) changed.push(yield* transform(sh, operation, value));
  return listPieces(sh, changed, star(name, index), quoted);
}

function star(name: string, index: Word | undefined): boolean {
  return name === '*' || index?.value === '*';
}

function names(sh: Shell, prefix: string): string[] {
  return [...sh.vars.keys()].filter((name) => name.startsWith(prefix)).sort();
}

function indices(sh: Shell, name: string): string[] {
  const value = sh.vars.get(name)?.value;
  return Array.isArray(value) ? Object.keys(value) : value === undefined ? [] : ['0'];
}

/** The value of a variable or of one element. */
function* scalar(sh: Shell, name: string, index: Word | undefined): Blocking<string | undefined> {
  if (index === undefined) return valueOf(sh, name);
  const at = Number(yield* evaluateText(sh, yield* expandToString(sh, index)));
  if (name === 'PIPESTATUS') return sh.pipeStatus.map(String)[at];
  const value = sh.vars.get(name)?.value;
  if (!Array.isArray(value)) return at === 0 ? value : undefined;
  return value.at(at);
}

function* ofScalar(
  sh: Shell,
  part: ParameterExpansionPart,
  name: string,
  index: Word | undefined,
  quoted: boolean,
): Blocking<Piece[]> {
  const value = yield* scalar(sh, name, index);
  const { operation } = part;
  if (operation?.type === 'Default') return yield* withDefault(sh, operation, value, name, quoted);
  if (value === undefined) unset(sh, name);
  if (operation === undefined || (operation.type === 'Transform' && value === undefined))
    return [piece(value ?? '', quoted)];
  return [piece(yield* transform(sh, operation, value ?? ''), quoted)];
}

function* withDefault(
  sh: Shell,
  operation: Extract<ParameterOperation, { type: 'Default' }>,
  value: string | undefined,
  name: string,
  quoted: boolean,
): Blocking<Piece[]> {
  const { operator, operand } = operation;
  const missing = value === undefined || (operator.startsWith(':') && value === '');
  if (operator.endsWith('+')) return missing ? [piece('', quoted)] : yield* operandPieces(sh, operand, quoted);
  if (!missing) return [piece(value, quoted)];
  if (operator.endsWith('-')) return yield* operandPieces(sh, operand, quoted);
  const text = yield* expandToString(sh, operand);
  if (operator.endsWith('?')) {
    const words = text === '' ? (operator === ':?' ? 'parameter null or not set' : 'parameter not set') : text;
    throw new ExpansionError(`${name}: ${words}`, 127);
  }
  if (!sh.set(name, text)) throw new ExpansionError(`${name}: readonly variable`);
  return [piece(text, quoted)];
}

/** The word after `:-`: inside double quotes it is quoted as a whole. */
function* operandPieces(sh: Shell, operand: Word, quoted: boolean): Blocking<Piece[]> {
  const pieces = yield* expandPieces(sh, operand);
  if (quoted) return pieces.map((one) => ({ ...one, quoted: true, split: false }));
  return pieces.map((one) => (one.quoted ? one : { ...one, split: true }));
}

function* sliceList(
  sh: Shell,
  name: string,
  list: readonly string[],
  operation: Extract<ParameterOperation, { type: 'Slice' }>,
): Blocking<string[]> {
  const values = name === '@' || name === '*' ? [sh.name, ...list] : list;
  const [from, to] = yield* bounds(sh, values.length, operation);
  return values.slice(name === '@' || name === '*' ? from : from, to);
}

function* bounds(
  sh: Shell,
  size: number,
  operation: Extract<ParameterOperation, { type: 'Slice' }>,
): Blocking<[number, number]> {
  const offset = Number(yield* evaluateText(sh, yield* expandToString(sh, operation.offset)));
  const from = offset < 0 ? size + offset : offset;
  if (operation.length === undefined) return [from, size];
  const length = Number(yield* evaluateText(sh, yield* expandToString(sh, operation.length)));
  if (length < 0 && size + length < from)
    throw new ExpansionError(`${operation.length.text}: substring expression < 0`);
  return [from, length < 0 ? size + length : from + length];
}

function* transform(sh: Shell, operation: ParameterOperation, value: string): Blocking<string> {
  switch (operation.type) {
    case 'Remove':
      return remove(value, yield* expandToPattern(sh, operation.operand), operation.operator);
    case 'Replace': {
      const pattern = yield* expandToPattern(sh, operation.pattern);
      return replace(value, pattern, yield* expandToString(sh, operation.replacement), operation.operator);
    }
    case 'Slice': {
      const characters = [...value];
      const [from, to] = yield* bounds(sh, characters.length, operation);
      return from < 0 ? '' : characters.slice(from, to).join('');
    }
    case 'CaseModification': {
      const pattern = operation.operand === undefined ? '?' : yield* expandToPattern(sh, operation.operand);
      const wanted = compile(patternSource(pattern === '' ? '?' : pattern));
      const change = (c: string): string => (operation.operator.startsWith('^') ? c.toUpperCase() : c.toLowerCase());
      const all = operation.operator.length === 2;
      return [...value].map((c, i) => ((all || i === 0) && wanted.test(c) ? change(c) : c)).join('');
    }
    case 'Transform': {
      const kind = yield* expandToString(sh, operation.operand);
      if (kind === 'Q') return `'${value.replace(/'/g, "'\\''")}'`;
      if (kind === 'U') return value.toUpperCase();
      if (kind === 'L') return value.toLowerCase();
      if (kind === 'u') return value.slice(0, 1).toUpperCase() + value.slice(1);
      throw new ExpansionError(`\${parameter@${kind}}: is not emulated here`);
    }
    default:
      return value;
  }
}

function remove(value: string, pattern: string, operator: '#' | '##' | '%' | '%%'): string {
  const wanted = compile(patternSource(pattern));
  const size = value.length;
  if (operator === '#') for (let i = 0; i <= size; i++) if (wanted.test(value.slice(0, i))) return value.slice(i);
  if (operator === '##') for (let i = size; i >= 0; i--) if (wanted.test(value.slice(0, i))) return value.slice(i);
  if (operator === '%') for (let i = size; i >= 0; i--) if (wanted.test(value.slice(i))) return value.slice(0, i);
  if (operator === '%%') for (let i = 0; i <= size; i++) if (wanted.test(value.slice(i))) return value.slice(0, i);
  return value;
}

function replace(value: string, pattern: string, replacement: string, operator: '/' | '//' | '/#' | '/%'): string {
  if (pattern === '') return value;
  const source = patternSource(pattern);
  const anchored = operator === '/#' ? `^(?:${source})` : operator === '/%' ? `(?:${source})$` : source;
  try {
    return value.replace(new RegExp(anchored, operator === '//' ? 'gu' : 'u'), () => replacement);
  } catch {
    return value;
  }
}
