/**
 * Parser of Go's text/template (src/text/template/parse/parse.go): recursive descent over the tokens,
 * with Go's error messages. `block` is a `define` that is used at once.
 */
import { TemplateError } from './error.ts';
import { unquote } from './strconv.ts';
import { tokenize, type Token, type TokenKind } from './lexer.ts';
import { nodeText, type Command, type Node, type Operand, type Pipe, type TemplateSet } from './nodes.ts';

/** Parses `text` as the template `name`; `functions` are the names that may be called. Throws {@link TemplateError}. */
export function parseTemplate(text: string, name: string, functions: ReadonlySet<string>): TemplateSet {
  const parser = new Parser(tokenize(text, name), name, functions);
  return parser.run();
}

type ListEnd = { readonly nodes: Node[]; readonly end: 'end' | 'else'; readonly token: Token };

class Parser {
  private at = 0;
  private variables: string[] = ['$'];
  private rangeDepth = 0;
  private readonly set: TemplateSet = new Map();
  private readonly tokens: readonly Token[];
  private readonly name: string;
  private readonly functions: ReadonlySet<string>;

  constructor(tokens: readonly Token[], name: string, functions: ReadonlySet<string>) {
    this.tokens = tokens;
    this.name = name;
    this.functions = functions;
  }

  run(): TemplateSet {
    const nodes: Node[] = [];
    while (this.peek().kind !== 'eof') {
      const define = this.definition();
      if (define) continue;
      const node = this.textOrAction();
      if ('end' in node) this.fail(`unexpected {{${node.end}}}`, node.token);
      nodes.push(node);
    }
    this.set.set(this.name, nodes);
    return this.set;
  }

  private definition(): boolean {
    if (this.peek().kind !== 'left') return false;
    const start = this.at;
    this.at++;
    const keyword = this.nextSolid();
    if (keyword.kind !== 'keyword' || keyword.text !== 'define') {
      this.at = start;
      return false;
    }
    const name = this.stringToken('define clause');
    this.expect('right', 'define clause');
    const outer = this.variables;
    this.variables = ['$'];
    const list = this.list();
    if (list.end !== 'end') this.fail('unexpected {{else}} in define clause', list.token);
    this.variables = outer;
    this.set.set(name, list.nodes);
    return true;
  }

  private textOrAction(): Node | { end: 'end' | 'else'; token: Token } {
    const token = this.next();
    if (token.kind === 'text') return { kind: 'text', position: token.position, text: token.text };
    if (token.kind === 'left') return this.action();
    return this.unexpected(token, 'input');
  }

  private action(): Node | { end: 'end' | 'else'; token: Token } {
    const token = this.nextSolid();
    if (token.kind === 'keyword') {
      switch (token.text) {
        case 'if':
        case 'with':
        case 'range':
          return this.control(token.text, token);
        case 'end':
          this.expect('right', 'end');
          return { end: 'end', token };
        case 'else':
          return this.elseClause(token);
        case 'template':
          return this.templateCall(token);
        case 'block':
          return this.block(token);
        case 'break':
        case 'continue':
          this.expect('right', `{{${token.text}}}`);
          if (this.rangeDepth === 0) this.fail(`{{${token.text}}} outside {{range}}`, token);
          return { kind: token.text, position: token.position };
        default:
          this.unexpected(token, 'command');
      }
    }
    this.at--;
    const pipe = this.pipeline('command', 'right');
    return { kind: 'action', position: token.position, pipe };
  }

  private elseClause(token: Token): { end: 'else'; token: Token } {
    // `{{else if …}}` is left in place: the caller sees the keyword next.
    const next = this.peekSolid();
    if (!(next.kind === 'keyword' && (next.text === 'if' || next.text === 'with'))) this.expect('right', 'else');
    return { end: 'else', token };
  }

  private list(): ListEnd {
    const nodes: Node[] = [];
    while (this.peek().kind !== 'eof') {
      const node = this.textOrAction();
      if ('end' in node) return { nodes, end: node.end, token: node.token };
      nodes.push(node);
    }
    return this.fail('unexpected EOF', this.peek());
  }

