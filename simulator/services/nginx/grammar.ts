/** nginx's configuration as text: words, `;`, blocks, quotes, comments (src/core/ngx_conf_file.c), each directive with its line. */

export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly file: string;
  readonly line: number;
  readonly block: readonly Directive[] | undefined;
}

/** A bad configuration, in nginx's words, with the place it names. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(words: string, file?: string, line?: number) {
    super(file === undefined ? words : `${words} in ${file}:${line ?? 0}`);
  }
}

interface Token {
  readonly text: string;
  readonly line: number;
  readonly quoted: boolean;
}

function tokens(text: string, file: string): Token[] {
  const list: Token[] = [];
  let line = 1;
  for (let at = 0; at < text.length;) {
    const char = text[at] as string;
    if (char === '\n') line++;
    if (/\s/.test(char)) at++;
    else if (char === '#') while (at < text.length && text[at] !== '\n') at++;
    else if (';{}'.includes(char)) {
      list.push({ text: char, line, quoted: false });
      at++;
    } else if (char === '"' || char === "'") {
      let word = '';
      const begin = line;
      for (at++; text[at] !== char; at++) {
        if (at >= text.length) throw new ConfigError(`unexpected end of file, expecting ";" or "}"`, file, begin);
        if (text[at] === '\\' && (text[at + 1] === char || text[at + 1] === '\\')) at++;
        if (text[at] === '\n') line++;
        word += text[at];
      }
      at++;
      list.push({ text: word, line: begin, quoted: true });
    } else {
      let word = '';
      for (; at < text.length && !/[\s;{]/.test(text[at] as string); at++) {
        if (text[at] === '$' && text[at + 1] === '{') word += text[at++];
        word += text[at];
      }
      list.push({ text: word, line, quoted: false });
    }
  }
  return list;
}

/** Reads a file. Throws {@link ConfigError}. */
export function readConfig(text: string, file: string): Directive[] {
  const list = tokens(text, file);
  const last = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  let at = 0;
  const block = (inside: boolean): Directive[] => {
    const found: Directive[] = [];
    for (;;) {
      const first = list[at];
      if (first === undefined) {
        if (inside) throw new ConfigError('unexpected end of file, expecting "}"', file, last);
        return found;
      }
      if (!first.quoted && first.text === '}') {
        if (!inside) throw new ConfigError('unexpected "}"', file, first.line);
        at++;
        return found;
      }
      found.push(directive());
    }
  };
  const directive = (): Directive => {
    const words: string[] = [];
    const begin = list[at]?.line ?? 0;
    for (;;) {
      const token = list[at++];
      if (token === undefined) throw new ConfigError('unexpected end of file, expecting ";" or "}"', file, last);
      if (token.quoted || !';{}'.includes(token.text)) {
        words.push(token.text);
        continue;
      }
      const [name = '', ...args] = words;
      if (name === '' || token.text === '}')
        throw new ConfigError(
          token.text === '}' && name !== '' ? 'unexpected "}"' : `unexpected "${token.text}"`,
          file,
          token.line,
        );
      return {
        name,
        args,
        file,
        line: token.text === '{' ? begin : token.line,
        block: token.text === '{' ? block(true) : undefined,
      };
    }
  };
  return block(false);
}
