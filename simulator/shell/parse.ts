/** The parser's answers in a shell's words: is the text complete, and if it is wrong, what would bash say? */
import { parse, type ParsedScript } from 'unbash';

export { parse as parseScript };

/** Why `source` cannot be run. */
export type Verdict =
  | { readonly kind: 'complete'; readonly script: ParsedScript }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'wrong'; readonly token: string; readonly line: number };

/** Parses `source` and judges it; an interactive shell asks for more when it is incomplete. */
export function judge(source: string): Verdict {
  if (/(^|[^\\])(\\\\)*\\\n?$/.test(source) && !source.trimStart().startsWith('#')) return { kind: 'incomplete' };
  const script = parse(source);
  const { errors } = script;
  if (errors === undefined || errors.length === 0) {
    const wrong = overlooked(source);
    if (wrong !== undefined) return wrong;
    return openHeredoc(script) ? { kind: 'incomplete' } : { kind: 'complete', script };
  }
  const end = source.trimEnd().length;
  const open = errors.every(
    ({ message, pos }) =>
      message.startsWith('unterminated') ||
      (pos >= end && !message.startsWith('unexpected token') && !message.includes('redirect')),
  );
  if (open) return { kind: 'incomplete' };
  const first = errors.find(({ message }) => !message.startsWith('unterminated')) ?? errors[0]!;
  const line = source.slice(0, first.pos).split('\n').length;
  const token = /^unexpected token '(.+)'$/.exec(first.message)?.[1] ?? tokenAt(source, first.pos);
  return { kind: 'wrong', token, line };
}

/** What bash refuses and the parser lets pass: `f( {`. */
function overlooked(source: string): Verdict | undefined {
  const match = /^\s*[A-Za-z_]\w*\(\s*[^)\s]/.exec(source);
  return match === null
    ? undefined
    : { kind: 'wrong', token: source.slice(match[0].length - 1).split(/\s/, 1)[0] ?? '', line: 1 };
}

function tokenAt(source: string, position: number): string {
  const rest = source.slice(position).replace(/^[ \t]+/, '');
  if (rest === '' || rest.startsWith('\n')) return 'newline';
  return /^(&&|\|\||;;|[;|&()<>]|[^\s;|&()<>]+)/.exec(rest)?.[0] ?? 'newline';
}

function openHeredoc(script: ParsedScript): boolean {
  let open = false;
  const visit = (value: unknown): void => {
    if (open || typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) return value.forEach(visit);
    if ('type' in value && value.type === 'HereDoc' && (value as { closing?: unknown }).closing === undefined)
      open = true;
    else Object.values(value).forEach(visit);
  };
  visit(script.commands);
  return open;
}
