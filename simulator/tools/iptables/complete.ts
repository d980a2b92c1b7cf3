/** Tab completion of the iptables family: tables, chains, matches, targets, options. */
import { shownBaseChains, TABLE_NAMES, userChains, type TableName } from '../../netfilter/index.ts';
import { matches, matchNamed } from '../../netfilter/matches/index.ts';
import { STANDARD_TARGETS, targetNamed, targets } from '../../netfilter/targets/index.ts';
import type { ProgramContext } from '../../process/program.ts';

const COMMANDS = [
  '-A',
  '-C',
  '-D',
  '-E',
  '-F',
  '-I',
  '-L',
  '-N',
  '-P',
  '-R',
  '-S',
  '-X',
  '-Z',
  '-h',
  '-V',
  '-t',
  '-n',
  '-v',
  '-x',
  '--line-numbers',
  '-w',
];
const RULE_OPTIONS = [
  '-p',
  '-s',
  '-d',
  '-i',
  '-o',
  '-m',
  '-j',
  '-g',
  '--source',
  '--destination',
  '--in-interface',
  '--out-interface',
  '--jump',
  '--match',
  '--protocol',
];
const AFTER_CHAIN =
  /^-\w*[ACDEFILNPRSXZ]$|^--(append|check|delete|flush|insert|list|list-rules|policy|replace|zero|delete-chain|rename-chain)$/;

/** Words that could stand where the last of `words` stands. */
export function completeIptables(words: readonly string[], ctx: ProgramContext): readonly string[] {
  const before = words.at(-2) ?? '';
  const table = tableOf(words);
  switch (before) {
    case '-t':
    case '--table':
      return TABLE_NAMES;
    case '-m':
    case '--match':
      return [...matches().keys()];
    case '-j':
    case '--jump':
      return [
        ...STANDARD_TARGETS,
        ...targets().keys(),
        ...userChains(ctx.netns, table).map((chain) => chain.name),
      ].sort();
    case '-g':
    case '--goto':
      return userChains(ctx.netns, table).map((chain) => chain.name);
    case '-p':
    case '--protocol':
      return ['all', 'icmp', 'sctp', 'tcp', 'udp'];
    case '-i':
    case '-o':
    case '--in-interface':
    case '--out-interface':
      return [...ctx.netns.byName.keys()].sort();
    default:
  }
  if (AFTER_CHAIN.test(before)) return chainNames(ctx, table);
  if (!(words.at(-1) ?? '').startsWith('-')) return [];
  return [...new Set([...COMMANDS, ...RULE_OPTIONS, ...extensionOptions(words)])];
}

function tableOf(words: readonly string[]): TableName {
  const at = words.findIndex((word) => word === '-t' || word === '--table');
  const name = at < 0 ? 'filter' : (words[at + 1] ?? 'filter');
  return (TABLE_NAMES as readonly string[]).includes(name) ? (name as TableName) : 'filter';
}

function chainNames(ctx: ProgramContext, table: TableName): string[] {
  return [...shownBaseChains(ctx.netns, table), ...userChains(ctx.netns, table)].map((chain) => chain.name);
}

/** Options of the matches and the target already named. */
function extensionOptions(words: readonly string[]): string[] {
  const options: string[] = [];
  words.forEach((word, at) => {
    const name = words[at + 1] ?? '';
    if (word === '-m' || word === '-p') options.push(...Object.keys(matchNamed(name)?.options ?? {}));
    if (word === '-j') options.push(...Object.keys(targetNamed(name)?.options ?? {}));
  });
  return options.map((option) => `--${option}`);
}
