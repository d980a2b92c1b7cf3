/** The read-eval loop of a shell on a terminal: prompt, line editor, continuation lines, job notices. */
import { Utf8Decoder } from '../base/utf8.ts';
import type { Blocking } from '../process/program.ts';
import { expandAliases } from './aliases.ts';
import { complete } from './complete.ts';
import { expandHistory } from './historyexpansion.ts';
import { reapJobs, takeTerminal } from './jobcontrol.ts';
import { LineEditor } from './lineedit.ts';
import { judge } from './parse.ts';
import { defaultPrompt, expandPrompt } from './prompt.ts';
import { runText, syntaxError } from './source.ts';
import { Leave, type Shell } from './state.ts';

const MOST_HISTORY = 1000;
const SAME = { kind: 'same' } as const;

/** Reads and runs commands until end of file or `exit`; the answer is the shell's status. */
export function* interactive(sh: Shell): Blocking<number> {
  const editor = new LineEditor({ history: sh.history, complete: (before) => complete(sh, before) });
  const decoder = new Utf8Decoder();
  // Caught rather than ignored, so that children have the defaults.
  for (const signal of ['SIGINT', 'SIGWINCH', 'SIGQUIT', 'SIGTERM', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const)
    sh.ctx.catchSignal(signal);
  for (;;) {
    takeTerminal(sh);
    yield* reapJobs(sh, true);
    const text = yield* readCommand(sh, editor, decoder);
    if (text === undefined) {
      yield* sh.ctx.err('exit\n');
      return sh.status;
    }
    if (text.trim() === '') continue;
    sh.history.push(text.replace(/\n$/, ''));
    if (sh.history.length > MOST_HISTORY) sh.history.shift();
    sh.ctx.typed(text.trim());
    const status = yield* runLine(sh, text);
    if (status !== undefined) return status;
    if (sh.ctx.tty === undefined) return sh.status;
  }
}

/** Runs one command; a status means that the shell is to end. */
function* runLine(sh: Shell, text: string): Blocking<number | undefined> {
  const verdict = judge(text);
  if (verdict.kind === 'wrong') {
    yield* syntaxError(sh, verdict.token, verdict.line, text);
    sh.status = 2;
    return undefined;
  }
  try {
    yield* runText(sh, expandAliases(sh, text));
  } catch (error) {
    if (!(error instanceof Leave)) throw error;
    sh.status = error.status;
    sh.loopDepth = 0;
    sh.conditionDepth = 0;
    sh.functionDepth = 0;
    if (error.kind === 'exit') return error.status;
  }
  return undefined;
}

/** A whole command, with continuation lines; undefined at end of file. */
function* readCommand(sh: Shell, editor: LineEditor, decoder: Utf8Decoder): Blocking<string | undefined> {
  let text = '';
  for (;;) {
    const prompt = expandPrompt(sh, text === '' ? (sh.get('PS1') ?? defaultPrompt(sh)) : (sh.get('PS2') ?? '> '));
    const line = yield* readLine(sh, editor, decoder, prompt);
    if (line === 'end') {
      if (text === '') return undefined;
      return text;
    }
    if (line === 'interrupt') {
      sh.status = 130;
      text = '';
      continue;
    }
    const expansion = sh.flavour === 'bash' ? expandHistory(sh.history, text, line.text) : SAME;
    if (expansion.kind === 'error') {
      yield* sh.ctx.err(`${sh.prefix}${expansion.message}\n`);
      text = '';
      continue;
    }
    if (expansion.kind === 'expanded') {
      yield* sh.ctx.err(`${expansion.text}\n`);
      if (expansion.only) {
        sh.history.push(text + expansion.text);
        text = '';
        continue;
      }
    }
    text += `${expansion.kind === 'expanded' ? expansion.text : line.text}\n`;
    const verdict = judge(text.slice(0, -1));
    if (verdict.kind !== 'incomplete') return text.slice(0, -1);
  }
}

function* readLine(
  sh: Shell,
  editor: LineEditor,
  decoder: Utf8Decoder,
  prompt: string,
): Blocking<{ readonly text: string } | 'end' | 'interrupt'> {
  const { ctx } = sh;
  const brackets = sh.flavour === 'bash' && ctx.tty !== undefined && sh.get('TERM') !== 'dumb';
  ctx.tty?.setMode('raw');
  try {
    yield* ctx.err((brackets ? '\x1b[?2004h' : '') + editor.start(prompt, ctx.tty?.columns ?? 80));
    for (;;) {
      // One octet at a time: what follows a line is for the program that the line starts.
      const read = yield* ctx.read(0, 1);
      if (!read.ok) {
        if (read.errno !== 'EINTR') return 'end';
        const signal = ctx.takeSignal();
        if (signal === 'SIGWINCH') yield* ctx.err(editor.resize(ctx.tty?.columns ?? 80));
        continue;
      }
      if (read.value.length === 0) return 'end';
      const { output, event } = editor.feed(decoder.decode(read.value));
      const end = brackets && event !== undefined ? '\x1b[?2004l' : '';
      if (output !== '' || end !== '') yield* ctx.err(output + end);
      if (event?.kind === 'line') return { text: event.text };
      if (event !== undefined) return event.kind;
    }
  } finally {
    ctx.tty?.setMode('cooked');
  }
}
