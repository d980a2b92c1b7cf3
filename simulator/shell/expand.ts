/**
 * Word expansion in bash's order: braces, tilde, parameters, commands and arithmetic, word splitting, pathnames, quote
 * removal (bash(1), EXPANSION). The tree comes from unbash, which has already removed quotes and marked the parts.
 */
import { parse, type CommandArgument, type DoubleQuotedChild, type Word, type WordPart } from 'unbash';
import type { Blocking } from '../process/program.ts';
import { evaluateExpansion } from './arithmetic.ts';
import { expandBraces } from './brace.ts';
import { parameterExpansion, simpleExpansion } from './parameter.ts';
import { glob, hasGlob, patternText, type Segment } from './pattern.ts';
import { ExpansionError, type Shell } from './state.ts';
import { processSubstitution, substitute } from './substitution.ts';

/** A piece of an expanded word. */
export interface Piece extends Segment {
  /** Came from an unquoted expansion: subject to word splitting. */
  readonly split: boolean;
  /** A field ends before this piece (between the elements of "$@"). */
  readonly starts: boolean;
}

export function literal(text: string, quoted: boolean): Piece {
  return { text, quoted, split: false, starts: false };
}

/** Fields of an argument, after splitting and globbing. */
export function* expandArguments(sh: Shell, words: readonly CommandArgument[]): Blocking<string[]> {
  const fields: string[] = [];
  for (const word of words) {
    const plain = plainText(word);
    if (plain !== undefined) fields.push(plain);
    else fields.push(...(yield* expandWord(sh, word.type === 'Word' ? word : assignmentWord(word.text))));
  }
  return fields;
}

/** The text of a word in which nothing can be expanded. */
function plainText(word: CommandArgument): string | undefined {
  return word.type === 'Word' && word.parts === undefined && word.text === word.value && !/^~|\{/.test(word.text)
    ? word.value
    : undefined;
}

/** `a=b` in argument position is a word like any other. */
function assignmentWord(text: string): Word {
  const command = parse(`x ''${text}`).commands[0]?.command;
  const word = command?.type === 'Command' ? command.args[0] : undefined;
  if (word?.type !== 'Word') throw new ExpansionError(`${text}: cannot be expanded here`);
  return word;
}

/** Fields of one word. */
export function* expandWord(sh: Shell, word: Word): Blocking<string[]> {
  const braces = word.parts?.some((part) => part.type === 'BraceExpansion') === true;
  if (!braces) return yield* fieldsOf(sh, word);
  const fields: string[] = [];
  for (const text of expandBraces(word.text)) fields.push(...(yield* fieldsOf(sh, reparse(text))));
  return fields;
}

function reparse(text: string): Word {
  if (text === '') return { type: 'Word', text: '', value: '', pos: 0, end: 0, parts: [] };
  const command = parse(`x ${text}`).commands[0]?.command;
  const word = command?.type === 'Command' ? command.args[0] : undefined;
  if (word === undefined) return { type: 'Word', text, value: text, pos: 0, end: 0 };
  return word.type === 'Word' ? word : assignmentWord(text);
}

function* fieldsOf(sh: Shell, word: Word): Blocking<string[]> {
  const pieces = yield* expandPieces(sh, word);
  return split(pieces, sh.get('IFS') ?? ' \t\n').flatMap((field) => expandPath(sh, field));
}

function expandPath(sh: Shell, field: readonly Segment[]): string[] {
  const text = field.map((segment) => segment.text).join('');
  if (sh.options.noglob || !hasGlob(field)) return [text];
  const found = glob(sh.ctx.fs, field, sh.shopt.has('dotglob'));
  if (found.length > 0) return found;
  if (sh.shopt.has('failglob')) throw new ExpansionError(`no match: ${text}`, 1, false);
  return sh.shopt.has('nullglob') ? [] : [text];
}

/** Word splitting by IFS; an unquoted empty expansion leaves no field. */
export function split(pieces: readonly Piece[], ifs: string): Segment[][] {
  const fields: Segment[][] = [];
  let field: Segment[] | undefined;
  const end = (): void => {
    if (field !== undefined) fields.push(field);
    field = undefined;
  };
  for (const piece of pieces) {
    if (piece.starts) end();
    if (!piece.split || ifs === '') {
      if (piece.text !== '' || piece.quoted) (field ??= []).push(piece);
      continue;
    }
    let run = '';
    const flush = (): void => {
      if (run !== '') (field ??= []).push({ text: run, quoted: false });
      run = '';
    };
    for (let i = 0; i < piece.text.length; i++) {
      const c = piece.text[i] as string;
      if (!ifs.includes(c)) {
        run += c;
        continue;
      }
      flush();
      if (/\s/.test(c)) {
        const delimiter = /^\s*/.exec(piece.text.slice(i))?.[0].length ?? 1;
        const next = piece.text[i + delimiter];
        // White space around another delimiter belongs to it.
        if (field !== undefined && next !== undefined && ifs.includes(next) && !/\s/.test(next)) i += delimiter - 1;
        else end();
      } else {
        field ??= [];
        end();
      }
    }
    flush();
  }
  end();
  return fields;
}

/** The word as one text, without splitting and globbing: assignments, redirection targets, `case` words. */
export function* expandToString(sh: Shell, word: Word, assignment = false): Blocking<string> {
  if (word.parts === undefined && word.text === word.value && !word.text.includes('~')) return word.value;
  const pieces = yield* expandPieces(sh, word, assignment);
  let text = '';
  for (const piece of pieces) text += piece.starts && text !== '' ? ` ${piece.text}` : piece.text;
  return text;
}

/** The word as a pattern; quoted characters are escaped. */
export function* expandToPattern(sh: Shell, word: Word): Blocking<string> {
  return patternText(yield* expandPieces(sh, word));
}

/** All parts of a word, expanded. `assignment`: a tilde after `:` counts too. */
export function* expandPieces(sh: Shell, word: Word, assignment = false): Blocking<Piece[]> {
  const pieces: Piece[] = [];
  if (word.parts === undefined) literalPieces(word.text, pieces);
  else for (const part of word.parts) yield* expandPart(sh, part, false, pieces);
  return expandTilde(sh, pieces, assignment);
}

function expandTilde(sh: Shell, pieces: Piece[], assignment: boolean): Piece[] {
  const first = pieces[0];
  const wanted = assignment ? /(^|:)~(?=$|[/:])/ : /^~(?=$|\/)/;
  if (first === undefined || first.quoted || first.split || !wanted.test(first.text)) return pieces;
  if (pieces.length > 1 && first.text === '~' && pieces[1]?.quoted === true) return pieces;
  const home = sh.get('HOME') ?? '/root';
  const text = assignment ? first.text.replace(/(^|:)~(?=$|[/:])/g, `$1${home}`) : home + first.text.slice(1);
  return [{ ...first, text }, ...pieces.slice(1)];
}

/** Literal text: a backslash quotes the next character. */
function literalPieces(text: string, pieces: Piece[]): void {
  let run = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c !== '\\' || i + 1 >= text.length) {
      run += c;
      continue;
    }
    if (run !== '') pieces.push(literal(run, false));
    run = '';
    i++;
    if (text[i] !== '\n') pieces.push(literal(text[i] as string, true));
  }
  if (run !== '') pieces.push(literal(run, false));
}

