/** find(1) of findutils 4.10. Emulated: paths; -name -iname -path -type -maxdepth -mindepth -empty -size -newer -print -print0 -delete -exec … ; -exec … + ! -o -a ( ). */
import { strerror } from '../../base/errno.ts';
import type { Blocking, Program, ProgramContext, Stat, Tool } from '../../process/program.ts';
import { complain } from './common.ts';

interface Found {
  readonly path: string;
  readonly name: string;
  readonly stat: Stat;
}

type Test = (found: Found) => Blocking<boolean>;

class FindError {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

const TYPES: Readonly<Record<string, Stat['type']>> = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  c: 'device',
  p: 'fifo',
  s: 'socket',
};

function wildcard(pattern: string, flags: string): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    const set = c === '[' ? /^\[[!^]?\]?[^\]]*\]/.exec(pattern.slice(i)) : null;
    if (set !== null) {
      source += set[0].replace(/^\[!/, '[^');
      i += set[0].length - 1;
    } else source += c === '*' ? '[\\s\\S]*' : c === '?' ? '[\\s\\S]' : c.replace(/[\\^$.+()[\]{}|/]/, '\\$&');
  }
  return new RegExp(`^${source}$`, flags);
}

/** The expression, as a test over what is found. */
class Expression {
  private at = 0;
  acts = false;
  maxDepth = Infinity;
  minDepth = 0;
  depthFirst = false;
  readonly finals: (() => Blocking<void>)[] = [];
  private readonly ctx: ProgramContext;
  private readonly words: readonly string[];

  constructor(ctx: ProgramContext, words: readonly string[]) {
    this.ctx = ctx;
    this.words = words;
  }

  parse(): Test {
    if (this.words.length === 0) return yes;
    const test = this.or();
    if (this.at < this.words.length) throw new FindError(`paths must precede expression: \`${this.words[this.at]}'`);
    return test;
  }

  private or(): Test {
    let left = this.and();
    while (this.words[this.at] === '-o' || this.words[this.at] === '-or') {
      this.at++;
      const [a, b] = [left, this.and()];
      left = function* (found) {
        return (yield* a(found)) || (yield* b(found));
      };
    }
    return left;
  }

  private and(): Test {
    let left = this.not();
    for (;;) {
      const word = this.words[this.at];
      if (word === undefined || word === '-o' || word === '-or' || word === ')') return left;
      if (word === '-a' || word === '-and') this.at++;
      const [a, b] = [left, this.not()];
      left = function* (found) {
        return (yield* a(found)) && (yield* b(found));
      };
    }
  }

  private not(): Test {
    const word = this.words[this.at];
    if (word === '!' || word === '-not') {
      this.at++;
      const inner = this.not();
      return function* (found) {
        return !(yield* inner(found));
      };
    }
    if (word !== '(') return this.primary();
    this.at++;
    if (this.words[this.at] === ')') throw new FindError('invalid expression; empty parentheses are not allowed.');
    const inner = this.or();
    if (this.words[this.at] !== ')')
      throw new FindError("invalid expression; expected to find a ')' but didn't see one.");
    this.at++;
    return inner;
  }

  private argument(name: string): string {
    const value = this.words[this.at++];
    if (value === undefined) throw new FindError(`missing argument to \`${name}'`);
    return value;
  }

