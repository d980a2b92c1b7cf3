/**
 * One run of iptables: words in, requests carried out, text and exit status out. What the iptables tool prints, and what
 * dockerd runs (it starts iptables with words as well). Mirrors do_commandx and the main functions of
 * iptables/xtables.c, xtables-standalone.c.
 */
import type { Origin } from '../base/origin.ts';
import type { Platform } from '../base/platform.ts';
import type { Refused, Result } from '../base/result.ts';
import type { NetworkNamespace } from '../kernel/netns.ts';
import { listHeader, listRule, noticeRule, ruleText, specText, type ListFormat } from './print.ts';
import { isComplaint, type CommandLine } from './draft.ts';
import { parseCommandLine } from './parse.ts';
import type { Complaint } from './extension.ts';
import type { Backend, Chain, TableName } from './state.ts';
import { presentTables, shownBaseChains, shownChain, userChains, xtables, type XtablesRequest } from './xtables.ts';
import { IPTABLES_HELP } from './help.ts';

/** As every message and `-V` have it. */
export function versionOf(backend: Backend, { iptables: { version } }: Platform): string {
  return `v${version} (${backend === 'nft' ? 'nf_tables' : 'legacy'})`;
}

/** What a run leaves behind. */
export interface CommandOutcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `iptables WORDS…` in a namespace. `origin` is kept on the rules it writes. */
export function iptables(
  ns: NetworkNamespace,
  words: readonly string[],
  origin: Origin,
  backend: Backend = 'nft',
): CommandOutcome {
  const line = parseCommandLine(words);
  if (isComplaint(line)) return complain('iptables', line, backend, ns.kernel.platform);
  return runCommandLine(ns, line, origin, backend);
}

/** The words of xtables_error and its exit. */
export function complain(program: string, complaint: Complaint, backend: Backend, platform: Platform): CommandOutcome {
  const { status, bare } = complaint;
  let { text } = complaint;
  if (status === 3 && backend === 'legacy') {
    text = text.replace(
      /^table '(.*)' does not exist/,
      "can't initialize iptables table `$1': Table does not exist (do you need to insmod?)",
    );
  }
  let stderr = `${bare === true ? '' : `${program} ${versionOf(backend, platform)}: `}${text}\n`;
  if (status === 2) stderr += `Try \`${program} -h' or '${program} --help' for more information.\n`;
  return { status, stdout: '', stderr };
}

/** Carries out a command line that was understood. */
export function runCommandLine(
  ns: NetworkNamespace,
  line: CommandLine,
  origin: Origin,
  backend: Backend = 'nft',
): CommandOutcome {
  switch (line.command) {
    case 'V':
      return { status: 0, stdout: `iptables ${versionOf(backend, ns.kernel.platform)}\n`, stderr: '' };
    case 'h':
      return {
        status: 0,
        stdout: `iptables ${versionOf(backend, ns.kernel.platform)}\n\n${IPTABLES_HELP}`,
        stderr: '',
      };
    case 'L':
    case 'S': {
      const outcome = list(ns, line, origin, backend);
      return { ...outcome, stderr: legacyWarning(ns, backend) + outcome.stderr };
    }
    default:
      return change(ns, line, origin, backend);
  }
}

/** nft_check_xt_legacy: iptables-nft says when there are tables that it does not show. `suffix` is `-save` for iptables-save. */
export function legacyWarning(ns: NetworkNamespace, backend: Backend, suffix = ''): string {
  if (backend === 'legacy' || presentTables(ns, 'legacy').length === 0) return '';
  return `# Warning: iptables-legacy tables present, use iptables-legacy${suffix} to see them\n`;
}

function change(ns: NetworkNamespace, line: CommandLine, origin: Origin, backend: Backend): CommandOutcome {
  let stdout = '';
  for (const request of requestsOf(line)) {
    const answer = xtables(ns, request, origin, backend);
    if (!answer.ok) return { ...refusalOutcome('iptables', answer, backend, ns.kernel.platform), stdout };
    const { checkPrints } = ns.kernel.platform.iptables;
    const told = line.verbose > 0 || (request.op === 'check' && checkPrints && backend === 'nft');
    if (told && 'rule' in request) stdout += noticeRule(request.rule);
  }
  return { status: 0, stdout, stderr: '' };
}

