/**
 * sysctl(8) of procps-ng 4.0: reads and writes /proc/sys by names with dots. Options: -w, -n, -N, -e, -q, -a, -b, --values,
 * --names, --ignore, --quiet, --all, --write. Not emulated: -p/--load, --system, -r/--pattern, -d.
 */
import { strerror } from '../base/errno.ts';
import { listSysctls, readSysctl, sysctlName, sysctlPath, writeSysctl } from '../kernel/sysctl.ts';
import type { Program, ProgramContext, Tool } from '../process/program.ts';

interface Options {
  write: boolean;
  names: boolean;
  values: boolean;
  ignore: boolean;
  quiet: boolean;
  all: boolean;
  bare: boolean;
}

const LETTERS: Readonly<Record<string, (options: Options) => void>> = {
  w: (options) => (options.write = true),
  n: (options) => (options.values = true),
  N: (options) => (options.names = true),
  e: (options) => (options.ignore = true),
  q: (options) => (options.quiet = true),
  a: (options) => (options.all = true),
  A: (options) => (options.all = true),
  X: (options) => (options.all = true),
  b: (options) => (options.bare = options.values = true),
};

const LONG: Readonly<Record<string, string>> = {
  write: 'w',
  values: 'n',
  names: 'N',
  ignore: 'e',
  quiet: 'q',
  all: 'a',
  binary: 'b',
};

const REFUSED = new Set(['p', 'f', 'r', 'd', 'l', 'load', 'system', 'pattern', 'deprecated', 'dry-run', 'memory']);

const USAGE = `
Usage:
 sysctl [options] [variable[=value] ...]

Options:
  -a, --all            display all variables
  -A                   alias of -a
  -X                   alias of -a
      --deprecated     include deprecated parameters to listing
      --dry-run        Print the key and values but do not write
  -b, --binary         print value without new line
  -e, --ignore         ignore unknown variables errors
  -N, --names          print variable names without values
  -n, --values         print only values of the given variable(s)
  -p, --load[=<file>]  read values from file
  -f                   alias of -p
      --system         read values from all system directories
  -r, --pattern <expression>
                       select setting that match expression
  -q, --quiet          do not echo variable set
  -w, --write          enable writing a value to variable

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see sysctl(8).
`;

/** One run's output; the first failure decides the status. */
class Run {
  out = '';
  err = '';
  status = 0;
  private readonly ctx: ProgramContext;
  private readonly options: Options;

  constructor(ctx: ProgramContext, options: Options) {
    this.ctx = ctx;
    this.options = options;
  }

  fail(text: string): void {
    this.err += `${text}\n`;
    this.status = 1;
  }

  /** A name: the file, or all files below it. */
  show(name: string): void {
    const { netns } = this.ctx;
    const path = sysctlPath(name).replace(/\/$/, '');
    const value = readSysctl(netns, path);
    if (value.ok) {
      this.print(path, value.value);
      return;
    }
    const below = listSysctls(netns).filter((one) => one.startsWith(`${path}/`));
    if (below.length === 0) {
      if (!this.options.ignore) this.fail(`sysctl: cannot stat /proc/sys/${path}: ${strerror('ENOENT')}`);
      return;
    }
    for (const one of below) {
      const text = readSysctl(netns, one);
      if (text.ok) this.print(one, text.value);
    }
  }

  set(setting: string): void {
    const equals = setting.indexOf('=');
    const name = setting.slice(0, equals).trim();
    const value = setting.slice(equals + 1).trim();
    const path = sysctlPath(name);
    if (name === '' || value === '') {
      this.fail(
        name === '' ? `sysctl: malformed setting "${setting}"` : `sysctl: "${setting}" must be of the form name=value`,
      );
      return;
    }
    const written = writeSysctl(this.ctx.netns, path, value, this.ctx.origin);
    if (written.ok) {
      if (!this.options.quiet) this.print(path, value);
      return;
    }
    if (written.errno === 'ENOENT') {
      if (!this.options.ignore) this.fail(`sysctl: cannot stat /proc/sys/${path}: ${strerror('ENOENT')}`);
    } else if (written.errno === 'EACCES') this.fail(`sysctl: permission denied on key "${name}"`);
    else this.fail(`sysctl: setting key "${name}": ${strerror(written.errno)}`);
  }

  print(path: string, value: string): void {
    const name = sysctlName(path);
    if (this.options.names) this.out += `${name}\n`;
    else if (this.options.values) this.out += this.options.bare ? value : `${value}\n`;
    else
      this.out += value
        .split('\n')
        .map((line) => `${name} = ${line}\n`)
        .join('');
  }
}

export const sysctlTool: Tool = {
  name: 'sysctl',
  directory: '/usr/sbin',
  summary: 'read and set kernel parameters',
  *main(ctx): Program {
    const options: Options = {
      write: false,
      names: false,
      values: false,
      ignore: false,
      quiet: false,
      all: false,
      bare: false,
    };
    const words: string[] = [];
    for (const word of ctx.argv.slice(1)) {
      if (!word.startsWith('-') || word === '-') {
        words.push(word);
        continue;
      }
      const letters = word.startsWith('--') ? [Object.hasOwn(LONG, word.slice(2)) ? (LONG[word.slice(2)] as string) : word.slice(2)] : [...word.slice(1)];
      for (const letter of letters) {
        if (letter === 'h' || letter === 'help') {
          yield* ctx.out(USAGE);
          return 0;
        }
        if (letter === 'V' || letter === 'version') {
          yield* ctx.out('sysctl from procps-ng 4.0.4\n');
          return 0;
        }
        const set = Object.hasOwn(LETTERS, letter) ? LETTERS[letter] : undefined;
        if (set !== undefined) set(options);
        else if (REFUSED.has(letter.split('=', 1)[0] as string)) {
          yield* ctx.err(`sysctl: option ${word} is not emulated here\n`);
          return 1;
        } else {
          yield* ctx.err(
            `sysctl: ${word.startsWith('--') ? `unrecognized option '${word}'` : `invalid option -- '${letter}'`}\n${USAGE}`,
          );
          return 1;
        }
      }
    }
    const run = new Run(ctx, options);
    if (options.all) {
      for (const path of listSysctls(ctx.netns)) {
        const value = readSysctl(ctx.netns, path);
        if (value.ok) run.print(path, value.value);
      }
    } else if (words.length === 0) {
      yield* ctx.err(`sysctl: no variables specified\nTry \`sysctl --help' for more information.\n`);
      return 1;
    }
    for (const word of words) {
      if (word.includes('=')) run.set(word);
      else if (options.write) run.fail(`sysctl: "${word}" must be of the form name=value`);
      else run.show(word);
    }
    if (run.out !== '') yield* ctx.out(run.out);
    if (run.err !== '') yield* ctx.err(run.err);
    return run.status;
  },
  complete(words, ctx) {
    const last = words[words.length - 1] ?? '';
    if (last.startsWith('-')) return ['-a', '-e', '-n', '-q', '-w'].filter((word) => word.startsWith(last));
    const found = new Set<string>();
    for (const path of listSysctls(ctx.netns)) {
      const name = sysctlName(path);
      if (!name.startsWith(last)) continue;
      // One level at a time, as names are long.
      const dot = name.indexOf('.', last.length);
      found.add(dot < 0 ? name : name.slice(0, dot + 1));
    }
    return [...found];
  },
};
