/** Shell patterns: text with `*`, `?`, `[…]` and extended globs, made into regular expressions; pathname expansion. */
import type { FileCalls } from '../process/program.ts';

/** A run of text; in quoted text no character is special. */
export interface Segment {
  text: string;
  quoted: boolean;
}

const SPECIAL = /[\\^$.*+?()[\]{}|/]/g;
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
  word: '\\w',
  xdigit: '0-9A-Fa-f',
};

/** Quotes what is special in regular expressions. */
export function escapeRegExp(text: string): string {
  return text.replace(SPECIAL, '\\$&');
}

/** True when the segments hold an unquoted glob character. */
export function hasGlob(segments: readonly Segment[]): boolean {
  return segments.some(({ text, quoted }) => !quoted && /[*?[]/.test(text));
}

/** The segments as a pattern in which quoted characters are escaped by backslashes. */
export function patternText(segments: readonly Segment[]): string {
  return segments.map(({ text, quoted }) => (quoted ? text.replace(/[\\*?[\](){}|!+@^-]/g, '\\$&') : text)).join('');
}

/** Regular expression source of a pattern. `paths`: wildcards do not cross `/`. `lazy`: `*` takes as little as possible. */
export function patternSource(pattern: string, paths = false, lazy = false): string {
  const any = (paths ? '[^/]*' : '[\\s\\S]*') + (lazy ? '?' : '');
  const one = paths ? '[^/]' : '[\\s\\S]';
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    const extended = '?*+@!'.includes(c) && pattern[i + 1] === '(' ? closing(pattern, i + 1) : -1;
    if (extended > 0) {
      const body = alternatives(pattern.slice(i + 2, extended))
        .map((part) => patternSource(part, paths, lazy))
        .join('|');
      source += c === '!' ? `(?!(?:${body})$)${any}` : `(?:${body})${c === '@' ? '' : c}`;
      i = extended;
    } else if (c === '*') {
      source += any;
      while (pattern[i + 1] === '*') i++;
    } else if (c === '?') source += one;
    else if (c === '\\' && i + 1 < pattern.length) source += escapeRegExp(pattern[++i] as string);
    else if (c === '[') {
      const set = bracket(pattern, i);
      if (set === undefined) source += '\\[';
      else {
        source += set.source;
        i = set.end;
      }
    } else source += escapeRegExp(c);
  }
  return source;
}

function closing(pattern: string, open: number): number {
  let depth = 0;
  for (let i = open; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++;
    else if (pattern[i] === '(') depth++;
    else if (pattern[i] === ')' && --depth === 0) return i;
  }
  return -1;
}

function alternatives(body: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < body.length; i++) {
    if (body[i] === '\\') i++;
    else if (body[i] === '(') depth++;
    else if (body[i] === ')') depth--;
    else if (body[i] === '|' && depth === 0) {
      parts.push(body.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, body.slice(from)];
}

function bracket(pattern: string, start: number): { source: string; end: number } | undefined {
  let i = start + 1;
  const negated = pattern[i] === '!' || pattern[i] === '^';
  if (negated) i++;
  let body = '';
  for (let first = true; i < pattern.length; i++, first = false) {
    const c = pattern[i] as string;
    if (c === ']' && !first) return { source: `[${negated ? '^' : ''}${body}]`, end: i };
    const named = c === '[' ? /^\[:(\w+):\]/.exec(pattern.slice(i)) : null;
    if (named !== null) {
      body += CLASSES[named[1] as string] ?? '';
      i += named[0].length - 1;
    } else if (c === '\\' && i + 1 < pattern.length) body += escapeRegExp(pattern[++i] as string).replace('-', '\\-');
    else body += c === '-' ? '-' : escapeRegExp(c);
  }
  return undefined;
}

/** The pattern compiled to match a whole text; a malformed one (`[z-a]`) matches nothing. */
export function compile(source: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, 'u');
  } catch {
    return /^\b$/;
  }
}

/** True when the whole of `text` matches. */
export function matches(pattern: string, text: string): boolean {
  return compile(patternSource(pattern)).test(text);
}

/** Pathname expansion: existing names that match, sorted; empty when none does. */
export function glob(fs: FileCalls, segments: readonly Segment[], dotglob: boolean): string[] {
  const parts = patternText(segments).split('/');
  let found = [parts[0] === '' ? '/' : ''];
  const rest = parts[0] === '' ? parts.slice(1) : parts;
  rest.forEach((part, index) => {
    if (part === '') {
      if (index === rest.length - 1) found = found.filter((path) => fs.stat(path).ok).map((path) => `${path}/`);
      return;
    }
    found = found.flatMap((base) => step(fs, base, part, dotglob));
    if (index < rest.length - 1) found = found.filter((path) => isDirectory(fs, path));
  });
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function step(fs: FileCalls, base: string, part: string, dotglob: boolean): string[] {
  const prefix = base === '' || base.endsWith('/') ? base : `${base}/`;
  if (!/[*?[]/.test(part)) {
    const path = prefix + part.replace(/\\(.)/g, '$1');
    return fs.lstat(path).ok ? [path] : [];
  }
  const names = fs.readdir(base === '' ? '.' : base);
  if (!names.ok) return [];
  const wanted = compile(patternSource(part, true));
  return names.value
    .filter((name) => (part.startsWith('.') || dotglob || !name.startsWith('.')) && wanted.test(name))
    .map((name) => prefix + name);
}

function isDirectory(fs: FileCalls, path: string): boolean {
  const stat = fs.stat(path);
  return stat.ok && stat.value.type === 'directory';
}
