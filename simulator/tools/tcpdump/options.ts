/** The command line of tcpdump 4.99.5 (tcpdump.c): getopt's rules for words, then what each option means. */
import type { StampStyle } from './clock.ts';

export const VERSION = 'tcpdump version 4.99.5\nlibpcap version 1.10.5 (with TPACKET_V3)\n';

const USAGE = `${VERSION}Usage: tcpdump [-AbdDefhHIJKlLnNOpqStuUvxX#] [ -B size ] [ -c count ] [--count]
		[ -C file_size ] [ -E algo:secret ] [ -F file ] [ -G seconds ]
		[ -i interface ] [ --immediate-mode ] [ -j tstamptype ]
		[ -M secret ] [ --number ] [ --print ] [ -Q in|out|inout ]
		[ -r file ] [ -s snaplen ] [ -T type ] [ --version ]
		[ -V file ] [ -w file ] [ -W filecount ] [ -y datalinktype ]
		[ --time-stamp-precision precision ] [ --micro ] [ --nano ]
		[ -z postrotate-command ] [ -Z user ] [ expression ]
`;

/** Short options that take an argument. */
const WITH_ARGUMENT = 'BcCEFGijMQrsTVwWyzZm';
const WITHOUT_ARGUMENT = 'AbdDefhHIJKlLnNOpqStuUvxX#';

/** Long options: the short one they stand for, or their own name; a colon for an argument. */
const LONG: Readonly<Record<string, string>> = {
  'buffer-size': 'B:',
  'list-interfaces': 'D',
  'list-time-stamp-types': 'J',
  'list-data-link-types': 'L',
  interface: 'i:',
  direction: 'Q:',
  snapshot: 's:',
  'snapshot-length': 's:',
  snaplen: 's:',
  linktype: 'y:',
  'time-stamp-type': 'j:',
  'dont-verify-checksums': 'K',
  'no-promiscuous-mode': 'p',
  'no-optimize': 'O',
  'packet-buffered': 'U',
  'absolute-tcp-sequence-numbers': 'S',
  'relinquish-privileges': 'Z:',
  'monitor-mode': 'I',
  'immediate-mode': 'immediate',
  'time-stamp-precision': 'precision:',
  micro: 'micro',
  nano: 'nano',
  print: 'print',
  count: 'count',
  number: '#',
  version: 'version',
  help: 'h',
};

/** Known to tcpdump, without an effect here. */
const NOT_EMULATED = new Set([
  'C',
  'd',
  'E',
  'F',
  'G',
  'I',
  'J',
  'L',
  'M',
  'T',
  'V',
  'W',
  'y',
  'z',
  'm',
  'j',
  'nano',
  'precision',
  'H',
  'b',
  'f',
  'N',
  'u',
]);

export interface TcpdumpOptions {
  /** '' to choose the first. */
  interface: string;
  count: number;
  read: string;
  write: string;
  /** Print as well while writing. */
  print: boolean;
  snaplen: number;
  numeric: boolean;
  link: boolean;
  verbose: number;
  quick: boolean;
  absolute: boolean;
  stamp: StampStyle;
  hex: 0 | 1 | 2;
  hexAscii: 0 | 1 | 2;
  ascii: 0 | 1 | 2;
  /** '' for both. */
  direction: '' | 'in' | 'out';
  promiscuous: boolean;
  /** -#: a number before each line. */
  number: boolean;
  /** --count: only how many. */
  countOnly: boolean;
  expression: string;
}

/** What else a command line can come to: text on stdout or stderr, and the exit status. */
export interface Answer {
  readonly out?: string;
  readonly err?: string;
  readonly status: number;
  /** -D */
  readonly listInterfaces?: boolean;
}

export const MAXIMUM_SNAPLEN = 262144;