  private control(kind: 'if' | 'with' | 'range', token: Token): Node {
    const scope = this.variables.length;
    const pipe = this.pipeline(kind, 'right');
    if (kind === 'range') this.rangeDepth++;
    const body = this.list();
    if (kind === 'range') this.rangeDepth--;
    let otherwise: readonly Node[] | undefined;
    if (body.end === 'else') {
      const next = this.peekSolid();
      if (next.kind === 'keyword' && (next.text === 'if' || next.text === 'with')) {
        if (next.text !== kind) this.unexpected(next, kind);
        this.nextSolid();
        otherwise = [this.control(next.text, next)];
      } else {
        const rest = this.list();
        if (rest.end !== 'end') this.fail('expected end; found {{else}}', rest.token);
        otherwise = rest.nodes;
      }
    }
    this.variables.length = scope;
    return { kind, position: token.position, pipe, body: body.nodes, otherwise };
  }

  private templateCall(token: Token): Node {
    const name = this.stringToken('template clause');
    let pipe: Pipe | undefined;
    if (this.nextSolid().kind !== 'right') {
      this.at--;
      pipe = this.pipeline('template clause', 'right');
    }
    return { kind: 'template', position: token.position, name, pipe };
  }

  private block(token: Token): Node {
    const name = this.stringToken('block clause');
    const pipe = this.pipeline('block clause', 'right');
    const outer = this.variables;
    this.variables = ['$'];
    const list = this.list();
    if (list.end !== 'end') this.fail('unexpected {{else}} in block clause', list.token);
    this.variables = outer;
    this.set.set(name, list.nodes);
    return { kind: 'template', position: token.position, name, pipe };
  }

