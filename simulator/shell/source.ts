/** Running text: a file, the argument of `-c` or `eval`, a trap. */
import type { Blocking } from '../process/program.ts';
import { runList } from './execute.ts';
import { judge } from './parse.ts';
import type { Shell } from './state.ts';

/**
 * Parses and runs `text` in the present shell; the answer is the status of its last command, 2 for a syntax error.
 * `whole`: the shell was started for this text only, so that a single program replaces it (bash's ONESHOT), and hears its signals.
 */
export function* runText(sh: Shell, text: string, whole = false): Blocking<number> {
  const verdict = judge(text);
  const saved = { source: sh.source, position: sh.position, firstLine: sh.firstLine };
  sh.source = text;
  sh.position = 0;
  try {
    if (verdict.kind === 'complete') {
      if (verdict.script.commands.length === 0) sh.status = 0;
      return yield* runList(sh, verdict.script.commands, whole);
    }
    sh.status = 2;
    if (verdict.kind === 'wrong') {
      yield* syntaxError(sh, verdict.token, verdict.line, text);
      return 2;
    }
    sh.position = text.length;
    yield* sh.ctx.err(`${sh.prefix}${unfinished(text)}\n`);
    return 2;
  } finally {
    Object.assign(sh, saved);
  }
}

/** bash's two lines about a token that does not fit. */
export function* syntaxError(sh: Shell, token: string, line: number, text: string): Blocking<void> {
  const offending = text.split('\n')[line - 1] ?? '';
  if (sh.interactive) {
    yield* sh.ctx.err(`${sh.prefix}syntax error near unexpected token \`${token}'\n`);
    return;
  }
  const at = `${sh.name}: ${sh.name.endsWith('bash') ? '-c: ' : ''}line ${line}: `;
  yield* sh.ctx.err(`${at}syntax error near unexpected token \`${token}'\n${at}\`${offending}'\n`);
}

function unfinished(text: string): string {
  const quote = openQuote(text);
  return quote === undefined
    ? 'syntax error: unexpected end of file'
    : `unexpected EOF while looking for matching \`${quote}'`;
}

function openQuote(text: string): string | undefined {
  let open: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '\\' && open !== "'") i++;
    else if (open === undefined && (c === '"' || c === "'" || c === '`')) open = c;
    else if (c === open) open = undefined;
  }
  return open;
}
