/** What one shell remembers: variables, functions, options, positional parameters, jobs. A subshell starts with a copy. */
import type { CompoundCommand, CompoundList, Redirected } from 'unbash';
import type { OpenFile, ProgramContext, Signal } from '../process/program.ts';
import { Jobs } from './jobs.ts';

export interface Variable {
  value: string | string[];
  exported: boolean;
  readonly: boolean;
  integer?: boolean;
}

export interface FunctionBody {
  readonly body: CompoundCommand | Redirected | CompoundList;
  readonly source: string;
}

export interface ShellOptions {
  errexit: boolean;
  nounset: boolean;
  xtrace: boolean;
  noglob: boolean;
  pipefail: boolean;
  noclobber: boolean;
  noexec: boolean;
  allexport: boolean;
  monitor: boolean;
}

/** Whose words errors are in. */
export type Flavour = 'bash' | 'dash' | 'busybox';

export class Shell {
  ctx: ProgramContext;
  readonly flavour: Flavour;
  /** $0 */
  name: string;
  /** $$: stays the same in subshells. */
  readonly pid: number;
  interactive = false;
  /** Set in an interactive shell and in its subshells (bash's `interactive_shell`): errors go without a line number. */
  talks = false;
  vars = new Map<string, Variable>();
  functions = new Map<string, FunctionBody>();
  aliases = new Map<string, string>();
  options: ShellOptions = {
    errexit: false,
    nounset: false,
    xtrace: false,
    noglob: false,
    pipefail: false,
    noclobber: false,
    noexec: false,
    allexport: false,
    monitor: false,
  };
  shopt = new Set<string>();
  positional: string[] = [];
  status = 0;
  /** Status of the last command substitution, for assignments without a command. */
  substitutionStatus = 0;
  lastBackground = 0;
  pipeStatus: number[] = [0];
  traps = new Map<Signal | 'EXIT', string>();
  jobs = new Jobs();
  history: string[] = [];
  /** Function calls deep; `return` and `local` need at least one, or a sourced file. */
  functionDepth = 0;
  sourceDepth = 0;
  loopDepth = 0;
  /** Above 0 inside conditions, where `set -e` does not act. */
  conditionDepth = 0;
  /** Variables hidden by `local`, one list per call. */
  locals: Map<string, Variable | undefined>[] = [];
  /** The text being run, to say line numbers in. */
  source = '';
  position = 0;
  /** Line number of the first line of `source`. */
  firstLine = 1;
  readonly startedAt: number;
  getoptsOffset = 1;

  constructor(ctx: ProgramContext, name: string, flavour: Flavour) {
    this.ctx = ctx;
    this.name = name;
    this.flavour = flavour;
    this.pid = ctx.pid;
    this.startedAt = ctx.now;
  }

  /** The shell of a forked child: a copy without jobs and traps. */
  fork(ctx: ProgramContext): Shell {
    const child = new Shell(ctx, this.name, this.flavour);
    Object.assign(child, {
      ...this,
      ctx,
      interactive: false,
      jobs: new Jobs(),
      traps: new Map(),
      history: this.history,
    });
    child.vars = new Map(
      [...this.vars].map(([name, variable]) => [name, { ...variable, value: copyOf(variable.value) }]),
    );
    child.functions = new Map(this.functions);
    child.aliases = new Map(this.aliases);
    child.options = { ...this.options, monitor: false };
    child.shopt = new Set(this.shopt);
    child.positional = [...this.positional];
    child.locals = this.locals.map((scope) => new Map(scope));
    for (const [signal, action] of this.traps) if (action === '' && signal !== 'EXIT') child.traps.set(signal, '');
    child.loopDepth = 0;
    child.openFds = new Set(this.openFds);
    child.substitutions = [];
    return child;
  }

  get(name: string): string | undefined {
    const { value } = this.vars.get(name) ?? {};
    return Array.isArray(value) ? value[0] : value;
  }

  /** Sets a variable, keeping its attributes. False when it is read-only. */
  set(name: string, value: string | string[], exported?: boolean): boolean {
    const variable = this.vars.get(name);
    if (variable?.readonly === true) return false;
    if (variable === undefined)
      this.vars.set(name, { value, exported: exported ?? this.options.allexport, readonly: false });
    else {
      if (Array.isArray(variable.value) && !Array.isArray(value)) variable.value[0] = value;
      else variable.value = value;
      if (exported !== undefined) variable.exported = exported;
    }
    return true;
  }

  /** The environment of a child. */
  environment(extra?: ReadonlyMap<string, string>): Map<string, string> {
    const env = new Map<string, string>();
    for (const [name, { value, exported }] of this.vars) if (exported && !Array.isArray(value)) env.set(name, value);
    if (extra !== undefined) for (const [name, value] of extra) env.set(name, value);
    return env;
  }

  /** The line that is being run, counted from 1. */
  get line(): number {
    let line = this.firstLine;
    const end = Math.min(this.position, this.source.length);
    for (let at = this.source.indexOf('\n'); at >= 0 && at < end; at = this.source.indexOf('\n', at + 1)) line++;
    return line;
  }

  /** What the shell puts before its own error messages. */
  get prefix(): string {
    const name = this.talks ? this.name.replace(/^.*\//, '') : this.name;
    if (this.flavour === 'busybox') return `${name}: `;
    if (this.flavour === 'dash') return `${name}: ${this.line}: `;
    return this.talks ? `${name}: ` : `${name}: line ${this.line}: `;
  }

  /** Descriptors above 2, which commands inherit. */
  extraFiles(): Map<number, OpenFile | null> {
    const files = new Map<number, OpenFile | null>();
    for (const fd of this.openFds) {
      const file = this.ctx.file(fd);
      if (file !== undefined) files.set(fd, file);
    }
    return files;
  }

  /** Numbers above 2 that `exec N>…` or a process substitution opened. */
  openFds = new Set<number>();
  /** Those of process substitutions, to be closed after the command. */
  substitutions: number[] = [];

  /** Closes what process substitutions of the last command left open. */
  closeSubstitutions(): void {
    for (const fd of this.substitutions.splice(0)) {
      this.openFds.delete(fd);
      this.ctx.close(fd);
    }
  }
}

function copyOf(value: string | string[]): string | string[] {
  return Array.isArray(value) ? [...value] : value;
}

/** Ways out of the normal order. Thrown inside the executor only. */
export class Leave {
  readonly kind: 'break' | 'continue' | 'return' | 'exit' | 'interrupt';
  readonly status: number;
  /** Loops still to leave. */
  depth: number;

  constructor(kind: Leave['kind'], status: number, depth = 1) {
    this.kind = kind;
    this.status = status;
    this.depth = depth;
  }
}

/** An expansion that failed (`${x?word}`, unbound variable, division by 0): the command is not run. */
export class ExpansionError {
  readonly message: string;
  readonly status: number;
  /** Non-interactive shells exit. */
  readonly fatal: boolean;

  constructor(message: string, status = 1, fatal = true) {
    this.message = message;
    this.status = status;
    this.fatal = fatal;
  }
}
