/** Walks the tree: lists, pipelines, compound commands, background jobs, subshells. Control flow leaves by {@link Leave}. */
import type {
  AndOr,
  Case,
  CommandNode,
  CompoundList,
  For,
  If,
  Pipeline,
  PipelineNode,
  Statement,
  TestExpression,
  While,
} from 'unbash';
import { MICROSECOND, SECOND } from '../base/scheduler.ts';
import { ForkError } from '../process/pids.ts';
import type { Blocking, OpenFile, Program, ProgramContext } from '../process/program.ts';
import { evaluate } from './arithmetic.ts';
import { runCommand } from './command.ts';
import { expandArguments, expandToPattern, expandToString } from './expand.ts';
import { startJob, waitForeground } from './jobcontrol.ts';
import { matches } from './pattern.ts';
import { openRedirections, withFiles } from './redirect.ts';
import { ExpansionError, Leave, type FunctionBody, type Shell } from './state.ts';
import { evaluateTest } from './testcommand.ts';
import { runPendingTraps, runTrap } from './traps.ts';

/** Runs statements in order; the answer is the last one's status. `whole`: a single one may replace the shell. */
export function* runList(sh: Shell, statements: readonly Statement[], whole = false): Blocking<number> {
  const only = whole && statements.length === 1;
  for (const statement of statements) yield* runStatement(sh, statement, only);
  return sh.status;
}

function* runStatement(sh: Shell, statement: Statement, only = false): Blocking<void> {
  sh.position = statement.pos;
  yield* sh.ctx.spend();
  yield* runPendingTraps(sh);
  if (statement.background === true) {
    yield* startJob(sh, sh.source.slice(statement.pos, statement.end).replace(/\s*&\s*$/, ''), (child) =>
      runNode(child, statement.command),
    );
    sh.status = 0;
    return;
  }
  const { command } = statement;
  yield* guarded(sh, () => (only && command.type === 'Command' ? runCommand(sh, command, true) : runNode(sh, command)));
  yield* runPendingTraps(sh);
}

/** Runs one command; a failed expansion is its failure, and ends a shell that nobody types into. */
function* guarded(sh: Shell, body: () => Blocking<number>): Blocking<void> {
  try {
    sh.status = yield* body();
  } catch (error) {
    if (error instanceof ForkError) {
      yield* sh.ctx.err(`${sh.prefix}fork: Resource temporarily unavailable\n`);
      sh.status = 254;
      throw new Leave(sh.interactive ? 'interrupt' : 'exit', sh.status);
    }
    if (!(error instanceof ExpansionError)) throw error;
    yield* sh.ctx.err(`${sh.prefix}${error.message}\n`);
    sh.status = error.status === 127 && sh.interactive ? 1 : error.status;
    throw new Leave(sh.interactive || !error.fatal ? 'interrupt' : 'exit', sh.status);
  } finally {
    sh.closeSubstitutions();
  }
}

/** `set -e`, after commands that are no condition. */
function checkErrexit(sh: Shell): void {
  if (sh.options.errexit && sh.status !== 0 && sh.conditionDepth === 0) throw new Leave('exit', sh.status);
}

function* runNode(sh: Shell, node: PipelineNode | AndOr): Blocking<number> {
  if (node.type === 'AndOr') return yield* runAndOr(sh, node);
  if (node.type === 'Pipeline') return yield* runPipeline(sh, node);
  const status = yield* runCommandNode(sh, node);
  sh.pipeStatus = [status];
  sh.status = status;
  if (
    node.type !== 'If' &&
    node.type !== 'While' &&
    node.type !== 'For' &&
    node.type !== 'Case' &&
    node.type !== 'BraceGroup'
  )
    checkErrexit(sh);
  return status;
}

function* runAndOr(sh: Shell, node: AndOr): Blocking<number> {
  const last = node.commands.length - 1;
  let status = 0;
  for (let i = 0; i <= last; i++) {
    const operator = node.operators[i - 1];
    if (i > 0 && (operator === '&&') !== (status === 0)) continue;
    const command = node.commands[i] as PipelineNode;
    status = i === last ? yield* runNode(sh, command) : yield* condition(sh, () => runNode(sh, command));
    sh.status = status;
  }
  return status;
}

/** Runs a condition: `set -e` does not act inside. */
function* condition(sh: Shell, body: () => Blocking<number>): Blocking<number> {
  sh.conditionDepth++;
  try {
    return yield* body();
  } finally {
    sh.conditionDepth--;
  }
}