function* expandPart(sh: Shell, part: WordPart | DoubleQuotedChild, quoted: boolean, pieces: Piece[]): Blocking<void> {
  switch (part.type) {
    case 'Literal':
      if (quoted) pieces.push(literal(part.value, true));
      else literalPieces(part.text, pieces);
      return;
    case 'Glob':
      if (part.kind === 'bracket') {
        pieces.push(literal('[', false));
        for (const child of part.parts) yield* expandPart(sh, child, false, pieces);
        pieces.push(literal(']', false));
      } else pieces.push(literal(part.text, false));
      return;
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      pieces.push(literal(part.value, true));
      return;
    case 'DoubleQuoted':
    case 'LocaleString':
      yield* doubleQuoted(sh, part.parts, pieces);
      return;
    case 'SimpleExpansion':
      pieces.push(...simpleExpansion(sh, part.text.slice(1), quoted));
      return;
    case 'ParameterExpansion':
      pieces.push(...(yield* parameterExpansion(sh, part, quoted)));
      return;
    case 'CommandExpansion':
      pieces.push({ text: yield* substitute(sh, part), quoted, split: !quoted, starts: false });
      return;
    case 'ArithmeticExpansion':
      pieces.push({
        text: String(yield* evaluateExpansion(sh, part.expression, part.text.slice(3, -2))),
        quoted,
        split: !quoted,
        starts: false,
      });
      return;
    case 'ProcessSubstitution':
      pieces.push(literal(processSubstitution(sh, part), true));
      return;
    case 'ExtendedGlob':
      pieces.push(literal(part.text, false));
      return;
    case 'BraceExpansion':
      literalPieces(part.text, pieces);
  }
}

function* doubleQuoted(sh: Shell, parts: readonly DoubleQuotedChild[], pieces: Piece[]): Blocking<void> {
  const before = pieces.length;
  let list = false;
  for (const part of parts) {
    list ||= /^\$(@|\{@\}|\{\w+\[@\]\})$/.test(part.text);
    yield* expandPart(sh, part, true, pieces);
  }
  // "" is a field; "$@" without parameters is none.
  if (pieces.length === before && !list) pieces.push(literal('', true));
}

/** The body of a here-document whose delimiter is not quoted. `tabs`: leading tabs of its lines go (`<<-`). */
export function* expandHereDocument(sh: Shell, parts: readonly WordPart[], tabs: boolean): Blocking<string> {
  let text = '';
  for (const part of parts) {
    const pieces: Piece[] = [];
    if (part.type === 'Literal' && tabs)
      pieces.push(literal(part.value.replace(text === '' || text.endsWith('\n') ? /^\t+/gm : /(?<=\n)\t+/g, ''), true));
    else yield* expandPart(sh, part, true, pieces);
    text += pieces.map((piece) => piece.text).join('');
  }
  return text;
}
