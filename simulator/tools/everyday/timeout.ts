/** sleep(1) and timeout(1) of coreutils 9.7. */
import { strerror } from '../../base/errno.ts';
import { SECOND } from '../../base/scheduler.ts';
import { parseSignal } from '../../process/signals.ts';
import type { Program, ProgramContext, Signal, Tool } from '../../process/program.ts';
import { complain, usage } from './common.ts';

function parseDuration(text: string): number | undefined {
  const match = /^(\d*\.?\d+|\d+\.)([smhd]?)$/.exec(text);
  if (match === null) return undefined;
  const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86400 };
  return Math.round(Number(match[1]) * (units[match[2] ?? ''] ?? 1) * SECOND);
}

function* sleep(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  if (words.length === 0) return yield* usage(ctx, 'missing operand');
  let total = 0;
  for (const word of words) {
    if (word === 'infinity' || word === 'inf') {
      yield* ctx.wait([]);
      return 0;
    }
    const duration = parseDuration(word);
    if (duration === undefined) return yield* usage(ctx, `invalid time interval '${word}'`);
    total += duration;
  }
  yield* ctx.sleep(total);
  return 0;
}

function* timeout(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  let signal: Signal = 'SIGTERM';
  let killAfter: number | undefined;
  let preserve = false;
  let verbose = false;
  let at = 0;
  for (; at < words.length && /^-./.test(words[at] as string); at++) {
    const word = words[at] as string;
    const short = /^-([sk])(.*)$/.exec(word);
    const long = /^--(signal|kill-after)=(.*)$/.exec(word);
    if (word === '--preserve-status') preserve = true;
    else if (word === '--foreground') continue;
    else if (word === '-v' || word === '--verbose') verbose = true;
    else if (short !== null || long !== null) {
      const kind = short?.[1] ?? (long?.[1] === 'signal' ? 's' : 'k');
      const value = (short === null ? long?.[2] : short[2] === '' ? words[++at] : short[2]) ?? '';
      if (kind === 's') {
        const wanted = parseSignal(value);
        if (wanted === undefined) return yield* usage(ctx, `'${value}': invalid signal`, 125);
        signal = wanted;
      } else killAfter = parseDuration(value);
    } else return yield* usage(ctx, `invalid option -- '${word[1]}'`, 125);
  }
  const [duration, ...command] = words.slice(at);
  if (duration === undefined || command.length === 0) return yield* usage(ctx, 'missing operand', 125);
  const micros = parseDuration(duration);
  if (micros === undefined) return yield* usage(ctx, `invalid time interval '${duration}'`, 125);
  const child = ctx.spawn(command);
  if (!child.ok)
    return yield* complain(
      ctx,
      `failed to run command '${command[0]}': ${strerror(child.errno)}`,
      child.errno === 'ENOENT' ? 127 : 126,
    );
  return yield* waitTimed(
    ctx,
    child.value,
    micros,
    signal,
    killAfter,
    preserve,
    verbose ? (command[0] as string) : undefined,
  );
}

function* waitTimed(
  ctx: ProgramContext,
  pid: number,
  micros: number,
  signal: Signal,
  killAfter: number | undefined,
  preserve: boolean,
  /** The command to name when a signal is sent (-v). */
  spoken: string | undefined,
): Program {
  for (const caught of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) ctx.catchSignal(caught);
  let deadline: number | undefined = micros === 0 ? undefined : ctx.now + micros;
  let expired = false;
  for (;;) {
    const ended = ctx.pollChildren().find((report) => report.pid === pid && !report.stopped);
    if (ended !== undefined) return expired && !preserve && signal !== 'SIGKILL' ? 124 : ended.status;
    const wake = yield* ctx.wait([ctx.children], deadline);
    for (let caught = ctx.takeSignal(); caught !== undefined; caught = ctx.takeSignal()) ctx.kill(pid, caught);
    if (wake !== 'timeout') continue;
    const sent = expired ? 'SIGKILL' : signal;
    if (spoken !== undefined) yield* complain(ctx, `sending signal ${sent.slice(3)} to command '${spoken}'`);
    ctx.kill(pid, sent);
    ctx.kill(pid, 'SIGCONT');
    deadline = !expired && killAfter !== undefined ? ctx.now + killAfter : undefined;
    expired = true;
  }
}

export const sleepTool: Tool = { name: 'sleep', directory: '/bin', summary: 'wait', main: sleep };
export const timeoutTool: Tool = { name: 'timeout', summary: 'run a command with a time limit', main: timeout };
