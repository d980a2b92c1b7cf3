/** Builtins that steer: exit, return, break, eval, source, exec, trap. */
import { strerror } from '../../base/errno.ts';
import { parseSignal, SIGNAL_NUMBERS } from '../../process/signals.ts';
import type { Blocking, Signal } from '../../process/program.ts';
import { invoke } from '../command.ts';
import { runText } from '../source.ts';
import { Leave, type Shell } from '../state.ts';

export function* nothing(): Blocking<number> {
  return 0;
}

export function* failure(): Blocking<number> {
  return 1;
}

/** Prints `name: words` in the shell's form. */
export function* complain(sh: Shell, text: string, status = 1): Blocking<number> {
  yield* sh.ctx.err(`${sh.prefix}${text}\n`);
  return status;
}

export function* exit(sh: Shell, args: readonly string[]): Blocking<number> {
  const [word] = args;
  if (word !== undefined && !/^-?\d+$/.test(word)) {
    yield* complain(sh, `exit: ${word}: numeric argument required`);
    throw new Leave('exit', 2);
  }
  if (args.length > 1) return yield* complain(sh, 'exit: too many arguments');
  throw new Leave('exit', word === undefined ? sh.status : Number(word) & 255);
}

export function* leaveFunction(sh: Shell, args: readonly string[]): Blocking<number> {
  const [word] = args;
  if (sh.functionDepth === 0 && sh.sourceDepth === 0)
    return yield* complain(sh, "return: can only `return' from a function or sourced script", 2);
  if (word !== undefined && !/^-?\d+$/.test(word)) {
    yield* complain(sh, `return: ${word}: numeric argument required`);
    throw new Leave('return', 2);
  }
  throw new Leave('return', word === undefined ? sh.status : Number(word) & 255);
}

/** `break` and `continue`. */
export function leaveLoop(kind: 'break' | 'continue') {
  return function* (sh: Shell, args: readonly string[]): Blocking<number> {
    const [word = '1'] = args;
    if (sh.loopDepth === 0) {
      yield* complain(sh, `${kind}: only meaningful in a \`for', \`while', or \`until' loop`);
      return 0;
    }
    if (!/^\d+$/.test(word) || Number(word) === 0)
      return yield* complain(sh, `${kind}: ${word}: loop count out of range`);
    throw new Leave(kind, 0, Number(word));
  };
}

export function* evaluate(sh: Shell, args: readonly string[]): Blocking<number> {
  return args.length === 0 ? 0 : yield* runText(sh, args.join(' '));
}

export function* source(sh: Shell, args: readonly string[]): Blocking<number> {
  const [path, ...rest] = args;
  if (path === undefined)
    return yield* complain(sh, '.: filename argument required\n.: usage: . filename [arguments]', 2);
  const text = sh.ctx.fs.readText(path);
  if (!text.ok) return yield* complain(sh, `${path}: ${strerror(text.errno)}`);
  const saved = sh.positional;
  if (rest.length > 0) sh.positional = rest;
  sh.sourceDepth++;
  try {
    return yield* runText(sh, text.value);
  } catch (error) {
    if (error instanceof Leave && error.kind === 'return') return error.status;
    throw error;
  } finally {
    sh.sourceDepth--;
    sh.positional = saved;
  }
}

export function* exec(sh: Shell, args: readonly string[]): Blocking<number> {
  const status = yield* invoke(sh, args, new Map(), new Map(), true, true);
  if (sh.interactive && (status === 127 || status === 126)) return status;
  throw new Leave('exit', status);
}

export function* trap(sh: Shell, args: readonly string[]): Blocking<number> {
  if (args[0] === '-l') return yield* listSignals(sh);
  const shown = args[0] === '-p' ? args.slice(1) : undefined;
  if (args.length === 0 || shown !== undefined) {
    for (const [name, action] of sh.traps) {
      if (
        shown === undefined ||
        shown.length === 0 ||
        shown.some((word) => word === name || parseSignal(word) === name)
      )
        yield* sh.ctx.out(`trap -- '${action.replace(/'/g, "'\\''")}' ${name}\n`);
    }
    return 0;
  }
  const removes = args.length === 1 || args[0] === '-';
  const names = args.length === 1 ? args : args.slice(1);
  let status = 0;
  for (const word of names) {
    const name = word === 'EXIT' || word === '0' ? 'EXIT' : parseSignal(word);
    if (name === undefined) status = yield* complain(sh, `trap: ${word}: invalid signal specification`);
    else setTrap(sh, name, removes ? undefined : (args[0] ?? ''));
  }
  return status;
}

function setTrap(sh: Shell, name: Signal | 'EXIT', action: string | undefined): void {
  if (action === undefined) sh.traps.delete(name);
  else sh.traps.set(name, action);
  if (name === 'EXIT') return;
  const own = sh.interactive && name === 'SIGINT';
  sh.ctx.catchSignal(
    name,
    action === undefined ? (own ? 'interrupt' : 'default') : action === '' ? 'ignore' : 'interrupt',
  );
}

export function* listSignals(sh: Shell): Blocking<number> {
  const all = Object.entries(SIGNAL_NUMBERS).map(([name, number]) => `${String(number).padStart(2)}) ${name}`);
  for (let i = 0; i < all.length; i += 5) yield* sh.ctx.out(`${all.slice(i, i + 5).join('\t')}\n`);
  return 0;
}

export function* times(sh: Shell): Blocking<number> {
  yield* sh.ctx.out('0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n');
  return 0;
}

/** Places of commands are not remembered: PATH is walked every time. */
export function* hash(sh: Shell, args: readonly string[]): Blocking<number> {
  if (args.length === 0) yield* sh.ctx.out('hash: hash table empty\n');
  return 0;
}

export function* umask(sh: Shell, args: readonly string[]): Blocking<number> {
  if (args.length > 0) return yield* complain(sh, 'umask: setting a mask is not emulated here');
  yield* sh.ctx.out('0022\n');
  return 0;
}

export function* ulimit(sh: Shell): Blocking<number> {
  return yield* complain(sh, 'ulimit: limits are not emulated here');
}
