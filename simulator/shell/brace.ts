/** Brace expansion, done on the text of a word before anything else, as bash does: `a{b,c}d`, `{1..5..2}`, `{a..e}`. */

/** The words that `text` stands for; quoted and `${…}`/`$(…)` parts are left alone. */
export function expandBraces(text: string): string[] {
  for (let open = 0; open < text.length; open++) {
    open = skip(text, open);
    if (text[open] !== '{') continue;
    const found = inner(text, open);
    if (found === undefined) continue;
    const before = text.slice(0, open);
    const rests = expandBraces(text.slice(found.end + 1));
    return found.words.flatMap((word) =>
      expandBraces(word).flatMap((middle) => rests.map((rest) => before + middle + rest)),
    );
  }
  return [text];
}

/** Where the next character outside quotes and expansions is. */
function skip(text: string, from: number): number {
  let i = from;
  for (;;) {
    const c = text[i];
    if (c === '\\') i += 2;
    else if (c === "'") i = after(text, i, "'");
    else if (c === '"') i = afterDouble(text, i);
    else if (c === '`') i = after(text, i, '`');
    else if (c === '$' && (text[i + 1] === '{' || text[i + 1] === '(')) i = afterNested(text, i + 1);
    else return i;
    if (i >= text.length) return text.length;
  }
}

function after(text: string, from: number, mark: string): number {
  const end = text.indexOf(mark, from + 1);
  return end < 0 ? text.length : end + 1;
}

function afterDouble(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

function afterNested(text: string, open: number): number {
  const close = text[open] === '{' ? '}' : ')';
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === text[open]) depth++;
    else if (text[i] === close && --depth === 0) return i + 1;
  }
  return text.length;
}

function inner(text: string, open: number): { words: string[]; end: number } | undefined {
  const parts: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let i = open + 1; i < text.length; i++) {
    i = skip(text, i);
    const c = text[i];
    if (c === '{') depth++;
    else if (c === '}' && depth > 0) depth--;
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    } else if (c === '}') {
      if (parts.length > 0) return { words: [...parts, text.slice(from, i)], end: i };
      const words = sequence(text.slice(open + 1, i));
      return words === undefined ? undefined : { words, end: i };
    }
  }
  return undefined;
}

function sequence(body: string): string[] | undefined {
  const match = /^(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?$/.exec(body);
  if (match === null) return undefined;
  const [, first = '', last = '', step] = match;
  const letters = /^[A-Za-z]$/.test(first);
  if (letters !== /^[A-Za-z]$/.test(last)) return undefined;
  const from = letters ? first.charCodeAt(0) : Number(first);
  const to = letters ? last.charCodeAt(0) : Number(last);
  const by = Math.max(1, Math.abs(Number(step ?? 1))) * (from <= to ? 1 : -1);
  const width = /^-?0\d/.test(first) || /^-?0\d/.test(last) ? Math.max(first.length, last.length) : 0;
  const words: string[] = [];
  for (let n = from; by > 0 ? n <= to : n >= to; n += by)
    words.push(letters ? String.fromCharCode(n) : padded(n, width));
  return words;
}

function padded(value: number, width: number): string {
  return value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0');
}
