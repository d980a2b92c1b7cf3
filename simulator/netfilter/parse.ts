/**
 * The command line of iptables 1.8.11, word by word as getopt_long meets it: commands, options, matches, a target.
 * Mirrors do_parse of iptables/xshared.c and libxtables/xtables.c. Shared by the tools and by dockerd, which both write
 * rules as words. Complaints come in the order in which the real tool finds fault.
 */
import {
  notEmulated,
  parameterProblem,
  type Complaint,
  type MatchExtension,
  type OptionShape,
  type TargetExtension,
} from './extension.ts';
import { matchNamed, MATCHES_NOT_EMULATED } from './matches/index.ts';
import { parseUnsigned, protocolNumber } from './names.ts';
import {
  chainNameProblem,
  COMMANDS,
  GENERAL,
  interfaceProblem,
  LONG_OF,
  resolveName,
  SHORT_NONE,
  SHORT_VALUE,
  type CommandLetter,
} from './options.ts';
import { checkDraft, Draft, finishDraft, type CommandLine, type Use } from './draft.ts';
import type { RuleSpec } from './rule.ts';
import type { TableName } from './state.ts';
import { STANDARD_TARGETS, targetNamed, TARGETS_NOT_EMULATED } from './targets/index.ts';

/** Understands `words` (without the program's name). `table` is given where `-t` is not allowed (iptables-restore). */
export function parseCommandLine(words: readonly string[], table?: TableName): CommandLine | Complaint {
  const parser = new Parser(words, table);
  return parser.run();
}

/** The rule that `words` (without table, command and chain) describe; refused when they stand for several. */
export function parseRule(words: readonly string[], table: TableName = 'filter'): RuleSpec | Complaint {
  const line = parseCommandLine(['-A', 'FORWARD', ...words], table);
  if ('status' in line) return line;
  return line.rules.length === 1 ? (line.rules[0] as RuleSpec) : parameterProblem('multiple addresses in one rule');
}

export { isComplaint } from './draft.ts';

/** Matches that a protocol brings along when one of their options comes. */
const IMPLICIT: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 132: 'sctp' };

class Parser {
  private readonly words: string[];
  private at = 0;
  private readonly fixedTable: TableName | undefined;
  private invert = false;
  private readonly draft = new Draft();

  constructor(words: readonly string[], table: TableName | undefined) {
    this.words = [...words];
    this.fixedTable = table;
    if (table !== undefined) this.draft.table = table;
  }

  run(): CommandLine | Complaint {
    while (this.at < this.words.length) {
      const problem = this.word(this.words[this.at++] as string);
      if (problem !== undefined) return problem;
      if (this.draft.command === 'V' || this.draft.command === 'h') return finishDraft(this.draft, []);
    }
    if (this.invert) this.draft.danglingInvert = true;
    return checkDraft(this.draft);
  }

  private word(word: string): Complaint | undefined {
    if (word === '!') {
      if (this.invert) return parameterProblem('multiple consecutive ! not allowed');
      this.invert = true;
      return undefined;
    }
    if (word.startsWith('--') && word.length > 2) return this.longOption(word.slice(2));
    if (word.startsWith('-') && word.length > 1) return this.shortOptions(word.slice(1));
    return { status: 2, text: `Bad argument \`${word}'`, bare: true };
  }

