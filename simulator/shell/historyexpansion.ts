/**
 * History expansion (bash(1), HISTORY EXPANSION): `!!`, `!n`, `!-n`, `!text`, `!?text?` with the word designators
 * `^ $ * n n-m n*`, and `^old^new^`. Deviations: modifiers (`:h :s …`) are not emulated, except `:p`.
 */

export type HistoryExpansion =
  | { readonly kind: 'same' }
  /** `only`: to be shown and remembered, not run (`:p`). */
  | { readonly kind: 'expanded'; readonly text: string; readonly only: boolean }
  | { readonly kind: 'error'; readonly message: string };

interface Found {
  readonly text: string;
  readonly end: number;
  readonly only: boolean;
}

/** Expands `line`, which continues `before` (it may have begun within quotes). */
export function expandHistory(history: readonly string[], before: string, line: string): HistoryExpansion {
  if (before === '' && line.startsWith('^')) return substitution(history, line);
  const text = before + line;
  let quote = '';
  let result = '';
  let changed = false;
  let only = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    const mine = i >= before.length;
    let piece = c;
    if (c === '\\' && quote !== "'") piece = text.slice(i, i + 2);
    else if (c === "'" && quote !== '"') quote = quote === "'" ? '' : "'";
    else if (c === '"' && quote !== "'") quote = quote === '"' ? '' : '"';
    else if (c === '#' && quote === '' && (i === 0 || /\s/.test(text[i - 1] as string))) {
      const end = text.indexOf('\n', i);
      piece = end < 0 ? text.slice(i) : text.slice(i, end);
    } else if (c === '!' && quote !== "'" && mine && !inhibited(text, i, quote)) {
      const found = reference(history, text, i);
      if ('kind' in found) return found;
      result += found.text;
      changed = true;
      only ||= found.only;
      i = found.end - 1;
      continue;
    }
    if (mine) result += piece;
    else result += piece.slice(before.length - i);
    i += piece.length - 1;
  }
  return changed ? { kind: 'expanded', text: result, only } : { kind: 'same' };
}

/** A `!` that stands for itself: at the end, before a blank, in `!=`, `$!`, `${!x}`, `[!a]`, and before the closing quote. */
function inhibited(text: string, at: number, quote: string): boolean {
  const next = text[at + 1];
  if (next === undefined || /[\s=(;&|<>)]/.test(next) || (quote === '"' && next === '"')) return true;
  const previous = text[at - 1];
  return previous === '$' || text.slice(at - 2, at) === '${' || (previous === '[' && text.includes(']', at));
}

/** The reference that begins at `at`: event, then words. */
function reference(
  history: readonly string[],
  text: string,
  at: number,
): Found | { readonly kind: 'error'; readonly message: string } {
  const rest = text.slice(at + 1);
  const [name = ''] = /^(!|-?\d+|\?[^?\n]*\??|(?=[$^*])|[^\s:;&|()<>"'$^*]+)/.exec(rest) ?? [];
  const event = eventOf(history, name);
  let end = at + 1 + name.length;
  if (event === undefined) {
    const shown = /^[^\s;&|()<>"']+/.exec(rest)?.[0] ?? '';
    return { kind: 'error', message: `!${shown}: event not found` };
  }
  const [matched, colon, designator] = /^(:?)(\d*-\d+|\d+-?\*?|[$^*])/.exec(text.slice(end)) ?? [];
  let words = event;
  if (designator !== undefined && (colon === ':' || /^[$^*]/.test(designator))) {
    const chosen = wordsOf(event, designator);
    if (chosen === undefined) return { kind: 'error', message: `${colon ?? ''}${designator}: bad word specifier` };
    words = chosen;
    end += (matched as string).length;
  }
  const modifier = /^:([a-zA-Z&])/.exec(text.slice(end));
  if (modifier === null) return { text: words, end, only: false };
  if (modifier[1] !== 'p')
    return { kind: 'error', message: `:${modifier[1]}: this history modifier is not emulated here` };
  return { text: words, end: end + 2, only: true };
}

function eventOf(history: readonly string[], name: string): string | undefined {
  if (name === '!' || name === '') return history.at(-1);
  if (/^-\d+$/.test(name)) return history.at(Number(name));
  if (/^\d+$/.test(name)) return history[Number(name) - 1];
  const part = /^\?([^?]*)/.exec(name)?.[1];
  return history.findLast((line) => (part === undefined ? line.startsWith(name) : line.includes(part)));
}

/** Words `designator` of a line, counted from 0, the command. */
function wordsOf(line: string, designator: string): string | undefined {
  const words = line.match(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s;&|<>'"\\])+|&&|\|\||;;|>>|[;&|<>]/g) ?? [];
  const last = words.length - 1;
  if (designator === '$') return words[last];
  if (designator === '^') return words[1];
  if (designator === '*') return words.slice(1).join(' ');
  const [, from = '', dash, to = '', star] = /^(\d*)(-?)(\d*)(\*?)$/.exec(designator) ?? [];
  const first = Number(from === '' ? 0 : from);
  const until = star === '*' ? last : dash === '' ? first : to === '' ? last - 1 : Number(to);
  return first > last || until > last ? undefined : words.slice(first, until + 1).join(' ');
}

/** `^old^new^`: the last line again, with the first `old` replaced. */
function substitution(history: readonly string[], line: string): HistoryExpansion {
  const [, old = '', fresh = '', rest = ''] = /^\^([^^]*)\^?([^^]*)\^?(.*)$/s.exec(line) ?? [];
  const last = history.at(-1);
  if (old === '' || last === undefined || !last.includes(old))
    return { kind: 'error', message: `:s${line}: substitution failed` };
  return { kind: 'expanded', text: last.replace(old, () => fresh) + rest, only: false };
}