function* runPipeline(sh: Shell, node: Pipeline): Blocking<number> {
  const negated = node.prefixes.filter((prefix) => prefix.type === 'Negation').length % 2 === 1;
  const timed = node.prefixes.find((prefix) => prefix.type === 'Time');
  const began = sh.ctx.now;
  const run = (): Blocking<number> => runStages(sh, node);
  const status = negated ? yield* condition(sh, run) : yield* run();
  if (timed !== undefined) yield* sh.ctx.err(timeText(sh.ctx.now - began, timed.posix !== undefined));
  sh.status = negated ? Number(status === 0) : status;
  if (!negated) checkErrexit(sh);
  return sh.status;
}

function timeText(micros: number, posix: boolean): string {
  const seconds = micros / (SECOND * MICROSECOND);
  if (posix) return `real ${seconds.toFixed(2)}\nuser 0.00\nsys 0.00\n`;
  const minutes = Math.floor(seconds / 60);
  return `\nreal\t${minutes}m${(seconds - minutes * 60).toFixed(3)}s\nuser\t0m0.000s\nsys\t0m0.000s\n`;
}

function* runStages(sh: Shell, node: Pipeline): Blocking<number> {
  const [only] = node.commands;
  if (only === undefined) return 0;
  if (node.commands.length === 1) {
    const status = yield* runCommandNode(sh, only);
    sh.pipeStatus = [status];
    return status;
  }
  const pids: number[] = [];
  let input: OpenFile | undefined;
  const last = node.commands.length - 1;
  for (let i = 0; i <= last; i++) {
    const stage = node.commands[i] as CommandNode;
    const files = sh.extraFiles();
    if (input !== undefined) files.set(0, input);
    let next: OpenFile | undefined;
    if (i < last) {
      const pipe = sh.ctx.pipe();
      pipe.read.retain();
      next = pipe.read;
      files.set(1, pipe.write);
      if (node.operators[i] === '|&') files.set(2, pipe.write);
    }
    const group = !sh.options.monitor ? 'inherit' : i === 0 ? 'foreground' : 'inherit';
    let pid: number;
    try {
      pid = sh.ctx.fork('', (ctx) => runStage(sh, ctx, stage), { files, group });
    } catch (error) {
      input?.release(); // nobody reads what the stages before this one write
      next?.release();
      throw error;
    }
    if (sh.options.monitor && i > 0) sh.ctx.setpgid(pid, pids[0] ?? 0);
    pids.push(pid);
    input?.release();
    input = next;
  }
  return yield* waitForeground(sh, pids, sh.options.monitor ? (pids[0] ?? 0) : 0, sh.source.slice(node.pos, node.end));
}

/** One stage of a pipeline: a simple command becomes the process itself. */
function* runStage(parent: Shell, ctx: ProgramContext, stage: CommandNode): Program {
  return yield* subshell(parent.fork(ctx), (sh) =>
    stage.type === 'Command' ? runCommand(sh, stage, true) : runCommandNode(sh, stage),
  );
}

/** Runs statements as the main of a forked process. */
export function* runSubshell(sh: Shell, statements: readonly Statement[], source: string): Program {
  return yield* subshell(sh, (child) => {
    child.source = source;
    return runList(child, statements);
  });
}

/** The main of any forked shell: what leaves it ends it. */
export function* subshell(sh: Shell, body: (sh: Shell) => Blocking<number>): Program {
  let status = 0;
  try {
    yield* guarded(sh, () => body(sh));
    status = sh.status;
  } catch (error) {
    if (!(error instanceof Leave)) throw error;
    status = error.status;
  }
  sh.status = status;
  return yield* runTrap(sh, 'EXIT', status);
}

/** Runs the body of a function. */
export function* runBody(sh: Shell, body: FunctionBody['body']): Blocking<number> {
  return body.type === 'CompoundList' ? yield* runList(sh, body.commands) : yield* runCommandNode(sh, body);
}

