/**
 * A command line while it is read, and what is looked at when all of its words are: the second half of do_parse of
 * iptables/xshared.c.
 */
import type { AddressMask } from './address.ts';
import { parameterProblem, type Complaint, type MatchExtension, type TargetExtension } from './extension.ts';
import { LONG_OF, parseAddresses, type CommandLetter } from './options.ts';
import { EMPTY_RULE, type RuleSpec } from './rule.ts';
import { TABLE_NAMES, type TableName } from './state.ts';
import type { Counters } from './xtables.ts';

/** A command line understood. */
export interface CommandLine {
  readonly command: CommandLetter;
  /** `-Z` beside `-L` or `-S`. */
  readonly zero: boolean;
  readonly table: TableName;
  /** '' when none was given. */
  readonly chain: string;
  /** 0 when none was given. */
  readonly number: number;
  /** New name of -E, policy of -P. */
  readonly argument: string;
  /** One for each combination of the addresses given with commas. */
  readonly rules: readonly RuleSpec[];
  readonly counters: Counters | undefined;
  readonly verbose: number;
  readonly numeric: boolean;
  readonly exact: boolean;
  readonly lineNumbers: boolean;
}

/** An extension named on the command line, with what was said to it so far. */
export interface Use<E> {
  readonly extension: E;
  readonly data: object;
}

export class Draft {
  command: CommandLetter | undefined;
  zero = false;
  table = 'filter';
  chain = '';
  number = 0;
  argument = '';
  protocol = 0;
  notProtocol = false;
  source = '';
  notSource = false;
  destination = '';
  notDestination = false;
  input = '';
  notInput = false;
  output = '';
  notOutput = false;
  fragment = false;
  notFragment = false;
  readonly matches: Use<MatchExtension>[] = [];
  jump = '';
  goto = false;
  target: Use<TargetExtension> | null = null;
  counters: Counters | undefined;
  verbose = 0;
  /** Options met, by letter; of extensions by a text of their own. */
  readonly seen = new Set<string>();
  /** A `!` with nothing after it. */
  danglingInvert = false;
}

export function isComplaint(value: object): value is Complaint {
  return 'status' in value && 'text' in value;
}

/** What is looked at when all words are read. */
export function checkDraft(draft: Draft): CommandLine | Complaint {
  const context = { protocol: draft.protocol, notProtocol: draft.notProtocol };
  for (const use of draft.matches) {
    const problem = use.extension.check?.(use.data, context);
    if (problem !== undefined) return problem;
  }
  const problem = draft.target?.extension.check?.(draft.target.data, context);
  if (problem !== undefined) return problem;
  if (draft.table === 'nat' && (draft.jump === 'DROP' || (draft.command === 'P' && draft.argument === 'DROP'))) {
    return parameterProblem(
      '\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n',
    );
  }
  const { command } = draft;
  if (command === undefined) return parameterProblem('no command specified');
  if (draft.danglingInvert) return parameterProblem('nothing appropriate following !');
  if (!(TABLE_NAMES as readonly string[]).includes(draft.table)) {
    return {
      status: 3,
      text: `table '${draft.table}' does not exist\nPerhaps iptables or your kernel needs to be upgraded.`,
    };
  }
  const illegal = illegalOption(draft, command);
  if (illegal !== undefined) return illegal;
  const sources = parseAddresses(draft.source, draft.notSource);
  if ('status' in sources) return sources;
  const destinations = parseAddresses(draft.destination, draft.notDestination);
  if ('status' in destinations) return destinations;
  if (draft.chain.length > 28) {
    return parameterProblem(`chain name \`${draft.chain}' too long (must be under 29 chars)`);
  }
  const interfaces = chainInterfaceProblem(draft, command);
  if (interfaces !== undefined) return interfaces;
  return finishDraft(
    draft,
    sources.flatMap((source) => destinations.map((destination) => specOf(draft, source, destination))),
  );
}

function illegalOption(draft: Draft, command: CommandLetter): Complaint | undefined {
  const illegal = (letter: string): Complaint =>
    parameterProblem(`Illegal option \`--${LONG_OF[letter] ?? letter}' with this command`);
  for (const letter of ['n', 'x', '0'])
    if (draft.seen.has(letter) && command !== 'L' && !(command === 'S' && letter !== '0')) return illegal(letter);
  if (draft.counters !== undefined && !'IRAP'.includes(command)) return illegal('c');
  if ('ACDRI'.includes(command) && !(command === 'D' && draft.number !== 0)) return undefined;
  if (draft.fragment) return illegal('f');
  for (const letter of ['p', 's', 'd', 'i', 'o', 'j']) if (draft.seen.has(letter)) return illegal(letter);
  return undefined;
}

function chainInterfaceProblem(draft: Draft, command: CommandLetter): Complaint | undefined {
  if (!'ACDRI'.includes(command)) return undefined;
  if ((draft.chain === 'PREROUTING' || draft.chain === 'INPUT') && draft.output !== '') {
    return parameterProblem(`Can't use --out-interface with ${draft.chain}`);
  }
  if ((draft.chain === 'POSTROUTING' || draft.chain === 'OUTPUT') && draft.input !== '') {
    return parameterProblem(`Can't use --in-interface with ${draft.chain}`);
  }
  return undefined;
}

function specOf(draft: Draft, source: AddressMask, destination: AddressMask): RuleSpec {
  return {
    ...EMPTY_RULE,
    source: (source.address & source.mask) >>> 0,
    sourceMask: source.mask,
    notSource: draft.notSource,
    destination: (destination.address & destination.mask) >>> 0,
    destinationMask: destination.mask,
    notDestination: draft.notDestination,
    input: draft.input,
    notInput: draft.notInput,
    output: draft.output,
    notOutput: draft.notOutput,
    protocol: draft.protocol,
    notProtocol: draft.notProtocol,
    fragment: draft.fragment,
    notFragment: draft.notFragment,
    matches: draft.matches,
    jump: draft.jump,
    goto: draft.goto,
    target: draft.target,
  };
}

/** The command line as it stands. */
export function finishDraft(draft: Draft, rules: readonly RuleSpec[]): CommandLine {
  return {
    command: draft.command ?? 'L',
    zero: draft.zero,
    table: draft.table as TableName,
    chain: draft.chain,
    number: draft.number,
    argument: draft.argument,
    rules,
    counters: draft.counters,
    verbose: draft.verbose,
    numeric: draft.seen.has('n'),
    exact: draft.seen.has('x'),
    lineNumbers: draft.seen.has('0'),
  };
}
