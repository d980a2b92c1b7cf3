/**
 * Options of commands, and the parser: spf13/pflag (GNU style long options, grouped short ones, `--name=value`, `--`).
 * Errors are pflag's; docker appends `See '… --help'.` and exits with 125.
 */
import { checkValue } from './optionValues.ts';
import { Failure } from './failure.ts';

export interface OptionSpec {
  readonly name: string;
  /** One letter, or ''. */
  readonly short: string;
  /** pflag's name of the value's type; `bool` takes no value. */
  readonly type: string;
  /** The help text, with `(default …)`. */
  readonly says: string;
  /** A real option of docker that this engine does not emulate. */
  readonly refused?: true;
  /** Checks one value; answers what is wrong with it. Default: by type. */
  readonly check?: (value: string) => string | undefined;
}

/** An option that is emulated. */
export function option(
  name: string,
  short: string,
  type: string,
  says: string,
  check?: (value: string) => string | undefined,
): OptionSpec {
  return check === undefined ? { name, short, type, says } : { name, short, type, says, check };
}

/** An option that is known but refused. */
export function refusedOption(
  name: string,
  short: string,
  type: string,
  says: string,
  check?: (value: string) => string | undefined,
): OptionSpec {
  return { ...option(name, short, type, says, check), refused: true };
}

/** Values given on a command line. */
export class Options {
  private readonly values = new Map<string, string[]>();

  add(name: string, value: string): void {
    const list = this.values.get(name);
    if (list === undefined) this.values.set(name, [value]);
    else list.push(value);
  }

  /** True when it was given, whatever its value. */
  has(name: string): boolean {
    return this.values.has(name);
  }

  /** The last value. */
  text(name: string, otherwise = ''): string {
    return this.values.get(name)?.at(-1) ?? otherwise;
  }

  texts(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  /** Comma separated values of a `strings` option, over all its uses. */
  items(name: string): readonly string[] {
    return this.texts(name).flatMap((value) => value.split(','));
  }

  flag(name: string, otherwise = false): boolean {
    const value = this.values.get(name)?.at(-1);
    return value === undefined ? otherwise : TRUE.has(value);
  }

  number(name: string, otherwise = 0): number {
    const value = this.values.get(name)?.at(-1);
    return value === undefined ? otherwise : Number(value);
  }

  /** How many different options were given. */
  get count(): number {
    return this.values.size;
  }
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);

export interface Parsed {
  readonly options: Options;
  readonly words: readonly string[];
  /** `--help` (or a deprecated `-h`) was met. */
  readonly help: 'none' | 'asked' | 'deprecated';
}

/** Reads `args`; throws {@link Failure} with pflag's words (without docker's `See …`). */
export function parseOptions(args: readonly string[], table: readonly OptionSpec[], interspersed: boolean): Parsed {
  const options = new Options();
  const words: string[] = [];
  let help: Parsed['help'] = 'none';
  const set = (spec: OptionSpec, value: string): void => {
    const wrong = (spec.check ?? ((text: string) => checkValue(spec.type, text)))(value);
    if (wrong !== undefined) {
      const shown = spec.short === '' ? `--${spec.name}` : `-${spec.short}, --${spec.name}`;
      throw new Failure(`invalid argument ${JSON.stringify(value)} for ${JSON.stringify(shown)} flag: ${wrong}`);
    }
    options.add(spec.name, value);
  };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '--') {
      words.push(...args.slice(i + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      if (!interspersed) {
        words.push(...args.slice(i));
        break;
      }
      words.push(arg);
      continue;
    }
    if (arg.startsWith('--')) {
      const equals = arg.indexOf('=');
      const name = arg.slice(2, equals < 0 ? undefined : equals);
      if (name === '' || name.startsWith('-')) throw new Failure(`bad flag syntax: ${arg}`);
      const spec = table.find((candidate) => candidate.name === name);
      // `docker run` lists --help itself, as -h is its hostname.
      if (name === 'help') help = 'asked';
      else if (spec === undefined) throw new Failure(`unknown flag: --${name}`);
      else if (equals >= 0) set(spec, arg.slice(equals + 1));
      else if (spec.type === 'bool') set(spec, 'true');
      else if (i + 1 < args.length) set(spec, args[++i] as string);
      else throw new Failure(`flag needs an argument: --${name}`);
      continue;
    }
    i = shorthands(arg, args, i, table, set, () => (help = 'deprecated'));
  }
  return { options, words, help };
}

function shorthands(
  arg: string,
  args: readonly string[],
  at: number,
  table: readonly OptionSpec[],
  set: (spec: OptionSpec, value: string) => void,
  asked: () => void,
): number {
  for (let rest = arg.slice(1); rest !== ''; rest = rest.slice(1)) {
    const letter = rest[0] as string;
    const spec = table.find((candidate) => candidate.short === letter);
    if (spec === undefined) {
      if (letter === 'h') {
        asked();
        return at;
      }
      throw new Failure(`unknown shorthand flag: '${letter}' in -${rest}`);
    }
    if (rest.length > 2 && rest[1] === '=') {
      set(spec, rest.slice(2));
      return at;
    }
    if (spec.type === 'bool') {
      set(spec, 'true');
      continue;
    }
    if (rest.length > 1) {
      set(spec, rest.slice(1));
      return at;
    }
    if (at + 1 >= args.length) throw new Failure(`flag needs an argument: '${letter}' in -${rest}`);
    set(spec, args[at + 1] as string);
    return at + 1;
  }
  return at;
}
