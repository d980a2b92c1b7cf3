/**
 * The general options of iptables and what their words may look like. Mirrors the tables and small checks of
 * iptables/xshared.c.
 */
import { parseAddressMask, type AddressMask } from './address.ts';
import { parameterProblem, type Complaint, type OptionShape } from './extension.ts';
import { STANDARD_TARGETS, targetNamed, TARGETS_NOT_EMULATED } from './targets/index.ts';

/** Commands by their short option. */
export type CommandLetter = 'A' | 'C' | 'D' | 'R' | 'I' | 'L' | 'S' | 'F' | 'Z' | 'N' | 'X' | 'E' | 'P' | 'V' | 'h';

/** Commands by long name. */
export const COMMANDS: Readonly<Record<string, CommandLetter>> = {
  append: 'A',
  check: 'C',
  delete: 'D',
  replace: 'R',
  insert: 'I',
  list: 'L',
  'list-rules': 'S',
  flush: 'F',
  zero: 'Z',
  'new-chain': 'N',
  'delete-chain': 'X',
  'rename-chain': 'E',
  policy: 'P',
  version: 'V',
  help: 'h',
};

/** Long names of the general options by letter; the value says whether a word follows. */
export const GENERAL: Readonly<Record<string, readonly [letter: string, takes: OptionShape['takes']]>> = {
  protocol: ['p', 'value'],
  proto: ['p', 'value'],
  source: ['s', 'value'],
  src: ['s', 'value'],
  destination: ['d', 'value'],
  dst: ['d', 'value'],
  jump: ['j', 'value'],
  goto: ['g', 'value'],
  'in-interface': ['i', 'value'],
  'out-interface': ['o', 'value'],
  fragments: ['f', 'none'],
  fragment: ['f', 'none'],
  match: ['m', 'value'],
  table: ['t', 'value'],
  numeric: ['n', 'none'],
  verbose: ['v', 'none'],
  exact: ['x', 'none'],
  'line-numbers': ['0', 'none'],
  wait: ['w', 'optional'],
  'wait-interval': ['W', 'value'],
  modprobe: ['M', 'value'],
  'set-counters': ['c', 'value'],
  ipv4: ['4', 'none'],
  ipv6: ['6', 'none'],
  ...Object.fromEntries(
    Object.entries(COMMANDS).map(([name, letter]) => [
      name,
      [letter, 'LSFZXVh'.includes(letter) ? 'none' : 'value'] as const,
    ]),
  ),
};

/** Short options that take a word, and that take none. */
export const SHORT_VALUE = 'ACDRINEPopsdjitmgMcW';
export const SHORT_NONE = 'LSFZXVhfvnxw46';
/** The long name by which complaints call a short option. */
export const LONG_OF: Readonly<Record<string, string>> = {
  p: 'protocol',
  s: 'source',
  d: 'destination',
  i: 'in-interface',
  o: 'out-interface',
  j: 'jump',
  g: 'goto',
  f: 'fragments',
  m: 'match',
  t: 'table',
  n: 'numeric',
  v: 'verbose',
  x: 'exact',
  '0': 'line-numbers',
  c: 'set-counters',
};

/** The option meant by `name`: itself, or the only one it abbreviates (getopt_long), unless a general option is meant. */
export function resolveName(name: string, options: readonly string[], general: object = {}): string | undefined {
  if (options.includes(name)) return name;
  if (name in general) return undefined;
  const longer = options.filter((option) => option.startsWith(name));
  return longer.length === 1 ? longer[0] : undefined;
}

/** IFNAMSIZ. */
export function interfaceProblem(name: string): Complaint | undefined {
  return name.length > 15
    ? parameterProblem(`interface name \`${name}' must be shorter than IFNAMSIZ (15)`)
    : undefined;
}

/** What is wrong with the name of a new chain. */
export function chainNameProblem(name: string): Complaint | undefined {
  if (name.startsWith('-') || name.startsWith('!'))
    return parameterProblem(`chain name not allowed to start with \`${name[0]}'\n`);
  if (name.length > 28) return parameterProblem(`chain name \`${name}' too long (must be under 29 chars)`);
  if (STANDARD_TARGETS.has(name) || targetNamed(name) !== undefined || TARGETS_NOT_EMULATED.has(name)) {
    return parameterProblem('chain name may not clash with target name');
  }
  return undefined;
}

const ANYWHERE: readonly AddressMask[] = [{ address: 0, mask: 0 }];

/** One address, or several between commas. */
export function parseAddresses(text: string, invert: boolean): readonly AddressMask[] | Complaint {
  if (text === '') return ANYWHERE;
  const addresses: AddressMask[] = [];
  for (const word of text.split(',')) {
    const address = parseAddressMask(word);
    if ('status' in address) return address;
    addresses.push(address);
  }
  if (invert && addresses.length > 1)
    return parameterProblem('! not allowed with multiple source or destination IP addresses');
  return addresses;
}