/** The requests a command line stands for, in order. */
export function requestsOf(line: CommandLine): XtablesRequest[] {
  const { table, chain, number, counters } = line;
  const some = chain === '' ? {} : { chain };
  const count = counters === undefined ? {} : { counters };
  switch (line.command) {
    case 'A':
      return line.rules.map((rule) => ({ op: 'append', table, chain, rule, ...count }));
    case 'I':
      return line.rules.map((rule) => ({
        op: 'insert',
        table,
        chain,
        number: number === 0 ? 1 : number,
        rule,
        ...count,
      }));
    case 'R':
      return line.rules.map((rule) => ({ op: 'replace', table, chain, number, rule, ...count }));
    case 'C':
      return line.rules.map((rule) => ({ op: 'check', table, chain, rule }));
    case 'D':
      if (number !== 0) return [{ op: 'delete-number', table, chain, number }];
      return line.rules.map((rule) => ({ op: 'delete', table, chain, rule }));
    case 'N':
      return [{ op: 'new-chain', table, chain }];
    case 'X':
      return [{ op: 'delete-chain', table, ...some }];
    case 'F':
      return [{ op: 'flush', table, ...some }];
    case 'E':
      return [{ op: 'rename-chain', table, chain, to: line.argument }];
    case 'P':
      return [{ op: 'policy', table, chain, policy: line.argument, ...count }];
    case 'Z':
      return [{ op: 'zero', table, ...some, ...(number === 0 ? {} : { number }) }];
    default:
      return [];
  }
}

/** A refusal in the words and with the exit status of `program`. */
export function refusalOutcome(
  program: string,
  refused: Refused,
  backend: Backend,
  platform: Platform,
): CommandOutcome {
  const text = refused.message ?? refused.errno;
  // The kernel's own refusals come at the end of the transaction.
  if (/^[A-Z]+_[A-Z]+ failed/.test(text))
    return { status: 4, stdout: '', stderr: `${program} ${versionOf(backend, platform)}:  ${text}\n` };
  if (/^Chain .* does not exist$|^Couldn't load target/.test(text))
    return complain(program, { status: 2, text }, backend, platform);
  return { status: 1, stdout: '', stderr: `${program}: ${text}.\n` };
}

function list(ns: NetworkNamespace, line: CommandLine, origin: Origin, backend: Backend): CommandOutcome {
  const { table, chain: name } = line;
  let chains: readonly Chain[];
  if (name === '') chains = [...shownBaseChains(ns, table, backend), ...userChains(ns, table, backend)];
  else {
    const chain = shownChain(ns, table, name, backend);
    if (chain === undefined)
      return { status: 1, stdout: '', stderr: 'iptables: No chain/target/match by that name.\n' };
    chains = [chain];
  }
  const stdout = line.command === 'L' ? listChains(chains, line) : listRules(chains, line);
  if (line.zero) {
    const zeroed: Result<undefined> = xtables(
      ns,
      { op: 'zero', table, ...(name === '' ? {} : { chain: name }) },
      origin,
      backend,
    );
    if (!zeroed.ok) return refusalOutcome('iptables', zeroed, backend, ns.kernel.platform);
  }
  return { status: 0, stdout, stderr: '' };
}

function listChains(chains: readonly Chain[], line: CommandLine): string {
  const format: ListFormat = {
    numeric: line.numeric,
    verbose: line.verbose > 0,
    exact: line.exact,
    lineNumbers: line.lineNumbers,
  };
  if (line.number !== 0) {
    const rule = chains[0]?.rules[line.number - 1];
    return rule === undefined ? '' : listRule(rule, line.number, format);
  }
  return chains
    .map((chain) => {
      const header = listHeader(chain.name, chain.hook >= 0 ? chain : null, chain.references, format);
      return header + chain.rules.map((rule, at) => listRule(rule, at + 1, format)).join('');
    })
    .join('\n');
}

function listRules(chains: readonly Chain[], line: CommandLine): string {
  const counts = (chain: { readonly packets: number; readonly bytes: number }): string =>
    line.verbose > 0 ? ` -c ${chain.packets} ${chain.bytes}` : '';
  let text = '';
  if (line.number === 0) {
    for (const chain of chains) if (chain.hook >= 0) text += `-P ${chain.name} ${chain.policy}${counts(chain)}\n`;
    for (const chain of chains) if (chain.hook < 0) text += `-N ${chain.name}\n`;
  }
  for (const chain of chains) {
    chain.rules.forEach((rule, at) => {
      if (line.number !== 0 && at + 1 !== line.number) return;
      text +=
        line.verbose > 0
          ? `-A ${chain.name}${specText(rule.spec, counts(rule))}\n`
          : `${ruleText(chain.name, rule.spec)}\n`;
    });
  }
  return text;
}

/** The table's part of iptables-save between its two comments. */
export function saveTableText(
  ns: NetworkNamespace,
  table: TableName,
  counters: boolean,
  backend: Backend = 'nft',
): string {
  const base = shownBaseChains(ns, table, backend);
  const users = userChains(ns, table, backend);
  let text = `*${table}\n`;
  for (const chain of base) text += `:${chain.name} ${chain.policy} [${chain.packets}:${chain.bytes}]\n`;
  for (const chain of users) text += `:${chain.name} - [0:0]\n`;
  for (const chain of [...base, ...users]) {
    for (const rule of chain.rules)
      text += `${counters ? `[${rule.packets}:${rule.bytes}] ` : ''}${ruleText(chain.name, rule.spec)}\n`;
  }
  return `${text}COMMIT\n`;
}
