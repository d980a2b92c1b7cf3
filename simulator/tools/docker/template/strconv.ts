/** Go's quoting (src/strconv/quote.go): `%q`, and reading quoted literals. */

const ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};
const NAMES = new Map(Object.entries(ESCAPES).map(([letter, char]) => [char, letter]));

/** Reads a literal in double quotes, single quotes or backquotes; undefined when malformed. */
export function unquote(literal: string): string | undefined {
  const body = literal.slice(1, -1);
  if (literal.startsWith('`')) return body.replaceAll('\r', '');
  let text = '';
  for (let i = 0; i < body.length; i++) {
    const c = body[i] as string;
    if (c !== '\\') {
      text += c;
      continue;
    }
    const letter = body[++i] ?? '';
    const simple = ESCAPES[letter];
    if (simple !== undefined) text += simple;
    else {
      const digits = escapeDigits(body.slice(i));
      if (digits === undefined) return undefined;
      text += String.fromCodePoint(digits.code);
      i += digits.length - 1;
    }
  }
  return text;
}

function escapeDigits(text: string): { code: number; length: number } | undefined {
  const hex = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(text);
  if (hex !== null) return { code: parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16), length: hex[0].length };
  const octal = /^[0-7]{3}/.exec(text);
  return octal === null ? undefined : { code: parseInt(octal[0], 8), length: 3 };
}

/** strconv.Quote */
export function quote(text: string): string {
  let body = '';
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0;
    const name = NAMES.get(c);
    if (c === "'") body += c;
    else if (name !== undefined) body += `\\${name}`;
    else if (code < 0x20 || code === 0x7f) body += `\\x${code.toString(16).padStart(2, '0')}`;
    else body += c;
  }
  return `"${body}"`;
}
