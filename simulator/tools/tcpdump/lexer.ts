/** Words of the filter language. Mirrors libpcap's scanner.l. */

export interface Token {
  readonly kind: 'word' | 'number' | 'address' | 'mac' | 'symbol';
  readonly text: string;
}

const RULES: readonly (readonly [Token['kind'], RegExp])[] = [
  ['mac', /^(?:[0-9a-fA-F]{1,2}[:-]){5}[0-9a-fA-F]{1,2}(?![\w:.-])/],
  ['address', /^\d+(?:\.\d+){1,3}(?![\w.])/],
  ['address', /^\d+-\d+(?![\w.-])/],
  ['number', /^(?:0[xX][0-9a-fA-F]+|\d+)(?![\w.])/],
  ['word', /^\\?[A-Za-z0-9][\w.-]*/],
  ['symbol', /^(?:&&|\|\||<=|>=|!=|==|<<|>>|[()![\]:+\-*/%&|^<>=])/],
];

/** The words of an expression; undefined when a letter fits no rule. */
export function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    let token: Token | undefined;
    for (const [kind, pattern] of RULES) {
      const match = pattern.exec(rest);
      if (match === null) continue;
      token = { kind, text: match[0] };
      break;
    }
    if (token === undefined) return undefined;
    tokens.push(token.kind === 'word' ? { kind: 'word', text: token.text.replace(/^\\/, '') } : token);
    rest = rest.slice(token.text.length).trimStart();
  }
  return tokens;
}

/** Thrown inside the parser, caught at its door. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

/** The words libpcap has for all that its grammar does not take. */
export const SYNTAX_ERROR = "can't parse filter expression: syntax error";

/** Tokens with a place in them. */
export class TokenStream {
  private readonly tokens: readonly Token[];
  at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.at + ahead];
  }

  /** Takes the next token if its text is one of these. */
  accept(...texts: readonly string[]): string | undefined {
    const token = this.tokens[this.at];
    if (token === undefined || !texts.includes(token.text)) return undefined;
    this.at++;
    return token.text;
  }

  next(): Token {
    const token = this.tokens[this.at++];
    if (token === undefined) throw new FilterError(SYNTAX_ERROR);
    return token;
  }

  expect(text: string): void {
    if (this.accept(text) === undefined) throw new FilterError(SYNTAX_ERROR);
  }
}
