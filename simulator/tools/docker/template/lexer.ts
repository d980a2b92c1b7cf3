/**
 * Tokens of Go's text/template (src/text/template/parse/lex.go), delimiters `{{` and `}}`.
 * Deviation: the whole text is read at once; imaginary numbers and hexadecimal floats are not numbers here.
 */
import { TemplateError } from './error.ts';

export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'keyword'
  | 'number'
  | 'string'
  | 'raw'
  | 'char'
  | 'bool'
  | 'nil'
  | 'dot'
  | 'pipe'
  | '('
  | ')'
  | ':='
  | '='
  | ','
  | 'space'
  | 'eof';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offset in the template. */
  readonly position: number;
  readonly line: number;
}

const KEYWORDS = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with']);
const SPACE = ' \t\r\n';

/** Reads `input`; throws {@link TemplateError} in Go's words. */
export function tokenize(input: string, name: string): Token[] {
  return new Lexer(input, name).run();
}

class Lexer {
  private readonly tokens: Token[] = [];
  private position = 0;
  private line = 1;
  private depth = 0;
  private readonly input: string;
  private readonly name: string;

  constructor(input: string, name: string) {
    this.input = input;
    this.name = name;
  }

  run(): Token[] {
    let trim = false;
    for (;;) {
      const open = this.input.indexOf('{{', this.position);
      const end = open < 0 ? this.input.length : open;
      let text = this.input.slice(this.position, end);
      const start = this.position;
      let lead = 0;
      if (trim) {
        lead = text.length - text.replace(/^[ \t\r\n]+/, '').length;
        this.line += newlines(text.slice(0, lead));
        text = text.slice(lead);
      }
      const trimsLeft = open >= 0 && this.input[open + 2] === '-' && SPACE.includes(this.input[open + 3] ?? 'x');
      const kept = trimsLeft ? text.replace(/[ \t\r\n]+$/, '') : text;
      if (kept !== '') this.tokens.push({ kind: 'text', text: kept, position: start + lead, line: this.line });
      this.line += newlines(text);
      if (open < 0) break;
      this.position = open + 2 + (trimsLeft ? 2 : 0);
      if (this.input.startsWith('/*', this.position)) trim = this.comment();
      else {
        this.add('left', '{{', open);
        trim = this.action();
      }
    }
    this.add('eof', '', this.input.length);
    return this.tokens;
  }

  private comment(): boolean {
    const close = this.input.indexOf('*/', this.position);
    if (close < 0) this.fail('unclosed comment');
    this.line += newlines(this.input.slice(this.position, close));
    this.position = close + 2;
    const trims = this.atTrimmedRight();
    if (trims) this.position += 2;
    if (!this.input.startsWith('}}', this.position)) this.fail('comment ends before closing delimiter');
    this.position += 2;
    return trims;
  }

  /** Between the delimiters; true when the right one trims. */
  private action(): boolean {
    this.depth = 0;
    for (;;) {
      const trims = this.atTrimmedRight();
      if (trims || this.input.startsWith('}}', this.position)) {
        if (this.depth > 0) this.fail('unclosed left paren');
        if (trims) this.position += 2;
        this.add('right', '}}', this.position);
        this.position += 2;
        return trims;
      }
      this.inside();
    }
  }

  private atTrimmedRight(): boolean {
    return SPACE.includes(this.input[this.position] ?? 'x') && this.input.startsWith('-}}', this.position + 1);
  }

