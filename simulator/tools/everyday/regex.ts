/** POSIX regular expressions (regex(7)) as the language's own: basic and extended, classes, GNU's \< \> \b \w. */

const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

/** The source of an equivalent RegExp. In basic expressions `+ ? | ( ) { }` are ordinary unless they are escaped. */
export function translateRegex(pattern: string, extended: boolean): string {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    if (c === '[') {
      const set = bracket(pattern, i);
      if (set === undefined) return '[';
      source += set.source;
      i = set.end;
    } else if (c === '\\' && i + 1 < pattern.length) {
      const next = pattern[++i] as string;
      if ('+?|(){}'.includes(next)) source += extended ? `\\${next}` : next;
      else if (next === '<') source += '\\b(?=\\w)';
      else if (next === '>') source += '\\b(?<=\\w)';
      else if (next === '`') source += '^';
      else if (next === "'") source += '$';
      else source += /[\w.*^$[\]\\/-]/.test(next) ? `\\${next}` : next;
    } else if ('+?|(){}'.includes(c)) {
      // A brace that opens no interval stands for itself.
      if (extended) source += c === '{' && !/^\{\d*,?\d*\}/.test(pattern.slice(i)) ? '\\{' : c;
      else source += `\\${c}`;
    } else if (c === '*') source += source === '' || /(^|[^\\])(\(|\||\^)$/.test(source) ? '\\*' : '*';
    else if (c === '^' && !extended && i > 0 && !/(\\\(|\\\||\n)$/.test(pattern.slice(0, i))) source += '\\^';
    else if (c === '$' && !extended && i < pattern.length - 1 && !/^\$(\\\)|\\\|)/.test(pattern.slice(i)))
      source += '\\$';
    else source += c === '/' ? '\\/' : c;
  }
  return source;
}

function bracket(pattern: string, start: number): { source: string; end: number } | undefined {
  let i = start + 1;
  const negated = pattern[i] === '^';
  if (negated) i++;
  let body = '';
  for (let first = true; i < pattern.length; i++, first = false) {
    const c = pattern[i] as string;
    if (c === ']' && !first) return { source: `[${negated ? '^' : ''}${body}]`, end: i };
    const named = /^\[:(\w+):\]/.exec(pattern.slice(i));
    if (named !== null) {
      body += CLASSES[named[1] as string] ?? '';
      i += named[0].length - 1;
    } else body += /[\\\][^/]/.test(c) ? `\\${c}` : c;
  }
  return undefined;
}
