/** Caught signals and the EXIT trap (bash(1), SIGNALS and `trap`). */
import type { Blocking, Signal } from '../process/program.ts';
import { runText } from './source.ts';
import { Leave, type Shell } from './state.ts';

/** Acts on signals that arrived: the trap of each; ^C in an interactive shell gives up the command line. */
export function* runPendingTraps(sh: Shell): Blocking<void> {
  for (let signal = sh.ctx.takeSignal(); signal !== undefined; signal = sh.ctx.takeSignal()) {
    const action = sh.traps.get(signal);
    if (action !== undefined) {
      if (action !== '') yield* keepingStatus(sh, action);
    } else if (signal === 'SIGINT') {
      if (sh.interactive) yield* sh.ctx.err('\n');
      throw new Leave('interrupt', 130);
    }
  }
}

function* keepingStatus(sh: Shell, action: string): Blocking<void> {
  const { status } = sh;
  yield* runText(sh, action);
  sh.status = status;
}

/** Runs the trap of `name` once; the answer is `status`, or what `exit` in the trap said. */
export function* runTrap(sh: Shell, name: 'EXIT' | Signal, status: number): Blocking<number> {
  const action = sh.traps.get(name);
  if (action === undefined || action === '') return status;
  sh.traps.delete(name);
  sh.status = status;
  try {
    yield* runText(sh, action);
  } catch (error) {
    if (error instanceof Leave && error.kind === 'exit') return error.status;
    if (!(error instanceof Leave)) throw error;
  }
  return status;
}