  private primary(): Test {
    const { ctx } = this;
    const name = this.words[this.at++];
    if (name === undefined) throw new FindError(`expected an expression after '${this.words.at(-1) ?? ''}'`);
    const check = (test: (found: Found) => boolean): Test =>
      function* (found) {
        return test(found);
      };
    switch (name) {
      case '-name':
      case '-iname': {
        const wanted = wildcard(this.argument(name), name === '-iname' ? 'i' : '');
        return check((found) => wanted.test(found.name));
      }
      case '-path':
      case '-wholename': {
        const wanted = wildcard(this.argument(name), '');
        return check((found) => wanted.test(found.path));
      }
      case '-type': {
        const letters = this.argument(name).split(',');
        for (const letter of letters)
          if (TYPES[letter] === undefined) throw new FindError(`Unknown argument to -type: ${letter}`);
        return check((found) => letters.some((letter) => TYPES[letter] === found.stat.type));
      }
      case '-maxdepth':
      case '-mindepth': {
        const text = this.argument(name);
        if (!/^\d+$/.test(text))
          throw new FindError(`Expected a positive decimal integer argument to ${name}, but got '${text}'`);
        if (name === '-maxdepth') this.maxDepth = Number(text);
        else this.minDepth = Number(text);
        return yes;
      }
      case '-empty':
        return check(({ path, stat }) => {
          const names = stat.type === 'directory' ? ctx.fs.readdir(path) : undefined;
          return names === undefined ? stat.type === 'file' && stat.size === 0 : names.ok && names.value.length === 0;
        });
      case '-size': {
        const match = /^([-+]?)(\d+)([ckMGb]?)$/.exec(this.argument(name));
        if (match === null) throw new FindError("invalid argument to `-size'");
        const unit =
          ({ c: 1, k: 1024, M: 1048576, G: 1073741824 } as Readonly<Record<string, number>>)[match[3] ?? ''] ?? 512;
        const size = Number(match[2]);
        return check(({ stat }) => {
          const blocks = Math.ceil(stat.size / unit);
          return match[1] === '+' ? blocks > size : match[1] === '-' ? blocks < size : blocks === size;
        });
      }
      case '-newer': {
        const path = this.argument(name);
        const other = ctx.fs.stat(path);
        if (!other.ok) throw new FindError(`'${path}': ${strerror(other.errno)}`);
        return check(({ stat }) => stat.mtime > other.value.mtime);
      }
      case '-true':
        return yes;
      case '-print':
      case '-print0': {
        this.acts = true;
        const end = name === '-print' ? '\n' : '\0';
        return function* (found) {
          yield* ctx.out(found.path + end);
          return true;
        };
      }
      case '-delete':
        this.acts = true;
        this.depthFirst = true;
        return function* (found) {
          const gone = found.stat.type === 'directory' ? ctx.fs.rmdir(found.path) : ctx.fs.unlink(found.path);
          if (!gone.ok) yield* complain(ctx, `cannot delete '${found.path}': ${strerror(gone.errno)}`);
          return gone.ok;
        };
      case '-depth':
        this.depthFirst = true;
        return yes;
      case '-exec':
        return this.exec();
      default:
        throw new FindError(
          /^-/.test(name) ? `unknown predicate \`${name}'` : `paths must precede expression: \`${name}'`,
        );
    }
  }

  private exec(): Test {
    const { ctx } = this;
    this.acts = true;
    const command: string[] = [];
    for (;;) {
      const word = this.argument('-exec');
      if (word === ';') break;
      if (word === '+' && command.at(-1) === '{}') return this.execAll(command.slice(0, -1));
      command.push(word);
    }
    return function* (found) {
      return (
        (yield* run(
          ctx,
          command.map((word) => word.replaceAll('{}', found.path)),
        )) === 0
      );
    };
  }

  private execAll(command: readonly string[]): Test {
    const paths: string[] = [];
    this.finals.push(() => runAll(this.ctx, command, paths));
    return function* (found) {
      paths.push(found.path);
      return true;
    };
  }
}

function* yes(): Blocking<boolean> {
  return true;
}

function* run(ctx: ProgramContext, argv: readonly string[]): Blocking<number> {
  const child = ctx.spawn(argv);
  if (!child.ok) return yield* complain(ctx, `'${argv[0]}': ${strerror(child.errno)}`);
  return (yield* ctx.waitpid(child.value))?.status ?? 1;
}

function* runAll(ctx: ProgramContext, command: readonly string[], paths: readonly string[]): Blocking<void> {
  if (paths.length > 0) yield* run(ctx, [...command, ...paths]);
}

function* main(ctx: ProgramContext): Program {
  const words = ctx.argv.slice(1);
  let at = words.findIndex((word) => /^[-(!]/.test(word));
  if (at < 0) at = words.length;
  const expression = new Expression(ctx, words.slice(at));
  let test: Test;
  try {
    test = expression.parse();
  } catch (error) {
    if (error instanceof FindError) return yield* complain(ctx, error.message);
    throw error;
  }
  const act: Test = function* (found) {
    const hit = yield* test(found);
    if (hit && !expression.acts) yield* ctx.out(`${found.path}\n`);
    return hit;
  };
  let status = 0;
  for (const path of at === 0 ? ['.'] : words.slice(0, at)) {
    const stat = ctx.fs.lstat(path);
    if (!stat.ok) status = yield* complain(ctx, `'${path}': ${strerror(stat.errno)}`);
    else
      yield* visit(
        ctx,
        { path, name: path.replace(/\/+$/, '').replace(/^.*\//, '') || '/', stat: stat.value },
        0,
        expression,
        act,
      );
  }
  for (const final of expression.finals) yield* final();
  return status;
}

function* visit(ctx: ProgramContext, found: Found, depth: number, expression: Expression, act: Test): Blocking<void> {
  yield* ctx.spend();
  if (depth >= expression.minDepth && !expression.depthFirst) yield* act(found);
  if (found.stat.type === 'directory' && depth < expression.maxDepth) {
    const names = ctx.fs.readdir(found.path);
    for (const name of names.ok ? [...names.value] : []) {
      const path = `${found.path.replace(/\/$/, '')}/${name}`;
      const stat = ctx.fs.lstat(path);
      if (stat.ok) yield* visit(ctx, { path, name, stat: stat.value }, depth + 1, expression, act);
    }
  }
  if (depth >= expression.minDepth && expression.depthFirst) yield* act(found);
}

export const findTool: Tool = { name: 'find', summary: 'find files', main };
