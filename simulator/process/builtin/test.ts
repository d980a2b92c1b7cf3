/** The tests of test(1), shared by the tool, the shell's builtin and `[[`. Deviation: no -O -G -N -u -g -k -t beyond descriptors. */
import type { ProgramContext, Stat } from '../program.ts';

/** The outcome of `test`: its status, and the message of a usage error (status 2). */
export interface TestOutcome {
  readonly status: 0 | 1 | 2;
  readonly message?: string;
}

class UsageError {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** `-f FILE` and its like; undefined for an operator that does not exist. */
export function unaryTest(ctx: ProgramContext, operator: string, operand: string): boolean | undefined {
  const stat = (): Stat | undefined => {
    const result = operator === '-h' || operator === '-L' ? ctx.fs.lstat(operand) : ctx.fs.stat(operand);
    return result.ok ? result.value : undefined;
  };
  switch (operator) {
    case '-n':
      return operand !== '';
    case '-z':
      return operand === '';
    case '-e':
    case '-a':
      return stat() !== undefined;
    case '-f':
      return stat()?.type === 'file';
    case '-d':
      return stat()?.type === 'directory';
    case '-h':
    case '-L':
      return stat()?.type === 'symlink';
    case '-p':
      return stat()?.type === 'fifo';
    case '-S':
      return stat()?.type === 'socket';
    case '-c':
      return stat()?.type === 'device';
    case '-b':
      return false;
    case '-s':
      return (stat()?.size ?? 0) > 0;
    case '-r':
    case '-w':
      return stat() !== undefined;
    case '-x':
      return ((stat()?.mode ?? 0) & 0o111) !== 0;
    case '-t':
      return ctx.file(Number(operand))?.isTty === true;
    default:
      return undefined;
  }
}

/** `A -eq B` and its like; undefined for an operator that does not exist. Throws on operands that are no integers. */
export function binaryTest(ctx: ProgramContext, left: string, operator: string, right: string): boolean | undefined {
  const times = (): [number, number] => {
    const [a, b] = [ctx.fs.stat(left), ctx.fs.stat(right)];
    return [a.ok ? a.value.mtime : -1, b.ok ? b.value.mtime : -1];
  };
  switch (operator) {
    case '=':
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '-eq':
      return integer(left) === integer(right);
    case '-ne':
      return integer(left) !== integer(right);
    case '-lt':
      return integer(left) < integer(right);
    case '-le':
      return integer(left) <= integer(right);
    case '-gt':
      return integer(left) > integer(right);
    case '-ge':
      return integer(left) >= integer(right);
    case '-nt':
      return times()[0] > times()[1];
    case '-ot':
      return times()[0] < times()[1];
    case '-ef': {
      const [a, b] = [ctx.fs.stat(left), ctx.fs.stat(right)];
      return a.ok && b.ok && a.value.inode === b.value.inode;
    }
    default:
      return undefined;
  }
}

function integer(text: string): bigint {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new UsageError(`${text}: integer expression expected`);
  return BigInt(text.trim().replace(/^\+/, ''));
}

/** Evaluates the arguments of `test` (without a closing `]`). */
export function runTest(ctx: ProgramContext, args: readonly string[]): TestOutcome {
  try {
    return { status: new Parser(ctx, args).whole() ? 0 : 1 };
  } catch (error) {
    if (error instanceof UsageError) return { status: 2, message: error.message };
    throw error;
  }
}

class Parser {
  private at = 0;
  private readonly ctx: ProgramContext;
  private readonly words: readonly string[];

  constructor(ctx: ProgramContext, words: readonly string[]) {
    this.ctx = ctx;
    this.words = words;
  }

  whole(): boolean {
    const { words } = this;
    if (words.length === 0) return false;
    if (words.length === 1) return words[0] !== '';
    const value = words.length === 3 && words[0] !== '!' ? this.three() : this.or();
    if (this.at < words.length)
      throw new UsageError(words.length > 4 ? 'too many arguments' : `${words[1]}: binary operator expected`);
    return value;
  }

  private three(): boolean {
    const [left = '', operator = '', right = ''] = this.words;
    if (operator === '-a' || operator === '-o' || left === '(') return this.or();
    const value = binaryTest(this.ctx, left, operator, right);
    if (value === undefined) throw new UsageError(`${operator}: binary operator expected`);
    this.at = 3;
    return value;
  }

  private or(): boolean {
    let value = this.and();
    while (this.words[this.at] === '-o') {
      this.at++;
      const right = this.and();
      value ||= right;
    }
    return value;
  }

  private and(): boolean {
    let value = this.not();
    while (this.words[this.at] === '-a') {
      this.at++;
      const right = this.not();
      value &&= right;
    }
    return value;
  }

  private not(): boolean {
    if (this.words[this.at] === '!' && this.at + 1 < this.words.length) {
      this.at++;
      return !this.not();
    }
    return this.primary();
  }

  private primary(): boolean {
    const { words, at, ctx } = this;
    const word = words[at];
    if (word === undefined) throw new UsageError('argument expected');
    if (word === '(') {
      this.at++;
      const value = this.or();
      if (words[this.at] !== ')') throw new UsageError("`)' expected");
      this.at++;
      return value;
    }
    const [operator, right] = [words[at + 1], words[at + 2]];
    if (operator !== undefined && right !== undefined) {
      const value = binaryTest(ctx, word, operator, right);
      if (value !== undefined) {
        this.at += 3;
        return value;
      }
    }
    if (/^-\w$/.test(word) && operator !== undefined) {
      const value = unaryTest(ctx, word, operator);
      if (value === undefined) throw new UsageError(`${word}: unary operator expected`);
      this.at += 2;
      return value;
    }
    this.at++;
    return word !== '';
  }
}