function* runCommandNode(sh: Shell, node: CommandNode): Blocking<number> {
  switch (node.type) {
    case 'Command':
      return yield* runCommand(sh, node, false);
    case 'Redirected': {
      const files = yield* openRedirections(sh, node.redirects);
      if (files === undefined) return 1;
      return yield* withFiles(sh, files, () => runCommandNode(sh, node.command));
    }
    case 'BraceGroup':
      return yield* runList(sh, node.body.commands);
    case 'Subshell':
      return yield* runForked(sh, node.body, sh.source.slice(node.pos, node.end));
    case 'If':
      return yield* runIf(sh, node);
    case 'For':
      return yield* runFor(sh, node);
    case 'While':
      return yield* runWhile(sh, node);
    case 'Case':
      return yield* runCase(sh, node);
    case 'Function':
      sh.functions.set(node.name.value, { body: node.body, source: sh.source });
      return 0;
    case 'TestCommand':
      return yield* runTest(sh, node.expression);
    case 'ArithmeticCommand':
      return (yield* arithmetic(sh, () => evaluate(sh, node.expression))) === 0n ? 1 : 0;
    case 'ArithmeticFor': {
      yield* evaluate(sh, node.initialize);
      const goesOn = function* (): Blocking<boolean> {
        return node.test === undefined || (yield* evaluate(sh, node.test)) !== 0n;
      };
      return yield* loop(sh, goesOn, node.body, () => evaluate(sh, node.update));
    }
    case 'Select':
    case 'Coproc':
      yield* sh.ctx.err(`${sh.prefix}${node.type.toLowerCase()}: is not emulated here\n`);
      return 1;
  }
}

function* arithmetic(sh: Shell, body: () => Blocking<bigint>): Blocking<bigint> {
  try {
    return yield* body();
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    yield* sh.ctx.err(`${sh.prefix}((: ${error.message}\n`);
    return 0n;
  }
}

function* runTest(sh: Shell, expression: TestExpression): Blocking<number> {
  return (yield* evaluateTest(sh, expression)) ? 0 : 1;
}

/** `( … )` */
function* runForked(sh: Shell, body: CompoundList, text: string): Blocking<number> {
  const group = sh.options.monitor ? 'foreground' : 'inherit';
  const pid = sh.ctx.fork('', (ctx) => runSubshell(sh.fork(ctx), body.commands, sh.source), {
    files: sh.extraFiles(),
    group,
  });
  return yield* waitForeground(sh, [pid], sh.options.monitor ? pid : 0, text);
}

function* runIf(sh: Shell, node: If): Blocking<number> {
  for (const branch of [{ clause: node.clause, then: node.then }, ...node.elif]) {
    if ((yield* condition(sh, () => runList(sh, branch.clause.commands))) === 0)
      return yield* runList(sh, branch.then.commands);
  }
  if (node.else === undefined) return 0;
  return yield* runList(sh, node.else.commands);
}

function* runFor(sh: Shell, node: For): Blocking<number> {
  const words = node.wordlist === undefined ? [...sh.positional] : yield* expandArguments(sh, node.wordlist);
  let at = 0;
  const goesOn = function* (): Blocking<boolean> {
    const word = words[at++];
    if (word === undefined) return false;
    if (!sh.set(node.name.value, word)) throw new ExpansionError(`${node.name.value}: readonly variable`);
    yield* sh.ctx.spend();
    return true;
  };
  return yield* loop(sh, goesOn, node.body);
}

function* runWhile(sh: Shell, node: While): Blocking<number> {
  const wanted = node.kind === 'while';
  const goesOn = function* (): Blocking<boolean> {
    return ((yield* condition(sh, () => runList(sh, node.clause.commands))) === 0) === wanted;
  };
  return yield* loop(sh, goesOn, node.body);
}

/** Any loop: `break` and `continue` end here, as often as they say. */
function* loop(
  sh: Shell,
  goesOn: () => Blocking<boolean>,
  body: CompoundList,
  update?: () => Blocking<unknown>,
): Blocking<number> {
  let status = 0;
  sh.loopDepth++;
  try {
    for (;;) {
      try {
        if (!(yield* goesOn())) break;
        status = yield* runList(sh, body.commands);
      } catch (error) {
        if (!(error instanceof Leave) || (error.kind !== 'break' && error.kind !== 'continue')) throw error;
        status = 0;
        if (error.depth > 1 && sh.loopDepth > 1) throw new Leave(error.kind, 0, error.depth - 1);
        if (error.kind === 'break') break;
      }
      if (update !== undefined) yield* update();
    }
  } finally {
    sh.loopDepth--;
  }
  return status;
}

function* runCase(sh: Shell, node: Case): Blocking<number> {
  const word = yield* expandToString(sh, node.word);
  let falling = false;
  let status = 0;
  for (const item of node.items) {
    let hit = falling;
    for (const pattern of item.pattern) hit ||= matches(yield* expandToPattern(sh, pattern), word);
    if (!hit) continue;
    if (item.body.commands.length > 0) status = yield* runList(sh, item.body.commands);
    if (item.terminator === ';&') falling = true;
    else if (item.terminator === ';;&') falling = false;
    else return status;
  }
  return status;
}
