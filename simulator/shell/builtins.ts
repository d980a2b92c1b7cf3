/** The builtins by name: one literal table. */
import type { Blocking } from '../process/program.ts';
import * as flow from './builtins/flow.ts';
import * as jobs from './builtins/jobs.ts';
import * as names from './builtins/names.ts';
import * as text from './builtins/text.ts';
import * as variables from './builtins/variables.ts';
import type { Shell } from './state.ts';

export type Builtin = (sh: Shell, args: readonly string[]) => Blocking<number>;

/** Builtins whose arguments may be assignments. */
export const DECLARATIONS: ReadonlySet<string> = new Set(['declare', 'export', 'local', 'readonly', 'typeset']);

/** POSIX special builtins: a failed redirection ends a shell that nobody types into. */
export const SPECIAL: ReadonlySet<string> = new Set([
  '.',
  ':',
  'break',
  'continue',
  'eval',
  'exec',
  'exit',
  'export',
  'readonly',
  'return',
  'set',
  'shift',
  'trap',
  'unset',
]);

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  [':', flow.nothing],
  ['.', flow.source],
  ['source', flow.source],
  ['[', text.bracket],
  ['alias', names.alias],
  ['unalias', names.unalias],
  ['bg', jobs.bg],
  ['break', flow.leaveLoop('break')],
  ['builtin', names.builtin],
  ['cd', names.cd],
  ['command', names.command],
  ['continue', flow.leaveLoop('continue')],
  ['declare', variables.declare],
  ['disown', jobs.disown],
  ['echo', text.echo],
  ['eval', flow.evaluate],
  ['exec', flow.exec],
  ['exit', flow.exit],
  ['export', variables.exportNames],
  ['false', flow.failure],
  ['fg', jobs.fg],
  ['getopts', variables.getopts],
  ['hash', flow.hash],
  ['history', names.history],
  ['jobs', jobs.jobs],
  ['kill', jobs.kill],
  ['let', variables.letBuiltin],
  ['local', variables.local],
  ['logout', flow.exit],
  ['mapfile', variables.mapfile],
  ['printf', text.printf],
  ['pwd', names.pwd],
  ['read', variables.read],
  ['readarray', variables.mapfile],
  ['readonly', variables.readonlyNames],
  ['return', flow.leaveFunction],
  ['set', variables.set],
  ['shift', variables.shift],
  ['shopt', variables.shopt],
  ['test', text.test],
  ['times', flow.times],
  ['trap', flow.trap],
  ['true', flow.nothing],
  ['type', names.type],
  ['typeset', variables.declare],
  ['ulimit', flow.ulimit],
  ['umask', flow.umask],
  ['unset', variables.unset],
  ['wait', jobs.wait],
]);