  private pipeline(context: string, end: TokenKind): Pipe {
    const first = this.peekSolid();
    const { declared, assigns } = this.declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.nextSolid();
      if (token.kind === end) {
        this.checkPipeline(commands, context, token);
        if (!assigns) this.variables.push(...declared);
        return { kind: 'pipe', position: first.position, line: first.line, declared, assigns, commands };
      }
      this.at--;
      if (
        ['bool', 'char', 'dot', 'field', 'identifier', 'number', 'nil', 'raw', 'string', 'variable', '('].includes(
          token.kind,
        )
      )
        commands.push(this.command());
      else this.unexpected(token, context);
    }
  }

  private declarations(context: string): { declared: string[]; assigns: boolean } {
    const start = this.at;
    const declared: string[] = [];
    for (;;) {
      const variable = this.peekSolid();
      if (variable.kind !== 'variable') break;
      this.nextSolid();
      const after = this.peekSolid();
      if (after.kind === ':=' || after.kind === '=') {
        this.nextSolid();
        declared.push(variable.text);
        return { declared, assigns: after.kind === '=' };
      }
      if (after.kind === ',') {
        this.nextSolid();
        declared.push(variable.text);
        if (context === 'range' && declared.length < 2 && this.peekSolid().kind === 'variable') continue;
        this.fail(`too many declarations in ${context}`, after);
      }
      break;
    }
    this.at = start;
    return { declared: [], assigns: false };
  }

  private checkPipeline(commands: readonly Command[], context: string, token: Token): void {
    if (commands.length === 0) this.fail(`missing value for ${context}`, token);
    for (let i = 1; i < commands.length; i++) {
      const first = (commands[i] as Command).operands[0] as Operand;
      if (['bool', 'dot', 'nil', 'number', 'string'].includes(first.kind))
        this.fail(`non executable command in pipeline stage ${i + 1}`, token);
    }
  }

  private command(): Command {
    const start = this.peekSolid();
    const operands: Operand[] = [];
    for (;;) {
      this.peekSolid();
      const operand = this.operand();
      if (operand !== undefined) operands.push(operand);
      const token = this.next();
      if (token.kind === 'space') continue;
      if (token.kind === 'right' || token.kind === ')') this.at--;
      else if (token.kind !== 'pipe') this.unexpected(token, 'operand');
      break;
    }
    if (operands.length === 0) this.fail('empty command', this.peek());
    return { kind: 'command', position: start.position, operands };
  }

  private operand(): Operand | undefined {
    const node = this.term();
    if (node === undefined || this.peek().kind !== 'field') return node;
    // Go takes the position of the token after the first term for a chain; so do its error messages.
    const position = this.peek().position;
    const path: string[] = [];
    while (this.peek().kind === 'field') path.push(this.next().text.slice(1));
    switch (node.kind) {
      case 'field':
        return { kind: 'field', position, path: [...node.path, ...path] };
      case 'variable':
        return { kind: 'variable', position, name: node.name, path: [...node.path, ...path] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.fail(`unexpected . after term ${JSON.stringify(nodeText(node))}`, this.peek());
      default:
        return { kind: 'chain', position, of: node, path };
    }
  }

  private term(): Operand | undefined {
    const token = this.nextSolid();
    const position = token.position;
    switch (token.kind) {
      case 'identifier':
        if (!this.functions.has(token.text)) this.fail(`function ${JSON.stringify(token.text)} not defined`, token);
        return { kind: 'identifier', position, name: token.text };
      case 'dot':
        return { kind: 'dot', position };
      case 'nil':
        return { kind: 'nil', position };
      case 'variable':
        if (!this.variables.includes(token.text)) this.fail(`undefined variable ${JSON.stringify(token.text)}`, token);
        return { kind: 'variable', position, name: token.text, path: [] };
      case 'field':
        return { kind: 'field', position, path: [token.text.slice(1)] };
      case 'bool':
        return { kind: 'bool', position, value: token.text === 'true' };
      case 'char':
        return {
          kind: 'number',
          position,
          text: token.text,
          value: (unquote(token.text) ?? '').codePointAt(0) ?? 0,
          float: false,
        };
      case 'number': {
        const value = Number(token.text.replaceAll('_', ''));
        return {
          kind: 'number',
          position,
          text: token.text,
          value,
          float: /[.eE]/.test(token.text) && !/^[+-]?0[xX]/.test(token.text),
        };
      }
      case '(':
        return this.pipeline('parenthesized pipeline', ')');
      case 'string':
      case 'raw': {
        const value = unquote(token.text);
        if (value === undefined) return this.fail('invalid syntax', token);
        return { kind: 'string', position, quoted: token.text, value };
      }
      default:
        this.at--;
        return undefined;
    }
  }

  private stringToken(context: string): string {
    const token = this.nextSolid();
    const value = token.kind === 'string' || token.kind === 'raw' ? unquote(token.text) : undefined;
    return value ?? this.unexpected(token, context);
  }

  private next(): Token {
    return this.tokens[Math.min(this.at++, this.tokens.length - 1)] as Token;
  }

  private peek(): Token {
    return this.tokens[Math.min(this.at, this.tokens.length - 1)] as Token;
  }

  private nextSolid(): Token {
    this.peekSolid();
    return this.next();
  }

  private peekSolid(): Token {
    while (this.peek().kind === 'space') this.at++;
    return this.peek();
  }

  private expect(kind: TokenKind, context: string): void {
    const token = this.nextSolid();
    if (token.kind !== kind) this.unexpected(token, context);
  }

  private unexpected(token: Token, context: string): never {
    this.fail(`unexpected ${tokenText(token)} in ${context}`, token);
  }

  private fail(message: string, token: Token): never {
    throw new TemplateError(`template: ${this.name}:${token.line}: ${message}`);
  }
}

/** As Go's item.String: keywords in angle brackets, others quoted and cut at ten characters. */
function tokenText(token: Token): string {
  if (token.kind === 'eof') return 'EOF';
  if (token.kind === 'keyword') return `<${token.text}>`;
  return token.text.length > 10 ? `${JSON.stringify(token.text.slice(0, 10))}...` : JSON.stringify(token.text);
}