/** Reads a command line without its first word. */
export function parseOptions(words: readonly string[]): TcpdumpOptions | Answer {
  const options: TcpdumpOptions = {
    interface: '',
    count: 0,
    read: '',
    write: '',
    print: false,
    snaplen: MAXIMUM_SNAPLEN,
    numeric: false,
    link: false,
    verbose: 0,
    quick: false,
    absolute: false,
    stamp: 0,
    hex: 0,
    hexAscii: 0,
    ascii: 0,
    direction: '',
    promiscuous: true,
    number: false,
    countOnly: false,
    expression: '',
  };
  const rest: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === '--') {
      rest.push(...words.slice(i + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      // As GNU getopt: options may stand behind words of the expression.
      rest.push(word);
      continue;
    }
    if (word.startsWith('--')) {
      const [name, joined] = splitOnce(word.slice(2));
      const matches = name in LONG ? [name] : Object.keys(LONG).filter((each) => each.startsWith(name));
      if (matches.length === 0) return misuse(`tcpdump: unrecognized option '--${name}'`);
      if (matches.length > 1)
        return misuse(
          `tcpdump: option '--${name}' is ambiguous; possibilities:${matches.map((each) => ` '--${each}'`).join('')}`,
        );
      const target = LONG[matches[0]];
      if (!target.endsWith(':')) {
        if (joined !== undefined) return misuse(`tcpdump: option '--${matches[0]}' doesn't allow an argument`);
        const answer = apply(options, target, '');
        if (answer !== undefined) return answer;
        continue;
      }
      const argument = joined ?? words[++i];
      if (argument === undefined) return misuse(`tcpdump: option '--${matches[0]}' requires an argument`);
      const answer = apply(options, target.slice(0, -1), argument);
      if (answer !== undefined) return answer;
      continue;
    }
    for (let letter = 1; letter < word.length; letter++) {
      const option = word[letter];
      let argument = '';
      if (WITH_ARGUMENT.includes(option)) {
        const next = word.slice(letter + 1) || words[++i];
        if (next === undefined) return misuse(`tcpdump: option requires an argument -- '${option}'`);
        argument = next;
        letter = word.length;
      } else if (!WITHOUT_ARGUMENT.includes(option)) return misuse(`tcpdump: invalid option -- '${option}'`);
      const answer = apply(options, option, argument);
      if (answer !== undefined) return answer;
    }
  }
  options.expression = rest.join(' ');
  return options;
}

function splitOnce(text: string): [string, string | undefined] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

function misuse(text: string): Answer {
  return { err: `${text}\n${USAGE}`, status: 1 };
}

function invalid(text: string): Answer {
  return { err: `tcpdump: ${text}\n`, status: 1 };
}

function twice(times: 0 | 1 | 2): 1 | 2 {
  return times === 0 ? 1 : 2;
}

function apply(options: TcpdumpOptions, option: string, argument: string): Answer | undefined {
  if (NOT_EMULATED.has(option))
    return { err: `tcpdump: option ${option.length > 1 ? '--' : '-'}${option} is not emulated here\n`, status: 1 };
  switch (option) {
    case 'A':
      options.ascii = twice(options.ascii);
      return undefined;
    case 'c': {
      const count = Number(argument);
      if (!/^\d+$/.test(argument) || count <= 0) return invalid(`invalid packet count ${argument}`);
      options.count = count;
      return undefined;
    }
    case 'D':
      return { status: 0, listInterfaces: true };
    case 'e':
      options.link = true;
      return undefined;
    case 'h':
      return { out: USAGE, status: 0 };
    case 'version':
      return { out: VERSION, status: 0 };
    case 'i':
      options.interface = argument;
      return undefined;
    case 'n':
      options.numeric = true;
      return undefined;
    case 'p':
      options.promiscuous = false;
      return undefined;
    case 'q':
      options.quick = true;
      return undefined;
    case 'Q':
      if (argument !== 'in' && argument !== 'out' && argument !== 'inout')
        return invalid(`unknown capture direction \`${argument}'`);
      options.direction = argument === 'inout' ? '' : argument;
      return undefined;
    case 'r':
      options.read = argument;
      return undefined;
    case 's': {
      const snaplen = Number(argument);
      if (!/^\d+$/.test(argument) || snaplen > MAXIMUM_SNAPLEN)
        return invalid(`invalid snaplen ${argument} (must be >= 0 and <= ${MAXIMUM_SNAPLEN})`);
      options.snaplen = snaplen === 0 ? MAXIMUM_SNAPLEN : snaplen;
      return undefined;
    }
    case 'S':
      options.absolute = true;
      return undefined;
    case 't':
      options.stamp = Math.min(5, options.stamp + 1) as StampStyle;
      return undefined;
    case 'v':
      options.verbose++;
      return undefined;
    case 'w':
      options.write = argument;
      return undefined;
    case 'x':
      options.hex = twice(options.hex);
      return undefined;
    case 'X':
      options.hexAscii = twice(options.hexAscii);
      return undefined;
    case '#':
      options.number = true;
      return undefined;
    case 'print':
      options.print = true;
      return undefined;
    case 'count':
      options.countOnly = true;
      return undefined;
    default:
      // -l and -U: everything is written at once anyway. -B, -K, -O, -Z, --immediate-mode, --micro: nothing to see.
      return undefined;
  }
}