  private inside(): void {
    const start = this.position;
    const c = this.input[start];
    if (c === undefined) this.fail('unclosed action');
    if (SPACE.includes(c)) {
      while (SPACE.includes(this.input[this.position] ?? 'x') && !this.atTrimmedRight()) this.position++;
      this.add('space', this.input.slice(start, this.position), start);
      this.line += newlines(this.input.slice(start, this.position));
      return;
    }
    if (c === ':' && this.input[start + 1] === '=') return this.take(':=', 2);
    if (c === ':') this.fail('expected :=');
    if (c === '=') return this.take('=', 1);
    if (c === ',') return this.take(',', 1);
    if (c === '|') return this.take('pipe', 1);
    if (c === '(') {
      this.depth++;
      return this.take('(', 1);
    }
    if (c === ')') {
      this.depth--;
      if (this.depth < 0) this.fail('unexpected right paren');
      return this.take(')', 1);
    }
    if (c === '"') return this.quoted('"', 'string', 'unterminated quoted string');
    if (c === "'") return this.quoted("'", 'char', 'unterminated character constant');
    if (c === '`') return this.rawQuote();
    if (c === '$') return this.word('variable');
    if (c === '.' && !/[0-9]/.test(this.input[start + 1] ?? '')) {
      return /[A-Za-z0-9_\u0080-\uffff]/.test(this.input[start + 1] ?? '') ? this.word('field') : this.take('dot', 1);
    }
    if (/[+\-.0-9]/.test(c)) return this.number();
    if (/[A-Za-z_\u0080-\uffff]/.test(c)) return this.word('identifier');
    this.fail(`unrecognized character in action: ${describe(c)}`);
  }

  private take(kind: TokenKind, length: number): void {
    this.add(kind, this.input.slice(this.position, this.position + length), this.position);
    this.position += length;
  }

  private quoted(quote: string, kind: TokenKind, unterminated: string): void {
    const start = this.position++;
    for (;;) {
      const c = this.input[this.position];
      if (c === undefined || c === '\n') this.fail(unterminated);
      this.position++;
      if (c === '\\') this.position++;
      else if (c === quote) break;
    }
    this.add(kind, this.input.slice(start, this.position), start);
  }

  private rawQuote(): void {
    const start = this.position;
    const close = this.input.indexOf('`', start + 1);
    if (close < 0) this.fail('unterminated raw quoted string');
    this.position = close + 1;
    const text = this.input.slice(start, this.position);
    this.add('raw', text, start);
    this.line += newlines(text);
  }

  private number(): void {
    const match =
      /^[+-]?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|([0-9][0-9_]*)?\.?[0-9_]*([eE][+-]?[0-9]+)?)/.exec(
        this.input.slice(this.position),
      );
    const text = match?.[0] ?? '';
    const after = this.input[this.position + text.length] ?? '';
    if (!/[0-9]/.test(text) || /[A-Za-z0-9_]/.test(after)) {
      const bad = /^[+-]?[A-Za-z0-9_.]*/.exec(this.input.slice(this.position))?.[0] ?? text;
      this.fail(`bad number syntax: ${JSON.stringify(bad)}`);
    }
    this.add('number', text, this.position);
    this.position += text.length;
  }

  private word(kind: 'field' | 'variable' | 'identifier'): void {
    const start = this.position;
    const prefix = kind === 'identifier' ? 0 : 1;
    const rest = /^[A-Za-z0-9_\u0080-\uffff]*/.exec(this.input.slice(start + prefix))?.[0] ?? '';
    const text = this.input.slice(start, start + prefix + rest.length);
    const after = this.input[start + text.length];
    if (
      after !== undefined &&
      !SPACE.includes(after) &&
      !'.,|:()='.includes(after) &&
      !this.input.startsWith('}}', start + text.length)
    ) {
      this.fail(`bad character ${describe(after)}`);
    }
    this.position += text.length;
    if (kind !== 'identifier') this.add(kind, text, start);
    else if (KEYWORDS.has(text)) this.add('keyword', text, start);
    else if (text === 'true' || text === 'false') this.add('bool', text, start);
    else if (text === 'nil') this.add('nil', text, start);
    else this.add('identifier', text, start);
  }

  private add(kind: TokenKind, text: string, position: number): void {
    this.tokens.push({ kind, text, position, line: this.line });
  }

  private fail(message: string): never {
    throw new TemplateError(`template: ${this.name}:${this.line}: ${message}`);
  }
}

/** `U+007D '}'` */
function describe(c: string): string {
  return `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')} '${c}'`;
}

function newlines(text: string): number {
  return text.split('\n').length - 1;
}