  private shortOptions(letters: string): Complaint | undefined {
    for (let i = 0; i < letters.length; i++) {
      const letter = letters[i] as string;
      if (SHORT_VALUE.includes(letter)) {
        const rest = letters.slice(i + 1);
        const value = rest !== '' ? rest : this.words[this.at++];
        if (value === undefined) return parameterProblem(`option "-${letter}" requires an argument`);
        return this.general(letter, value);
      }
      if (!SHORT_NONE.includes(letter)) return parameterProblem(`unknown option "-${letter}"`);
      const problem = this.general(letter, '');
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  private longOption(text: string): Complaint | undefined {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const inline = equals < 0 ? undefined : text.slice(equals + 1);
    const extension = this.extensionOption(name, true) ?? this.extensionOption(name, false);
    if (extension !== undefined) return this.extensionWord(extension.use, extension.kind, extension.name, inline);
    const implicit = this.implicitMatch(name);
    if (implicit !== undefined) return this.extensionWord(implicit, 'match', name, inline);
    const known = resolveName(name, Object.keys(GENERAL));
    if (known === undefined) return parameterProblem(`unknown option "--${name}"`);
    const [letter, takes] = GENERAL[known] as readonly [string, OptionShape['takes']];
    if (takes !== 'value') return this.general(letter, inline ?? '');
    const value = inline ?? this.words[this.at++];
    if (value === undefined) return parameterProblem(`option "--${name}" requires an argument`);
    return this.general(letter, value);
  }

  /** The loaded extension that knows the option, by its whole name or by an abbreviation: the target first, then matches from the last. */
  private extensionOption(
    name: string,
    exact: boolean,
  ):
    | { readonly use: Use<MatchExtension | TargetExtension>; readonly kind: 'match' | 'target'; readonly name: string }
    | undefined {
    const resolve = (options: object): string | undefined =>
      exact ? (Object.hasOwn(options, name) ? name : undefined) : resolveName(name, Object.keys(options), GENERAL);
    if (this.draft.target !== null) {
      const option = resolve(this.draft.target.extension.options);
      if (option !== undefined) return { use: this.draft.target, kind: 'target', name: option };
    }
    for (const use of this.draft.matches.toReversed()) {
      const option = resolve(use.extension.options);
      if (option !== undefined) return { use, kind: 'match', name: option };
    }
    return undefined;
  }

  /** `-p tcp --dport 80` loads the tcp match, once. */
  private implicitMatch(name: string): Use<MatchExtension> | undefined {
    if (this.draft.protocol === 0) return undefined;
    const extension = matchNamed(IMPLICIT[this.draft.protocol] ?? '');
    if (extension === undefined || !(name in extension.options)) return undefined;
    if (this.draft.matches.some((use) => use.extension === extension)) return undefined;
    return this.load(extension);
  }

  private load(extension: MatchExtension): Use<MatchExtension> {
    const use = { extension, data: extension.init() };
    this.draft.matches.push(use);
    return use;
  }

  private extensionWord(
    use: Use<MatchExtension | TargetExtension>,
    kind: 'match' | 'target',
    name: string,
    inline: string | undefined,
  ): Complaint | undefined {
    const shape = use.extension.options[name] as OptionShape;
    const invert = this.invert;
    this.invert = false;
    if (invert && shape.invertible !== true)
      return parameterProblem(`${use.extension.name}: option "--${name}" cannot be inverted.\n`);
    let value = inline;
    if (shape.takes === 'value') {
      value ??= this.words[this.at++];
      if (value === undefined) return parameterProblem(`option "--${name}" requires an argument`);
      if (name === 'tcp-flags') {
        const second = this.words[this.at];
        if (second === undefined || second.startsWith('-')) return parameterProblem('--tcp-flags requires two args.');
        this.at++;
        value = `${value} ${second}`;
      }
    }
    const once = `${kind} ${this.draft.matches.length} ${use.extension.name} ${name}`;
    if (this.draft.seen.has(once) && kind === 'match')
      return parameterProblem(`${use.extension.name}: option "--${name}" can only be used once.\n`);
    this.draft.seen.add(once);
    return use.extension.parse(use.data, name, value ?? '', invert, {
      protocol: this.draft.protocol,
      notProtocol: this.draft.notProtocol,
    });
  }

  private general(letter: string, value: string): Complaint | undefined {
    const invert = this.invert;
    this.invert = false;
    if (Object.values(COMMANDS).includes(letter as CommandLetter))
      return this.setCommand(letter as CommandLetter, value, invert);
    const long = LONG_OF[letter] ?? letter;
    if (invert && !'psdiof'.includes(letter)) return parameterProblem(`cannot have ! before --${long}`);
    if ('psdiojg'.includes(letter)) {
      const once = letter === 'g' ? 'j' : letter;
      if (this.draft.seen.has(once)) return parameterProblem(`multiple --${LONG_OF[once] ?? once} options not allowed`);
      this.draft.seen.add(once);
    }
    switch (letter) {
      case 'p':
        return this.setProtocol(value, invert);
      case 's':
        this.draft.source = value;
        this.draft.notSource = invert;
        return undefined;
      case 'd':
        this.draft.destination = value;
        this.draft.notDestination = invert;
        return undefined;
      case 'i':
        this.draft.input = value === '+' ? '' : value;
        this.draft.notInput = invert;
        return value === '' ? parameterProblem('Empty interface is likely to be undesired') : interfaceProblem(value);
      case 'o':
        this.draft.output = value === '+' ? '' : value;
        this.draft.notOutput = invert;
        return value === '' ? parameterProblem('Empty interface is likely to be undesired') : interfaceProblem(value);
      case 'f':
        this.draft.fragment = true;
        this.draft.notFragment = invert;
        return undefined;
      case 'j':
        return this.setJump(value);
      case 'g':
        this.draft.goto = true;
        this.draft.jump = value;
        return undefined;
      case 'm':
        return this.loadMatch(value);
      case 't':
        if (this.fixedTable !== undefined)
          return parameterProblem('The -t option cannot be used in iptables-restore.\n');
        this.draft.table = value;
        return undefined;
      case 'c':
        return this.setCounters(value);
      case 'w':
        if (value === '' && /^\d+(\.\d+)?$/.test(this.words[this.at] ?? '')) this.at++;
        return undefined;
      case 'v':
        this.draft.verbose++;
        return undefined;
      case '6':
        return parameterProblem('This is the IPv4 version of iptables.\n');
      default:
        this.draft.seen.add(letter);
        return undefined;
    }
  }

  private setProtocol(value: string, invert: boolean): Complaint | undefined {
    const protocol = protocolNumber(value);
    if (protocol === undefined) return parameterProblem(`unknown protocol "${value}" specified`);
    if (protocol === 0 && invert) return parameterProblem('rule would never match protocol');
    this.draft.protocol = protocol;
    this.draft.notProtocol = invert;
    return undefined;
  }

  private setJump(value: string): Complaint | undefined {
    if (value.length > 28) return parameterProblem(`Invalid target name \`${value}' (28 chars max)`);
    this.draft.jump = value;
    if (STANDARD_TARGETS.has(value)) return undefined;
    if (TARGETS_NOT_EMULATED.has(value)) return notEmulated(`-j ${value}`);
    const extension = targetNamed(value);
    if (extension !== undefined) this.draft.target = { extension, data: extension.init() };
    return undefined;
  }

  private loadMatch(name: string): Complaint | undefined {
    const extension = matchNamed(name);
    if (extension !== undefined) {
      this.load(extension);
      return undefined;
    }
    if (MATCHES_NOT_EMULATED.has(name)) return notEmulated(`-m ${name}`);
    return parameterProblem(`Couldn't load match \`${name}':No such file or directory\n`);
  }

  private setCounters(value: string): Complaint | undefined {
    const second = this.words[this.at];
    if (second === undefined || second.startsWith('-')) return parameterProblem('-c requires packet and byte counter');
    this.at++;
    const packets = parseUnsigned(value, Number.MAX_SAFE_INTEGER);
    const bytes = parseUnsigned(second, Number.MAX_SAFE_INTEGER);
    if (packets === undefined) return parameterProblem('-c packet counter not numeric');
    if (bytes === undefined) return parameterProblem('-c byte counter not numeric');
    this.draft.counters = { packets, bytes };
    return undefined;
  }

  /** The next word when it is no option. */
  private optionalWord(): string | undefined {
    const next = this.words[this.at];
    if (next === undefined || next.startsWith('-') || next.startsWith('!')) return undefined;
    this.at++;
    return next;
  }

  private setCommand(letter: CommandLetter, value: string, invert: boolean): Complaint | undefined {
    if (letter === 'V' || letter === 'h') {
      this.draft.command = letter;
      return undefined;
    }
    if (invert) return parameterProblem(`unexpected ! flag before --${letter}`);
    const listing = (one: CommandLetter | undefined): boolean => one === 'L' || one === 'S';
    if (this.draft.command !== undefined) {
      if (letter === 'Z' && listing(this.draft.command)) this.draft.zero = true;
      else if (this.draft.command === 'Z' && listing(letter)) {
        this.draft.zero = true;
        this.draft.command = letter;
      } else return parameterProblem(`Cannot use -${letter} with -${this.draft.command}`);
    } else this.draft.command = letter;
    switch (letter) {
      case 'A':
      case 'C':
        this.draft.chain = value;
        return undefined;
      case 'D':
      case 'R':
      case 'I': {
        this.draft.chain = value;
        const number = this.optionalWord();
        if (number !== undefined) return this.setNumber(number);
        if (letter === 'R') return parameterProblem('-R requires a rule number');
        return undefined;
      }
      case 'L':
      case 'S':
      case 'F':
      case 'X':
      case 'Z': {
        const chain = value !== '' ? value : this.optionalWord();
        if (chain !== undefined) this.draft.chain = chain;
        if (chain !== undefined && (listing(letter) || letter === 'Z')) {
          const number = this.optionalWord();
          if (number !== undefined) return this.setNumber(number);
        }
        return undefined;
      }
      case 'N':
        this.draft.chain = value;
        return chainNameProblem(value);
      case 'E':
      case 'P': {
        const second = this.optionalWord();
        this.draft.chain = value;
        if (second === undefined) {
          return parameterProblem(
            letter === 'E' ? '-E requires old-chain-name and new-chain-name' : '-P requires a chain and a policy',
          );
        }
        this.draft.argument = second;
        return letter === 'E' ? chainNameProblem(second) : undefined;
      }
    }
  }

  private setNumber(text: string): Complaint | undefined {
    const number = parseUnsigned(text, 0x7fffffff);
    if (number === undefined || number === 0) return parameterProblem(`Invalid rule number \`${text}'`);
    this.draft.number = number;
    return undefined;
  }
}
